"""What a comparison with the gateways found, written down as it goes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from core.actors import current_actor
from core.clock import BerthNow
from core.correlation import current_id
from payments.models import Finding, FindingKind, Outcome, Payment, ReconciliationRun


@dataclass(frozen=True)
class Found:
    """A difference, and what was done about it, would be, or has to be by people."""

    subject: str
    gateway_id: str
    finding: FindingKind
    action: str
    outcome: Outcome
    payment: Payment | None = None

    def as_finding(self, run: ReconciliationRun) -> Finding:
        """As it is kept."""
        return Finding(
            run=run,
            subject=self.subject[:120],
            gateway_id=self.gateway_id,
            finding=self.finding.value,
            action=self.action[:200],
            outcome=self.outcome.value,
            payment=self.payment,
        )


_COUNTED = {Outcome.FIXED: "fixed", Outcome.FAILED: "failed"}
_BATCH = 500  # findings that are kept in memory


class Record:
    """A run while it goes on. `save` is to be called from time to time: what was saved survives a run that dies."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.run = ReconciliationRun.objects.create(
            correlation_id=current_id(),
            started_at=BerthNow(),
            dry_run=options.get("dry_run", False),
            options=dict(options),
        )
        self.run.refresh_from_db()
        self._new: list[Finding] = []
        self._looked_at: set[str] = set()
        self._had_turn: set[str] = set()
        self._noted: set[tuple[str, str, str, str]] = set()

    @property
    def started_at(self) -> datetime:
        """By PostgreSQL's clock."""
        return self.run.started_at

    def look_at(self, subject: str) -> None:
        """What earlier runs had found about this is out of date from now on."""
        self._looked_at.add(subject)

    def had_turn(self, subject: str) -> None:
        """This is not looked at again in this run: its gateway does not answer."""
        self._had_turn.add(subject)

    def has_had_turn(self, subject: str) -> bool:
        """Whether it was said so."""
        return subject in self._had_turn

    def note(self, found: Iterable[Found]) -> None:
        """Differences; those that people have explained before, or that were noted in this run, are not told again."""
        for one in found:
            self.look_at(one.subject)
            if (name := (one.subject, one.finding, one.gateway_id, one.outcome)) in self._noted:
                continue
            self._noted.add(name)
            finding = one.as_finding(self.run)
            if one.outcome == Outcome.REPORTED and _is_explained(finding):
                continue
            self._new.append(finding)
            self.run.mismatches += 1
            if counted := _COUNTED.get(one.outcome):
                setattr(self.run, counted, getattr(self.run, counted) + 1)
            if len(self._new) >= _BATCH:
                self.save()

    def skip(self, subject: str, action: str) -> None:
        """Something could not be looked at now, which is no difference."""
        found = Found(subject, "", FindingKind.UNAVAILABLE, action, Outcome.SKIPPED)
        self._new.append(found.as_finding(self.run))

    def save(self) -> None:
        """Write down the counts, and what was found since the last time in place of what earlier runs had found."""
        earlier = Finding.objects.filter(Finding.UNSETTLED, ~Q(run=self.run), subject__in=self._looked_at)
        if self._looked_at:
            earlier.update(settled_at=BerthNow(), settled_by=current_actor())
        Finding.objects.bulk_create(self._new)
        self._new, self._looked_at = [], set()
        self.run.save()

    def end(self) -> dict[str, Any]:
        """Returns the report."""
        self.save()
        ReconciliationRun.objects.filter(pk=self.run.pk).update(completed_at=BerthNow())
        self.run.refresh_from_db()
        return report(self.run)


def _is_explained(finding: Finding) -> bool:
    same = {name: getattr(finding, name) for name in ("subject", "gateway_id", "finding", "action")}
    return Finding.objects.filter(**same).exclude(note="").exists()


def report(run: ReconciliationRun) -> dict[str, Any]:
    """The result of a run, as docs/developer-reference.md names it."""
    details = run.findings.order_by("pk").values("subject", "gateway_id", "finding", "action", "outcome")
    return {
        "correlation_id": run.correlation_id,
        "started_at": run.started_at.isoformat(),
        "completed_at": run.completed_at.isoformat() if run.completed_at else None,
        "dry_run": run.dry_run,
        "scanned": run.scanned,
        "fixed": run.fixed,
        "failed": run.failed,
        "skipped": run.skipped,
        "mismatches": run.mismatches,
        "details": list(details),
    }
