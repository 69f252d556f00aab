"""The job of accounts."""

from celery.schedules import crontab
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef

from accounts.models import Device, RefreshToken
from core.clean_up import delete_in_batches
from core.clock import BerthNow
from core.jobs import Result, job


@job(schedule=crontab(minute=15))
def cleanup_sessions() -> Result:
    """Forget refresh tokens and page sessions that have expired, and devices that have no token left.

    Nothing changes for whoever holds such a token: an expired one is refused just as an unknown one is.
    """
    tokens = delete_in_batches(RefreshToken.objects.filter(expires_at__lte=BerthNow()))
    left = RefreshToken.objects.filter(device=OuterRef("pk"))
    return {
        "refresh_tokens": tokens,
        "devices": delete_in_batches(Device.objects.filter(~Exists(left))),
        "sessions": delete_in_batches(Session.objects.filter(expire_date__lte=BerthNow())),
    }
