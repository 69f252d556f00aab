"""All settings. Every value that differs between installations comes from the environment; see .env.example."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from psycopg import IsolationLevel

from config import sentry
from config.environment import (
    ENVIRONMENT,
    PRODUCTION,
    admin_path,
    env,
    rate_limits,
    redis_url,
    refuse_incomplete_production,
    secrets,
    trusted_proxies,
)
from core import logs, valkey
from core.durations import parse_duration

refuse_incomplete_production()

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = ENVIRONMENT == "development"
SITE_NAME = "Berth"  # on staff pages and documents

# Development and tests work without any environment; production refused to come this far without its own.
SECRET_KEY, *SECRET_KEY_FALLBACKS = secrets("SECRET_KEY") or ["development-only-key-that-production-never-accepts"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"])
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
TRUSTED_PROXIES = trusted_proxies()
ADMIN_PATH = admin_path()
RETURN_ORIGINS = env.list("RETURN_ORIGINS", default=[])

# ----------------------------------------------------------------------------------------------------- applications
INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "core",
    "accounts",
    "ledger",
    "bookings",
    "payments",
    "finance",
]
MIDDLEWARE = [
    "core.addresses.ProxiesMiddleware",
    "core.bodies.ReadTheRestMiddleware",
    "core.correlation.CorrelationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "config.browser_policies.BrowserPoliciesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.errors.TooOftenMiddleware",
    "accounts.second_factor.StaffSecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --------------------------------------------------------------------------------------------------------- database
# Two roles: the runtime role serves and owns nothing, the owner migrates. READ COMMITTED is pinned: the statements of
# holding and confirming rely on seeing rows that were committed while they waited for a lock.
_READ_COMMITTED: dict[str, Any] = {"isolation_level": IsolationLevel.READ_COMMITTED}
_RUNTIME_URL = env.str("DATABASE_URL", "postgres://berth_app@127.0.0.1:5432/berth")
_OWNER_URL = env.str("DATABASE_OWNER_URL", "") or _RUNTIME_URL
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(_RUNTIME_URL),
    "owner": env.db_url_config(_OWNER_URL),
}
# What a URL asks for after its `?`, such as sslmode, is kept.
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    **_READ_COMMITTED,
    "pool": {"min_size": 0, "max_size": env.int("DATABASE_POOL_SIZE", 20), "timeout": 10},
}
DATABASES["default"]["ENGINE"] = "core.postgresql"
# A migration that waits for a lock makes everybody wait who comes after it: it gives up, and is started again.
DATABASES["owner"]["OPTIONS"] = {
    "options": "-c lock_timeout=10s",
    **DATABASES["owner"].get("OPTIONS", {}),
    **_READ_COMMITTED,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# ------------------------------------------------------------------------------------------------- cache and worker
REDIS_URL = redis_url()
CACHE_PREFIX = env.str("CACHE_PREFIX", "berth")
if REDIS_URL:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {
            "BACKEND": "core.cache_backend.Cache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": CACHE_PREFIX,
            "OPTIONS": {
                "IGNORE_EXCEPTIONS": True,  # a cache that is down makes pages slower, never wrong
                "REDIS_CLIENT_CLASS": "core.valkey.Client",
                "SOCKET_CONNECT_TIMEOUT": valkey.PATIENCE,
                "SOCKET_TIMEOUT": valkey.PATIENCE,
            },
        }
    }
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "KEY_PREFIX": CACHE_PREFIX}}

CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{CACHE_PREFIX}:celery:",
    "socket_connect_timeout": 0.5,
    "socket_timeout": 2,  # a nudge may hold up a request so long; the worker's own reads take 1 s at most
    "max_retries": 0,  # else a nudge would look for a lost broker again and again, for 6 s, in the request
    "visibility_timeout": 3600,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "scheduled"
CELERY_TIMEZONE = "UTC"

# --------------------------------------------------------------------------------------------- people and languages
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "full_name"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("bookings:list")
LOGOUT_REDIRECT_URL = reverse_lazy("bookings:search")
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.NameForm"
ACCOUNT_EMAIL_VERIFICATION = "optional"  # whoever has just made an account wants to buy, not to read e-mails
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_METHODS = ("password", "mfa")  # and no code by e-mail: whoever reads one's mail has that too
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_MAX_EMAIL_ADDRESSES = 1
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

MFA_ADAPTER = "accounts.second_factor.MFAAdapter"
MFA_TOTP_ISSUER = SITE_NAME
MFA_TOTP_TOLERANCE = 1  # the code before and the one after are good, too: clocks of phones differ
MFA_ALLOW_UNVERIFIED_EMAIL = True  # colleagues give staff their accounts
STAFF_NEED_SECOND_FACTOR = PRODUCTION

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes of the platform come over plain HTTP
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True

# Nothing but our own files, and no script or style within a page; config.browser_policies makes the exceptions.
# A form that begins a payment leads to the gateway's page, wherever that is.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        **{f"{kind}-src": ["'self'"] for kind in ("connect", "font", "img", "manifest", "script", "style")},
        "form-action": ["'self'", "https:" if PRODUCTION else "http://127.0.0.1:*"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "upgrade-insecure-requests": PRODUCTION,
    }
}

# ------------------------------------------------------------------------------------------------------------- REST
JWT_SECRETS = secrets("JWT_SECRET") or ["development-only-jwt-secret-of-32-characters"]
REFRESH_TOKEN_PEPPERS = secrets("REFRESH_TOKEN_PEPPER") or ["development-only-pepper-of-32-characters"]
JOBS_SECRETS = secrets("JOBS_SECRET")
TICKET_SECRETS = secrets("TICKET_SECRET") or [SECRET_KEY, *SECRET_KEY_FALLBACKS]  # they sign the codes on tickets
REFRESH_TOKEN_LIFETIME = timedelta(days=env.int("REFRESH_TOKEN_EXPIRES_DAYS", 30))
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.AccessTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.limits.Limits"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.ProblemAwareSchema",
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.NewestFirst",
    "EXCEPTION_HANDLER": "core.api.problems.answer_with_problem",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SECRETS[0],
    "ACCESS_TOKEN_LIFETIME": parse_duration(env.str("JWT_EXPIRES_IN", "15m")),
    "USER_ID_FIELD": "id",
    "USER_ID_CLAIM": "sub",
    "CHECK_REVOKE_TOKEN": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": SITE_NAME,
    "DESCRIPTION": "Search trips, hold seats, name passengers, pay. See docs/api.md for a tour.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.schema.add_headers"],
    "APPEND_COMPONENTS": {
        "securitySchemes": {"jobsSecret": {"type": "apiKey", "in": "header", "name": "X-Jobs-Secret"}},
    },
    "ENUM_NAME_OVERRIDES": {
        "BookingStatus": "bookings.models.BookingStatus",
        "PaymentStatus": "payments.models.PaymentStatus",
        "BookingPaymentStatus": "bookings.models.BookingPaymentStatus",
        "PassengerStatus": "bookings.models.PassengerStatus",
        "TripStatus": "bookings.models.TripStatus",
    },
}

# ----------------------------------------------------------------------------------------------------------- limits
RATE_LIMITS = rate_limits()
# What allauth limits by itself on its own pages. Signing in is ours, in pages and API alike (accounts.adapter).
ACCOUNT_RATE_LIMITS: Any = (
    {
        "signup": "{}/{}s/ip".format(*RATE_LIMITS["register"]),
        "login": None,
        "login_failed": "{}/{}s/key".format(*RATE_LIMITS["password"]),  # codes of the second factor
    }
    if RATE_LIMITS
    else False
)

# ---------------------------------------------------------------------------------------------------------- selling
RETENTION = timedelta(days=env.int("RETENTION_DAYS", 0))  # after the arrival; 0: for good
HOLD = timedelta(minutes=env.float("HOLD_MINUTES", 15))
HOLD_MAX = timedelta(minutes=env.float("HOLD_MAX_MINUTES", 30))
MAX_HELD_SEATS = env.int("MAX_HELD_SEATS", 10)
PROCESSING_HOLD = timedelta(hours=env.float("PROCESSING_HOLD_HOURS", 48))

# In tests only: a file that names the point at which a process is to be killed (core.faults).
FAULT_FILE = os.environ.get("FAULT_FILE", "") if ENVIRONMENT == "test" else ""

STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRETS = secrets("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "https://api.stripe.com")
STRIPE_API_VERSION = "2026-10-28.endive"

FLUTTERWAVE_PUBLIC_KEY = env.str("FLUTTERWAVE_PUBLIC_KEY", "")
FLUTTERWAVE_SECRET_KEY = env.str("FLUTTERWAVE_SECRET_KEY", "")
FLUTTERWAVE_WEBHOOK_SECRETS = secrets("FLUTTERWAVE_WEBHOOK_SECRET")
FLUTTERWAVE_API_BASE = env.str("FLUTTERWAVE_API_BASE", "https://api.flutterwave.com")

# ------------------------------------------------------------------------------------------------------- being watched
METRICS_TOKENS = secrets("METRICS_TOKEN")
METRICS_PORT = env.int("METRICS_PORT", 0)  # where a worker tells its own; 0: nowhere
# Where processes that are told of as one keep their counters; the library reads the same variable.
METRICS_FOLDER = env.str("PROMETHEUS_MULTIPROC_DIR", "")
if METRICS_FOLDER:
    Path(METRICS_FOLDER).mkdir(parents=True, exist_ok=True)

SENTRY_DSN = env.str("SENTRY_DSN", "")
TRACES_GO_TO = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", "")  # config.tracing; the library reads the same variable

# ------------------------------------------------------------------------------------------------- mail, files, logs
EMAIL_CONFIG = env.email_url("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20
# Where development's file back end writes, and its page reads; empty with any other back end.
MAIL_FOLDER = "" if PRODUCTION else EMAIL_CONFIG.get("EMAIL_FILE_PATH", "")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Berth <tickets@berth.example>")

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOG_LEVEL = env.str("LOG_LEVEL", "INFO")
LOG_FORMAT = env.str("LOG_FORMAT", "json" if PRODUCTION else "console")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": logs.SHARED,
            "processors": logs.renderers(LOG_FORMAT),
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "fontTools": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},  # its INFO lines tell of every request; ours tell what came of them
    },
}
if SENTRY_DSN:
    sentry.begin(SENTRY_DSN, ENVIRONMENT)
structlog.configure(
    processors=[
        *([sentry.tell] if SENTRY_DSN else []),
        *logs.SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

UNFOLD = {
    "SITE_TITLE": SITE_NAME,
    "SITE_HEADER": SITE_NAME,
    "SITE_SYMBOL": "anchor",
    "SITE_SUBHEADER": _("Seats, money, books"),
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("favicon.svg")}],
    "STYLES": [lambda request: static("staff.css")],
    "SIDEBAR": {"navigation": "config.staff_menu.navigation"},
}
