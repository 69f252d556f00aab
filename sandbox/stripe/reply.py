"""An answer of the API, ready to be sent or kept."""

import json
from dataclasses import dataclass, field

from sandbox.store import Json, public


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    error_code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, answer: Json) -> "Reply":
        error = answer.get("error", {})
        return cls(status, json.dumps(public(answer)), error.get("code") or error.get("type"))

    @property
    def replayed(self) -> bool:
        return "idempotent-replayed" in self.headers
