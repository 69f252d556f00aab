"""A cancellation policy as staff read and write it: a line for each tier, hours before departure and percent back."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget

from core.admin.display import Text
from core.money import Money

Tier = Mapping[str, int]
_TIER = re.compile(
    r"(\d{1,5})\s*(?:h\s*:?|:|\s)\s*(\d{1,3})\s*%?(?:\s*less\s*(\d{1,12}(?:\.\d{1,3})?))?", re.IGNORECASE
)
EXAMPLE = "24 h: 80 % less 10.00"
_HOW = format_lazy(
    _("A line for each tier, the earliest first, like “{example}”; a fee is for each seat, and may be left out."),
    example=EXAMPLE,
)


def policy_lines(tiers: Iterable[Tier], currency: str) -> str:
    """The tiers in words."""
    return "\n".join(_in_words(tier, currency) for tier in tiers)


def _in_words(tier: Tier, currency: str) -> str:
    facts = {"hours": tier["hours_before"], "percent": tier["refund_percent"]}
    if not (fee := tier.get("fee")):
        return gettext("%(hours)s h or more before departure: %(percent)s %% back") % facts
    return gettext("%(hours)s h or more before departure: %(percent)s %% back, less %(fee)s a seat") % {
        **facts, "fee": Money(fee, currency),
    }  # fmt: skip


class PolicyField(forms.CharField):
    """Lines like EXAMPLE, kept as a list of tiers. The form tells the currency of the fees.

    Nothing typed is None: the level above has the say. `says` tells people which that is, and for whom this one holds.
    """

    def __init__(self, *, says: Text, rows: int = 5, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Cancellation policy"))
        kwargs.setdefault("help_text", format_lazy("{} {}", _HOW, says))
        super().__init__(widget=UnfoldAdminTextareaWidget({"rows": rows, "dir": "ltr"}), **kwargs)
        self.currency = ""

    def use(self, currency: str) -> None:
        """Count fees in this currency from now on."""
        self.currency = currency

    def prepare_value(self, value: Any) -> Any:
        """Tiers as they are typed; what somebody typed stays."""
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(self._typed(tier) for tier in value)

    def clean(self, value: Any) -> list[Tier] | None:
        """The tiers; the model checks their order and limits."""
        return [self._read(line) for line in super().clean(value).splitlines() if line.strip()] or None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def _typed(self, tier: Tier) -> str:
        line = f"{tier['hours_before']} h: {tier['refund_percent']} %"
        return f"{line} less {Money(fee, self.currency).major}" if (fee := tier.get("fee")) else line

    def _read(self, line: str) -> Tier:
        match = _TIER.fullmatch(line.strip())
        if not match:
            raise ValidationError(
                _("“%(line)s” is no tier like “%(example)s”."), params={"line": line, "example": EXAMPLE}
            )
        tier = {"hours_before": int(match[1]), "refund_percent": int(match[2])}
        if match[3] and (fee := self._minor(match[3])):
            tier["fee"] = fee
        return tier

    def _minor(self, typed: str) -> int:
        try:
            return Money.from_major(typed, self.currency).amount
        except ValueError as error:
            raise ValidationError(
                _("“%(typed)s” is no amount of %(currency)s."),
                params={"typed": typed, "currency": self.currency or "?"},
            ) from error
