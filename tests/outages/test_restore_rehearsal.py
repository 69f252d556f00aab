"""The worst day, rehearsed: a backup is taken while travellers buy, the machines and all their data are lost, and Berth
serves again elsewhere, by the commands of docs/setup-production.md.

REHEARSAL_SECONDS says how long the load lasts before the backup; see docs/developer-reference.md.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookings.models import Booking
from payments.models import Payment
from tests.backups import NAME, back_up, check, restore
from tests.embedded.conftest import open_folder
from tests.outages import reckoning
from tests.outages.installation import DATABASE, Installation
from tests.outages.load import Load
from tests.races.travellers import travellers
from tests.services import LOGS, wait_until
from tests.world import make_trip

SECONDS = float(os.environ.get("REHEARSAL_SECONDS", "8"))
TRAVELLERS = 6

pytestmark = pytest.mark.timeout(SECONDS * 2 + 300)


class Protocol:
    """What is done, with the seconds since the beginning; kept in a file beside the logs of the machines."""

    def __init__(self, file: Path) -> None:
        self.lines: list[str] = []
        self._began = time.monotonic()
        self._file = file

    def note(self, what: str) -> None:
        """One line."""
        self.lines.append(f"{time.monotonic() - self._began:6.1f} s  {what}")
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text("\n".join([*self.lines, ""]))


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """Another disk, and room for the backup."""
    with open_folder() as folder:
        yield folder


def test_what_was_sold_before_the_backup_is_sold_after_the_restore(elsewhere, whole: Installation, record_property):
    protocol = Protocol(LOGS / "restore-rehearsal.log")
    trips = [make_trip("RUH", "MED", "JED", rows=50, number=f"T{number}") for number in range(1 + round(SECONDS / 15))]
    with travellers(whole.url, TRAVELLERS) as people, Load(whole.sandbox, people, trips, seed=8) as load:
        protocol.note(f"{TRAVELLERS} travellers begin to buy")
        whole.look_after(SECONDS)
        before = set(load.told.confirmed)
        protocol.note(f"{len(before)} bookings are confirmed; deploy/backup begins")
        file = back_up(whole.server.owner_url(DATABASE), elsewhere)
        protocol.note(f"{file.name} is whole, {file.stat().st_size:,} bytes")
        whole.look_after(SECONDS / 2)
    told = load.told
    assert told.surprises == []
    assert len(told.confirmed) > len(before) > 0
    protocol.note(f"{len(told.confirmed)} bookings are confirmed, {len(told.cancelled)} were given up; the load ends")

    whole.lose_everything()
    protocol.note("SIGKILL for PostgreSQL, Valkey, web, worker and beat; their folders are removed")
    server = whole.start_stores(elsewhere)
    restore(file, server)
    protocol.note(f"deploy/restore has made {NAME} on a new server")
    check(**whole.environment(server, NAME))
    protocol.note("migrate --check, check_books --no-gateways and trial_balance end with 0")
    whole.serve(server, NAME, elsewhere)
    protocol.note("web, worker and beat serve from it")

    assert_sold(before)
    whole.hear_everything()
    reckoning.let_time_pass()
    whole.run_jobs("retry_webhooks", "reconcile_payments", "process_refunds", "match_payouts")
    reckoning.assert_books_in_order()
    protocol.note("reconcile and match_payouts were run; check_books finds nothing, the gateway's balance included")
    paying = Payment.objects.filter(booking__reference__in=told.confirmed)  # had been started before the backup
    known = set(paying.values_list("booking__reference", flat=True))
    unknown = len(told.confirmed) - len(known)
    protocol.note(f"{unknown} payments were started after the backup and are unknown, {len(known)} are known")
    assert_sold(known)
    reckoning.assert_nothing_sold_twice()
    go_on_selling(whole, protocol)
    for line in protocol.lines:
        record_property("restore rehearsal", line)


def assert_sold(references: set[str]) -> None:
    """Each of them is there, and paid."""
    found = Booking.objects.filter(reference__in=references)
    statuses = Counter(found.values_list("status", flat=True))
    assert statuses.total() == len(references)
    assert statuses.keys() <= {"confirmed", "cancelled", "refunded"}, statuses
    assert not found.exclude(pk__in=Payment.objects.exclude(received_amount=0).values("booking")).exists()


def go_on_selling(whole: Installation, protocol: Protocol) -> None:
    trips = [make_trip("RUH", "MED", "JED", rows=50, number="NEW")]
    with travellers(whole.url, 1) as people, Load(whole.sandbox, people, trips, seed=9) as load:
        wait_until(lambda: len(load.told.confirmed) >= 3, "three more to be sold")
    assert load.told.surprises == []
    reckoning.settle(whole)
    reckoning.assert_books_in_order()
    protocol.note(f"{len(load.told.confirmed)} more were sold; check_books finds nothing")
