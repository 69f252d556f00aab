"""Whatever tells of one payment, however often and all at once: it has one effect, and nothing waits for ever."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from threading import Barrier, Event
from typing import Any

import httpx
import pytest
from django.db import IntegrityError
from django.utils.timezone import now

from bookings.models import Booking, SeatClaim, Trip
from bookings.queries import bookings_in_full
from core.errors import Problem
from core.models import OutboxMessage, StatusChange
from core.transitions import Stateful
from ledger.models import JournalEntry
from payments.actions import apply as apply_module
from payments.actions import start as start_module
from payments.actions.abandon import abandon
from payments.actions.expire import expire_ended_holds
from payments.actions.start import start_payment
from payments.gateways.base import Session
from payments.gateways.stripe import StripeGateway
from payments.models import GatewayEvent, Payment, Refund
from tests.database import age_hold, as_owner
from tests.payments.gateway import send, signed
from tests.races.rivals import at_once
from tests.races.selling import fresh
from tests.races.travellers import Traveller, travellers
from tests.services import PATIENCE, Sandbox, end, served, wait_until, web_server
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = [f"{row}{column}" for row in range(1, 6) for column in "ABCD"]


@pytest.fixture
def trip() -> Trip:
    return make_trip()


@pytest.fixture
def traveller(web) -> Iterator[Traveller]:
    with travellers(web, 1) as (one,):
        yield one


def open_payment(trip: Trip, seat: str = "1A") -> Payment:
    return start_payment(hold_seats(trip, seat).pk).payment


def pay(sandbox: Sandbox, payment: Payment, *, declined_first: bool = False) -> list[str]:
    """The traveller pays, and no event is delivered by itself; the ids of all that there are, the fee's included."""
    before = {event["id"] for event in sandbox.events()}
    sandbox.mode(delivery="drop", charge_updated_delay_seconds=0)
    if declined_first:
        sandbox.pay(payment.session_id, "declined")
    sandbox.pay(payment.session_id)

    def events() -> list[dict]:
        return [event for event in sandbox.events() if event["id"] not in before]

    wait_until(lambda: any(event["type"] == "charge.updated" for event in events()), "the charge's fee")
    return [event["id"] for event in events()]


def assert_paid_once(payment: Payment) -> None:
    booking, payment = fresh(payment.booking), Payment.objects.get(pk=payment.pk)
    assert (booking.status, booking.paid_amount, payment.status) == ("confirmed", payment.amount, "succeeded")
    assert SeatClaim.objects.filter(booking=booking, expires_at=None).count() == 1
    entries = JournalEntry.objects.filter(booking_reference=booking.reference)
    assert Counter(entries.values_list("kind", flat=True)) in ({"charge": 1}, {"charge": 1, "fee": 1})
    assert OutboxMessage.objects.filter(kind="booking.confirmed", subject=booking.reference).count() == 1
    for subject, status in ((booking, "confirmed"), (payment, "succeeded")):
        assert StatusChange.objects.filter(subject_id=str(subject.pk), to_status=status).count() == 1
    assert not Refund.objects.exists()


# --------------------------------------------------------------------------------------------------------- one event
def test_one_event_twenty_times_at_once_has_one_effect(web, sandbox, trip):
    payment = open_payment(trip)
    pay(sandbox, payment)
    (event,) = sandbox.events("checkout.session.completed")
    assert sandbox.deliver(event["id"], times=20, concurrently=True) == [200] * 20
    assert_paid_once(payment)
    assert GatewayEvent.objects.get().processed_at is not None


def test_two_servers_with_one_event_share_one_effect(web, sandbox, trip):
    payment = open_payment(trip)
    pay(sandbox, payment)
    (event,) = sandbox.events("checkout.session.completed")
    body = json.dumps(event)
    with web_server() as other, httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        send_to = partial(client.post, content=body, headers={"Stripe-Signature": signed(body)})
        answers = at_once(*[partial(send_to, f"{server}/webhooks/stripe") for server in (web, other) * 4])
    assert {answer.status_code for answer in answers} == {200}
    assert Counter(answer.json().get("deduplicated", False) for answer in answers) == {False: 1, True: 7}
    assert_paid_once(payment)


@pytest.fixture
def no_locks(monkeypatch) -> None:
    """Neither event nor booking is locked: two who process an event read both before either of them writes."""
    both_have_read = Barrier(2)

    def read(_trip_id: int, booking_id: int) -> tuple[Booking, datetime]:
        booking = bookings_in_full().get(pk=booking_id)
        both_have_read.wait(PATIENCE)
        return booking, booking.created_at

    monkeypatch.setattr(apply_module, "lock_event", lambda event: event)
    monkeypatch.setattr(apply_module, "lock_to_sell", read)


@pytest.fixture
def no_compare_and_set(monkeypatch) -> None:
    """A transition is written whatever the status has become meanwhile."""

    def move(self: Stateful, to: str, *, reason: str = "", **changes: Any) -> None:
        old, self.status = self.status, to
        type(self).objects.filter(pk=self.pk).update(status=to, **changes)
        StatusChange.objects.create(
            subject_type=self._meta.label_lower, subject_id=str(self.pk), from_status=old, to_status=to, at=now()
        )

    monkeypatch.setattr(Stateful, "_move", move)


def process_twice(sandbox: Sandbox, payment: Payment) -> list[int]:
    pay(sandbox, payment)
    (event,) = sandbox.events("checkout.session.completed")
    return sorted(answer.status_code for answer in at_once(*[partial(send, event)] * 2))


def test_without_locks_the_second_of_two_is_refused_by_compare_and_set(sandbox, trip, no_locks):
    payment = open_payment(trip)
    assert process_twice(sandbox, payment) == [200, 500]
    assert_paid_once(payment)


def test_without_locks_and_compare_and_set_the_payment_succeeds_twice(sandbox, trip, no_locks, no_compare_and_set):
    payment = open_payment(trip)
    assert process_twice(sandbox, payment) == [200, 200]
    with pytest.raises(AssertionError):
        assert_paid_once(payment)
    assert StatusChange.objects.filter(subject_id=str(payment.pk), to_status="succeeded").count() == 2


# ------------------------------------------------------------------------------------- everything about one payment
def test_all_events_of_a_payment_at_once_neither_fail_nor_deadlock(web, sandbox, trip, deadlocks):
    for seat in SEATS[:8]:
        payment = open_payment(trip, seat)
        events = pay(sandbox, payment, declined_first=True)
        assert len(events) >= 4
        deliveries = [partial(sandbox.deliver, event, times=2, concurrently=True) for event in events]
        assert at_once(*deliveries) == [[200, 200]] * len(events)
        assert_paid_once(payment)
    assert JournalEntry.objects.filter(kind="fee").count() == 8
    assert deadlocks() == 0


def test_return_page_and_webhook_and_sync_at_once_confirm_once(web, sandbox, trip, traveller):
    for seat in SEATS[:6]:
        reference = traveller.hold(trip, seat).json()["reference"]
        started = traveller.post(f"bookings/{reference}/payments", {"gateway": "stripe"}).json()
        payment = Payment.objects.select_related("booking").get(pk=started["id"])
        events = pay(sandbox, payment)
        return_page = f"/en/payments/{payment.pk}/return"
        answers = at_once(
            partial(traveller.client.get, return_page),
            *[partial(sandbox.deliver, event) for event in events],
            partial(traveller.post, f"payments/{payment.pk}/sync"),
            partial(traveller.client.get, return_page),
        )
        assert [page.status_code for page in (answers[0], answers[-1])] == [200, 200]
        assert answers[1:-2] == [[200]] * len(events)
        assert (answers[-2].status_code, answers[-2].json()["status"]) == (200, "succeeded")
        assert_paid_once(payment)


# ------------------------------------------------------------------------------------------------ starting a payment
def test_two_requests_to_pay_at_once_share_one_payment_and_one_session(web, sandbox, trip, traveller):
    sandbox.mode(answer_delay_seconds=0.3)  # so that the second asks the gateway before it has answered the first
    reference = traveller.hold(trip, "1A").json()["reference"]
    answers = at_once(*[partial(traveller.post, f"bookings/{reference}/payments", {"gateway": "stripe"})] * 2)
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    (session,) = sandbox.state["sessions"]
    assert {answer.json()["checkout_url"] for answer in answers} == {session["url"]}
    assert {answer.json()["id"] for answer in answers} == {str(Payment.objects.get().pk)}


def test_without_the_bookings_lock_one_of_two_requests_to_pay_fails(sandbox, trip, monkeypatch):
    booking, both_have_looked, open_payment_of = hold_seats(trip, "1A"), Barrier(2), start_module.open_payment

    def read(booking_id: int) -> tuple[Booking, datetime]:
        unlocked = bookings_in_full().get(pk=booking_id)
        return unlocked, unlocked.created_at

    def look_together(unlocked: Booking) -> Payment | None:
        found = open_payment_of(unlocked)
        both_have_looked.wait(PATIENCE)
        return found

    monkeypatch.setattr(start_module, "lock_booking", read)
    monkeypatch.setattr(start_module, "open_payment", look_together)
    ends = at_once(*[partial(start_payment, booking.pk)] * 2)
    assert sum(isinstance(end, IntegrityError) for end in ends) == 1
    assert Payment.objects.count() == 1


def test_a_server_killed_between_the_session_and_our_commit_leaves_one_session(
    web, sandbox, trip, traveller, background, tmp_path
):
    opened, key = tmp_path / "opened", "the same key"
    reference = traveller.hold(trip, "1A").json()["reference"]
    request = (f"bookings/{reference}/payments", {"gateway": "stripe"}, key)
    with (
        served("tests.races.stuck:application", SESSION_OPENED=str(opened)) as stuck,
        httpx.Client(base_url=stuck.url, timeout=PATIENCE, trust_env=False) as client,
    ):
        answer = background(partial(replace(traveller, client=client).post, *request))
        wait_until(opened.exists, "the session")
        end(stuck.process, signal.SIGKILL)
        assert isinstance(answer.exception(PATIENCE), httpx.TransportError)
    (session,) = sandbox.state["sessions"]
    assert Payment.objects.get().session_id is None

    assert traveller.post(*request).json()["code"] == "idempotency_in_progress"
    with as_owner() as cursor:
        cursor.execute("UPDATE core_idempotencyrecord SET locked_until = now() WHERE scope = 'payment.intent'")
    answer = traveller.post(*request)
    assert (answer.status_code, answer.json()["checkout_url"]) == (201, session["url"])
    assert Payment.objects.get().session_id == session["id"]
    assert len(sandbox.state["sessions"]) == 1
    replayed = traveller.post(*request)
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert replayed.json() == answer.json()


def test_without_our_key_at_the_gateway_a_crash_leaves_two_sessions(sandbox, trip, monkeypatch):
    booking = hold_seats(trip, "1A")

    def start(self: StripeGateway, payment: Payment) -> Session:
        session = self._api.checkout.sessions.create(payment.parameters)
        return Session(session.id, session.url)

    monkeypatch.setattr(StripeGateway, "start", start)
    with monkeypatch.context() as crash:
        crash.setattr(start_module, "_keep", crash_now)
        with pytest.raises(KilledError):
            start_payment(booking.pk)
    start_payment(booking.pk)
    assert len(sandbox.state["sessions"]) == 2


class KilledError(Exception):
    """The process ends here."""


def crash_now(*_asked: Any) -> None:
    raise KilledError


# ---------------------------------------------------------------------------------- giving up what is being started
@dataclass
class Pause:
    """A call that has its answer and does not come back with it until it may."""

    reached: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def after(self, monkeypatch, method: str) -> "Pause":
        call = getattr(StripeGateway, method)

        def call_and_pause(gateway: StripeGateway, payment: Payment) -> Any:
            answer = call(gateway, payment)
            if not self.reached.is_set():
                self.reached.set()
                self.go_on.wait(PATIENCE)
            return answer

        monkeypatch.setattr(StripeGateway, method, call_and_pause)
        return self


def sweep(payment: Payment) -> None:
    age_hold(payment.booking)
    assert expire_ended_holds()["expired"] == 1


@pytest.mark.parametrize("give_up", [lambda payment: abandon(payment.pk), sweep], ids=["traveller", "sweeper"])
def test_a_session_that_opens_when_its_payment_was_given_up_is_ended(sandbox, trip, background, monkeypatch, give_up):
    booking, pause = hold_seats(trip, "1A"), Pause().after(monkeypatch, "start")
    start = background(partial(start_payment, booking.pk))
    assert pause.reached.wait(PATIENCE)
    give_up(Payment.objects.select_related("booking").get())
    pause.go_on.set()
    assert isinstance(start.exception(PATIENCE), Problem)
    payment = Payment.objects.get()
    assert (payment.status, payment.checkout_url) == ("cancelled", "")
    assert [session["status"] for session in sandbox.state["sessions"]] == ["expired"]


def test_a_payment_given_up_as_its_session_opens_leaves_no_open_session(sandbox, trip, background, monkeypatch):
    booking = hold_seats(trip, "1A")
    opening, ending = Pause().after(monkeypatch, "start"), Pause().after(monkeypatch, "end")
    start = background(partial(start_payment, booking.pk))
    assert opening.reached.wait(PATIENCE)
    given_up = background(partial(abandon, Payment.objects.get().pk))
    assert ending.reached.wait(PATIENCE)  # it knows of no session that it would have to end
    opening.go_on.set()
    start.result(PATIENCE)
    ending.go_on.set()
    assert given_up.result(PATIENCE).status == "cancelled"
    assert [session["status"] for session in sandbox.state["sessions"]] == ["expired"]
    assert fresh(booking).status == "pending"
