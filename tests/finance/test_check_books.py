"""check_books: clean whatever happened by the use cases, one snapshot, bounded memory, and what it prints."""

import io
import os
import re
import signal
import time
import tracemalloc
from threading import Timer

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection
from django.utils import timezone

from bookings.actions.cancel_trip import cancel_trip
from finance import proof
from finance.checks import registry
from finance.checks.registry import Broken, Check, Checked, ask, registered
from ledger.actions.adjust import adjust
from ledger.actions.close_period import close_period
from payments.actions.after_departure import give_back_earned
from payments.actions.clear_trips import clear_cancelled_trips
from payments.actions.give_back import give_courtesy
from payments.actions.match_payouts import match_all
from tests.clock import turned_to
from tests.database import as_owner
from tests.finance.checking import broken, later, report
from tests.finance.worlds import sold
from tests.finance.year import day, first, lose, sell, sell_and_leave, settle
from tests.ledger.books import sell as charge
from tests.payments.scene import buy, cancel_and_fail, charge_of, send_refunds, tell_all
from tests.payments.test_any_history import History
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)
HISTORIES, DEEDS, LOOK = 2, 18, 6
OPERATOR, ENTRIES = "operator:OPSAR:payable", "ledger_journalentry"


# -------------------------------------------------------------------------------------------------------------- clean
def test_an_empty_database_is_clean():
    told, code = report("--no-gateways")
    assert (told["ok"], code) == (True, 0)
    assert [one["name"] for one in told["checks"]] == [one.name for one in registered()]


@pytest.mark.parametrize("seed", range(1_000, 1_000 + HISTORIES))
def test_whatever_happens_to_a_booking_the_books_are_clean(sandbox, seed):
    with turned_to(timezone.now(), sandbox) as clock:
        history = History(sandbox, clock, seed)
        for deed in range(DEEDS):
            history.go_on()
            if deed % LOOK == 0:
                with later():  # trips leave in the midst of it, and the clock is turned back
                    assert broken("--no-gateways") == {}, history.told
        history.end()
        match_all()
        with later():
            assert broken() == {}, history.told


def test_sales_cancellations_disputes_and_payouts_are_clean(sandbox):
    trip = make_trip()
    booking, _payment = buy(sandbox, "1A", "1B", trip=trip)
    _other, disputed = buy(sandbox, "2A", trip=trip)
    hold_seats(trip, "3A")
    cancel_and_fail(sandbox, booking, "1A")
    sandbox.dispute(charge_of(sandbox, disputed)["id"])
    tell_all(sandbox)
    assert broken("--no-gateways") == {}
    sandbox.settle_payout(sandbox.pay_out("sar")["id"], success=True)
    match_all()
    assert broken() == {}
    cancel_trip(trip.pk, reason="Storm")
    clear_cancelled_trips()
    send_refunds()
    match_all()
    assert broken() == {}


def test_months_of_settlements_are_clean():
    with turned_to(day(1)) as clock:
        payment = sell_and_leave(clock, day(1), "1A", "1B")
        operator = payment.booking.trip.operator
        type(operator).objects.update(reserve_bps=1_000)
        sell(clock, day(1, 25))
        clock.move_to(day(2))
        assert settle(operator, 1).status == "paid"
        assert broken("--no-gateways") == {}
        lose(payment)
        clock.move_to(day(3))
        assert settle(operator, 2).total_amount < 0
        assert broken("--no-gateways") == {}
        sell_and_leave(clock, day(3, 12), "2A")
        clock.move_to(day(4))
        settle(operator, 3)
        assert broken("--no-gateways") == {}


def test_what_people_write_by_hand_about_a_booking_is_clean():
    with turned_to(day(1)) as clock:
        booking = sell_and_leave(clock, day(1)).booking
        for debit, credit in ((OPERATOR, "platform:commission"), ("platform:commission", OPERATOR)):
            adjust(
                currency=booking.currency, debit=debit, credit=credit, amount=50_000, reason="Agreed",
                booking_reference=booking.reference,
            )  # fmt: skip
            give_back_earned(booking.pk, 1_000, note="Two hours late.")
            assert broken("--no-gateways") == {}


# ------------------------------------------------------------------------------------------------------------ running
@pytest.fixture
def only(monkeypatch):
    """Register these checks in the place of all others."""

    def register(*finds):
        checks = {find.__name__: Check(find.__name__, "It holds.", find) for find in finds}
        monkeypatch.setattr(registry, "_checks", checks)

    return register


def test_all_checks_see_one_snapshot(only):
    def before():
        yield from ask("SELECT count(*) FROM core_statuschange", "SELECT '', '', NULL, '' WHERE false")
        with as_owner() as cursor:
            cursor.execute(
                "INSERT INTO core_statuschange (subject_type, subject_id, from_status, to_status, actor, reason,"
                " correlation_id, at) VALUES ('a', '1', 'b', 'c', '', '', '', berth_now())"
            )

    def after():
        yield from ask("SELECT count(*) FROM core_statuschange", "SELECT '', '', NULL, '' WHERE false")

    only(before, after)
    assert [result.checked for result in proof.prove()] == [0, 0]


def test_nothing_can_be_written(only):
    def writes():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM bookings_place")
        yield Checked(1)

    only(writes)
    with pytest.raises(InternalError, match="read-only transaction"):
        proof.prove()


def test_many_broken_rows_are_read_a_few_at_a_time_and_only_counted_beyond_a_thousand(only):
    def everything():
        rows = "SELECT format('row %s', n), repeat('x', 800), n, 'SAR' FROM generate_series(1, 50000) n"
        yield from ask("SELECT 50000", rows)

    only(everything)
    proof.prove()
    tracemalloc.start()
    (result,) = proof.prove()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (result.checked, len(result.broken), result.more) == (50_000, proof.MOST, 49_000)
    assert peak < 4_000_000  # all of them are 50 MB


def entries_read() -> int:
    """How many rows of entries this connection has read, up to now."""
    with connection.cursor() as cursor, as_owner() as owner:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        owner.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = %s", [ENTRIES])
        ((rows,),) = owner.fetchall()
    return int(rows)


def test_closed_months_are_proved_without_reading_all_entries_for_each_of_them():
    with turned_to(day(1)) as clock:
        for month in (1, 2):
            for number in range(40):
                charge(name=f"{month}_{number}")
            clock.move_to(day(month + 1))
            close_period(first(month))
        before = entries_read()
        (result,) = proof.prove(["periods_closed"])
        assert (result.checked, result.broken) == (2, [])
        assert 80 <= entries_read() - before < 1_000


def test_two_checks_cannot_have_one_name():
    def entries_balance():
        """It holds."""
        yield Checked(0)

    with pytest.raises(AssertionError, match="entries_balance"):
        registry.check(entries_balance)


# ------------------------------------------------------------------------------------------------------------ printed
def test_the_json_names_the_rows_and_by_how_much():
    booking = sold().booking
    with as_owner() as cursor:
        cursor.execute("UPDATE bookings_booking SET paid_amount = paid_amount + 25")
    told, code = report("--no-gateways")
    (one,) = [check for check in told["checks"] if check["name"] == "booking_paid"]
    assert (told["ok"], code) == (False, 1)
    assert one == {
        "name": "booking_paid",
        "checked": 1,
        "broken": [
            {
                "subject": f"booking {booking.reference}",
                "problem": "says that 21025 was paid, its payments come to 21000",
                "amount": 25,
                "currency": "SAR",
            }
        ],
        "more": 0,
        "notes": [],
    }


def test_the_table_is_for_people(only):
    def fine():
        yield Checked(7)

    def wrong():
        yield Checked(5)
        for number in range(proof.MOST + 2):
            yield Broken(f"row {number}", "is wrong", -3, "SAR")

    only(fine, wrong)
    out, told = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("check_books", stdout=out, stderr=told)
    printed = out.getvalue()
    assert re.search(r"^fine +7 +ok$", printed, re.MULTILINE)
    assert re.search(r"^wrong +5 +1002$", printed, re.MULTILINE)
    assert "\n  row 0: is wrong (-3 SAR)\n" in printed
    assert "… and 2 more" in printed
    assert "1 of 2 checks found something." in printed
    assert re.search(r"^1 of 2: fine, 7 checked, ok, \d+\.\d s\n2 of 2: wrong, 5 checked, 1002 broken", told.getvalue())


def test_some_checks_alone():
    told, code = report("--only", "booking_paid", "--only", "entries_balance")
    assert ([one["name"] for one in told["checks"]], code) == (["entries_balance", "booking_paid"], 0)
    with pytest.raises(CommandError, match="invalid choice"):
        report("--only", "no_such_check")


def test_it_can_be_interrupted_while_postgresql_works(only):
    def endless():
        yield from ask("SELECT count(*) FROM pg_sleep(30)", "SELECT '', '', NULL, '' WHERE false")

    only(endless)
    told, begun = io.StringIO(), time.monotonic()
    Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(SystemExit, match="130"):
        call_command("check_books", stdout=io.StringIO(), stderr=told)
    assert "Interrupted" in told.getvalue()
    assert time.monotonic() - begun < 10
    assert not connection.in_atomic_block


def test_a_courtesy_is_clean_before_and_after_it_is_sent(sandbox):
    _booking, payment = buy(sandbox)
    give_courtesy(payment.pk, 700, note="The heating was off.")
    assert broken("--no-gateways") == {}
    send_refunds()
    match_all()
    assert broken() == {}
