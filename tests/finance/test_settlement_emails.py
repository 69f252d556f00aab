"""An approved settlement is told to whoever gets the operator's statements: once, in their language, with its files."""

import io

import pytest
from django.core import mail
from django.db import transaction
from pypdf import PdfReader

from bookings.models import Operator
from core import outbox
from core.actors import acting_as
from core.models import OutboxMessage
from finance.actions.decide import approve, void
from finance.actions.draft import draft
from finance.models import Settlement
from ledger.actions.post import credit, debit, post
from tests.clock import turned_to
from tests.finance.settling import PAYABLE
from tests.finance.year import CHIEF, day, first, sell_and_leave

pytestmark = pytest.mark.django_db(transaction=True)
DESK = "statements@operator.example"


@pytest.fixture
def drafted() -> Settlement:
    """Of January; it is February."""
    with turned_to(day(1, 1)) as clock:
        payment = sell_and_leave(clock, day(1), "1A", "1B")
        clock.move_to(day(2))
        Operator.objects.update(statement_email=DESK)
        outbox.drain()
        mail.outbox.clear()
        yield draft(payment.booking.trip.operator.pk, first(1))


def approved(settlement: Settlement) -> Settlement:
    with acting_as(CHIEF):
        return approve(settlement.pk, total=settlement.total, due=settlement.due)


def test_it_goes_out_once_with_the_statement_in_both_forms(drafted):
    settlement = approved(drafted)
    outbox.drain()
    outbox.drain()
    (message,) = mail.outbox
    assert message.to == [DESK]
    assert message.subject == "Your settlement for 2027-01 in SAR"
    assert f"{settlement.due} is due to you for 2027-01." in message.body
    assert "See your booking" not in message.alternatives[0][0]
    (pdf, csv) = message.attachments
    assert (pdf[0], pdf[2]) == ("OPSAR-2027-01-SAR.pdf", "application/pdf")
    assert (csv[0], csv[2]) == ("OPSAR-2027-01-SAR.csv", "text/csv")
    assert "Settlement statement" in PdfReader(io.BytesIO(pdf[1])).pages[0].extract_text()
    assert settlement.lines.get().posting.entry.booking_reference in csv[1]


def test_it_speaks_the_language_of_the_statements(drafted):
    Operator.objects.update(statement_language="ar")
    approved(drafted)
    outbox.drain()
    (message,) = mail.outbox
    assert 'dir="rtl"' in message.alternatives[0][0]
    assert "Settlement statement" not in PdfReader(io.BytesIO(message.attachments[0][1])).pages[0].extract_text()


def test_of_a_debt_it_says_that_nothing_is_due(drafted):
    with turned_to(day(1, 30)), transaction.atomic():
        advert = [debit(PAYABLE, drafted.total_amount + 1_250), credit("bank", drafted.total_amount + 1_250)]
        post(kind="adjustment", reference=None, currency="SAR", lines=advert, memo="An advertisement")
    approved(draft(drafted.operator_id, first(1)))
    outbox.drain()
    assert "For 2027-01 nothing is due to you: -SAR 12.50 is brought forward" in mail.outbox[0].body


def test_one_that_is_void_meanwhile_is_not_told_of(drafted):
    void(approved(drafted).pk, reason="Wrong account")
    outbox.drain()
    assert mail.outbox == []


def test_without_an_address_nothing_is_sent(drafted):
    Operator.objects.update(statement_email="")
    approved(drafted)
    assert not OutboxMessage.objects.filter(kind="settlement.approved").exists()
