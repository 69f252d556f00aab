"""What is known of a person is told to them alone, and forgotten when they want: of the books nothing is missing."""

import io
import json
from contextlib import redirect_stdout
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Device, User
from bookings.models import Booking, Passenger
from core import jobs
from core.models import OutboxMessage
from core.privacy import FORGOTTEN_EMAIL
from finance.proof import prove
from payments.actions.cancel import Wish, cancel
from payments.models import GatewayEvent, Payment
from tests.api.conftest import Api
from tests.clock import turned_to
from tests.database import every_row
from tests.payments.scene import books, buy, send_refunds, tell_all
from tests.world import CONTACT, hold_seats, make_trip, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "correct horse battery"
OF_LAYLA = ("layla", "Layla", "Traveller 1A", "+9665", "P1234")


@pytest.fixture
def layla() -> User:
    user = make_user()
    user.full_name = "Layla Haddad"
    user.set_password(PASSWORD)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@pytest.fixture
def journey(sandbox, layla) -> Booking:
    """Layla has paid for a seat, given it up and been paid back."""
    booking, _payment = buy(sandbox, "1A", owner_id=layla.pk)
    Booking.objects.filter(pk=booking.pk).update(contact_phone="+966500000000")
    Passenger.objects.filter(booking=booking).update(document="P1234")
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    tell_all(sandbox)
    return Booking.objects.get(pk=booking.pk)


def signed_in(user: User) -> Api:
    token = Client().post("/api/v1/auth/token", {"email": user.email, "password": PASSWORD}, "application/json").json()
    api = Api()
    api._headers = {"Authorization": f"Bearer {token['access']}"}
    return api


def everything_about(name: str) -> list[str]:
    """Rows of any table in which the word stands."""
    return [f"{table}: {row}" for table, rows in every_row().items() for row in rows if name in row]


# ------------------------------------------------------------------------------------------------------------- the data
def test_one_gets_all_that_is_known_of_oneself_and_nothing_of_others(layla, journey):
    other = make_user("omar@example.com")
    hold_seats(make_trip(number="T9"), "2B", owner_id=other.pk)
    hold_seats(make_trip(number="T8"), "3B")  # a guest, with Layla's address: whoever that is
    told = signed_in(layla).get("/me/export").json()
    assert told["account"]["email"] == layla.email
    assert [device["ip"] for device in told["devices"]] == ["127.0.0.1"]
    assert [booking["reference"] for booking in told["bookings"]] == [journey.reference]
    assert told["bookings"][0]["passengers"][0]["document"] == "P1234"
    (payment,) = told["payments"]
    assert payment["booking"] == journey.reference
    assert [refund["status"] for refund in payment["refunds"]] == ["succeeded"]
    assert "omar" not in json.dumps(told)


def test_nobody_gets_it_without_signing_in(client, layla):
    assert Api().get("/me/export").status_code == 401
    assert client.get("/en/account/privacy/data.json").status_code == 302


def test_on_the_pages_it_takes_a_fresh_password(client, layla):
    client.force_login(layla)  # long ago, as far as the password goes
    answer = client.get("/en/account/privacy/data.json")
    assert (answer.status_code, answer.url.split("?")[0]) == (302, "/en/account/reauthenticate/")
    client.post("/en/account/login/", {"login": layla.email, "password": PASSWORD})
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    answer = client.get("/en/account/privacy/data.json")
    assert answer.json()["account"]["full_name"] == "Layla Haddad"
    assert "attachment" in answer["Content-Disposition"]


# ------------------------------------------------------------------------------------------------------ being forgotten
def test_a_closed_account_is_nobodys_and_the_books_are_whole(layla, journey):
    api, before = signed_in(layla), books()
    assert api.post("/me/close", {"password": PASSWORD}).status_code == 204

    for word in OF_LAYLA:
        found = [row for row in everything_about(word) if not row.startswith(("django_admin_log", "core_outbox"))]
        assert found == [], word
    forgotten = User.objects.get(pk=layla.pk)
    assert (forgotten.is_active, forgotten.has_usable_password()) == (False, False)
    assert not Device.objects.exists()
    kept = Booking.objects.get(pk=journey.pk)
    assert (kept.owner_id, kept.reference, kept.paid_amount) == (layla.pk, journey.reference, journey.paid_amount)
    assert books() == before
    assert [result.name for result in prove(gateways=False) if result.broken] == []


def test_a_closed_account_lets_nobody_in(client, layla, journey):
    page = Client()
    page.force_login(layla)
    api = signed_in(layla)
    api.post("/me/close", {"password": PASSWORD})
    assert api.get("/me").status_code == 401
    assert page.get("/en/bookings/").status_code == 302
    answer = client.post("/api/v1/auth/token", {"email": layla.email, "password": PASSWORD}, "application/json")
    assert answer.status_code == 401
    assert User.objects.create_user(layla.email, PASSWORD), "the address is free again"


def test_it_takes_the_password(layla, journey):
    api = signed_in(layla)
    answer = api.post("/me/close", {"password": "a guess"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert User.objects.get(pk=layla.pk).email == layla.email


def coming(sandbox, layla) -> None:
    buy(sandbox, "1A", owner_id=layla.pk)


def held(sandbox, layla) -> None:
    hold_seats(make_trip(), "1A", owner_id=layla.pk)


def owed(sandbox, layla) -> None:
    booking, _payment = buy(sandbox, "1A", owner_id=layla.pk)
    cancel(booking.pk, Wish(in_full=True))


@pytest.mark.parametrize(
    ("still", "reason"), [(coming, "still to come"), (held, "held"), (owed, "Money is still under way")]
)
def test_whoever_is_still_to_travel_or_owed_money_is_not_forgotten(sandbox, layla, still, reason):
    still(sandbox, layla)
    answer = signed_in(layla).post("/me/close", {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_needed")
    assert reason in answer.json()["detail"]
    assert User.objects.get(pk=layla.pk).email == layla.email
    assert Booking.objects.get().contact_email == CONTACT.email


def test_staff_do_not_close_their_own_accounts(layla):
    User.objects.filter(pk=layla.pk).update(is_staff=True)
    answer = signed_in(layla).post("/me/close", {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "still_needed")


def test_on_the_pages_one_reads_why_not_and_later_that_it_is_done(client, sandbox, layla):
    booking, _payment = buy(sandbox, "1A", owner_id=layla.pk)
    client.post("/en/account/login/", {"login": layla.email, "password": PASSWORD})
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    page = "/en/account/privacy/"
    assert client.get(page).status_code == 200
    refused = client.post(page)
    assert refused.status_code == 409
    assert "still to come" in refused.content.decode()
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    tell_all(sandbox)
    done = client.post(page, follow=True)
    assert "Your account is closed, and we have forgotten whose it was." in done.content.decode()
    assert not User.objects.filter(email=layla.email).exists()


# ------------------------------------------------------------------------------------------------ guests, and retention
def test_staff_tell_and_forget_a_guest_by_the_address(sandbox):
    booking, _payment = buy(sandbox, "1A")
    with redirect_stdout(io.StringIO()) as out:
        call_command("export_person", "Layla@example.com", stdout=out)
    assert [one["reference"] for one in json.loads(out.getvalue())["bookings"]] == [booking.reference]
    with pytest.raises(CommandError, match="still to come"):
        call_command("forget_person", "layla@example.com")
    cancel(booking.pk, Wish(in_full=True))
    send_refunds()
    tell_all(sandbox)
    call_command("forget_person", "layla@example.com")
    assert Booking.objects.get().contact_email == FORGOTTEN_EMAIL
    assert everything_about("Traveller 1A") == []


def test_after_the_retention_it_is_forgotten_who_travelled_and_not_a_day_before(settings, sandbox):
    old, _payment = buy(sandbox, "1A")
    young = hold_seats(make_trip(number="T2", days=9), "2A")
    arrived = old.alighting.arrives_at
    settings.RETENTION = timedelta(days=365)
    with turned_to(arrived + timedelta(days=365) - timedelta(minutes=5)):
        assert jobs.run("forget_travellers") == {"trips": 0, "bookings": 0}
    with turned_to(arrived + timedelta(days=365, minutes=5)):
        assert jobs.run("forget_travellers") == {"trips": 1, "bookings": 1}
        assert jobs.run("forget_travellers") == {"trips": 0, "bookings": 0}
    assert Booking.objects.get(pk=old.pk).contact_email == FORGOTTEN_EMAIL
    assert Booking.objects.get(pk=young.pk).contact_email == CONTACT.email
    assert Payment.objects.get().parameters["customer_email"] == "…"
    assert all("layla" not in event.body for event in GatewayEvent.objects.filter(payment__isnull=False))


def test_without_a_retention_nothing_is_forgotten(sandbox):
    booking, _payment = buy(sandbox, "1A")
    with turned_to(booking.alighting.arrives_at + timedelta(days=4_000)):
        assert jobs.run("forget_travellers") == {"trips": 0, "bookings": 0}


def test_messages_about_the_account_go_with_it(layla, journey):
    api = signed_in(layla)
    assert OutboxMessage.objects.filter(kind="account.new_device").exists()
    api.post("/me/close", {"password": PASSWORD})
    assert not OutboxMessage.objects.filter(kind__startswith="account.").exists()
