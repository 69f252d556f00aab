"""What somebody on the staff should see to: money that does not go back as it should, and disputes that wait."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from payments.models import DisputeStatus, Refund, RefundReason, RefundStatus

SLOW = timedelta(days=1)  # gateways answer within minutes, banks that refuse within hours
SOON = timedelta(days=3)
TO_ANSWER = (DisputeStatus.WARNING_NEEDS_RESPONSE, DisputeStatus.NEEDS_RESPONSE)

# Refunds that failed and were not paid by hand. Nobody was promised one that was made at the gateway itself.
FAILED = Q(status=RefundStatus.FAILED) & ~Q(reason=RefundReason.GATEWAY)
# Refunds made at the gateway itself, for what the books do not know.
UNEXPLAINED = Q(accounted=False) & ~Q(status=RefundStatus.FAILED)


def slow() -> Q:
    """Refunds that were asked for more than a day ago, and neither paid nor refused."""
    return Q(status__in=Refund.UNDER_WAY, created_at__lt=timezone.now() - SLOW)


def to_see_to() -> Q:
    """Refunds that somebody should see to, for any of these reasons."""
    return FAILED | UNEXPLAINED | slow()


def to_answer_soon() -> Q:
    """Disputes whose gateway waits for evidence, and not much longer; or waited in vain."""
    return Q(status__in=TO_ANSWER, respond_by__lt=timezone.now() + SOON)
