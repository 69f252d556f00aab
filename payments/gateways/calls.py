"""Every call to a gateway passes here: the circuit, the audit of what may change something, and the fault points."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import structlog
from django.db import transaction
from prometheus_client import Histogram

from core import faults
from core.actors import current_actor
from core.clock import BerthNow
from core.correlation import current_id
from payments.errors import LeaseLost, PaymentError
from payments.gateways import circuit
from payments.models import GatewayCall, Payment, Refund

log = structlog.get_logger(__name__)
T = TypeVar("T")

CALLS = Histogram("berth_gateway_call_seconds", "Calls to gateways", ["gateway", "operation", "outcome"])


class Operation(StrEnum):
    """What a gateway can be asked. The first three change something and are audited."""

    START = "start"
    END = "end"
    REFUND = "refund"
    READ = "read"
    LIST = "list"


GATEWAYS = ("stripe", "flutterwave")
for _gateway in GATEWAYS:
    for _operation in Operation:
        faults.declare(f"{_gateway} {_operation}")

# Nothing of these is kept: keys, and who pays with what, as we tell it or as people type it on a gateway's page. What
# is called `name` and nothing else is a person's only in those below; lines of a purchase have one too.
_SECRET = re.compile(
    "secret|authorization|token|auth_model|card|account_?number|fingerprint|(^|_)ip$|narration"
    "|(payment_method|billing|customer|shipping)_details|collected_information|custom_fields|evidence$"
    "|.name$|email|phone|address|tax_id",
    re.IGNORECASE,
)
# Of these only the id is kept, which is all that they are elsewhere.
_PERSON = ("customer", "owner", "shipping")


def read(gateway: str, operation: Operation, send: Callable[[], T]) -> T:
    """Make a call that changes nothing."""
    step = f"{gateway} {operation}"
    faults.passing(faults.before(step))
    with circuit.of(gateway).guarding(), _timing(gateway, operation):
        answer = send()
    faults.passing(faults.after(step))
    return answer


@contextmanager
def _timing(gateway: str, operation: Operation) -> Iterator[None]:
    outcome, started = "answered", time.perf_counter()
    try:
        yield
    except PaymentError as error:
        outcome = type(error).__name__
        raise
    finally:
        CALLS.labels(gateway, operation, outcome).observe(time.perf_counter() - started)


@dataclass(frozen=True)
class Change:
    """A call that may change something: about which payment, with what."""

    gateway: str
    operation: Operation
    payment: Payment
    request: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str = ""
    refund: Refund | None = None  # as its lease was taken

    def send(self, send: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Note the call, make it, note its answer. Raises LeaseLost, with nothing done, if another sends the refund."""
        step = f"{self.gateway} {self.operation}"
        call = self._noted()
        try:
            faults.passing(faults.before(step))
            with circuit.of(self.gateway).guarding(), _timing(self.gateway, self.operation):
                answer = send()
            faults.passing(faults.after(step))
        except PaymentError as error:
            _note(call, type(error).__name__, getattr(error, "told", None))
            raise
        _note(call, "answered", answer)
        return answer

    @transaction.atomic(durable=True)  # and so never inside a transaction: nobody waits in one for a gateway
    def _noted(self) -> GatewayCall:
        if self.refund and not self.refund.keep_lease():
            raise LeaseLost(self.refund.pk)
        return GatewayCall.objects.create(
            gateway=self.gateway,
            operation=self.operation,
            payment=self.payment,
            refund_id=self.refund.pk if self.refund else None,
            idempotency_key=self.idempotency_key,
            request=redacted(dict(self.request)),
            actor=current_actor(),
            correlation_id=current_id(),
        )


def _note(call: GatewayCall, outcome: str, answer: Any) -> None:
    GatewayCall.objects.filter(pk=call.pk).update(outcome=outcome, answer=redacted(answer), answered_at=BerthNow())


def redacted(value: Any) -> Any:
    """The same without secrets and personal data of the payer; addresses of pages lose what follows the path."""
    if isinstance(value, dict):
        return {name: _redacted_part(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    if isinstance(value, str):
        if value.startswith(("http://", "https://")):
            return value.partition("?")[0].partition("#")[0]
        return "…" if "@" in value else value
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _redacted_part(name: str, value: Any) -> Any:
    if _SECRET.search(name):
        return "…"
    if name in _PERSON and isinstance(value, dict):
        return {"id": value["id"]} if "id" in value else {}
    return redacted(value)
