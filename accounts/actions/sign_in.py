from django.contrib.auth import authenticate

from accounts import lock
from accounts.actions.issue import Pair, first_pair
from accounts.client import Client
from accounts.errors import WrongCredentials
from core.transactions import in_one_transaction


def sign_in(*, email: str, password: str, client: Client, device_name: str = "") -> Pair:
    """Begin a device for the user with this e-mail address and password.

    Raises WrongCredentials, alike for an unknown address, a wrong password and a user who may not sign in; the
    back end hashes the password in each case, so that the time tells nothing either. Raises AccountLocked after too
    many tries.
    """
    lock.count_try(email)
    user = authenticate(email=email, password=password)
    if user is None:
        raise WrongCredentials
    lock.open_again(email)
    return in_one_transaction(first_pair)(user, client=client, device_name=device_name)
