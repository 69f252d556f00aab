"""The caller."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.leave import leave
from accounts.api.authentication import caller
from accounts.api.serializers import LeavingSerializer, UserSerializer
from accounts.errors import AccessTokenInvalid
from accounts.models import User
from core.privacy import Person, told


def _user(request: Request) -> User:
    user = User.objects.filter(pk=caller(request).pk, is_active=True).first()
    if user is None:
        raise AccessTokenInvalid
    return user


class MeView(APIView):
    @extend_schema(operation_id="me", responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """The user that the access token names."""
        return Response(UserSerializer(_user(request)).data)


class CloseView(APIView):
    limits: ClassVar = {"POST": "signin"}

    @extend_schema(operation_id="me_close", request=LeavingSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        """Close the account and forget whose it was; its bookings keep what the books need."""
        sent = LeavingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        leave(_user(request), **sent.validated_data)
        return Response(status=204)


class ExportView(APIView):
    @extend_schema(operation_id="me_export", responses={(200, "application/json"): dict[str, Any]})
    def get(self, request: Request) -> Response:
        """All that is known of the caller: account, devices, bookings, payments."""
        return Response(told(Person(user_id=_user(request).pk)))
