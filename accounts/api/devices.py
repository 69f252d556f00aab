"""The devices on which the caller is signed in."""

from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actions.sign_out import sign_out
from accounts.api.authentication import caller
from accounts.api.serializers import DeviceSerializer
from accounts.models import Device
from accounts.queries import signed_in_devices
from core.api.pagination import NewestFirst
from core.errors import NotFound

SIGNED_OUT_BY_USER = "signed out by the user"


class LatestSignInFirst(NewestFirst):
    ordering = "-created_at"


@extend_schema_view(get=extend_schema(operation_id="auth_devices_list"))
class DevicesView(ListAPIView[Device]):
    """The devices on which the caller is signed in, the latest sign-in first."""

    serializer_class = DeviceSerializer
    pagination_class = LatestSignInFirst

    def get_queryset(self) -> QuerySet[Device]:
        return signed_in_devices(caller(self.request).pk)

    @extend_schema(operation_id="auth_devices_sign_out_all", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Sign out everywhere, here too."""
        sign_out(Device.objects.filter(user_id=caller(request).pk), reason=SIGNED_OUT_BY_USER)
        return Response(status=204)


class DeviceView(APIView):
    @extend_schema(operation_id="auth_devices_sign_out", request=None, responses={204: None})
    def delete(self, request: Request, device_id: str) -> Response:
        """Sign out one device."""
        try:
            devices = signed_in_devices(caller(request).pk).filter(pk=UUID(device_id))
        except ValueError:
            raise NotFound from None
        if not sign_out(devices, reason=SIGNED_OUT_BY_USER):
            raise NotFound
        return Response(status=204)
