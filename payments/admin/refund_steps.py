"""What staff do about a refund that needs somebody: send it again, pay it from the bank, say what it was for."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from core.admin.decision import Decision, Outlook
from core.admin.display import Text
from core.admin.sections import Facts
from core.errors import Problem
from core.money import Money
from ledger.admin.rehearsal import rehearse
from payments.actions.give_back import account_as_courtesy, pay_by_hand, replace, try_again, went_another_way
from payments.admin.words import explain
from payments.models import Refund


class RefundStep(Decision):
    """A use case of one refund that asks for a note alone."""

    permission_required = "payments.change_refund"
    use_case: ClassVar[Callable[..., Refund]]
    done: Text

    def outlook(self, wish: dict[str, Any]) -> Outlook:
        """The refund, and the lines for the books."""
        refund = self.subject
        posted = rehearse(type(self).use_case, refund.pk, note=wish["reason"])
        facts = (
            (_("refund"), refund.money),
            (_("booking"), refund.payment.booking.reference),
            (_("why it goes back"), refund.get_reason_display()),
            (_("last error"), refund.last_error or None),
            *self.more_facts(),
            (_("reason"), wish["reason"]),
        )
        return Outlook([Facts(_("what will come of it"), facts), posted])

    def more_facts(self) -> Iterable[tuple[Text, object]]:
        """What else to know before it is done."""
        return ()

    def carry_out(self, wish: dict[str, Any], agreed: str) -> str:
        """Do it."""
        type(self).use_case(self.subject.pk, note=wish["reason"])
        return str(self.done)

    def explain(self, error: Problem) -> str:
        """In words."""
        return explain(error, self.subject.currency)


class TryAgain(RefundStep):
    """After a failure, when whatever was wrong is mended."""

    use_case = staticmethod(try_again)
    title = _("Try again")
    explanation = _("The refund is sent to the payment service once more, as a new attempt. The books owe it already.")
    button = _("Send it again")
    done = _("The refund is sent again.")


class PayByHand(RefundStep):
    """Where the gateway cannot: the card is closed, say."""

    use_case = staticmethod(pay_by_hand)
    title = _("Paid by hand")
    explanation = _(
        "You have transferred the money from the bank, and name the transfer here. "
        "The payment service is not asked again."
    )
    button = _("It was paid by hand")
    done = _("The refund is paid.")


class WentBack(RefundStep):
    """Where somebody helped at the gateway's dashboard, or the payer's bank was quicker."""

    use_case = staticmethod(replace)
    title = _("Went back another way")
    explanation = _(
        "The payer has the money, or a part of it: by a refund that was made at the payment service itself, or through "
        "a dispute that was lost. So much is owed no more."
    )
    button = _("It went back another way")
    done = _("What went back another way is owed no more.")

    def more_facts(self) -> Iterable[tuple[Text, object]]:
        """How much it is, and what stays."""
        went_back = Money(went_another_way(self.subject), self.subject.currency)
        yield _("went back another way"), went_back
        if rest := self.subject.money - went_back:
            yield _("is owed still, as another refund"), rest


class WasCourtesy(RefundStep):
    """Somebody pressed the button in the gateway's dashboard, and nobody here owed anything."""

    use_case = staticmethod(account_as_courtesy)
    title = _("Was a courtesy")
    explanation = _(
        "The refund was made at the payment service itself, for nothing that the books owed. "
        "It goes to the platform's expense."
    )
    button = _("It was a courtesy")
    done = _("The refund is accounted for.")
