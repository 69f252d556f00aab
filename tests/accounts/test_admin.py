"""People, rights and devices in the admin."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from unfold.admin import ModelAdmin

from accounts import roles
from accounts.models import Device, RefreshToken, User
from core import outbox
from core.models import StatusChange
from tests.accounts.conftest import EMAIL, PASSWORD, assert_problem, logout, refresh, sign_in

USERS, DEVICES = "/en/admin/accounts/user/", "/en/admin/accounts/device/"


@pytest.fixture
def superuser(client, db) -> User:
    """Signed in on `client`."""
    user = User.objects.create_superuser("root@example.com", PASSWORD)
    client.force_login(user)
    return user


@pytest.fixture
def clerk(client, db) -> User:
    """Signed in on `client`: staff who may look after users and devices."""
    user = User.objects.create_user("clerk@example.com", PASSWORD, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(user)
    return user


def form_of(response) -> dict:
    """The change form's fields as a browser would send them back."""
    form = response.context["adminform"].form
    fields = {name: form[name].value() for name in form.fields}
    managements = [formset.formset.management_form for formset in response.context["inline_admin_formsets"]]
    for management in managements:
        fields |= {management.add_prefix(name): management[name].value() for name in management.fields}
    return {name: value for name, value in fields.items() if value is not None and value is not False}


def test_everything_is_shown_by_unfold(superuser) -> None:
    for model in (User, Group, Device):
        assert isinstance(admin.site.get_model_admin(model), ModelAdmin)
    assert not admin.site.is_registered(EmailAddress)
    assert not admin.site.is_registered(RefreshToken)


def test_users_are_found_by_address_and_name(client, superuser, user) -> None:
    for words, found in [("amina@", True), ("said", True), ("omar", False)]:
        page = client.get(USERS, {"q": words})
        assert (EMAIL in page.content.decode()) is found


def test_a_user_is_added(client, superuser) -> None:
    fields = {"email": "New@Example.com", "full_name": "New", "usable_password": "true", "password1": PASSWORD}
    response = client.post(f"{USERS}add/", {**fields, "password2": PASSWORD})

    assert response.status_code == 302, response.context["adminform"].form.errors
    assert User.objects.get(full_name="New").check_password(PASSWORD)
    assert User.objects.get(full_name="New").email == "new@example.com"


def test_a_user_shows_the_devices(client, superuser, user, pair) -> None:
    page = client.get(f"{USERS}{user.pk}/change/").content.decode()

    assert "Berth/1.0 (iPhone)" in page
    assert not [name for name in ("devices-0-name", "devices-0-signed_out_at") if f'name="{name}"' in page]


def test_devices_are_not_written_with_their_user(client, superuser, user, pair) -> None:
    url = f"{USERS}{user.pk}/change/"
    fields = form_of(client.get(url)) | {"full_name": "Amina S.", "devices-0-name": "hacked"}
    response = client.post(url, fields)

    assert response.status_code == 302, response.context["adminform"].form.errors
    assert User.objects.get(pk=user.pk).full_name == "Amina S."
    assert Device.objects.get().name == "Phone"


def test_with_a_new_address_the_old_one_is_forgotten_and_told(client, superuser, user, mailoutbox) -> None:
    EmailAddress.objects.create(user=user, email=EMAIL, primary=True, verified=True)
    url = f"{USERS}{user.pk}/change/"
    response = client.post(url, form_of(client.get(url)) | {"email": "Amina@new.example"})

    assert response.status_code == 302, response.context["adminform"].form.errors
    assert User.objects.get(pk=user.pk).email == "amina@new.example"
    assert not EmailAddress.objects.exists()
    outbox.drain()
    told = [(mail.to, mail.subject) for mail in mailoutbox]
    assert told == [([EMAIL], "Another address is the one of your account now")]
    client.logout()
    client.post("/en/account/login/", {"login": EMAIL, "password": PASSWORD, "next": "/en/account/email/"})
    assert "_auth_user_id" not in client.session


def test_staff_do_not_hand_out_rights(client, clerk, user) -> None:
    url = f"{USERS}{user.pk}/change/"
    fields = form_of(client.get(url))
    assert not {"is_staff", "is_superuser", "groups", "user_permissions"} & set(fields)
    group = roles.keep("finance")
    response = client.post(
        url, fields | {"full_name": "A.", "is_staff": "on", "is_superuser": "on", "groups": [group.pk]}
    )

    assert response.status_code == 302, response.context["adminform"].form.errors
    user = User.objects.get(pk=user.pk)
    assert (user.full_name, user.is_staff, user.is_superuser, user.groups.count()) == ("A.", False, False, 0)


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_superuser": True}])
def test_staff_do_not_change_staff(client, clerk, user, rights) -> None:
    User.objects.filter(pk=user.pk).update(**rights)
    new = {"password1": "nine-patient-falcons", "password2": "nine-patient-falcons", "set-password": "1"}

    client.post(f"{USERS}{user.pk}/change/", {"email": "mine@example.com"})
    assert client.post(f"{USERS}{user.pk}/password/", new | {"usable_password": "true"}).status_code == 403
    assert client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    user.refresh_from_db()
    assert user.email == EMAIL
    assert user.check_password(PASSWORD)


def test_devices_go_with_their_user(client, superuser, user, pair) -> None:
    assert client.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 302

    assert not User.objects.filter(pk=user.pk).exists()
    assert not Device.objects.exists()
    assert not RefreshToken.objects.exists()


def test_devices_are_signed_out_by_the_action(api, client, superuser, pair) -> None:
    other = sign_in(api, device_name="Tablet").json()
    phone = Device.objects.get(name="Phone")
    response = client.post(DEVICES, {"action": "sign_out", "_selected_action": [str(phone.pk)]}, follow=True)

    assert "1 device was signed out." in response.content.decode()
    assert_problem(refresh(api, pair["refresh"]), 401, "token_invalid")
    assert refresh(api, other["refresh"]).status_code == 200
    change = StatusChange.objects.get(to_status="revoked")
    assert (change.actor, change.reason) == (f"user:{superuser.pk}", "signed out by staff")


def test_the_list_of_devices_tells_who_is_signed_in(api, client, clerk, pair) -> None:
    tablet = sign_in(api, device_name="Tablet").json()
    logout(api, tablet["refresh"])

    assert client.get(DEVICES).context["cl"].result_count == 2
    assert client.get(DEVICES, {"signed_out_at__isempty": "1"}).context["cl"].result_count == 1
    assert client.get(DEVICES, {"q": "amina"}).context["cl"].result_count == 2


def test_devices_are_read_only(client, superuser, pair) -> None:
    device = Device.objects.get()

    assert client.get(f"{DEVICES}add/").status_code == 403
    assert client.post(f"{DEVICES}{device.pk}/change/", {"name": "x"}).status_code == 403
    assert client.post(f"{DEVICES}{device.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(DEVICES, {"action": "delete_selected", "_selected_action": [str(device.pk)], "post": "yes"})
    assert Device.objects.get().name == "Phone"


def test_who_may_only_look_does_not_sign_out(api, client, clerk, pair) -> None:
    clerk.user_permissions.set(Permission.objects.filter(codename="view_device"))
    phone = Device.objects.get()
    page = client.get(DEVICES)
    assert page.status_code == 200
    client.post(DEVICES, {"action": "sign_out", "_selected_action": [str(phone.pk)]})

    assert Device.objects.get().signed_out_at is None
    assert refresh(api, pair["refresh"]).status_code == 200
