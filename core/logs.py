"""Structured log lines: JSON in production, colours on a terminal, the correlation id on each, no secret on any."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_KEYS = re.compile(r"password|secret|token|authorization|cookie|signature|pepper|api_key|card", re.IGNORECASE)
_SECRET_VALUES = re.compile(
    r"\b((?:sk|rk|whsec)_)[A-Za-z0-9_]+"  # keys of gateways
    r"|\bBearer\s+\S+"
    r"|(://[^:/@\s]*:)[^@\s]+(?=@)"  # the password in an address of a service
    r"|(\b[A-Za-z0-9])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]*(?=@[A-Za-z0-9-]+\.)"  # of an e-mail address, its first letter
    r"|(/reset/key/)[^/\s\"']+"  # what opens an account whose password was forgotten
    r"|\b\d(?:[ -]?\d){12,18}\b"  # as long as a card's number
)


def redacted(value: Any) -> Any:
    """The same without what is secret or a person's, by its name or by its shape."""
    if isinstance(value, str):
        return _SECRET_VALUES.sub(lambda found: "".join(filter(None, found.groups())) + "***", value)
    if isinstance(value, dict):
        return {key: "***" if _is_secret(key) and inner else redacted(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(inner) for inner in value]
    return value


def _is_secret(key: Any) -> bool:
    return isinstance(key, str) and bool(_SECRET_KEYS.search(key))


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Every line passes here, whoever wrote it."""
    kept = {key: event[key] for key in event if key.startswith("_")}  # structlog's own, not for print
    return {**redacted(dict(event)), **kept}


def _name_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    known = {key: event.pop(key) for key in ("timestamp", "level", "logger", "correlation_id", "event") if key in event}
    message = known.pop("event", "")
    line = {**known, "service": "berth", "message": message}
    exception = event.pop("exception", None)
    if event:
        line["context"] = dict(event)
    if exception:
        line["exception"] = exception
    return line


SHARED: Sequence[Processor] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    redact,
)


def renderers(log_format: str) -> list[Processor]:
    """The end of the chain for LOG_FORMAT `json` or `console`."""
    if log_format == "console":
        console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())  # a log file, and what reads it, wants none
        return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, console]
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _name_fields,
        structlog.processors.JSONRenderer(),
    ]
