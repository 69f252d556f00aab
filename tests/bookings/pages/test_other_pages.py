"""The pages that are shown when there is no other: not found, crashed; and development's mailbox."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation

from config.mailbox import list_mails
from tests.bookings.pages.conftest import text_of


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/en/nothing", "/nothing", "/en/bookings/%00", "/en/trips/99999999999999999999/seats"]
)
def test_an_unknown_address_is_a_page_that_helps_on(visitor, path):
    answer = visitor.get(path)
    assert answer.status_code == 404
    assert "There is nothing here" in text_of(answer)
    assert 'href="/en/find-booking"' in answer.content.decode()


def test_a_crash_is_told_with_the_number_that_leads_to_the_log(monkeypatch):
    def crash(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr("bookings.pages.search.places", crash)
    answer = Client(raise_request_exception=False).get("/en/", headers={"x-correlation-id": "look-for-this"})
    assert answer.status_code == 500
    assert "Something went wrong" in text_of(answer)
    assert "look-for-this" in text_of(answer)


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_with_words():
    answer = Client(enforce_csrf_checks=True).post("/en/find-booking", {"reference": "ACDEFGHJ"})
    assert answer.status_code == 403
    assert "Go back, load the page again" in text_of(answer)


def test_the_crash_page_needs_nothing_that_may_be_broken():
    with translation.override("ar"):
        page = render_to_string("500.html")
    assert 'dir="rtl"' in page
    assert 'href="/static/berth.css"' in page


def test_the_mailbox_shows_mails_without_running_them(rf, settings, tmp_path):
    settings.MAIL_FOLDER = str(tmp_path)
    lines = [
        "Subject: Your ticket",
        "To: layla@example.com",
        "Content-Type: text/html",
        "",
        "<p>A ticket & <script>x</script></p>",
    ]
    (tmp_path / "1.log").write_text("\n".join([*lines, "-" * 79, ""]))
    request = rf.get("/mails/")
    request.user = AnonymousUser()
    page = list_mails(request).content.decode()
    assert "Your ticket" in page
    assert 'sandbox srcdoc="&lt;p&gt;' in page
    assert "<script>x" not in page
