"""Who calls, by access token: no query is made to find out."""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError

from accounts.access_token import AccessToken


@dataclass(frozen=True)
class Caller:
    """The user that an access token names; the row itself is not read."""

    pk: int
    device_id: str
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False

    @property
    def id(self) -> int:
        return self.pk


def caller(request: Request) -> Caller:
    """Who sent a request that was let in because of its access token."""
    return cast("Caller", request.user)


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`."""

    def authenticate(self, request: Request) -> tuple[Caller, AccessToken] | None:
        """The caller; none without such a header. Raises AuthenticationFailed (`token_invalid`) for a bad token."""
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            token = AccessToken(text.strip())  # type: ignore[arg-type]  # the library means text
            return Caller(pk=int(token["sub"]), device_id=str(token["device"])), token
        except ExpiredTokenError as error:
            raise AuthenticationFailed("The access token has expired.") from error
        except (TokenError, KeyError, ValueError) as error:
            raise AuthenticationFailed("The access token is not valid.") from error

    def authenticate_header(self, request: Request) -> str:
        """What a 401 says in WWW-Authenticate."""
        return 'Bearer realm="api"'


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The same for OpenAPI."""

    target_class = "accounts.api.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
