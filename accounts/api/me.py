"""The caller."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import caller
from accounts.api.serializers import UserSerializer
from accounts.errors import AccessTokenInvalid
from accounts.models import User


class MeView(APIView):
    @extend_schema(operation_id="me", responses=UserSerializer)
    def get(self, request: Request) -> Response:
        """The user that the access token names."""
        user = User.objects.filter(pk=caller(request).pk, is_active=True).first()
        if user is None:
            raise AccessTokenInvalid
        return Response(UserSerializer(user).data)
