"""Which servers a run needs, and the environment that its processes get. What the caller has set always wins."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from urllib.parse import quote, urlsplit

from embedded.ports import LOCALHOST, free_ports
from embedded.state import State, read_json, write_private

NOWHERE = f"http://{LOCALHOST}:9"  # the discard port: nothing listens there
# Where in the sandbox each gateway's API is.
GATEWAYS = {"STRIPE": "", "FLUTTERWAVE": "/flutterwave"}
# What a later `manage` must know to work with the same services as a run that goes on.
SHARED = """
    ENVIRONMENT PUBLIC_URL ALLOWED_HOSTS SECRET_KEY JWT_SECRET REFRESH_TOKEN_PEPPER JOBS_SECRET EMAIL_URL
    DATABASE_URL DATABASE_OWNER_URL REDIS_URL REDIS_HOST REDIS_PORT REDIS_PASSWORD CACHE_PREFIX
    STRIPE_SECRET_KEY STRIPE_WEBHOOK_SECRET STRIPE_API_BASE
    FLUTTERWAVE_PUBLIC_KEY FLUTTERWAVE_SECRET_KEY FLUTTERWAVE_WEBHOOK_SECRET FLUTTERWAVE_API_BASE
"""


@dataclass(frozen=True)
class Ports:
    """Where each server of our own will listen; None: the caller has one, or none is wanted."""

    postgres: int | None
    valkey: int | None
    sandbox: int | None


def choose_ports(caller: Mapping[str, str], state: State, *, sandbox: bool) -> Ports:
    """The ports of the last run wherever they are still free: pay pages that were opened then keep their addresses."""
    remembered = state.folder / "ports.json"
    names, last = [field.name for field in fields(Ports)], read_json(remembered)
    found = dict(zip(names, free_ports([int(last.get(name, 0)) for name in names]), strict=True))
    write_private(remembered, json.dumps(found))
    wanted = {
        "postgres": not caller.get("DATABASE_URL"),
        "valkey": not (caller.get("REDIS_URL") or caller.get("REDIS_HOST")),
        "sandbox": sandbox and not _has_gateways(caller),
    }
    return Ports(**{name: port if wanted[name] else None for name, port in found.items()})


def compose(
    caller: Mapping[str, str], ports: Ports, state: State, *, environment: str, web_port: int
) -> dict[str, str]:
    """The caller's environment, with what it leaves unset or empty filled in from the state folder and the ports."""
    filled = {
        "ENVIRONMENT": environment,
        "PUBLIC_URL": f"http://{LOCALHOST}:{web_port}",
        "ALLOWED_HOSTS": f"{LOCALHOST},localhost",
        "EMAIL_URL": f"filemail:///{quote(str(state.mails.resolve()))}",
        "NO_PROXY": f"{LOCALHOST},localhost",
        **{name: value for name, value in state.secrets.items() if name.isupper()},
    }
    if environment == "test":
        filled["RATE_LIMITS"] = "off"  # all that tests do comes from one address
    if ports.postgres:
        server = f"{LOCALHOST}:{ports.postgres}/berth"
        filled["DATABASE_URL"] = f"postgres://berth_app:{state.secrets['app_password']}@{server}"
        filled["DATABASE_OWNER_URL"] = f"postgres://berth_owner:{state.secrets['owner_password']}@{server}"
    if ports.valkey:
        filled["REDIS_URL"] = f"redis://:{state.secrets['redis_password']}@{LOCALHOST}:{ports.valkey}/0"
    for gateway, path in GATEWAYS.items():
        if ports.sandbox:
            filled[f"{gateway}_API_BASE"] = f"http://{LOCALHOST}:{ports.sandbox}{path}"
        elif not _has_gateways(caller) or not caller.get(f"{gateway}_SECRET_KEY"):
            filled[f"{gateway}_API_BASE"] = NOWHERE  # our made-up key is nothing to show to the real gateway
    return {**filled, **{name: value for name, value in caller.items() if value or name not in filled}}


def shared(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: environment[name] for name in SHARED.split() if environment.get(name)}


def public_host(environment: Mapping[str, str]) -> str:
    """The Host header of the site's own address."""
    return urlsplit(environment["PUBLIC_URL"]).netloc


def _has_gateways(caller: Mapping[str, str]) -> bool:
    return any(caller.get(f"{gateway}_API_BASE") for gateway in GATEWAYS)
