"""What the process is told from outside, and the refusal to start production with less than it needs."""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import quote

import environ
from django.core.exceptions import ImproperlyConfigured

from core.durations import parse_duration

env = environ.Env()

ENVIRONMENT = env.str("ENVIRONMENT", default="development")
PRODUCTION = ENVIRONMENT == "production"

REQUIRED_IN_PRODUCTION = (
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "PUBLIC_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "JWT_SECRET",
    "REFRESH_TOKEN_PEPPER",
    "JOBS_SECRET",
    "EMAIL_URL",
)
# Flutterwave is offered when these are set: all of them, or none.
FLUTTERWAVE_KEYS = ("FLUTTERWAVE_PUBLIC_KEY", "FLUTTERWAVE_SECRET_KEY", "FLUTTERWAVE_WEBHOOK_SECRET")
SECRET_LENGTH = 32  # characters, at least, of those that are ours to choose
LONG_SECRETS = ("SECRET_KEY", "JWT_SECRET", "REFRESH_TOKEN_PEPPER", "JOBS_SECRET", "TICKET_SECRET", "METRICS_TOKEN")


def redis_url() -> str:
    """REDIS_URL, or one made of REDIS_HOST, REDIS_PORT and REDIS_PASSWORD; empty without either."""
    if url := os.environ.get("REDIS_URL"):
        return url
    if host := os.environ.get("REDIS_HOST"):
        password = os.environ.get("REDIS_PASSWORD", "")
        return (
            f"redis://{':' + quote(password, safe='') + '@' if password else ''}{host}:{env.int('REDIS_PORT', 6379)}/0"
        )
    return ""


def secrets(name: str) -> list[str]:
    """The comma-separated values of a secret that can be rotated: the first one signs, all of them verify."""
    return [value.strip() for value in os.environ.get(name, "").split(",") if value.strip()]


def trusted_proxies() -> list[IPv4Network | IPv6Network]:
    """The addresses and networks of TRUSTED_PROXIES. Raises ImproperlyConfigured for what is neither."""
    try:
        return [ip_network(one) for one in env.list("TRUSTED_PROXIES", default=[])]
    except ValueError as error:
        raise ImproperlyConfigured(f"TRUSTED_PROXIES: {error}") from error


def admin_path() -> str:
    """Where the staff site is, below the language: ADMIN_PATH. Raises ImproperlyConfigured for no plain word."""
    path = env.str("ADMIN_PATH", default="admin").strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", path):
        raise ImproperlyConfigured(f"ADMIN_PATH: {path!r} is not made of letters, digits, - and _ alone")
    return f"{path}/"


# By user, or by network where nobody is signed in; `password` by account, which is locked then.
RATE_LIMITS = (
    "register=60/m,signin=10/m,password=10/15m,hold=60/m,pay=30/m,sync=60/m,search=600/m,lookup=10/m,jobs=60/m"
)


def rate_limits() -> dict[str, tuple[int, int]]:
    """RATE_LIMITS: how many uses in how many seconds, by name; those that it does not name as usual. `off`: none.

    Raises ImproperlyConfigured for what cannot be read.
    """
    given = os.environ.get("RATE_LIMITS", "").strip()
    return {} if given == "off" else _read_limits(RATE_LIMITS) | _read_limits(given)


def _read_limits(text: str) -> dict[str, tuple[int, int]]:
    limits = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = re.fullmatch(r"([a-z]+)=([1-9]\d{0,6})/(\d{0,4}[smhd])", part)
        if not match or f"{match[1]}=" not in RATE_LIMITS:
            raise ImproperlyConfigured(f"RATE_LIMITS: {part!r} is no limit like those of {RATE_LIMITS}")
        duration = parse_duration(match[3] if match[3][0].isdigit() else f"1{match[3]}")
        limits[match[1]] = (int(match[2]), int(duration.total_seconds()))
    return limits


def _required() -> tuple[str, ...]:
    wants_flutterwave = any(os.environ.get(name, "").strip() for name in FLUTTERWAVE_KEYS)
    return (*REQUIRED_IN_PRODUCTION, *FLUTTERWAVE_KEYS) if wants_flutterwave else REQUIRED_IN_PRODUCTION


def _complaints() -> list[str]:
    given = {**os.environ, "REDIS_URL": redis_url()}
    complaints = [f"{name} is missing" for name in _required() if not given.get(name, "").strip()]
    complaints += [
        f"{name} is shorter than {SECRET_LENGTH} characters"
        for name in LONG_SECRETS
        if any(len(value) < SECRET_LENGTH for value in secrets(name))
    ]
    if os.environ.get("PUBLIC_URL", "https://").startswith("http://"):
        complaints.append("PUBLIC_URL must begin with https://")
    complaints += [
        f"{name} points payments away from the gateway and is refused in production"
        for name in ("STRIPE_API_BASE", "FLUTTERWAVE_API_BASE")
        if os.environ.get(name)
    ]
    if os.environ.get("RATE_LIMITS", "").strip() == "off":
        complaints.append("RATE_LIMITS=off is for load tests and is refused in production")
    for read in (rate_limits, trusted_proxies, admin_path):
        try:
            read()
        except ImproperlyConfigured as error:
            complaints.append(str(error))
    return complaints


def refuse_incomplete_production() -> None:
    """Raise one error that names everything missing or unfit, so that nobody mends a deployment piece by piece."""
    if ENVIRONMENT not in ("development", "test", "production"):
        raise ImproperlyConfigured(f"ENVIRONMENT is {ENVIRONMENT!r}; it is one of development, test, production.")
    if PRODUCTION and (complaints := _complaints()):
        raise ImproperlyConfigured("Production does not start: " + "; ".join(complaints) + ".")
