"""Why money cannot be moved, in the words of whoever wants to move it."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import FieldsInvalid, Problem
from core.money import Money

_WORDS: dict[str, Promise] = {
    "quote_changed": gettext_lazy("What goes back has changed meanwhile. Look at it again; nothing was done yet."),
    "payment_in_progress": gettext_lazy(
        "A payment of this booking is under way and cannot be ended now. Nothing was done; try again in a minute."
    ),
    "gateway_error": gettext_lazy("The payment service refused to end the open payment. Nothing was done."),
    "gateway_unavailable": gettext_lazy(
        "The payment service does not answer, so the open payment could not be ended. Nothing was done; "
        "try again in a minute."
    ),
}
_STATES: dict[str, Promise] = {
    "disputed": gettext_lazy("The payment is disputed: the bank decides who gets the money."),
}


def explain(error: Problem, currency: str) -> str:
    """`currency` is that of the money in question."""
    if "left" in error.members:
        return _("Only %(left)s of the payment can still go back.") % {"left": Money(error.members["left"], currency)}
    if isinstance(error, FieldsInvalid):
        return " ".join(problem["message"] for problem in error.errors)
    words = _STATES.get(error.members.get("state", "")) or _WORDS.get(error.code)
    return str(words or error.detail)
