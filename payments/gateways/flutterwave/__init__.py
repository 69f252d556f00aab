"""Flutterwave, API v3: hosted page, transactions and refunds, over plain HTTP.

Nothing that comes with a webhook or a redirect is believed: money counts when the API, asked by us, shows a transaction
that is `successful`, of our reference, in this currency and amount.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from payments.errors import GatewayError, OutcomeUnknown
from payments.gateways.base import (
    BalanceLine,
    Fact,
    IncomingEvent,
    Paid,
    PayoutTold,
    Processing,
    RefundTold,
    Report,
    Session,
    SessionEnded,
    unreadable,
)
from payments.gateways.calls import Change, Operation
from payments.gateways.flutterwave import checkout, events
from payments.gateways.flutterwave.client import NAME, NothingFound, change, fetch, pages, understood
from payments.gateways.flutterwave.reading import (
    from_flutterwave,
    number,
    our_id,
    paid_facts,
    refund_fact,
    refunded_transaction,
    to_flutterwave,
    transaction_id,
    unpaid_facts,
)
from payments.models import GatewayEvent, Payment, RefundAttempt

log = structlog.get_logger(__name__)

Json = dict[str, Any]

_DAY = timedelta(days=1)


class FlutterwaveGateway:
    """Payments through Flutterwave's hosted page. The payment's id is our reference, and so the session's id."""

    name = NAME

    # ---------------------------------------------------------------------------------------------------- sessions
    def parameters(self, payment: Payment) -> Json:
        return checkout.parameters(payment)

    def start(self, payment: Payment) -> Session:
        # A repeat makes another page for the same reference, and all tries on any of them are found by that.
        call = Change(NAME, Operation.START, payment, payment.parameters)
        answer = change(call, "payments", payment.parameters, may_be_repeated=True)
        with understood():
            return Session(session_id=payment.parameters["tx_ref"], checkout_url=answer["data"]["link"])

    def report(self, payment: Payment) -> tuple[Fact, ...]:
        asked_at = timezone.now()
        tries = self._tries(payment)
        with understood():
            succeeded = [one for one in tries if one["status"] == "successful"]
            if not succeeded:
                return unpaid_facts(tries, asked_at)
            # The payment's own first: it is that which it was paid with or, before that is known, the first that fits.
            succeeded.sort(key=lambda one: (transaction_id(one) != payment.intent_id, not _fits(one, payment)))
            own = succeeded[0]
            again = [fact for other in succeeded[1:] for fact in paid_facts(other)]  # the page was paid more than once
            refunds = self._refunds(transaction_id(own), _created_at(own))
            return (*paid_facts(own), *(refund_fact(one, own["currency"]) for one in refunds), *again)

    def end(self, payment: Payment) -> tuple[Fact, ...]:
        """No call ends a page. What is paid there later is late money, which finds its seats free or goes back."""
        facts = self.report(payment) if payment.session_id else ()
        return facts if any(isinstance(fact, Paid | Processing) for fact in facts) else (SessionEnded(),)

    def _tries(self, payment: Payment) -> list[Json]:
        """Every try to pay, oldest first; those that succeeded as verified."""
        if not payment.session_id:  # noted down because a page was paid twice, or never started
            return [self._verified(payment.intent_id)] if payment.intent_id else []
        found = self._of_reference(payment.session_id, payment.created_at)
        with understood():
            return [self._verified(transaction_id(one)) if one["status"] == "successful" else one for one in found]

    def _of_reference(self, reference: str, since: datetime) -> list[Json]:
        """Every try to pay that has this reference, oldest first."""
        found = list(pages("transactions", tx_ref=reference, **_days(since)))
        with understood():
            return [one for one in reversed(found) if one["tx_ref"] == reference]

    def _verified(self, identifier: str) -> Json:
        return _data(fetch(f"transactions/{identifier}/verify"))

    # ----------------------------------------------------------------------------------------------------- refunds
    def refund(self, attempt: RefundAttempt) -> RefundTold:
        """Never called twice for one attempt: each call would pay once more."""
        refund = attempt.refund
        fields = {"amount": to_flutterwave(refund.money), "comments": attempt.mark}
        call = Change(NAME, Operation.REFUND, refund.payment, fields, refund=refund)
        answer = change(call, f"transactions/{refund.payment.intent_id}/refund", fields)
        try:
            with understood():
                return refund_fact(answer["data"], refund.currency)
        except GatewayError as error:  # it was accepted, in words that we do not understand
            raise OutcomeUnknown from error

    def find_refund(self, attempt: RefundAttempt) -> RefundTold | None:
        refund = attempt.refund
        found = self._refunds(refund.payment.intent_id or "", attempt.created_at)
        with understood():
            told = [refund_fact(one, refund.currency) for one in found]
            if ours := next((one for one in told if one.names(attempt)), None):
                return ours
            # Where the list does not repeat our comments, one of this amount that belongs to no other attempt is it:
            # better one refund that somebody else made too few than one of ours too many.
            silent = {one.refund_id for one in told if one.is_nameless}
        taken = RefundAttempt.objects.filter(gateway=NAME, gateway_refund_id__in=silent)
        silent -= set(taken.values_list("gateway_refund_id", flat=True))
        return next((one for one in told if one.refund_id in silent and one.amount == refund.money), None)

    def refund_now(self, attempt: RefundAttempt) -> RefundTold:
        refund = self._refund(attempt.gateway_refund_id or "")
        with understood():
            return refund_fact(refund, attempt.refund.currency)

    def _refund(self, refund_id: str) -> Json:
        return _data(fetch(f"refunds/{refund_id}"))

    def _refunds(self, identifier: str, since: datetime) -> list[Json]:
        """Every refund of a transaction. The list's filter `id` is the transaction's."""
        found = pages("refunds", id=identifier, **_days(since))
        with understood():
            return [one for one in found if refunded_transaction(one) == identifier]

    # ------------------------------------------------------------------------------------------------------ events
    def read_event(self, body: bytes, headers: Mapping[str, str]) -> IncomingEvent:
        return events.read_event(body, headers)

    def report_of(self, event: GatewayEvent) -> Report | PayoutTold | None:
        told = events.claims(event.body)
        claimed = told.get("data", told)
        try:
            identifier = number(claimed["id"])
        except (KeyError, TypeError, ValueError):
            return None  # about nothing that has a number
        if event.type == events.CHARGE:
            return self._of_charge(identifier, claimed)
        return self._of_refund(identifier) if event.type.startswith(events.REFUND) else None

    def _of_charge(self, identifier: str, claimed: Json) -> Report | None:
        transaction = self._verified(identifier)
        with understood():
            if any(claimed.get(name) != transaction[name] for name in ("tx_ref", "currency", "amount")):
                log.warning("webhook_disagrees", transaction=identifier)
                return None
            facts = paid_facts(transaction)
            # What a try means that did not succeed depends on the others: one of them may be under way.
            if not facts:
                asked_at = timezone.now()
                facts = unpaid_facts(self._of_reference(transaction["tx_ref"], _created_at(transaction)), asked_at)
        return _about(transaction, facts)

    def _of_refund(self, refund_id: str) -> Report:
        refund = self._refund(refund_id)
        with understood():
            transaction = self._verified(refunded_transaction(refund))
            # That it was paid goes before whatever came of it after: webhooks come in any order.
            return _about(transaction, (*paid_facts(transaction), refund_fact(refund, transaction["currency"])))

    # ----------------------------------------------------------------------------------------------- reconciliation
    def look_up(self, source_id: str) -> Report | None:
        """By a transaction's id; a refund's would look the same."""
        try:
            return _about_paid(self._verified(source_id)) if source_id.isdecimal() else None
        except NothingFound:
            return None

    def charges(self, since: datetime) -> Iterator[Report]:
        for transaction in pages("transactions", status="successful", **_days(since)):
            try:
                with understood():
                    is_new = _created_at(transaction) >= since
                report = _about_paid(transaction)
            except GatewayError:
                log.warning("charge_not_understood", exc_info=True)
                is_new, report = True, unreadable(transaction)
            if is_new:
                yield report

    def lines(self, since: datetime) -> Iterator[BalanceLine]:
        """There is no list of the balance."""
        yield from ()

    def payouts(self, since: datetime) -> Iterator[PayoutTold]:
        """Settlements to our bank are not followed."""
        yield from ()

    def lines_of(self, payout_id: str) -> Iterator[BalanceLine]:
        yield from ()

    def balance(self) -> dict[str, int]:
        """Not compared: it falls with every settlement to our bank, and those are not followed."""
        return {}


def _about_paid(transaction: Json) -> Report:
    with understood():
        return _about(transaction, paid_facts(transaction))


def _about(transaction: Json, facts: tuple[Fact, ...]) -> Report:
    with understood():
        identifier, reference = transaction_id(transaction), str(transaction["tx_ref"])
    return Report(facts, our_id(reference), reference, intent_id=identifier, charge_id=identifier)


def _created_at(transaction: Json) -> datetime:
    return datetime.fromisoformat(transaction["created_at"])


def _fits(transaction: Json, payment: Payment) -> bool:
    received = from_flutterwave(transaction["amount"], transaction["currency"])
    return received.currency == payment.currency and received.amount >= payment.amount


def _days(since: datetime) -> dict[str, str]:
    """The period of a list: days, of a zone that the documentation does not name."""
    return {"from": f"{(since - _DAY):%Y-%m-%d}", "to": f"{(datetime.now(UTC) + _DAY):%Y-%m-%d}"}


def _data(answer: Json) -> Json:
    with understood():
        return dict(answer["data"])
