"""Tables of accounts."""

from accounts.models.device import Device
from accounts.models.refresh_token import RefreshToken, RefreshTokenStatus
from accounts.models.user import User

__all__ = ["Device", "RefreshToken", "RefreshTokenStatus", "User"]
