"""Whoever may not see a page is told so, and how to go on."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.scene import words

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("role", "address", "way_on"),
    [("traveller", "/en/admin/", "Search trips"), ("support", "/en/admin/finance/", "Staff site")],
)
def test_the_page_says_who_is_signed_in_and_offers_a_way_on(as_role, role, address, way_on):
    response = as_role(role).get(address, follow=True)
    assert response.status_code == 403
    text = words(response)
    assert "This page is not for this account" in text
    assert "@demo.example, who may not see it. Nothing was changed." in text
    assert way_on in text
    assert reverse("account_logout") in response.content.decode()


@pytest.mark.parametrize("address", ["/en/admin/finance/", "/en/admin/finance/reports/trial_balance/"])
def test_a_guest_is_asked_to_sign_in_and_led_back(address):
    response = Client().get(address)
    assert (response.status_code, response.url) == (302, f"/en/admin/login/?next={address}")
