"""A cancellation policy as staff read and write it: a line for each tier, hours before departure and percent back."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

Tier = Mapping[str, int]
_TIER = re.compile(r"(\d{1,5})\s*(?:h\s*:?|:|\s)\s*(\d{1,3})\s*%?")


def policy_lines(tiers: Iterable[Tier]) -> str:
    """The tiers in words."""
    return "\n".join(
        gettext("%(hours)s h or more before departure: %(percent)s %% back")
        % {"hours": tier["hours_before"], "percent": tier["refund_percent"]}
        for tier in tiers
    )


class PolicyField(forms.CharField):
    """Lines like `24 h: 80 %`, kept as a list of tiers."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", _("A line for each tier, the earliest first, like “24 h: 80 %”."))
        super().__init__(widget=UnfoldAdminTextareaWidget({"rows": 5, "dir": "ltr"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Tiers as they are typed; what somebody typed stays."""
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(f"{tier['hours_before']} h: {tier['refund_percent']} %" for tier in value)

    def clean(self, value: Any) -> list[Tier]:
        """The tiers; the model checks their order and limits."""
        return [_read(line) for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def _read(line: str) -> Tier:
    match = _TIER.fullmatch(line.strip())
    if not match:
        raise ValidationError(_("“%s” is no tier like “24 h: 80 %%”.") % line)
    return {"hours_before": int(match[1]), "refund_percent": int(match[2])}
