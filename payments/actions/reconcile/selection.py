"""Which payments a run looks at: those that nobody has compared for longest come first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from core.clock import BerthNow
from core.errors import invalid
from core.transactions import in_one_transaction
from payments.gateways import offered_names
from payments.models import Dispute, Payment

BATCH = 200
SILENCES = 5  # payments that a gateway does not tell of in a run, until nobody asks it any more
_MOST = {"lookback_days": 36_500, "limit": 10**9, "min_age_minutes": 36_500}


@dataclass(frozen=True)
class Options:
    """Payments begun within `lookback_days`, and those that a bank has not decided about; at most `limit` of them
    (0: all), and none younger than `min_age_minutes`. `dry_run`: nothing is mended. Raises FieldsInvalid.
    """

    dry_run: bool = False
    lookback_days: int = 7
    limit: int = 100
    min_age_minutes: int = 0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise invalid(name, "invalid", f"From 0 to {most}.")


class Selection:
    """What `options` ask for, as of the beginning of a run.

    Only what its gateway tells of counts towards the limit, and of one that keeps silent the rest is left out: else
    its payments, which stay those that nobody compared for longest, would keep all others from their turn.
    """

    def __init__(self, options: Options, started_at: datetime) -> None:
        self.options = options
        self._started_at = started_at
        self._asked = set(offered_names())
        self._left = options.limit or _MOST["limit"]
        self._answered: Counter[str] = Counter()
        self._silent: Counter[str] = Counter()
        self.since = started_at - timedelta(days=options.lookback_days)
        self._until = started_at - timedelta(minutes=options.min_age_minutes)
        disputed = _disputed()
        first = min([self.since, *disputed.values()])  # a bound that the index knows
        self._in_time = Payment.objects.filter(
            Q(created_at__gte=self.since) | Q(pk__in=disputed), created_at__gte=first
        )

    def count(self) -> int:
        """How many payments there are to look at."""
        found = self._wanted().filter(gateway__in=self._asked).count()
        return min(found, self.options.limit or found)

    def was_told_of(self, payment: Payment) -> None:
        """Its gateway answered."""
        self._left -= 1
        self._answered[payment.gateway] += 1

    def was_not_told_of(self, payment: Payment) -> None:
        """Its gateway did not answer."""
        self._silent[payment.gateway] += 1
        if self._silent[payment.gateway] >= SILENCES:
            self._asked.discard(payment.gateway)

    def left_out(self) -> dict[str, int]:
        """How many payments had no turn, or no answer, by gateway."""
        found = self._wanted().exclude(gateway__in=self._asked).order_by()
        left_out = dict(found.values_list("gateway").annotate(Count("pk")))
        if self.options.dry_run:  # it marks none as compared
            left_out = {name: payments - self._answered[name] for name, payments in left_out.items()}
        return {name: payments for name, payments in {**self._silent, **left_out}.items() if payments > 0}

    def count_too_young(self) -> int:
        """How many are left out because they have only just begun."""
        return self._in_time.filter(created_at__gt=self._until).count()

    def is_too_young(self, payment: Payment) -> bool:
        """Whether it is left to its webhooks."""
        return payment.created_at > self._until

    def batches(self) -> Iterator[list[Payment]]:
        """The payments with their bookings, refunds, attempts and disputes, so many at a time."""
        for stretch in (self._never_compared, self._compared_before):
            last: Payment | None = None
            while batch := list(self._next(stretch(last))):
                yield batch
                last = batch[-1]

    def _next(self, payments: QuerySet[Payment]) -> QuerySet[Payment]:
        return in_full(payments.filter(gateway__in=self._asked))[: min(BATCH, self._left)]

    def _wanted(self) -> QuerySet[Payment]:
        # What this run has compared already is not looked at again.
        unchecked = Q(reconciled_at__isnull=True) | Q(reconciled_at__lt=self._started_at)
        return self._in_time.filter(unchecked, created_at__lte=self._until)

    def _never_compared(self, last: Payment | None) -> QuerySet[Payment]:
        found = self._wanted().filter(reconciled_at__isnull=True).order_by("created_at", "id")
        if last:
            found = found.filter(created_at__gte=last.created_at).exclude(created_at=last.created_at, id__lte=last.id)
        return found

    def _compared_before(self, last: Payment | None) -> QuerySet[Payment]:
        found = self._wanted().filter(reconciled_at__isnull=False).order_by("reconciled_at", "created_at", "id")
        if last:
            passed = Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lte=last.id)
            found = found.filter(reconciled_at__gte=last.reconciled_at).exclude(
                passed, reconciled_at=last.reconciled_at
            )
        return found


def _disputed() -> dict[UUID, datetime]:
    """The payments that a bank has not decided about, and when they began: it takes weeks, and a loss moves nothing on
    the balance.
    """
    return dict(Dispute.objects.filter(Dispute.UNDECIDED).values_list("payment_id", "payment__created_at"))


def in_full(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """With all that a comparison reads."""
    loaded = payments.select_related("booking").prefetch_related("refunds__attempts", "disputes")
    return loaded.defer("parameters")


@in_one_transaction
def mark_compared(payments: Sequence[Payment]) -> None:
    """Their turn comes again when all others have had theirs. Those that somebody is writing just now are left out."""
    of_these = Payment.objects.filter(pk__in=[payment.pk for payment in payments])
    free = of_these.select_for_update(no_key=True, skip_locked=True).order_by("pk")
    Payment.objects.filter(pk__in=free.values("pk")).update(reconciled_at=BerthNow())
