"""Settlements at the staff site: one drafts and approves, another pays, everybody sees what they do."""

from csv import reader
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook
from pypdf import PdfReader

from bookings.models import Operator
from core.actors import acting_as
from finance.actions.decide import pay
from finance.actions.draft import draft
from finance.models import Settlement
from finance.pdf import statement
from finance.statement import statement_lines
from ledger.models import JournalEntry
from payments.actions.after_departure import give_back_earned
from tests.admin.conftest import as_role, root, superuser
from tests.admin.deciding import address, confirm, decide, last_entry, lines_shown, preview
from tests.admin.scene import count_queries, fresh, messages_of, page, text_of, words
from tests.clock import turned_to
from tests.finance.year import day, first, sell_and_leave

__all__ = ["as_role", "root", "superuser"]
pytestmark = pytest.mark.django_db(transaction=True)
YES = {"_form_submitted": "on"}
STEPS = {"approve": "Fine", "pay": "TRF 1", "give_back": "Account closed", "void": "Wrong"}


@pytest.fixture
def payment():
    """Of a trip that left in January; it is February now."""
    with turned_to(day(1, 1)) as clock:
        paid = sell_and_leave(clock, day(1), "1A", "1B")
        clock.move_to(day(2))
        yield paid


@pytest.fixture
def settlement(payment) -> Settlement:
    return draft(payment.booking.trip.operator.pk, first(1))


def step(name: str, settlement: Settlement) -> str:
    return address(f"finance_settlement_{name}", settlement)


def test_last_month_is_drafted_by_a_button(payment, root):
    with override("en"):
        button = reverse("admin:finance_settlement_draft_month")
    assert root.get(button).status_code == 200  # it asks first
    assert not Settlement.objects.exists()
    response = root.get(root.post(button, YES).headers["HX-Redirect"])
    assert messages_of(response) == ["2027-01: drafts 1, reserves released 0."]
    settlement = Settlement.objects.get()
    text = words(response)
    assert f"2027-01 Operator SAR draft SAR {settlement.due.major:,.2f}" in text, text


def test_one_approves_and_another_pays(settlement, as_role):
    controller, finance = as_role("controller"), as_role("finance")
    shown, before = preview(controller, step("approve", settlement), reason="Looked at"), last_entry()
    due = f"SAR {settlement.due.major:,.2f}"
    assert lines_shown(shown) == [
        ("settlement", "operator:OPSAR:payable", due, ""), ("", "operator:OPSAR:due", "", due),
    ]  # fmt: skip
    assert (fresh(settlement).status, last_entry()) == ("draft", before)
    assert messages_of(confirm(controller, shown)) == [f"It is approved. {due} is due."]
    assert controller.get(step("pay", settlement)).status_code == 403

    shown = preview(finance, step("pay", settlement), reason="TRF 2027/001")
    assert lines_shown(shown) == [("settlement", "operator:OPSAR:due", due, ""), ("", "bank", "", due)]
    assert messages_of(confirm(finance, shown)) == [f"{due} is paid."]
    settlement = fresh(settlement)
    assert (settlement.status, settlement.transfer) == ("paid", "TRF 2027/001")
    assert [log.change_message for log in LogEntry.objects.order_by("pk")] == [
        "Approve: Looked at", "Paid: TRF 2027/001",
    ]  # fmt: skip
    text = text_of(finance, page(settlement, "change"))
    for part in ("TRF 2027/001", "How it adds up", due, "settlement:", "controller@", "finance@"):
        assert part in text, part


def test_nobody_does_both(settlement, root):
    decide(root, step("approve", settlement), reason="Fine")
    response = root.post(step("pay", settlement), {"reason": "TRF 1"})
    assert "You did the step before yourself: this one is for somebody else." in words(response)
    assert fresh(settlement).status == "approved"


def test_what_changed_meanwhile_is_shown_and_not_approved(settlement, payment, root):
    shown = preview(root, step("approve", settlement), reason="Fine")
    with turned_to(day(1, 31)):
        give_back_earned(payment.booking_id, 1_000, note="Late")
    response = confirm(root, shown)
    assert "It does not come to this any more: make the draft anew, and look at it again." in words(response)
    assert fresh(settlement).status == "draft"
    root.post(step("draft_anew", settlement), YES)
    decide(root, step("approve", settlement), reason="Fine")
    assert fresh(settlement).status == "approved"
    assert fresh(settlement).lines.count() == 2


def test_a_return_and_a_new_one(settlement, root):
    decide(root, step("approve", settlement), reason="Fine")
    with acting_as("user:99"):
        pay(settlement.pk, transfer="TRF 1")
    decide(root, step("give_back", settlement), reason="Account closed")
    assert fresh(settlement).status == "returned"
    again = draft(settlement.operator_id, settlement.month)
    decide(root, step("void", again), reason="Not yet")
    assert fresh(again).status == "void"


def test_an_approval_is_taken_back_by_an_entry_that_is_shown_before(settlement, root):
    decide(root, step("approve", settlement), reason="Fine")
    shown = preview(root, step("void", settlement), reason="They have another bank")
    assert "operator:OPSAR:due" in words(shown)
    assert fresh(settlement).status == "approved"
    confirm(root, shown)
    assert fresh(settlement).status == "void"


@pytest.mark.parametrize("name", STEPS)
def test_who_may_not_decide_is_refused_and_nothing_happens(settlement, as_role, name):
    auditor, before = as_role("auditor"), last_entry()
    assert text_of(auditor, page(settlement, "change"))
    content = auditor.get(page(settlement, "change")).content.decode()
    assert step(name, settlement) not in content
    typed = {"reason": STEPS[name]}
    for response in (auditor.get(step(name, settlement)), auditor.post(step(name, settlement), typed)):
        assert response.status_code == 403
    with override("en"):
        assert auditor.post(reverse("admin:finance_settlement_draft_month"), YES).status_code == 403
    assert auditor.post(step("draft_anew", settlement), YES).status_code == 403
    assert (fresh(settlement).status, last_entry()) == ("draft", before)
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("name", "offered"), [("pay", False), ("give_back", False), ("approve", True), ("void", True)])
def test_only_what_can_be_done_is_offered_and_done(settlement, root, name, offered):
    assert (step(name, settlement) in root.get(page(settlement, "change")).content.decode()) == offered
    if not offered:
        response = root.get(step(name, settlement), follow=True)
        assert messages_of(response) == ["The settlement is draft."]


def test_the_list_costs_the_same_however_many_there_are(settlement, root):
    few = count_queries(root, page(Settlement))
    for month in range(2, 9):
        Settlement.objects.create(operator=settlement.operator, currency="SAR", month=first(month))
    assert count_queries(root, page(Settlement)) == few
    assert JournalEntry.objects.filter(kind="settlement").count() == 0


# -------------------------------------------------------------------------------------------------------------- files
def test_the_files_have_every_line_and_come_to_the_total(settlement, payment, as_role):
    auditor = as_role("auditor")
    csv = b"".join(auditor.get(step("as_csv", settlement)).streaming_content).decode("utf-8-sig")
    rows = list(reader(StringIO(csv)))
    lines, sums = rows[1:2], {row[1]: row[-1] for row in rows[2:]}
    assert lines[0][2:6] == ["booking", payment.booking.reference, "T0110 2027-01-11", "RUH–JED"]
    assert Decimal(lines[0][-1]) == settlement.total.major == Decimal(sums["total"]) == Decimal(sums["due"])
    assert Decimal(sums["fares without tax"]) + Decimal(sums["commission"]) == settlement.total.major

    response = auditor.get(step("as_xlsx", settlement))
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    cells = list(sheet.iter_rows(values_only=True))
    assert [list(map(str, row))[2] for row in cells[1:2]] == ["booking"]
    assert cells[1][-1] == float(settlement.total.major)
    assert response["Content-Disposition"] == 'attachment; filename="settlement-OPSAR-2027-01-SAR.xlsx"'


@pytest.mark.parametrize(("language", "word"), [("en", "Settlement statement"), ("ar", "2027-01")])
def test_the_pdf_says_whose_it_is_and_what_it_comes_to(settlement, as_role, language, word):
    Operator.objects.update(address="12 Marina Road\nLagos", tax_number="TIN 77", bank_account="GB29 NWBK")
    auditor = as_role("auditor")
    with override(language):
        response = auditor.get(reverse("admin:finance_settlement_as_pdf", args=[settlement.pk]))
    assert response["Content-Type"] == "application/pdf"
    pdf = PdfReader(BytesIO(response.content))
    text = "\n".join(one.extract_text() for one in pdf.pages)
    for part in (word, "Operator SAR", "12 Marina Road", "TIN 77", "GB29 NWBK", f"{settlement.due.major:,.2f}"):
        assert part in text, part
    reference = settlement.lines.get().posting.entry.booking_reference
    assert reference in text


def test_a_long_statement_goes_over_many_pages_each_with_its_headings(settlement, monkeypatch):
    line = next(statement_lines(settlement))
    monkeypatch.setattr("finance.pdf.statement_lines", lambda _settlement, _limit=None: [line] * 100)
    pages = PdfReader(BytesIO(statement(settlement))).pages
    assert len(pages) > 2
    assert all("Commission" in one.extract_text() for one in pages)
    assert f"3 / {len(pages)}" in pages[2].extract_text()


def test_above_what_anybody_reads_the_pdf_says_where_the_rest_is(settlement, monkeypatch):
    monkeypatch.setattr("finance.pdf.MOST_LINES", 0)
    text = PdfReader(BytesIO(statement(settlement))).pages[0].extract_text()
    assert "The first 0 of 1 lines. All are in the CSV." in text


@pytest.mark.parametrize("form", ["as_pdf", "as_csv", "as_xlsx"])
def test_who_may_not_see_settlements_gets_no_file(settlement, as_role, form):
    assert as_role("staff").get(step(form, settlement)).status_code == 403
