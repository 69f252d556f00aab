"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from config import tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

tracing.begin()
application = get_wsgi_application()

from config import metrics  # noqa: E402 - not before Django is set up

metrics.tell_on_own_port()
