"""All that a scenario came to on our side, told without the names that differ from one run to the next."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import permutations
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.lookups import IsNull

from bookings.models import Booking, Passenger, SeatClaim
from ledger.models import Posting
from payments.models import Dispute, Payment, Refund
from tests.payments.orders.stage import Stage

Names = Mapping[str, str]
Outcome = tuple[tuple[str, ...], ...]


# --------------------------------------------------------------------------------------------------------------- names
def namings(stage: Stage) -> list[Names]:
    """A name by its part in the scenario for everything that has an id; one set for each way to cast the payments."""
    state = stage.sandbox.state
    casts = permutations(stage.payments) if stage.interchangeable else [tuple(stage.payments)]
    return [_names(stage.bookings, cast, state) for cast in casts]


def _names(bookings: Iterable[Booking], payments: Iterable[Payment], state: Mapping[str, Any]) -> Names:
    names = {booking.reference: f"booking {number}" for number, booking in enumerate(bookings)}
    for number, payment in enumerate(payments):
        part = f"payment {number}"
        names |= {str(payment.pk): part, str(payment.session_id): part}
        for charge in state["charges"]:
            if charge["metadata"].get("payment_id") == str(payment.pk) and charge["status"] == "succeeded":
                names |= {charge["id"]: f"{part} charge", charge["payment_intent"]: f"{part} intent"}
                names |= {
                    thing["id"]: f"{part} {kind} {nth}"
                    for kind in ("refund", "dispute")
                    for nth, thing in enumerate(one for one in state[f"{kind}s"] if one["charge"] == charge["id"])
                }
    lines: Counter[str] = Counter()
    for line in state["balance_transactions"]:
        source = names[line["source"]]
        lines[source] += 1
        names[line["id"]] = f"{source} line {lines[source]}"
    return names


# ---------------------------------------------------------------------------------------------------------------- rows
def outcome(stage: Stage, known_as: Iterable[Names], *, without: Collection[str] = ()) -> Outcome:
    """Bookings, seats, payments, refunds, disputes, postings, and messages to travellers but those `without`."""
    rows = [row for row in _rows([booking.pk for booking in stage.bookings]) if row[1] not in without]
    return min(tuple(sorted(_named(row, names) for row in rows)) for names in known_as)


def _named(row: tuple[Any, ...], names: Names) -> tuple[str, ...]:
    return tuple(":".join(names.get(part, part) for part in str(value).split(":")) for value in row)


def _rows(bookings: list[int]) -> Iterator[tuple[Any, ...]]:
    of_bookings, of_payments = {"booking__in": bookings}, {"payment__booking__in": bookings}
    yield from _table(
        "booking",
        Booking.objects.filter(pk__in=bookings),
        "reference", "status", "payment_status", "paid_amount", "refunded_amount",
    )  # fmt: skip
    yield from _table(
        "passenger", Passenger.objects.filter(**of_bookings), "booking__reference", "seat__number", "status"
    )
    yield from _table(
        "seat",
        SeatClaim.objects.filter(**of_bookings),
        "booking__reference", "seat__number", "leg", IsNull(F("expires_at"), True),
    )  # fmt: skip
    yield from _table(
        "payment",
        Payment.objects.filter(**of_bookings),
        "pk", "booking__reference", "status", "received_amount", "refunded_amount", "intent_id", "charge_id",
        "last_error", "checkout_url", IsNull(F("succeeded_at"), True),
    )  # fmt: skip
    yield from _table(
        "refund",
        Refund.objects.filter(**of_payments),
        "payment_id", "reason", "status", "amount", "accounted", IsNull(F("succeeded_at"), True),
        "attempts__number", "attempts__gateway_refund_id", "attempts__is_over",
    )  # fmt: skip
    yield from _disputes(Dispute.objects.filter(**of_payments))
    yield from _postings(Posting.objects.filter(entry__booking_reference__in=_references(bookings)))
    yield from _messages(bookings)


def _table(name: str, rows: Any, *columns: Any) -> Iterator[tuple[Any, ...]]:
    return ((name, *row) for row in rows.order_by().values_list(*columns))


def _disputes(disputes: Iterable[Dispute]) -> Iterator[tuple[Any, ...]]:
    for one in disputes:
        known = one.dispute_id
        yield "dispute", known, one.payment_id, one.status, one.amount, one.held_amount, one.respond_by is not None
        yield from (("movement", known, line, amount) for line, amount in one.movements.items())


def _references(bookings: list[int]) -> Any:
    return Booking.objects.filter(pk__in=bookings).values("reference")


def _postings(postings: Any) -> Iterator[tuple[Any, ...]]:
    """An entry that tells of our own decision has no name of the gateway's, and its number differs."""
    columns = ("entry__kind", "entry__reference", "account__code", "amount")
    for kind, reference, account, amount in postings.order_by().values_list(*columns):
        yield "posting", kind, reference if reference.startswith("stripe:") else "ours", account, amount


# What a message is about is a number of ours; so it is told by its kind alone.
_MESSAGES = """
SELECT kind FROM core_outboxmessage
 WHERE (payload ->> 'booking')::bigint = ANY(%(bookings)s)
    OR payload ->> 'payment' IN (SELECT id::text FROM payments_payment WHERE booking_id = ANY(%(bookings)s))
    OR (payload ->> 'refund')::bigint IN (
       SELECT refund.id FROM payments_refund refund JOIN payments_payment payment ON payment.id = refund.payment_id
        WHERE payment.booking_id = ANY(%(bookings)s))
"""


def _messages(bookings: list[int]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGES, {"bookings": bookings})
        yield from (("message", kind) for (kind,) in cursor.fetchall())


# ------------------------------------------------------------------------------------------------------------- reading
def balances(of: Outcome) -> dict[str, int]:
    """What every account comes to."""
    sums: dict[str, int] = defaultdict(int)
    for row in of:
        if row[0] == "posting":
            sums[row[-2]] += int(row[-1])
    return sums


def refunds(of: Outcome) -> tuple[tuple[str, str], ...]:
    """Why and how far money goes back."""
    return tuple((row[2], row[3]) for row in of if row[0] == "refund")


def booking_state(of: Outcome) -> tuple[str, str]:
    """How the first booking and its money stand."""
    return next((row[2], row[3]) for row in of if row[:2] == ("booking", "booking 0"))
