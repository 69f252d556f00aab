"""The statement of an account: every line in its turn, whichever page it is read by."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from ledger import statements
from ledger.actions.checkpoint import checkpoint
from ledger.errors import AccountUnknownError
from ledger.models import Posting
from tests.clock import turned_to
from tests.ledger.books import CLEARING, UNEARNED, entry_sql, sell
from tests.ledger.test_turnover import accounts  # noqa: F401 - a fixture

DAY = datetime(2026, 3, 10, tzinfo=UTC)
HOURS = (-30, -2, 1, -1, 3, 2, 9, 20, 23, 25, 22, 26, 50)  # after DAY began; two were overtaken at either end


@pytest.fixture(params=[(), (4,), (1, 4, 6, 9), range(13)], ids=["no checkpoint", "one", "some", "many"])
def written(request, accounts) -> None:  # noqa: F811
    """An entry at each of the hours, of 1, 2, 4, 8 … minor units, and checkpoints after some of them."""
    with turned_to(DAY, ticking=False) as clock, connection.cursor() as cursor:
        for number, hours in enumerate(HOURS):
            amount = (1 << number) * (-1 if number % 3 == 2 else 1)
            clock.move_to(DAY + timedelta(hours=hours))
            cursor.execute(entry_sql([(CLEARING, amount), (UNEARNED, -amount)]))
            if number in request.param:
                checkpoint()


def read(**more):
    span, lines = statements.read(
        CLEARING, "SAR", begin=DAY.isoformat(), until=(DAY + timedelta(days=1)).isoformat(), **more
    )
    return span, list(lines)


def expected() -> tuple[int, list[tuple[int, int, int]]]:
    """The balance before the day, and the day's lines with the balance after each, by adding up in Python."""
    postings = Posting.objects.filter(account__code=CLEARING).select_related("entry").order_by("pk")
    end = DAY + timedelta(days=1)
    opening = balance = sum(posting.amount for posting in postings if posting.entry.posted_at < DAY)
    lines = []
    for posting in postings:
        if DAY <= posting.entry.posted_at < end:
            balance += posting.amount
            lines.append((posting.pk, posting.amount, balance))
    return opening, lines


def test_a_day_begins_with_what_was_before_and_ends_with_what_is_after(written, django_assert_num_queries):
    opening, wanted = expected()
    with django_assert_num_queries(1):
        span, lines = read()
    assert [(line.posting_id, line.amount, line.balance) for line in lines] == wanted
    assert (span.opening, span.carried, span.closing) == (opening, opening, wanted[-1][2])
    assert span.debits == sum(amount for _, amount, _ in wanted if amount > 0)
    assert span.credits == -sum(amount for _, amount, _ in wanted if amount < 0)


def test_pages_are_the_whole_torn_apart(written):
    span, whole = read()
    for size in (1, 2, 3):
        after, pages = 0, []
        while True:
            of_page, page = read(after=after, limit=size)
            if not page:
                break
            assert (of_page.opening, of_page.closing) == (span.opening, span.closing)
            assert of_page.carried == (pages[-1].balance if pages else span.opening)
            pages += page
            after = page[-1].posting_id
        assert pages == whole


@pytest.mark.django_db
def test_an_account_without_lines_has_a_balance_all_the_same():
    sell(500)
    span, lines = statements.read(CLEARING, "SAR", begin="2100-01-01", until="infinity")
    assert (span.opening, span.closing, list(lines)) == (500, 500, [])
    span, lines = statements.read("bank", "SAR", begin="-infinity", until="infinity")
    assert (span.opening, span.closing, list(lines)) == (0, 0, [])
    with pytest.raises(AccountUnknownError):
        statements.read("bonk", "SAR", begin="-infinity", until="infinity")
