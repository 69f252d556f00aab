"""What a customer does with an open session, and what becomes of money that arrives later.

Each function is one transaction: objects and events change together. Events come in the order in which Stripe was seen
to send them, `payment_intent.created` after the intent's success; a receiver must not lean on any order.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from sandbox.clock import CLOCK
from sandbox.store import Json
from sandbox.stripe import charges, events, payment_intents, payment_methods, sessions
from sandbox.stripe.errors import NotPossibleError
from sandbox.stripe.payment_methods import BANK_TRANSFER, CARD, DECLINED, NOT_AUTHENTICATED, NOT_RECEIVED
from sandbox.world import World

SETTLE_TIMER = "session.settle"


class NoSessionError(NotPossibleError):
    """There is no session of this id."""


def pay(world: World, identifier: str, email: str | None = None, *, secure: bool = False) -> str:
    """A card pays; `secure`: after the challenge of 3-D Secure. Returns the id of `checkout.session.completed`.

    Raises NotPossibleError, as all of these do.
    """
    session = _open(world, identifier)
    if secure:
        _challenged(world, session)
    with world.store.transaction():
        with _intent(world, session) as intent:
            method = payment_methods.create(CARD, _email(session, email))
            charge = charges.create(world, intent, method, secure=secure)
            charges.succeed(world, charge)
            payment_intents.succeed(world, intent, charge)
        return sessions.complete(world, session, paid=True, email=_email(session, email))


def decline(world: World, identifier: str, email: str | None = None) -> None:
    """The card's bank says no; the session stays open for another try."""
    session = _open(world, identifier)
    with world.store.transaction(), _intent(world, session) as intent:
        method = payment_methods.create(CARD, _email(session, email))
        charge = charges.create(world, intent, method)
        charges.fail(world, charge, DECLINED)
        payment_intents.fail(world, intent, DECLINED, method=method, charge=charge)


def challenge(world: World, identifier: str, email: str | None = None) -> None:
    """The card's bank wants its customer to prove who they are, on a page of its own."""
    session = _open(world, identifier)
    with world.store.transaction(), _intent(world, session) as intent:
        method = payment_methods.create(CARD, _email(session, email))
        payment_intents.require_authentication(world, intent, method, f"{session['url']}/authenticate")


def fail_challenge(world: World, identifier: str, email: str | None = None) -> None:
    """The customer did not prove it: it never comes to a charge, and the session stays open."""
    session = _open(world, identifier)
    _challenged(world, session)
    with world.store.transaction(), _intent(world, session) as intent:
        method = payment_methods.create(CARD, _email(session, email))
        payment_intents.fail(world, intent, NOT_AUTHENTICATED, method=method)


def promise(world: World, identifier: str, email: str | None = None) -> str:
    """A bank transfer is on its way: the session completes unpaid. Returns the id of `checkout.session.completed`."""
    session = _open(world, identifier)
    with world.store.transaction():
        with _intent(world, session) as intent:
            method = payment_methods.create(BANK_TRANSFER, _email(session, email))
            charge = charges.create(world, intent, method)
            charges.await_money(world, charge)
            payment_intents.process(world, intent, charge)
        if world.mode.settle_after_seconds is not None:
            world.timers.set(SETTLE_TIMER, identifier, CLOCK.time() + world.mode.settle_after_seconds)
        return sessions.complete(world, session, paid=False, email=_email(session, email))


def settle(world: World, identifier: str, *, success: bool) -> None:
    """The bank transfer arrives, or it never will."""
    session = sessions.find(world, identifier)
    if session is None:
        raise NoSessionError(f"There is no session {identifier}.")
    intent = _existing_intent(world, session)
    if intent is None or intent["status"] != "processing":
        raise NotPossibleError("No bank transfer is on its way.")
    charge = world.store.get("charge", intent["latest_charge"])
    assert charge is not None, "an intent that is processing has a charge"
    with world.store.transaction():
        world.timers.cancel(SETTLE_TIMER, identifier)
        if success:
            charges.succeed(world, charge)
            payment_intents.succeed(world, intent, charge)
        else:
            charges.fail(world, charge, NOT_RECEIVED)
            method = payment_methods.create(BANK_TRANSFER, charge["billing_details"]["email"])
            payment_intents.fail(world, intent, NOT_RECEIVED, method=method, charge=charge)
        sessions.settle(world, session, paid=success)


def _open(world: World, identifier: str) -> Json:
    session = sessions.find(world, identifier)
    if session is None:
        raise NoSessionError(f"There is no session {identifier}.")
    if session["status"] != "open":
        raise NotPossibleError(f"The session is {session['status']}.")
    return session


def _challenged(world: World, session: Json) -> None:
    intent = _existing_intent(world, session)
    if intent is None or intent["status"] != "requires_action":
        raise NotPossibleError("No authentication is under way.")


@contextmanager
def _intent(world: World, session: Json) -> Iterator[Json]:
    """The session's intent: made at the first try, used again by later ones."""
    intent = _existing_intent(world, session)
    if intent is not None:
        yield intent
        return
    intent = payment_intents.create(world, session)
    as_created = deepcopy(intent)
    session["payment_intent"] = intent["id"]
    world.store.save(session)
    yield intent
    events.emit(world, "payment_intent.created", as_created)


def _existing_intent(world: World, session: Json) -> Json | None:
    if session["payment_intent"] is None:
        return None
    return world.store.get("payment_intent", session["payment_intent"])


def _email(session: Json, email: str | None) -> str | None:
    return session["customer_email"] or email
