"""What PostgreSQL refuses about settlements, whatever the application does: as the runtime role and as the owner."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from core.actors import acting_as
from finance.actions.decide import approve, give_back
from finance.actions.draft import draft
from finance.models import SETTLEMENT_TRANSITIONS, Settlement, SettlementLine
from tests.clock import turned_to
from tests.database import as_owner, as_runtime
from tests.finance.year import CLERK, day, first, sell_and_leave, settle
from tests.races.rivals import wait_for_waiters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def settlement():
    """A draft of January."""
    with turned_to(day(1, 1)) as clock:
        operator = sell_and_leave(clock, day(1), "1A").booking.trip.operator
        yield draft(operator.pk, first(1))


@pytest.fixture
def approved(settlement) -> Settlement:
    with acting_as(CLERK):
        return approve(settlement.pk, total=settlement.total, due=settlement.due)


def everything() -> tuple:
    return list(Settlement.objects.order_by("pk").values_list()), list(SettlementLine.objects.values_list())


def refused(statement: str) -> set[str]:
    """The constraints that refuse it, as either role; nothing has changed after."""
    before, names = everything(), set()
    for role in (as_runtime, as_owner):
        with pytest.raises(psycopg.errors.IntegrityError) as error, role() as cursor:
            cursor.execute(statement)
        names.add(error.value.diag.constraint_name)
    assert everything() == before
    return names


DRAFT_ATTACKS = {
    "UPDATE finance_settlement SET month = '2027-02-01'": "settlement_stays",
    "UPDATE finance_settlement SET currency = 'USD'": "settlement_stays",
    "UPDATE finance_settlement SET total_amount = total_amount + 1, status = 'approved'": "settlement_adds_up",
    "UPDATE finance_settlement SET reserve_amount = total_amount + 1": "settlement_reserve_of_total",
    "UPDATE finance_settlement SET reserve_amount = -1": "settlement_reserve_of_total",
    "UPDATE finance_settlement SET status = 'paid'": "finance_settlement_status_transition",
    "UPDATE finance_settlement SET status = 'approved'": "settlement_two_people",
    "UPDATE finance_settlement SET status = 'approved', approved_by = 'user:1', paid_by = 'user:1'":
        "settlement_two_people",
    "INSERT INTO finance_settlement (operator_id, currency, month, status, gross_amount, commission_amount, "
    "cancellation_commission_amount, tax_amount, correction_amount, released_amount, brought_amount, total_amount, "
    "reserve_amount, approved_by, paid_by, transfer) SELECT operator_id, currency, '2027-03-01', 'approved', 0, 0, 0, "
    "0, 0, 0, 0, 0, 0, '', '', '' FROM finance_settlement": "finance_settlement_initial_status",
    "UPDATE finance_settlementline SET net = net + 1": "settlementline_stays",
    "UPDATE finance_settlementline SET live = false": "settlementline_stays",
    "INSERT INTO finance_settlementline (settlement_id, kind, posting_id, gross, commission, tax, net, live) SELECT "
    "settlement_id, kind, posting_id, gross, commission, tax, net, true FROM finance_settlementline":
        "settlementline_posting_once",
    "INSERT INTO finance_settlementline (settlement_id, kind, gross, commission, tax, net, live) SELECT "
    "settlement_id, kind, gross, commission, tax, net, true FROM finance_settlementline": "settlementline_of_one_thing",
    "INSERT INTO finance_settlementline (settlement_id, kind, carried_from_id, gross, commission, tax, net, live) "
    "SELECT id, 'brought', id, 5, 0, 0, 4, true FROM finance_settlement": "settlementline_adds_up",
}  # fmt: skip
DECIDED_ATTACKS = {
    "UPDATE finance_settlement SET total_amount = total_amount + 1": "settlement_stays",
    "UPDATE finance_settlement SET reserve_amount = 1": "settlement_stays",
    "UPDATE finance_settlement SET status = 'paid', paid_by = approved_by": "settlement_two_people",
    "UPDATE finance_settlement SET payee = '{}'": "settlement_stays",
    "UPDATE finance_settlement SET payee = payee || '{\"bank_account\": \"XX99\"}'": "settlement_stays",
    "UPDATE finance_settlement SET reserve_until = '2020-01-01'": "settlement_stays",
    "UPDATE finance_settlement SET status = 'draft'": "finance_settlement_status_transition",
    "UPDATE finance_settlement SET approved_by = ''": "settlement_stays",
    "UPDATE finance_settlement SET approved_by = 'user:7', paid_by = 'user:1', status = 'paid'": "settlement_stays",
    "UPDATE finance_settlement SET approved_at = berth_now()": "settlement_stays",
    "UPDATE finance_settlement SET status = 'paid'": "settlement_two_people",
    "DELETE FROM finance_settlementline": "settlementline_stays",
    "DELETE FROM finance_settlement": "settlement_stays",
    "UPDATE finance_settlementline SET live = false": "settlementline_stays",
    "INSERT INTO finance_settlementline (settlement_id, kind, carried_from_id, gross, commission, tax, net, live) "
    "SELECT id, 'brought', id, 5, 0, 0, 5, true FROM finance_settlement": "settlementline_stays",
}  # fmt: skip


@pytest.mark.parametrize("statement", DRAFT_ATTACKS)
def test_a_draft(settlement, statement):
    assert refused(statement) == {DRAFT_ATTACKS[statement]}


@pytest.mark.parametrize("statement", DECIDED_ATTACKS)
def test_what_is_decided(approved, statement):
    assert refused(statement) == {DECIDED_ATTACKS[statement]}


def test_a_second_settlement_of_the_month(settlement):
    with pytest.raises(psycopg.errors.UniqueViolation) as error, as_runtime() as cursor:
        cursor.execute(
            "INSERT INTO finance_settlement SELECT (jsonb_populate_record(s, jsonb_build_object('id', s.id + 1))).*"
            " FROM finance_settlement s"
        )
    assert error.value.diag.constraint_name == "settlement_one_per_month"


def test_lines_of_a_returned_one_are_free_and_stay_so(settlement):
    paid = settle(settlement.operator, 1)
    give_back(paid.pk, reason="Account closed")
    assert refused("UPDATE finance_settlementline SET live = true") == {"settlementline_stays"}
    assert refused("UPDATE finance_settlementline SET live = false, net = 1") == {"settlementline_stays"}


APPROVE = "UPDATE finance_settlement SET status = 'approved', approved_by = 'user:1', approved_at = berth_now()"
ONE_MORE = (
    "INSERT INTO finance_settlementline (settlement_id, kind, carried_from_id, gross, commission, tax, net, live)"
    " SELECT id, 'brought', id, 5, 0, 0, 5, true FROM finance_settlement"
)


@pytest.mark.parametrize(
    ("earlier", "later", "constraint"),
    [(ONE_MORE, APPROVE, "settlement_adds_up"), (APPROVE, ONE_MORE, "settlementline_stays")],
    ids=["a line first", "the approval first"],
)
def test_no_line_slips_into_a_settlement_that_is_being_approved(settlement, earlier, later, constraint):
    with as_runtime() as one, ThreadPoolExecutor(1) as pool:
        one.execute(earlier)
        meanwhile = pool.submit(run, later)
        wait_for_waiters(one.connection)
        one.connection.commit()
        with pytest.raises(psycopg.errors.CheckViolation) as error:
            meanwhile.result()
    assert error.value.diag.constraint_name == constraint


def run(statement: str) -> None:
    with as_runtime() as cursor:
        cursor.execute(statement)


def test_who_paid_stays(settlement):
    settle(settlement.operator, 1)
    for statement in ("SET paid_by = 'user:3'", "SET transfer = ''", "SET paid_by = '', status = 'returned'"):
        assert refused(f"UPDATE finance_settlement {statement}") == {"settlement_stays"}


@pytest.mark.parametrize("table", ["finance_settlement", "finance_settlementline"])
def test_nobody_truncates(settlement, table):
    before = everything()
    for role, error in ((as_runtime, psycopg.errors.InsufficientPrivilege), (as_owner, psycopg.errors.CheckViolation)):
        with pytest.raises(error), role() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")
    assert everything() == before


def test_the_table_of_states():
    assert SETTLEMENT_TRANSITIONS.allowed == {
        "draft": ["approved", "void"], "approved": ["paid", "void"], "paid": ["returned"],
    }  # fmt: skip
