"""A business with a row in every table that is guarded, and nothing in it changes while it is attacked."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from bookings.models import CountryTax, Operator
from core.idempotency import begin
from core.models import JobRun
from ledger.actions.adjust import reverse
from ledger.actions.checkpoint import checkpoint
from payments.models import Payment
from tests.admin.scene import make_event, make_finding, make_line, make_payout, start
from tests.business import in_business, post_by_hand
from tests.guards.catalog import all_rows
from tests.world import hold_seats, make_trip


@pytest.fixture(scope="package")
def business(django_db_setup, django_db_blocker, sandbox_process) -> Iterator[None]:
    """The business; the same after all attacks as before them."""
    with in_business(django_db_blocker, sandbox_process):
        reverse(post_by_hand(10).entry_id, reason="Counted again")
        checkpoint()
        another = make_trip(rows=7, number="T3")
        start(hold_seats(another, "5A"))
        hold_seats(another, "6A")
        make_finding(Payment.objects.first())
        make_line(payout=make_payout())
        make_event("evt_of_the_business", payment=Payment.objects.first())
        CountryTax.objects.create(operator=Operator.objects.get(), country="NG", tax_bps=750)
        JobRun.objects.create(job="expire_holds", started_at=timezone.now(), correlation_id="c" * 32)
        begin("booking.create", "user:7", "key", "f" * 64)
        before = all_rows()
        yield
        assert all_rows() == before
