"""SIGTERM, as whatever runs the machines sends it before it replaces them: what is begun is finished, once."""

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery import current_app
from django.utils.timezone import now

from bookings.models import Booking
from core.models import OutboxMessage
from core.readings import queue_lengths
from tests.outages.machines import beat
from tests.races.mail_sink import mail_sink
from tests.races.rivals import somebody_holding, wait_for_waiters
from tests.races.travellers import travellers
from tests.services import PATIENCE, celery_worker, served, wait_until
from tests.world import hold_seats, make_trip

pytestmark = pytest.mark.django_db(transaction=True)


def ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Only the process that was started is told, as in a container."""
    process.send_signal(signal.SIGTERM)


def test_a_web_server_answers_what_it_was_asked_and_ends(sandbox):
    trip = make_trip()
    with (
        served("config.wsgi:application") as web,
        travellers(web.url, 1) as (traveller,),
        ThreadPoolExecutor() as aside,
    ):
        with somebody_holding("SELECT FROM bookings_trip WHERE id = %s FOR UPDATE", trip.pk) as holder:
            asked = aside.submit(traveller.hold, trip, "1A")
            wait_for_waiters(holder)
            ask_to_end(web.process)
        answer = asked.result(PATIENCE)
        assert answer.status_code == 201
        assert web.process.wait(PATIENCE) == 0
    assert Booking.objects.get().reference == answer.json()["reference"]


def test_a_worker_finishes_its_task_and_leaves_the_others_in_the_queue(sandbox, settings):
    booking = hold_seats(make_trip())
    OutboxMessage.objects.create(
        kind="booking.confirmed", subject="X", payload={"booking": booking.pk}, due_at=now(), created_at=now()
    )
    with mail_sink() as mails, celery_worker(EMAIL_URL=mails.url, REDIS_URL=settings.REDIS_URL) as worker:
        mails.hang_after(0)
        current_app.send_task("jobs.drain_outbox", queue="emails")
        wait_until(lambda: mails.message_ids, "the e-mail to be on its way")
        for _later in range(5):
            current_app.send_task("jobs.expire_holds", queue="scheduled")
        ask_to_end(worker)
        mails.release()
        assert worker.wait(PATIENCE) == 0
        assert len(mails.message_ids) == 1
    assert OutboxMessage.objects.get().status == "sent"
    assert queue_lengths()["scheduled"] == 5


def test_beat_ends(tmp_path, settings):
    program = beat(tmp_path, REDIS_URL=settings.REDIS_URL)
    program.start()
    try:
        wait_until(lambda: list(tmp_path.glob("beat*")), "beat to remember its schedule")
        assert program.process is not None
        ask_to_end(program.process)
        assert program.process.wait(PATIENCE) == 0
    finally:
        program.stop()
