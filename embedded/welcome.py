"""What `run.py` says when everything runs."""

from collections.abc import Mapping, Sequence

from embedded.state import State


def welcome(state: State, env: Mapping[str, str], address: str, sign_ins: Sequence[Mapping[str, str]]) -> str:
    """The address, what there is beside it, and the demo's sign-ins ({"role", "email", "password"} each)."""
    beside = [("logs", str(state.logs))]
    if env.get("STRIPE_API_BASE"):
        beside.append(("gateways", env["STRIPE_API_BASE"]))
    if env["EMAIL_URL"].startswith("filemail:"):
        beside.append(("mails", f"{address}/mails/"))
    people = [(person["role"], person["email"], person["password"]) for person in sign_ins]
    return "\n".join(
        [
            "",
            f"Berth runs at {address}",
            "",
            *_table(beside),
            "",
            *_table([("sign in as", "e-mail", "password"), *people]),
            "",
            "Ctrl-C stops everything.",
        ]
    )


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
