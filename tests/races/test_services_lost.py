"""Valkey lost, a worker killed: what was promised to a traveller is done all the same, only later."""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from celery import current_app
from django.utils.timezone import now

from bookings.models import Trip
from core.models import OutboxMessage
from tests.database import as_owner
from tests.races.mail_sink import MailSink, mail_sink
from tests.races.travellers import Traveller, travellers
from tests.races.valkey import Valkey, valkey_server
from tests.services import Sandbox, celery_worker, end, wait_until, web_server
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    with valkey_server() as server:
        yield server


@pytest.fixture
def mails() -> Iterator[MailSink]:
    with mail_sink() as sink:
        yield sink


def run_drain_outbox(broker: Valkey) -> None:
    """What beat does every minute."""
    with current_app.connection_for_write(broker.url) as connection:
        current_app.send_task("jobs.drain_outbox", queue="emails", connection=connection)


@dataclass
class Buyer:
    """Somebody who buys seats on a trip and looks at the clock."""

    traveller: Traveller
    sandbox: Sandbox
    trip: Trip
    slowest: float = field(default=0, init=False)

    def buy(self, seat: str) -> float:
        """Search, hold, pay, be confirmed. Returns the seconds of the slowest request."""
        self.slowest = 0
        search = {"origin": "RUH", "destination": "JED", "date": self.trip.service_date.isoformat()}
        found = self._timed(lambda: self.traveller.get("trips", **search)).json()["results"]
        assert [trip["id"] for trip in found] == [str(self.trip.pk)]
        held = self._timed(lambda: self.traveller.hold(self.trip, seat))
        assert held.status_code == 201
        reference = held.json()["reference"]
        started = self._timed(lambda: self.traveller.post(f"bookings/{reference}/payments", {"gateway": "stripe"}))
        assert started.status_code == 201
        self.sandbox.pay(started.json()["checkout_url"].rpartition("/")[2])
        paid = self.sandbox.events("checkout.session.completed")[-1]
        assert self._timed(lambda: self.sandbox.deliver(paid["id"])) == [200]
        booking = self._timed(lambda: self.traveller.get(f"bookings/{reference}")).json()
        assert booking["status"] == "confirmed"
        return self.slowest

    def _timed(self, work: Callable[[], Any]) -> Any:
        began = time.monotonic()
        answer = work()
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer


def test_without_valkey_seats_are_sold_as_ever_and_the_mail_goes_out_when_it_is_back(sandbox, valkey, mails):
    services = {"REDIS_URL": valkey.url, "EMAIL_URL": mails.url}
    with web_server(**services) as url, celery_worker(**services), travellers(url, 1) as (traveller,):
        sandbox.control("endpoint", url=f"{url}/webhooks/stripe")
        buyer = Buyer(traveller, sandbox, make_trip())
        buyer.buy("1A")
        wait_until(lambda: len(mails.message_ids) == 1, "the confirmation of a good day")

        valkey.freeze()
        assert buyer.buy("1B") < 4  # it takes connections, so that every use of it has to run out of time
        valkey.kill()
        assert buyer.buy("1C") < 3
        assert buyer.buy("1D") < 3
        assert OutboxMessage.objects.filter(kind="booking.confirmed", status="pending").count() == 3

        valkey.start()
        run_drain_outbox(valkey)
        unsent = OutboxMessage.objects.exclude(status="sent")
        wait_until(lambda: not unsent.exists(), "the confirmations of a bad one", patience=60)
    assert len(mails.message_ids) == len(set(mails.message_ids)) == 4


def test_a_worker_killed_in_the_middle_of_200_mails_repeats_only_what_it_was_sending(valkey, mails):
    processes = 2
    booking = hold_seats(make_trip())
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            kind="booking.confirmed",
            subject=f"{booking.reference}-{number}",
            payload={"booking": booking.pk},
            due_at=now(),
            created_at=now(),
        )
        for number in range(200)
    )
    services = {"REDIS_URL": valkey.url, "EMAIL_URL": mails.url}
    mails.hang_after(80)  # every process is left with a mail that was taken and not yet answered
    with celery_worker(concurrency=processes, **services) as worker:
        for _process in range(processes):
            run_drain_outbox(valkey)
        wait_until(lambda: len(mails.message_ids) == 80 + processes, "the middle", patience=60)
        end(worker, signal.SIGKILL)
    mails.release()
    repeated = mails.message_ids[80:]
    assert OutboxMessage.objects.filter(status="sent").count() == 80

    with as_owner() as cursor:
        cursor.execute("UPDATE core_outboxmessage SET due_at = now() WHERE status = 'pending'")
    with celery_worker(**services):
        run_drain_outbox(valkey)
        wait_until(lambda: not OutboxMessage.objects.exclude(status="sent").exists(), "the rest", patience=60)
    sent = Counter(mails.message_ids)
    assert len(sent) == 200
    assert sorted(message_id for message_id, times in sent.items() if times > 1) == sorted(repeated)
    assert sum(sent.values()) == 200 + processes
