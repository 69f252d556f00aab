"""Do something that may turn out to be nothing, or to fail: what it wrote is counted, what failed leaves no trace."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import OperationalError, connection, transaction

from payments.errors import Overtaken
from payments.models import FindingKind

log = structlog.get_logger(__name__)

_WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Step:
    """Something to try, and what it is called if it turns out to be news. `is_part`: of the news before it."""

    finding: FindingKind
    gateway_id: str
    work: Callable[[], object]
    is_part: bool = False


@dataclass
class Trial:
    """How many rows were written; why it failed, if so."""

    rows: int = 0
    error: str = ""

    def count(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django calls it so
        """Execute a statement, and count by what PostgreSQL answers: `INSERT 0 2`, `UPDATE 1`, `SELECT 5`."""
        result = execute(sql, params, many, context)
        answer = (context["cursor"].statusmessage or "").split(" ")
        if answer[0] in _WRITES:
            self.rows += int(answer[-1])
        return result


def tried(work: Callable[[], object]) -> Trial:
    """Do it in the caller's transaction, asking the guards that look at commit too. An error is kept, and not raised;
    but one that ends the whole transaction is, and that the gateway has to be asked again.
    """
    trial = Trial()
    try:
        with transaction.atomic(), connection.execute_wrapper(trial.count):
            work()
            if trial.rows:
                connection.check_constraints()
    except (OperationalError, Overtaken):
        raise
    except Exception as error:  # whatever it is, people have to know
        log.exception("finding_not_mended")
        trial = Trial(error=f"{type(error).__name__}: {error}")
    return trial
