"""Faults go to Sentry where SENTRY_DSN is set: under the correlation id, and as clean as log lines are."""

import sentry_sdk
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint
from structlog.typing import EventDict, WrappedLogger

from core.correlation import current_id
from core.logs import redacted


def begin(dsn: str, environment: str) -> None:
    """Have this process tell its faults."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        before_send=_cleaned,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,  # among them would be what travellers typed
        max_breadcrumbs=0,
        auto_session_tracking=False,
        # `tell` takes what we log; the other libraries' errors come to Django or Celery in the end.
        integrations=[LoggingIntegration(level=None, event_level=None)],
    )


def tell(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A step of our log lines: what is logged with an exception is a fault."""
    if method in ("error", "exception", "critical") and (fault := event.get("exc_info")):
        sentry_sdk.capture_exception(fault if isinstance(fault, BaseException) else None)
    return event


def _cleaned(event: Event, _hint: Hint) -> Event:
    request = event.pop("request", {})
    if url := request.get("url"):
        event["request"] = {"method": request.get("method"), "url": url}
    event.pop("user", None)
    event.setdefault("tags", {})["correlation_id"] = current_id()
    clean: Event = redacted(event)
    return clean
