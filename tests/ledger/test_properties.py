"""Whatever balanced entries come, and whenever checkpoints fall between them, the books add up."""

from django.db import connection, transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from ledger import queries
from ledger.actions.checkpoint import checkpoint
from ledger.actions.post import Line, post
from ledger.models import EntryKind, Posting
from tests.ledger.books import plain_sums

CODES = ["bank", "gateway:stripe:clearing", "travellers:unearned", "operator:AIS:payable", "platform:gateway_fees"]
lines = st.lists(
    st.builds(Line, st.sampled_from(CODES), st.integers(-(10**12), 10**12)), min_size=1, max_size=6
).filter(lambda some: sum(line.amount for line in some) != 0)
entries = st.tuples(st.sampled_from(["SAR", "JPY", "KWD"]), lines)
CHECKPOINT = "checkpoint"


class BooksAddUp(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.one_of(entries, st.just(CHECKPOINT)), max_size=12))
    def test_books_add_up(self, steps):
        for step in steps:
            if step == CHECKPOINT:
                checkpoint()
                continue
            currency, some = step
            rest = Line("suspense", -sum(line.amount for line in some))
            with transaction.atomic():
                post(kind=EntryKind.ADJUSTMENT, reference=None, currency=currency, lines=[*some, rest])
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        sums = Posting.objects.values("account__currency").annotate(total=Sum("amount")).values_list("total", flat=True)
        assert set(sums) <= {0}
        assert queries.balances() == plain_sums()
        for books in queries.trial_balance()["currencies"].values():
            assert books["total_debit"] == books["total_credit"]
            assert sum(account["balance"] for account in books["accounts"]) == 0
