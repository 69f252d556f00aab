"""Every address of the service."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from config import errors, health, mailbox, metrics

admin.autodiscover()
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# A new password is chosen on the page of the account, which signs devices out and tells by e-mail.
admin.site.password_change = RedirectView.as_view(  # type: ignore[assignment, method-assign]
    pattern_name="account_change_password"
)

api = [
    path("", include("accounts.api.urls")),
    path("", include("core.api.urls")),
    path("", include("bookings.api.urls")),
    path("", include("payments.api.urls")),
]
urlpatterns = [
    path("api/v1/", include(api)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("webhooks/", include("payments.api.webhook_urls")),
    re_path(r"^(api|webhooks)/", errors.no_such_call),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", metrics.tell, name="metrics"),
]
urlpatterns += i18n_patterns(
    path("", include("payments.pages.urls")),
    path("", include("bookings.pages.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/privacy/", include("accounts.pages.urls")),
    path(f"{settings.ADMIN_PATH}finance/", include("finance.admin.urls")),
    path(settings.ADMIN_PATH, admin.site.urls),
)
if settings.MAIL_FOLDER:
    urlpatterns += [path("mails/", mailbox.list_mails, name="mailbox")]

handler404 = errors.not_found
handler500 = errors.crashed
