"""The control page: what happened in the sandbox, and buttons for what else may happen."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.flutterwave import overview as flutterwave
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.mode import Mode, ModeError
from sandbox.pages import TEMPLATES, page
from sandbox.store import Json
from sandbox.stripe import charges, disputes, paying, refunds
from sandbox.stripe.errors import NotPossibleError, StripeError
from sandbox.world import World

SHOWN = 50  # of each kind

# What becomes of money that was paid: the button, and the kind of object that it is about.
AFTERWARDS = {
    "refund": "charge",
    "refund_arrives": "refund",
    "refund_fails": "refund",
    "dispute": "charge",
    "dispute_won": "dispute",
    "dispute_lost": "dispute",
}

TEMPLATES.filters["clock"] = lambda at: f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"
TEMPLATES.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)


class Dashboard:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [Route("/", self.show, methods=["GET"]), Route("/", self.act, methods=["POST"])]

    async def show(self, _request: Request) -> Response:
        return self._page()

    async def act(self, request: Request) -> Response:
        """One button: `action`, and the id of what it is about in `subject`."""
        form = dict(parse_qsl((await request.body()).decode(errors="replace")))
        try:
            await self._act(form)
        except (NotPossibleError, StripeError, FlutterwaveError, ModeError, ValueError) as error:
            return self._page(str(error), 400)
        return RedirectResponse("/", 303)

    async def _act(self, form: Mapping[str, str]) -> None:
        world, subject = self._world, form.get("subject", "")
        match form.get("action"):
            case "mode":
                world.change_mode(_mode(form))
            case "release":
                await world.deliveries.release()
            case "deliver" if world.deliveries.find(subject) is not None:
                await world.deliveries.send_by_hand(subject, times=1, concurrently=False)
            case "arrive":
                paying.settle(world, subject, success=True)
            case "bounce":
                paying.settle(world, subject, success=False)
            case "book":
                with world.store.transaction():
                    charges.book(world, subject)
            case "reset":
                world.reset()
            case str(action) if action in AFTERWARDS:
                _change_afterwards(world, action, subject)
            case str(action) if action.startswith("flutterwave_"):
                flutterwave.press(world, action, subject)
            case other:
                raise ValueError(f"There is no button {other!r} for {subject!r}.")

    def _page(self, error: str | None = None, status: int = 200) -> Response:
        store = self._world.store
        newest = {
            kind: store.select(kind, newest_first=True, limit=SHOWN)
            for kind in ("checkout.session", "payment_intent", "charge", "refund", "dispute", "event")
        }
        deliveries = self._world.deliveries.report([event["id"] for event in newest["event"]])
        held = store.row("SELECT count(*) AS count FROM deliveries WHERE state = 'held'") or {"count": 0}
        return page(
            "dashboard.html",
            status,
            error=error,
            mode=self._world.mode,
            endpoint=self._world.endpoint.url,
            held=held["count"],
            sessions=newest["checkout.session"],
            intents=newest["payment_intent"],
            attempts=_by(newest["charge"], "payment_intent"),
            refunds=_by(newest["refund"], "charge"),
            disputes=_by(newest["dispute"], "charge"),
            events=newest["event"],
            deliveries=_by(deliveries, "event"),
            flutterwave=flutterwave.overview(self._world, SHOWN),
            requests=store.rows("SELECT * FROM requests ORDER BY seq DESC LIMIT ?", SHOWN),
        )


def _by(items: Iterable[Json], name: str) -> dict[str, list[Json]]:
    groups: dict[str, list[Json]] = {}
    for item in items:
        groups.setdefault(item[name], []).append(item)
    return groups


def _change_afterwards(world: World, action: str, subject: str) -> None:
    found = world.store.get(AFTERWARDS[action], subject)
    if found is None:
        raise ValueError(f"There is no {AFTERWARDS[action]} {subject}.")
    with world.store.transaction():
        match action:
            case "refund":
                refunds.make(world, found)
            case "refund_arrives":
                refunds.settle(world, found, success=True)
            case "refund_fails":
                refunds.settle(world, found, success=False)
            case "dispute":
                disputes.open_one(world, found, amount=None, reason="fraudulent", inquiry=False)
            case "dispute_won":
                disputes.move(world, found, "won")
            case "dispute_lost":
                disputes.move(world, found, "lost")


def _mode(form: Mapping[str, str]) -> dict[str, object]:
    """The form's texts as the mode's values: an empty number means null."""
    numbers = {"delay_seconds", "copies", "charge_updated_delay_seconds", "settle_after_seconds"}
    texts = ("delivery", "order", "refund_outcome")
    changes: dict[str, object] = {name: form[name] for name in texts if name in form}
    for name in numbers & Mode().as_json().keys():
        value = form.get(name, "")
        changes[name] = None if not value else int(value) if name == "copies" else float(value)
    return changes
