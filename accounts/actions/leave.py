from accounts import lock, second_factor
from accounts.errors import WrongCredentials
from accounts.models import User
from core import privacy


def leave(user: User, *, password: str, code: str = "") -> None:
    """Forget who the user is, on their own word: nobody can sign in to the account any more, and its bookings keep
    what the books need.

    Raises WrongCredentials, AccountLocked, SecondFactorNeeded as a sign-in does, and StillNeeded.
    """
    lock.count_try(user.email)
    if not user.check_password(password):
        raise WrongCredentials
    second_factor.check(user, code)
    lock.open_again(user.email)
    privacy.forget(privacy.Person(user_id=user.pk))
