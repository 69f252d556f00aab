"""All that happened about a payment, from both sides of the gateway, in the order of time."""

from collections.abc import Iterable, Iterator, Sequence

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.admin.display import Text, link
from core.admin.history import changes_of
from core.admin.timeline import Moment, Timeline
from core.money import Money
from core.transitions import Stateful
from ledger.models import JournalEntry
from payments.admin.gateway_call import outcome_of
from payments.models import Dispute, Payment, Refund


def timeline(
    request: HttpRequest,
    payment: Payment,
    refunds: Sequence[Refund],
    disputes: Sequence[Dispute],
    entries: Iterable[JournalEntry],
) -> Timeline:
    """As far as this user may see it. Refunds come with their attempts, entries with their postings."""
    may = request.user.has_perm
    moments: list[Moment] = []
    if may("payments.view_gatewaycall"):
        moments += _calls(payment)
    if may("payments.view_gatewayevent"):
        moments += _events(payment)
    if may("payments.view_refund"):
        moments += _refunds(refunds)
    if may("core.view_statuschange"):
        moments += _changes(payment, refunds, disputes)
    moments += _entries(entries)
    return Timeline(moments)


def _calls(payment: Payment) -> Iterator[Moment]:
    for call in payment.calls.defer("request", "answer").order_by("pk"):
        words, _colour = outcome_of(call)
        asked = gettext("%(gateway)s was asked: %(operation)s") % {"gateway": call.gateway, "operation": call.operation}
        taken = f"{(call.answered_at - call.sent_at).total_seconds():.3f} s" if call.answered_at else ""
        more = _side_by_side(words, taken, call.idempotency_key)
        yield Moment(call.sent_at, _("call"), "info", link("payments_gatewaycall", call.pk, asked), call.actor, more)


def _events(payment: Payment) -> Iterator[Moment]:
    for event in payment.events.defer("body").order_by("pk"):
        told = link("payments_gatewayevent", event.pk, f"{event.type} {event.event_id}")
        yield Moment(
            event.received_at, _("event"), "primary", told, f"gateway:{event.gateway}", _side_by_side(event.last_error)
        )


def _refunds(refunds: Sequence[Refund]) -> Iterator[Moment]:
    for refund in refunds:
        why = _side_by_side(refund.get_reason_display(), refund.note)
        yield Moment(refund.created_at, _("refund"), "warning", _refund(refund), refund.requested_by, why)
        for attempt in refund.attempts.all():
            what = gettext("refund %(refund)s, attempt %(number)s") % {"refund": refund.pk, "number": attempt.number}
            unclear = gettext("outcome unclear") if attempt.is_unclear else ""
            more = _side_by_side(attempt.gateway_refund_id, unclear, attempt.error)
            yield Moment(attempt.created_at, _("attempt"), "warning", what, "", more)


def _refund(refund: Refund) -> SafeString:
    words = gettext("refund %(refund)s of %(amount)s") % {"refund": refund.pk, "amount": refund.money}
    return link("payments_refund", refund.pk, words)


def _changes(payment: Payment, refunds: Sequence[Refund], disputes: Sequence[Dispute]) -> Iterator[Moment]:
    names: dict[Stateful, Text] = {payment: gettext("payment")}
    names |= {refund: gettext("refund %s") % refund.pk for refund in refunds}
    names |= {dispute: gettext("dispute %s") % dispute.dispute_id for dispute in disputes}
    for name, change in changes_of(names):
        step = format_html("{}: {} → {}", name, change.from_status, change.to_status)
        yield Moment(change.at, _("state"), "", step, change.actor, _side_by_side(change.reason))


def _entries(entries: Iterable[JournalEntry]) -> Iterator[Moment]:
    for entry in entries:
        amount = Money(sum(one.amount for one in entry.postings.all() if one.amount > 0), entry.currency)
        what = format_html("{} {}", link("ledger_journalentry", entry.pk, entry.get_kind_display()), amount)
        yield Moment(entry.posted_at, _("posted"), "success", what, entry.actor, _side_by_side(entry.reference))


def _side_by_side(*parts: object) -> SafeString:
    """Those that are there, each in its own direction in the midst of Arabic."""
    return format_html_join(" · ", "<bdi>{}</bdi>", [(part,) for part in parts if part])
