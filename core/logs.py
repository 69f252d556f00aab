"""Structured log lines: JSON in production, colours on a terminal, the correlation id on each, no secret on any."""

import re
import sys
from collections.abc import Sequence
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SECRET_KEYS = re.compile(r"password|secret|token|authorization|signature|pepper|api_key|card", re.IGNORECASE)
_SECRET_VALUES = re.compile(r"\b((?:sk|rk|whsec)_)[A-Za-z0-9_]+|\bBearer\s+\S+|(://[^:/@\s]*:)[^@\s]+(?=@)")


def _hide(value: Any) -> Any:
    if isinstance(value, str):
        return _SECRET_VALUES.sub(lambda found: (found[1] or found[2] or "") + "***", value)
    return value


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank values whose name or shape says that they are secret."""
    return {key: "***" if _SECRET_KEYS.search(key) and event[key] else _hide(event[key]) for key in event}


def _name_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    known = {key: event.pop(key) for key in ("timestamp", "level", "logger", "correlation_id", "event") if key in event}
    message = known.pop("event", "")
    line = {**known, "service": "berth", "message": message}
    exception = event.pop("exception", None)
    if event:
        line["context"] = dict(event)
    if exception:
        line["exception"] = _hide(exception)
    return line


SHARED: Sequence[Processor] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    redact,
)


def renderers(log_format: str) -> list[Processor]:
    """The end of the chain for LOG_FORMAT `json` or `console`."""
    if log_format == "console":
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),  # a log file, and what reads it, wants none
            exception_formatter=structlog.dev.plain_traceback,
        )
        return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, console]
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _name_fields,
        structlog.processors.JSONRenderer(),
    ]
