"""Row locks of this app. A payment needs none: whoever writes it holds its booking's (bookings.locks)."""

from payments.models import GatewayEvent


class EventTaken(Exception):
    """Somebody else is processing, or has processed, this event."""


def lock_event(event: GatewayEvent) -> GatewayEvent:
    """The event, locked until commit, if it is still to be processed and nobody else is at it. Raises EventTaken."""
    locked = (
        GatewayEvent.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(pk=event.pk, processed_at__isnull=True)
        .defer("body")
        .first()
    )
    if locked is None:
        raise EventTaken(event.event_id)
    return locked
