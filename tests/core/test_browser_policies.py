"""What answers tell browsers: nothing but our own files, no script within a page, no frame, no ability."""

import subprocess
import sys

import pytest

from accounts.models import User
from tests.core.test_settings import GOOD
from tests.services import ROOT

pytestmark = pytest.mark.django_db


def policy(answer) -> dict[str, set[str]]:
    """The directives of the Content-Security-Policy."""
    parts = (part.split() for part in answer["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in parts}


@pytest.mark.parametrize("path", ["/en/", "/ar/account/login/", "/en/nowhere", "/api/v1/places", "/health/live"])
def test_nothing_but_our_own_files_is_loaded(client, path):
    told = policy(client.get(path))
    assert told["default-src"] == told["frame-ancestors"] == told["base-uri"] == {"'none'"}
    assert told["script-src"] == told["style-src"] == told["img-src"] == told["connect-src"] == {"'self'"}
    assert told["form-action"] == {"'self'", "http://127.0.0.1:*"}


@pytest.mark.parametrize("path", ["", "bookings/trip/", "finance/"])
def test_the_staff_site_may_do_what_its_library_needs(client, path):
    client.force_login(User.objects.create_superuser("root@example.com", "a-long-password"))
    answer = client.get(f"/en/admin/{path}")
    assert answer.status_code == 200
    told = policy(answer)
    assert told["script-src"] == {"'self'", "'unsafe-eval'"}
    assert told["style-src"] == {"'self'", "'unsafe-inline'"}
    assert told["default-src"] == {"'none'"}


def test_a_page_that_only_looks_like_the_staff_site_may_not(client):
    assert policy(client.get("/en/bookings/admin"))["script-src"] == {"'self'"}


def test_pages_of_the_api_have_no_script_of_their_own(client):
    answer = client.get("/api/docs/")
    assert b"<script>" not in answer.content
    assert policy(answer)["script-src"] == {"'self'"}


@pytest.mark.parametrize("path", ["/en/", "/api/v1/places"])
def test_other_headers(client, path):
    answer = client.get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def test_in_production_all_of_it_is_https():
    shown = subprocess.run(
        [sys.executable, "-c", "from config import settings as s; print(s.CONTENT_SECURITY_POLICY['DIRECTIVES'])"],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "config.settings", **GOOD},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert "'form-action': [\"'self'\", 'https:']" in shown
    assert "'upgrade-insecure-requests': True" in shown
