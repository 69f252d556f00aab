from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from accounts import emails
from accounts.actions.issue import Pair, issue, new_device
from accounts.client import Client
from accounts.errors import AddressTaken
from accounts.models import User
from accounts.queries import address_is_taken
from core.transactions import in_one_transaction


@in_one_transaction
def register(*, email: str, password: str, full_name: str, language: str, client: Client) -> tuple[User, Pair]:
    """Create an account and sign its first device in. The password has been validated.

    Raises AddressTaken, also when the same address registers twice at once.
    """
    if address_is_taken(email):
        raise AddressTaken
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, full_name=full_name, language=language)
    except IntegrityError as error:
        raise AddressTaken from error
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    emails.ask_for("email_confirmation_signup", user.email, user)
    return user, issue(new_device(user, client=client))
