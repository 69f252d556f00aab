from collections import defaultdict
from collections.abc import Iterator, Mapping

from django.db.models import Q
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from core.admin.display import Text, people, prose, utc
from core.admin.sections import Table
from core.models import StatusChange
from core.transitions import Stateful


def history(names: Mapping[Stateful, Text]) -> Table:
    """Every status change of these rows, which the table calls by these names, oldest first; in two statements."""
    changes = list(changes_of(names))
    called = people(change.actor for _name, change in changes)
    return Table(
        _("History"),
        (_("at"), _("of"), _("from"), _("to"), _("by"), _("reason"), _("correlation id")),
        [
            (
                utc(change.at),
                name,
                change.from_status,
                change.to_status,
                called[change.actor],
                prose(change.reason),
                format_html("<code>{}</code>", change.correlation_id),
            )
            for name, change in changes
        ],
    )


def changes_of(names: Mapping[Stateful, Text]) -> Iterator[tuple[Text, StatusChange]]:
    """The same as they are stored, each with the name of its row."""
    subjects = {(row._meta.label_lower, str(row.pk)): name for row, name in names.items()}  # noqa: SLF001
    ids_of = defaultdict(list)
    for subject_type, subject_id in subjects:
        ids_of[subject_type].append(subject_id)
    wanted = Q(pk__in=[])
    for subject_type, ids in ids_of.items():
        wanted |= Q(subject_type=subject_type, subject_id__in=ids)
    for change in StatusChange.objects.filter(wanted).order_by("id"):
        yield subjects[change.subject_type, change.subject_id], change
