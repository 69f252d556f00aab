"""A crowd of processes that post: `python -m tests.ledger.posting SECONDS` prints what one did, and then four at once
while a fifth checkpoints.
"""

import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Callable

import django

POSTERS = 4
PAUSE = 0.05  # between two checkpoints: in production it is a minute
# Forked, so that Python and Django are loaded once; nothing is connected before.
_processes = multiprocessing.get_context("fork")


def post_for(seconds: float, number: int) -> Counter[str]:
    """Post charges and earnings in turn, each committed by itself; how many entries and postings."""
    from django.db import transaction

    from ledger.actions.post import Line, post
    from ledger.models import EntryKind

    done: Counter[str] = Counter()
    charge = [Line("gateway:stripe:clearing", 10_000), Line("travellers:unearned", -10_000)]
    earning = [
        Line("travellers:unearned", 10_000), Line(f"operator:OP{number}:payable", -8_000),
        Line("platform:commission", -1_500), Line("tax:payable", -500),
    ]  # fmt: skip
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        kind, lines = ((EntryKind.CHARGE, charge), (EntryKind.EARNING, earning))[done["entries"] % 2]
        with transaction.atomic():
            post(kind=kind, reference=f"poster {number}: {time.monotonic_ns()}", currency="SAR", lines=lines)
        done.update(entries=1, postings=len(lines))
    return done


def checkpoint_for(seconds: float, _number: int) -> Counter[str]:
    """Run the job again and again; how many checkpoints it wrote, and how often entries were in flight."""
    from ledger.jobs import checkpoint_ledger

    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = checkpoint_ledger()
        done.update(checkpoints=result["checkpoints"], skipped=int(result["skipped"]))
        time.sleep(PAUSE)
    return done


def _work(
    work: Callable[[float, int], Counter[str]],
    seconds: float,
    number: int,
    all_ready: "multiprocessing.synchronize.Barrier",
    results: "multiprocessing.queues.SimpleQueue[Counter[str]]",
) -> None:
    work(0.02, number)  # connected, and every statement planned once
    all_ready.wait()
    results.put(work(seconds, number))


def crowd(seconds: float, *works: Callable[[float, int], Counter[str]]) -> dict[str, int]:
    """What they did together, a process for each, begun at once."""
    all_ready, results = _processes.Barrier(len(works)), _processes.SimpleQueue()
    people = [
        _processes.Process(target=_work, args=(work, seconds, number, all_ready, results), daemon=True)
        for number, work in enumerate(works)
    ]
    for person in people:
        person.start()
    done: Counter[str] = Counter()
    for _person in people:
        done.update(results.get())
    for person in people:
        person.join()
    return dict(done)


if __name__ == "__main__":
    django.setup()
    length = float(sys.argv[1])
    told = {"alone": crowd(length, post_for), "together": crowd(length, *[post_for] * POSTERS, checkpoint_for)}
    sys.stdout.write(json.dumps(told))
