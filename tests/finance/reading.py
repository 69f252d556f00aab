"""Reports as tests read them: by hand, as a file, and by their commands."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO, StringIO
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from openpyxl import load_workbook

from finance.reports.report import Part, Report
from ledger.models import Posting


def address(name: str, form: str = "") -> str:
    """Of a report's page, or of its file."""
    with override("en"):
        return reverse("report-file", args=[name, form]) if form else reverse("report", args=[name])


def csv_rows(client: Client, name: str, **asked: str) -> list[dict[str, str]]:
    """The rows of a report's CSV by the titles of its columns."""
    response = client.get(address(name, "csv"), asked)
    assert response.status_code == 200, response
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def xlsx_rows(client: Client, name: str, **asked: str) -> list[dict[str, Any]]:
    """The rows of a report's workbook by the titles of its columns, as a spreadsheet program has them."""
    response = client.get(address(name, "xlsx"), asked)
    assert response.status_code == 200, response
    titles, *rows = load_workbook(BytesIO(b"".join(response.streaming_content))).active.iter_rows(values_only=True)
    return [dict(zip(titles, row, strict=True)) for row in rows]


def command(name: str, *arguments: str) -> dict[str, Any]:
    """What a report's command prints as JSON."""
    out = StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    read: dict[str, Any] = json.loads(out.getvalue())
    return read


def printed(name: str, *arguments: str) -> list[list[str]]:
    """The words of each line of the table that a report's command prints."""
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return [line.split() for line in out.getvalue().splitlines()]


def part(report: Report, currency: str = "SAR") -> Part:
    """All of one currency."""
    (found,) = [one for one in report.parts if one.currency == currency]
    return found


def total(found: Part, key: str) -> dict[str, int]:
    """One of the totals of a part."""
    (one,) = [one for one in (*found.before, *found.after) if one.key == key]
    return dict(one.values)


def column(rows: Iterable[Any], key: str) -> list[Any]:
    return [row[key] for row in rows]


def summed(until: date | None = None) -> dict[tuple[str, str], int]:
    """Debit − credit of every account by adding up its postings in Python, up to the end of a day by UTC."""
    end = datetime.combine(until + timedelta(days=1), time.min, UTC) if until else datetime.max.replace(tzinfo=UTC)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for posting in Posting.objects.select_related("account", "entry"):
        if posting.entry.posted_at < end:
            sums[posting.account.code, posting.account.currency] += posting.amount
    return sums
