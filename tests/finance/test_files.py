"""Reports as CSV and XLSX: the same figures, exactly, and nothing that a spreadsheet program would run."""

from decimal import Decimal
from io import BytesIO

import pytest
from django.db import connection
from openpyxl import load_workbook

from finance.reports import spreadsheet
from finance.reports.account_statement import account_statement
from finance.reports.registry import REPORTS
from finance.reports.trial_balance import trial_balance
from tests.finance.reading import address, csv_rows, part, summed, total, xlsx_rows
from tests.ledger.books import CLEARING, UNEARNED, entry_sql, sell

pytestmark = pytest.mark.django_db
STATEMENT = {"account": UNEARNED, "currency": "SAR"}


def test_a_workbook_of_the_trial_balance_sums_to_it(root, sales):
    *rows, last = xlsx_rows(root, "trial_balance")
    books = part(trial_balance())
    assert {row["account"]: Decimal(str(row["balance"])) for row in rows} == {
        code: Decimal(balance) / 100 for (code, _), balance in summed().items()
    }
    assert last["account"] == "Total"
    assert sum(Decimal(str(row["debit"])) for row in rows) == Decimal(total(books, "total")["debit"]) / 100
    assert Decimal(str(last["credit"])) == sum(Decimal(str(row["credit"])) for row in rows)
    assert {row["currency"] for row in rows} == {"SAR"}


def test_amounts_in_a_workbook_are_numbers(root, sales):
    response = root.get(address("trial_balance", "xlsx"))
    sheet = load_workbook(BytesIO(b"".join(response.streaming_content))).active
    assert {cell.data_type for row in sheet.iter_rows(min_row=2, min_col=4) for cell in row} == {"n"}
    assert response["Content-Disposition"].endswith('.xlsx"')


def test_amounts_in_a_workbook_are_shown_with_the_digits_of_their_currency(root):
    for number, currency in enumerate(("KWD", "JPY", "SAR")):
        sell(123_456, name=str(number), currency=currency)
    book = load_workbook(BytesIO(b"".join(root.get(address("trial_balance", "xlsx")).streaming_content)))
    shown = {(row[0].value, row[3].number_format) for row in book.active.iter_rows(min_row=2)}
    assert shown == {("KWD", "#,##0.000"), ("JPY", "#,##0"), ("SAR", "#,##0.00")}
    assert book.active.freeze_panes == "A2", "the titles stay"


def test_a_csv_has_exact_amounts_with_the_digits_of_their_currency(root):
    sell(123_456, name="1", currency="KWD")
    sell(500, name="2", currency="JPY")
    sell(-0 + 70, name="3")
    debits = {row["currency"]: row["debit"] for row in csv_rows(root, "trial_balance") if row["account"] == CLEARING}
    assert debits == {"KWD": "123.456", "JPY": "500", "SAR": "0.70"}


def test_a_statement_in_csv_is_that_of_the_page(root, sales):
    first, *lines, last = csv_rows(root, "account_statement", **STATEMENT)
    report = part(account_statement(**STATEMENT))
    assert [int(Decimal(line["balance"]) * 100) for line in lines] == [row["balance"] for row in report.rows]
    assert (first["posted at (UTC)"], first["balance"]) == ("Opening balance", "0.00")
    assert int(Decimal(last["balance"]) * 100) == summed()[UNEARNED, "SAR"]


def test_a_long_statement_is_written_in_pieces(root, monkeypatch, sales):
    whole = csv_rows(root, "account_statement", **STATEMENT)
    monkeypatch.setattr(spreadsheet, "_AT_ONCE", 2)
    pieces = list(spreadsheet.csv(account_statement(**STATEMENT)))
    assert len(pieces) == 1 + (len(whole) + 1) // 2
    assert "".join(pieces).count("\r\n") == len(whole) + 1


def test_what_is_too_long_for_a_workbook_says_so(root, monkeypatch, sales):
    monkeypatch.setattr(spreadsheet, "MOST_ROWS", 3)
    response = root.get(address("account_statement", "xlsx"), STATEMENT)
    assert (response.status_code, response["Content-Type"]) == (400, "text/html; charset=utf-8")
    assert "more than 3 rows" in response.content.decode()


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_is_a_formula(root, begin):
    sell(1)
    evil = f'{begin}HYPERLINK("http://evil.example";1)'
    with connection.cursor() as cursor:
        cursor.execute(entry_sql([(CLEARING, 5), (UNEARNED, -5)], reference=evil, booking_reference=f"{begin}1"))
    (line,) = [row for row in csv_rows(root, "account_statement", **STATEMENT) if "evil" in row["reference"]]
    assert (line["reference"], line["booking"]) == (f"'{evil}", f"'{begin}1")
    content = root.get(address("account_statement", "xlsx"), STATEMENT).streaming_content
    cells = [cell for row in load_workbook(BytesIO(b"".join(content))).active.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.data_type == "f"] == []
    assert any(str(cell.value).startswith("'") for cell in cells)


def test_what_a_workbook_cannot_hold_is_left_out(root):
    sell(1)
    with connection.cursor() as cursor:
        cursor.execute(entry_sql([(CLEARING, 5), (UNEARNED, -5)], reference="a\x01\x0b=b"))
    references = [row["reference"] for row in xlsx_rows(root, "account_statement", **STATEMENT)]
    assert "a=b" in references
    assert spreadsheet.harmless("\x01=1") == "'=1"


def test_every_report_is_a_file(root, sales):
    for name in REPORTS:
        for read in (csv_rows, xlsx_rows):
            rows = read(root, name, **STATEMENT)
            assert rows, name
            assert {row["currency"] for row in rows} == {"SAR"}, name
            assert all(row[title] not in (None, "") for row in rows for title in list(row)[:2]), name


def test_there_are_no_other_files(root, db):
    assert root.get(address("trial_balance", "pdf")).status_code == 404
    assert root.get(address("bribes", "csv")).status_code == 404
