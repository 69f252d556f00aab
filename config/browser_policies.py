"""What browsers may do with our pages: where what they load comes from, and which of their abilities are off."""

from typing import Any

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

from core.addresses import is_staff_site

# The staff site is Unfold's: Alpine evaluates its attributes, and styles stand in elements.
STAFF_SITE = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}
# So they do on Swagger's page, whose icons stand in its style sheet.
API_DOCS = {"style-src": ["'unsafe-inline'"], "img-src": ["data:"]}

ABILITIES = "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"


class BrowserPoliciesMiddleware(CSPMiddleware):
    """Content-Security-Policy as settings have it, looser where another's pages need it, and Permissions-Policy."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add both headers."""
        response.headers.setdefault("Permissions-Policy", ABILITIES)
        return super().process_response(request, response)

    def get_policy_parts(self, request: HttpRequest, *args: Any, **kwargs: Any) -> PolicyParts:
        """The policy for this answer."""
        parts = super().get_policy_parts(request, *args, **kwargs)
        if is_staff_site(request):
            parts.update = STAFF_SITE
        elif request.resolver_match and request.resolver_match.url_name == "api-docs":
            parts.update = API_DOCS
        return parts
