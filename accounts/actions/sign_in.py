from django.contrib.auth import authenticate

from accounts import lock, second_factor
from accounts.actions.issue import Pair, issue, new_device
from accounts.client import Client
from accounts.emails import tell_of
from accounts.errors import WrongCredentials
from accounts.models import Device, User
from core.transactions import in_one_transaction


def sign_in(*, email: str, password: str, client: Client, device_name: str = "", code: str = "") -> Pair:
    """Begin a device for the user with this e-mail address and password, who is told if it is a new one.

    Raises WrongCredentials, alike for an unknown address, a wrong password and a user who may not sign in; the
    back end hashes the password in each case, so that the time tells nothing either. Raises AccountLocked after too
    many tries, and SecondFactorNeeded if the account has a second factor and `code` is none of it.
    """
    lock.count_try(email)
    user = authenticate(email=email, password=password)
    if user is None:
        raise WrongCredentials
    second_factor.check(user, code)
    lock.open_again(email)
    return _begin_device(user, client, device_name)


@in_one_transaction
def _begin_device(user: User, client: Client, name: str) -> Pair:
    is_known = Device.objects.filter(user=user, user_agent=client.user_agent, ip=client.ip).exists()
    device = new_device(user, client=client, name=name)
    if not is_known:
        tell_of("account.new_device", device, device.created_at, client)
    return issue(device)
