"""What holds for every answer, beside what Schemathesis looks at, and what is no fault though it looks like one."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.jsonschema import make_validator

from tests.docs.documents import rows, section

CODES = {(cells[0], int(cells[1])) for cells in rows(section("docs/api.md", "Errors"))}
# What a request for another's thing may be answered with: it does not fit, nobody is signed in, there is none.
REFUSALS = {400, 401, 404, 405, 406, 413, 415, 429}

CHECKS: Mapping[str, Any] = {
    # Rules that a schema cannot tell are 400 as well: a weak password, the same place twice, a seat of another coach.
    "positive_data_acceptance": {"enabled": False},
}


@schemathesis.check
class nothing_of_anothers:  # noqa: N801 - Schemathesis knows checks by these names
    """No answer has what is another's, but for what the request had; a request for another's thing is refused."""

    def __init__(self, texts: list[str], ids: list[str]) -> None:
        self.texts, self.ids = texts, ids

    def after_response(self, ctx: Any, response: Any, case: Any) -> None:
        told = f"{response.headers}\n{response.content.decode('utf-8', 'replace')}"
        if shown := [text for text in self.texts if text in told]:
            asked = _text_of(response.request)
            unasked = [text for text in shown if text not in asked]
            assert not unasked, f"tells what is another's: {unasked}"
        if response.request.method != "OPTIONS" and any(name in response.request.url for name in self.ids):
            assert response.status_code in REFUSALS, f"{response.status_code} for what is another's"


@schemathesis.check
def refusal_is_documented(ctx: Any, response: Any, case: Any) -> None:
    """Each refusal has a code that docs/api.md tells with this status, and the id that the answer carries."""
    identity = (response.headers.get("x-correlation-id") or [""])[0]
    assert identity, "has no X-Correlation-ID"
    if response.status_code < 400 or response.request.method == "HEAD":
        return
    assert response.headers["content-type"] == ["application/problem+json"], response.headers
    problem = response.json()
    told = (problem["code"], response.status_code)
    assert told in CODES, f"docs/api.md does not tell of {told}"
    assert problem["status"] == response.status_code, problem
    first = "idempotent-replayed" in response.headers  # then the id is that of the request that was answered first
    assert first or problem["correlation_id"] == identity, f"the body tells {problem['correlation_id']}, not {identity}"
    assert response.status_code != 401 or "www-authenticate" in response.headers, "has no WWW-Authenticate"
    assert response.status_code != 429 or "retry-after" in response.headers, "has no Retry-After"


def is_a_fault(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure is one: two things that the document forbids are taken, here and wherever Django reads them."""
    taken = isinstance(failure, AcceptedNegativeData)
    return not taken or not (_parameter_is_empty(case, response) or _only_numbers_are_texts(case))


def _parameter_is_empty(case: Any, response: Any) -> bool:
    """An empty value in an address is none, and the last of several counts."""
    sent = parse_qs(urlsplit(response.request.url).query, keep_blank_values=True)
    return any(texts[-1] == "" for name, texts in sent.items() if name in case.operation.query)


def _only_numbers_are_texts(case: Any) -> bool:
    """A number where a text belongs is the text of its digits."""
    body = case.operation.get_body_for_media_type(case.media_type)
    if body is None or not isinstance(case.body, dict | list):
        return False
    validator = make_validator(body.optimized_schema, case.operation.schema.adapter.jsonschema_validator_cls)
    errors = list(validator.iter_errors(case.body))
    return bool(errors) and all(
        error.kind.name == "type" and error.kind.types == ["string"] and type(error.instance) in (int, float)
        for error in errors
    )


def _text_of(request: Any) -> str:
    """All that was sent, as it was meant."""
    body = request.body or b""
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    return unquote(f"{request.url}\n{request.headers}\n{text}")
