from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from accounts.actions.issue import Pair, issue
from accounts.client import Client
from accounts.emails import tell_of
from accounts.errors import RefreshTokenInvalid, RefreshTokenReused
from accounts.models import Device, RefreshToken, RefreshTokenStatus
from accounts.refresh_secret import possible_digests
from core.actors import acting_as
from core.transactions import in_one_transaction

log = structlog.get_logger(__name__)

# How long a client whose answer was lost may repeat the exchange.
GRACE = timedelta(seconds=30)


def refresh(*, secret: str, client: Client) -> Pair:
    """Exchange a refresh token for the next pair of its device.

    A token that was exchanged at most 30 s ago, and whose successor is unused, may be exchanged again: the new pair
    replaces the unused one, so a device never has two live branches.

    Raises RefreshTokenInvalid for an unknown, expired or signed-out token. Any other token that is not the active
    one was copied: the device is signed out, its owner is told, and RefreshTokenReused raised once that is committed.
    """
    pair = _exchange(secret, client)
    if pair is None:
        raise RefreshTokenReused
    return pair


@in_one_transaction
def _exchange(secret: str, client: Client) -> Pair | None:
    token, now = _locked(secret), timezone.now()
    if token is None or token.expires_at <= now or not token.device.user.is_active:
        raise RefreshTokenInvalid
    device = token.device
    with acting_as(f"user:{device.user_id}"):
        if token.status == RefreshTokenStatus.ACTIVE:
            token.rotate()
        elif unused := _unused_successor(token, now):
            unused.revoke(reason="its answer was lost")
        elif device.signed_out_at is None:
            device.sign_out(reason="a spent refresh token came again")
            tell_of("account.token_reused", device, now, client)
            log.warning("refresh_token_reused", device=str(device.pk))
            return None
        elif token.rotated_at:
            return None
        else:
            raise RefreshTokenInvalid
        device.note_use(user_agent=client.user_agent, ip=client.ip)
        return issue(device, predecessor=token)


def _locked(secret: str) -> RefreshToken | None:
    # Two statements: one that waits for a lock goes on with what it saw of the other tables before the wait.
    digests = possible_digests(secret)
    Device.objects.select_for_update(no_key=True, of=("self",)).filter(refresh_tokens__digest__in=digests).first()
    return RefreshToken.objects.select_related("device__user").filter(digest__in=digests).first()


def _unused_successor(token: RefreshToken, now: datetime) -> RefreshToken | None:
    if token.rotated_at is None or now - token.rotated_at > GRACE:
        return None
    return token.successors.filter(status=RefreshTokenStatus.ACTIVE).first()
