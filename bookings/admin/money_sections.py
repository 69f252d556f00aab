"""The money of a booking in tables, for its page and for those of its payments.

What upper layers know of it comes here by reverse relations and URL names: this app imports nothing of payments.
"""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.admin.display import link, people, prose, utc
from core.admin.sections import Table
from core.money import Money


def payments(rows: Iterable[Any]) -> Table:
    """Payments, each with what became of it."""
    return Table(
        _("payments"),
        (_("started at"), _("payment"), _("status"), _("amount"), _("paid at"), _("last error")),
        [
            (
                utc(payment.created_at),
                link("payments_payment", payment.pk, payment.intent_id or str(payment.pk)[:8]),
                payment.get_status_display(),
                payment.money,
                utc(payment.succeeded_at),
                prose(payment.last_error),
            )
            for payment in rows
        ],
    )


def refunds(rows: Iterable[Any]) -> Table:
    """Refunds, each with why it goes back, who asked for it, and what keeps it."""
    rows = list(rows)
    called = people(refund.requested_by for refund in rows)
    return Table(
        _("refunds"),
        (_("requested at"), _("refund"), _("status"), _("amount"), _("reason"), _("note"), _("by"), _("last error")),
        [
            (
                utc(refund.created_at),
                link("payments_refund", refund.pk, refund.pk),
                refund.get_status_display(),
                refund.money,
                prose(refund.get_reason_display()),
                prose(refund.note),
                called[refund.requested_by] or None,
                prose(refund.last_error),
            )
            for refund in rows
        ],
    )


def disputes(rows: Iterable[Any]) -> Table:
    """Disputes, each with what was withheld for it and until when the gateway wants an answer."""
    return Table(
        _("disputes"),
        (_("opened at"), _("dispute"), _("status"), _("amount"), _("withheld"), _("answer by")),
        [
            (
                utc(dispute.opened_at),
                link("payments_dispute", dispute.pk, dispute.dispute_id),
                dispute.get_status_display(),
                dispute.money,
                Money(dispute.held_amount, dispute.currency),
                utc(dispute.respond_by),
            )
            for dispute in rows
        ],
    )
