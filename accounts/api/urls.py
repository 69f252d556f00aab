from django.urls import path

from accounts.api import devices, me, tokens

urlpatterns = [
    path("auth/register", tokens.RegisterView.as_view(), name="auth-register"),
    path("auth/token", tokens.TokenView.as_view(), name="auth-token"),
    path("auth/token/refresh", tokens.RefreshView.as_view(), name="auth-token-refresh"),
    path("auth/logout", tokens.LogoutView.as_view(), name="auth-logout"),
    path("auth/devices", devices.DevicesView.as_view(), name="auth-devices"),
    path("auth/devices/<str:device_id>", devices.DeviceView.as_view(), name="auth-device"),
    path("me", me.MeView.as_view(), name="me"),
    path("me/close", me.CloseView.as_view(), name="me-close"),
    path("me/export", me.ExportView.as_view(), name="me-export"),
]
