"""The ledger gate. Whoever writes an entry holds it shared until the commit; checkpoints and closings hold it alone.

Triggers take it (migration 0002), shared before the ids of entries and postings are drawn. So whoever holds it alone
knows that every posting up to the highest id is committed and visible: no lower id can appear any more.

An advisory lock and not LOCK TABLE, which quarrels with autovacuum and needs more rights than the runtime role has.
"""

from django.db import OperationalError, connection
from psycopg import errors

from ledger.errors import LedgerBusyError

# Any constant. Locks with one 64-bit key never meet locks with two 32-bit keys, as the trip gates are.
KEY = int.from_bytes(b"ledger")
# While one waits, later entries queue behind it: the wait must be short. But not zero, which would never get a turn
# under a steady stream of entries.
PATIENCE = "100ms"


def enter_alone() -> None:
    """Keep entries out until the end of the caller's transaction, which must be READ COMMITTED.

    Raises LedgerBusyError if entries are still in flight after 100 ms; the transaction must then be rolled back.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
        try:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [KEY])
        except OperationalError as error:
            if isinstance(error.__cause__, errors.LockNotAvailable):
                raise LedgerBusyError from error
            raise
