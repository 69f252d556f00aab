from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.query_utils import Q

_NONE = Value(0, output_field=IntegerField())


def count_of(model: Any, field: str, on: str = "pk", **only: Any) -> Coalesce:
    """How many rows of a model point at the outer row, as a subquery: joins would multiply each other."""
    rows = model.objects.filter(Q(**{field: OuterRef(on)}, **only)).order_by().values(field)
    return Coalesce(Subquery(rows.annotate(count=Count("*")).values("count"), output_field=IntegerField()), _NONE)
