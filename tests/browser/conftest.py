"""A real browser on real processes: the web server, the gateway's sandbox and its webhooks."""

import os
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from bookings import demo
from tests.services import ROOT

SCREENSHOTS = ROOT / "build" / "screenshots"
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 800}}
LIGHT_ENOUGH = 150_000  # bytes of a page of the booking path with everything that it loads, before compression
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's browser. Where there is none the tests are skipped, unless BERTH_BROWSER_REQUIRED=1."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("BERTH_BROWSER_REQUIRED") == "1":
            pytest.fail("BERTH_BROWSER_REQUIRED=1, and there is no chromium")
        pytest.skip("there is no chromium here")
    # Playwright leaves an event loop running in this thread; the queries of a test are synchronous all the same.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


@pytest.fixture
def tomorrow(web, monkeypatch) -> date:
    """The demo's trips of two days, and the second of them."""
    monkeypatch.setattr(demo, "DAYS", 1)
    today = datetime.now(ZoneInfo("Asia/Riyadh")).date()
    demo.seed(today)
    return today + timedelta(days=1)


class Visitor:
    """Somebody with a browser, who looks at every page that they come to."""

    def __init__(self, page: Page, web: str, name: str) -> None:
        self.page, self.web, self.name, self.looks = page, web, name, 0
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        page.set_default_timeout(15_000)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and message.location["url"].startswith(self.web):
            self.errors.append(message.text)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.web}{path}")

    def look(self) -> None:
        """Keep a picture of our page; it fits the screen, is light, and nothing in it went wrong."""
        assert self.page.url.startswith(self.web), self.page.url
        self.looks += 1
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{self.name}-{self.looks}.png", full_page=True)
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        loaded = self.page.evaluate(
            "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
            ".reduce((sum, one) => sum + one.decodedBodySize, 0)"
        )
        assert 5_000 < loaded < LIGHT_ENOUGH
        assert self.errors == []

    def see(self, text: str) -> None:
        """Wait for a text."""
        self.page.get_by_text(text).first.wait_for()

    # ------------------------------------------------------------------------------------- steps of many stories
    def search(self, language: str, on: date, passengers: int) -> None:
        self.open(f"/{language}/")
        self.page.select_option("[name=origin]", "RUH")
        self.page.select_option("[name=destination]", "JED")
        self.page.fill("[name=date]", on.isoformat())
        self.page.fill("[name=passengers]", str(passengers))
        self.look()
        self.page.click(".search-form button")

    def choose_first_trip(self) -> None:
        self.page.locator(".trip").first.wait_for()
        self.look()
        self.page.click(".trip >> nth=0 >> .button-primary")

    def hold(self, *seats: str) -> None:
        for seat in seats:
            self.page.locator(f'input[value="{seat}"]').check()
        self.page.fill("[name=email]", "layla@example.com")
        self.look()
        self.page.click(".buy-bar button")
        self.page.wait_for_url("**/bookings/*")

    def type_names(self, **names: str) -> None:
        for seat, name in names.items():
            self.page.fill(f'[name="name-{seat.removeprefix("seat")}"]', name)

    def press(self, button: str) -> None:
        """One of the booking page's buttons: pay, leave, extend."""
        self.page.click(f'button[formaction$="/{button}"]')

    def at_gateway(self, action: str) -> None:
        """A button of the gateway's page: pay, decline, leave."""
        self.page.wait_for_url("**/pay/cs_*")
        self.page.click(f'button[name=action][value="{action}"]')

    def reference(self) -> str:
        return self.page.url.split("?")[0].rsplit("/", 1)[1]


@pytest.fixture(params=["phone", "desktop"])
def size(request) -> str:
    return request.param


@pytest.fixture
def javascript() -> bool:
    return True


@pytest.fixture
def visitor(chromium, web, size, javascript, request) -> Iterator[Visitor]:
    """Somebody at a phone and somebody at a desk."""
    context = chromium.new_context(viewport=SIZES[size], java_script_enabled=javascript)
    name = request.node.name.removeprefix("test_").replace("[", "-").removesuffix("]")
    yield Visitor(context.new_page(), web, name)
    context.close()
