"""The page on which a customer pays, and the one on which a bank asks who pays."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.money import formatted
from sandbox.pages import page
from sandbox.pages.texts import direction, language_of, moment, translator
from sandbox.store import Json
from sandbox.stripe import paying, sessions
from sandbox.stripe.errors import NotPossibleError
from sandbox.stripe.payment_methods import BANK_TRANSFER
from sandbox.world import World

# Stripe waits this long for the answer to `checkout.session.completed` before it sends the customer back.
# https://docs.stripe.com/checkout/fulfillment
PATIENCE = 10  # seconds
EMAIL_SUGGESTED = "customer@example.com"


class CheckoutPages:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/pay/{session}", self.show, methods=["GET"]),
            Route("/pay/{session}", self.act, methods=["POST"]),
            Route("/pay/{session}/authenticate", self.show_challenge, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        session = self._find(request)
        if session is None:
            return self._message(request, None, "unknown", status=404)
        if session["status"] != "open":
            return self._ended(request, session)
        error = self._intent(session).get("last_payment_error") or {}
        return self._page(
            request,
            "checkout.html",
            session,
            error=error.get("code"),
            bank_transfer=BANK_TRANSFER in session["payment_method_types"],
            email=EMAIL_SUGGESTED,
        )

    async def show_challenge(self, request: Request) -> Response:
        session = self._find(request)
        if session is None or self._intent(session).get("status") != "requires_action":
            return self._to_page(request)
        return self._page(request, "challenge.html", session)

    async def act(self, request: Request) -> Response:
        """The buttons of both pages. One that comes too late leads back to the page, which says why."""
        form = parse_qs((await request.body()).decode(errors="replace"))
        email = form.get("email", [EMAIL_SUGGESTED])[0].strip()
        session = self._find(request)
        if session is None:
            return self._message(request, None, "unknown", status=404)
        try:
            return await self._act(request, session, form.get("action", [""])[0], email)
        except NotPossibleError:
            return self._to_page(request)

    async def _act(self, request: Request, session: Json, action: str, email: str) -> Response:
        world, identifier = self._world, session["id"]
        match action:
            case "pay":
                return await self._finish(session, paying.pay(world, identifier, email))
            case "three_d_secure_ok":
                return await self._finish(session, paying.pay(world, identifier, email, secure=True))
            case "bank_transfer" if BANK_TRANSFER in session["payment_method_types"]:
                return await self._finish(session, paying.promise(world, identifier, email))
            case "decline":
                paying.decline(world, identifier, email)
            case "three_d_secure_fail":
                paying.fail_challenge(world, identifier, email)
            case "three_d_secure":
                paying.challenge(world, identifier, email)
                return RedirectResponse(f"/pay/{identifier}/authenticate", 303)
            case "leave" if session["cancel_url"] is not None:
                return RedirectResponse(session["cancel_url"], 303)
            case _:
                return HTMLResponse("There is no such button on this page.", 400)
        return self._to_page(request)

    async def _finish(self, session: Json, completed: str) -> Response:
        """Back to the merchant, once it had the chance to hear of the payment."""
        await self._world.deliveries.first_answer(completed, PATIENCE)
        return RedirectResponse(_success_url(session), 303)

    def _find(self, request: Request) -> Json | None:
        return sessions.find(self._world, request.path_params["session"])

    def _intent(self, session: Json) -> Json:
        if session["payment_intent"] is None:
            return {}
        return self._world.store.get("payment_intent", session["payment_intent"]) or {}

    def _to_page(self, request: Request) -> Response:
        return RedirectResponse(f"/pay/{request.path_params['session']}", 303)

    def _ended(self, request: Request, session: Json) -> Response:
        if session["status"] == "expired":
            return self._message(request, session, "expired", back=session["cancel_url"])
        return self._message(request, session, session["payment_status"], back=_success_url(session))

    def _message(
        self, request: Request, session: Json | None, name: str, *, back: str | None = None, status: int = 200
    ) -> Response:
        return self._page(request, "message.html", session, status=status, name=name, back=back)

    def _page(
        self, request: Request, template: str, session: Json | None, *, status: int = 200, **context: object
    ) -> Response:
        locale = None if session is None else session["locale"]
        language = language_of(locale, request.headers.get("accept-language", ""))
        merchant = self._world.settings.merchant
        common = {"language": language, "direction": direction(language), "text": translator(language)}
        if session is not None:
            common["amount"] = formatted(session["amount_total"], session["currency"])
            common["valid_until"] = moment(session["expires_at"], language)
        return page(template, status, session=session, merchant=merchant, **common, **context)


def _success_url(session: Json) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
