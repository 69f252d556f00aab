"""Register, sign in, refresh, sign out: open to callers without an access token."""

from typing import Any, ClassVar

from django.conf import settings
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from accounts.actions.refresh import refresh
from accounts.actions.register import register
from accounts.actions.sign_in import sign_in
from accounts.actions.sign_out import sign_out_holder_of
from accounts.api.serializers import (
    CredentialsSerializer,
    PairSerializer,
    RefreshSerializer,
    RegisteredSerializer,
    RegistrationSerializer,
)
from accounts.client import Client

# Answers with tokens in them are nobody's to keep (RFC 6749, section 5.1).
NO_STORE = {"Cache-Control": "no-store"}


class OpenView(APIView):
    """A view whose body says who calls."""

    authentication_classes = ()
    permission_classes = ()

    def given(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """The body, if it fits; raises ValidationError naming the fields otherwise."""
        body = serializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        valid: dict[str, Any] = body.validated_data
        return valid


class RegisterView(OpenView):
    limits: ClassVar = {"POST": "register"}

    @extend_schema(
        operation_id="auth_register", request=RegistrationSerializer, responses={201: RegisteredSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Create an account and sign in. The language is taken from Accept-Language."""
        user, pair = register(
            **self.given(RegistrationSerializer),
            language=get_language() or settings.LANGUAGE_CODE,
            client=Client.of(request),
        )
        answer = RegisteredSerializer({"user": user, **vars(pair)})
        return Response(answer.data, 201, headers=NO_STORE)


class TokenView(OpenView):
    limits: ClassVar = {"POST": "signin"}

    @extend_schema(operation_id="auth_token", request=CredentialsSerializer, responses=PairSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Sign in on a new device."""
        pair = sign_in(**self.given(CredentialsSerializer), client=Client.of(request))
        return Response(PairSerializer(pair).data, headers=NO_STORE)


class RefreshView(OpenView):
    @extend_schema(operation_id="auth_token_refresh", request=RefreshSerializer, responses=PairSerializer, auth=[])
    def post(self, request: Request) -> Response:
        """Exchange the refresh token for the next pair.

        The old token again: within 30 seconds and while the new one is unused, a fresh pair replaces the unused one
        (the first answer was lost). Otherwise `token_reused`, and the device is signed out.
        """
        pair = refresh(secret=self.given(RefreshSerializer)["refresh"], client=Client.of(request))
        return Response(PairSerializer(pair).data, headers=NO_STORE)


class LogoutView(OpenView):
    @extend_schema(operation_id="auth_logout", request=RefreshSerializer, responses={204: None}, auth=[])
    def post(self, request: Request) -> Response:
        """Sign the device of this refresh token out. A token that is good for nothing is no error (RFC 7009)."""
        sign_out_holder_of(self.given(RefreshSerializer)["refresh"])
        return Response(status=204)
