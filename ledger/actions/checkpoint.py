"""Write down what the accounts that moved come to, so that reading them stays cheap, now and for any past date."""

from django.db import connection

from core.transactions import in_one_transaction
from ledger import gate

# Above the highest id that any checkpoint counts stands all that moved since. The guard adds what was debited of each
# balance, and up to when.
_CHECKPOINT = """
INSERT INTO ledger_checkpoint (account_id, balance, up_to_id)
SELECT account_id, ledger_balance(account_id, max(id)), max(id)
  FROM ledger_posting
 WHERE id > coalesce((SELECT max(up_to_id) FROM ledger_checkpoint), 0)
 GROUP BY account_id
"""


@in_one_transaction
def checkpoint() -> int:
    """Checkpoint every account with postings since its last one; returns how many.

    Raises LedgerBusyError, with nothing changed, if entries are in flight.
    """
    gate.enter_alone()
    with connection.cursor() as cursor:
        cursor.execute(_CHECKPOINT)
        written: int = cursor.rowcount
    return written
