"""Ask gateways about many payments: a few questions at a time, patiently, and no more once a gateway is down."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from typing import TypeVar

import structlog

from core.errors import FieldsInvalid
from payments.errors import GatewayError, GatewayUnavailable
from payments.gateways import gateway
from payments.gateways.base import Fact
from payments.models import Payment

THREADS = 4  # at 100 ms an answer that is 40 a second; Stripe allows 100 live, and 25 in test mode
PATIENCE = 60  # seconds that one question may spend in waiting because it was told to

T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a gateway tells of a payment now.

    `unavailable`: nothing, for now. `refusal`: it says that it knows nothing, or nothing that makes sense. `fault`: we
    do not know what to make of it.
    """

    facts: tuple[Fact, ...] = ()
    unavailable: bool = False
    refusal: str = ""
    fault: str = ""


Ask = Callable[[Iterable[Payment]], Iterator[tuple[Payment, Answer]]]


@contextmanager
def asker() -> Iterator[Ask]:
    """A pool of threads that ask. They see no database: the payments come with all that a gateway reads of them."""
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="reconcile")

    def ask(payments: Iterable[Payment]) -> Iterator[tuple[Payment, Answer]]:
        # Each in a copy of the context, for the correlation id of what it logs.
        asked = [(payment, pool.submit(copy_context().run, ask_one, payment)) for payment in payments]
        for payment, future in asked:
            yield payment, future.result()

    try:
        yield ask
    finally:
        pool.shutdown(cancel_futures=True)


def ask_one(payment: Payment) -> Answer:
    """What its gateway answers; never an error."""
    try:
        return Answer(patiently(lambda: gateway(payment.gateway).report(payment)))
    except (GatewayUnavailable, FieldsInvalid):  # it does not answer, or is not offered any more
        return Answer(unavailable=True)
    except GatewayError as error:
        return Answer(refusal=error.detail)
    except Exception as error:  # whatever one payment meets, the others have their turn
        log.exception("payment_not_compared", payment=str(payment.pk))
        return Answer(fault=f"{type(error).__name__}: {error}")


def patiently(question: Callable[[], T]) -> T:
    """Put a question again after as long as the gateway asks us to wait.

    Raises GatewayUnavailable if that takes too long, or the gateway is known to be down.
    """
    waited = 0
    while True:
        try:
            return question()
        except GatewayUnavailable as error:
            wait = int(error.members.get("retry_after", 0))
            if not wait or waited + wait > PATIENCE or "circuit" in error.members:
                raise
            time.sleep(wait)
            waited += wait
