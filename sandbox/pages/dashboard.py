"""The control page: what happened in the sandbox, and buttons for what else may happen."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.mode import Mode, ModeError
from sandbox.pages import TEMPLATES, page
from sandbox.store import Json
from sandbox.stripe import charges, paying
from sandbox.world import World

SHOWN = 50  # of each kind

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
        except (paying.NotPossibleError, ModeError, ValueError) as error:
            return self._page(str(error), 400)
        return RedirectResponse("/", 303)

    async def _act(self, form: Mapping[str, str]) -> None:
        world, subject = self._world, form.get("subject", "")
        match form.get("action"):
            case "mode":
                world.change_mode(_mode(form))
            case "release":
                await world.deliveries.release()
            case "deliver" if world.store.get("event", subject) is not None:
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
            case other:
                raise ValueError(f"There is no button {other!r} for {subject!r}.")

    def _page(self, error: str | None = None, status: int = 200) -> Response:
        store = self._world.store
        newest = {
            kind: store.select(kind, newest_first=True, limit=SHOWN)
            for kind in ("checkout.session", "payment_intent", "charge", "event")
        }
        deliveries: dict[str, list[Json]] = {}
        for delivery in self._world.deliveries.report([event["id"] for event in newest["event"]]):
            deliveries.setdefault(delivery["event"], []).append(delivery)
        held = store.row("SELECT count(*) AS count FROM deliveries WHERE state = 'held'") or {"count": 0}
        attempts: dict[str, list[Json]] = {}
        for charge in newest["charge"]:
            attempts.setdefault(charge["payment_intent"], []).append(charge)
        return page(
            "dashboard.html",
            status,
            error=error,
            mode=self._world.mode,
            endpoint=self._world.endpoint.url,
            held=held["count"],
            sessions=newest["checkout.session"],
            intents=newest["payment_intent"],
            attempts=attempts,
            events=newest["event"],
            deliveries=deliveries,
            requests=store.rows("SELECT * FROM requests ORDER BY seq DESC LIMIT ?", SHOWN),
        )


def _mode(form: Mapping[str, str]) -> dict[str, object]:
    """The form's texts as the mode's values: an empty number means null."""
    numbers = {"delay_seconds", "copies", "charge_updated_delay_seconds", "settle_after_seconds"}
    changes: dict[str, object] = {name: form[name] for name in ("delivery", "order") if name in form}
    for name in numbers & Mode().as_json().keys():
        value = form.get(name, "")
        changes[name] = None if not value else int(value) if name == "copies" else float(value)
    return changes
