"""Flutterwave's hosted page, on which a customer pays a link."""

from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.flutterwave import PREFIX, amounts, links, paying, transactions
from sandbox.flutterwave.errors import FlutterwaveError
from sandbox.pages import page
from sandbox.pages.texts import direction, language_of, moment, translator
from sandbox.store import Json
from sandbox.world import World


class FlutterwavePages:
    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        path = f"{PREFIX}/pay/{{link}}"
        return [Route(path, self.show, methods=["GET"]), Route(path, self.act, methods=["POST"])]

    async def show(self, request: Request) -> Response:
        link = self._find(request)
        if link is None:
            return self._page(request, "message.html", None, status=404, name="unknown", back=None)
        if links.is_over(link):
            back = _way_back(link, "cancelled")
            return self._page(request, "message.html", link, name="expired", back=back)
        return self._page(request, "flutterwave.html", link, declined=self._was_declined(link))

    async def act(self, request: Request) -> Response:
        """The buttons. One that comes too late leads back to the page, which says why."""
        form = parse_qs((await request.body()).decode(errors="replace"))
        link = self._find(request)
        if link is None:
            return await self.show(request)
        try:
            return self._act(request, link, form.get("action", [""])[0])
        except FlutterwaveError:
            return _to_page(request)

    def _act(self, request: Request, link: Json, action: str) -> Response:
        match action:
            case "pay" if transactions.CARD in link["methods"]:
                return _back(link, "successful", paying.pay(self._world, link))
            case "bank_transfer" if transactions.BANK_TRANSFER in link["methods"]:
                return _back(link, "pending", paying.promise(self._world, link))
            case "decline" if transactions.CARD in link["methods"]:
                transaction = paying.decline(self._world, link)
                return _back(link, "failed", transaction) if links.is_over(link) else _to_page(request)
            case "leave":
                return _back(link, "cancelled")
            case _:
                return HTMLResponse("There is no such button on this page.", 400)

    def _find(self, request: Request) -> Json | None:
        return links.find(self._world, request.path_params["link"])

    def _was_declined(self, link: Json) -> bool:
        """Whether the last try on this page failed."""
        tries = [one for one in transactions.of_reference(self._world, link["tx_ref"]) if one["link"] == link["id"]]
        return bool(tries) and tries[0]["status"] == "failed"

    def _page(
        self, request: Request, template: str, link: Json | None, *, status: int = 200, **context: object
    ) -> Response:
        language = language_of(None, request.headers.get("accept-language", ""))
        common = {"language": language, "direction": direction(language), "text": translator(language)}
        if link is not None:
            common["amount"] = amounts.formatted(link["amount"], link["currency"])
            common["valid_until"] = moment(link["expires_at"], language) if link["expires_at"] else None
        merchant = self._world.settings.merchant
        return page(template, status, link=link, session=link, merchant=merchant, **common, **context)


def _to_page(request: Request) -> Response:
    return RedirectResponse(f"{PREFIX}/pay/{request.path_params['link']}", 303)


def _back(link: Json, status: str, transaction: Json | None = None) -> Response:
    return RedirectResponse(_way_back(link, status, transaction), 303)


def _way_back(link: Json, status: str, transaction: Json | None = None) -> str:
    """The merchant's address, with what became of it: for the eye alone, since anybody can write it."""
    told = {"status": status, "tx_ref": link["tx_ref"]}
    if transaction is not None:
        told["transaction_id"] = transaction["id"]
    parts = urlsplit(link["redirect_url"])
    return urlunsplit(parts._replace(query="&".join(filter(None, [parts.query, urlencode(told)]))))
