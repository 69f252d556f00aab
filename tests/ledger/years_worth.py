"""Books of any size, loaded in bulk: what bookings leave behind in a year, in four currencies, for twenty operators.

Sixty bookings come in a minute of rush, and the next rush is five hours later; each posts a charge, its fee, what was
earned and what the operator is paid: ten postings in four entries. After each rush but the last the job has written
its checkpoints. A bank account of dirhams moved in the first rush alone, and has been quiet ever since.
"""

from tests import scratch

POSTINGS_OF_A_BOOKING = 10
HOT, QUIET = ("gateway:stripe:clearing", "SAR"), ("bank", "AED")
FIRST_DAY = "2025-12-01"

# The n-th booking has the entries from 4n on and the postings from 10n on. Rows come first, then keys, indexes and
# triggers, as a restored dump has it: what is loaded here was never judged by a guard, so the tests add it up.
_ENTRIES = """
INSERT INTO ledger_account (code, kind, currency)
SELECT code, kind, currency
  FROM unnest('{{SAR,NGN,USD,EUR}}'::text[]) currency,
       (VALUES ('gateway:stripe:clearing', 'asset'), ('travellers:unearned', 'liability'), ('bank', 'asset'),
               ('tax:payable', 'liability'), ('platform:commission', 'income'), ('platform:gateway_fees', 'expense'))
       AS chart (code, kind);
INSERT INTO ledger_account (code, kind, currency)
SELECT 'operator:OP' || number || ':payable', 'liability', ('{{SAR,NGN,USD,EUR}}'::text[])[number % 4 + 1]
  FROM generate_series(0, 19) number;
INSERT INTO ledger_account (code, kind, currency) VALUES ('bank', 'asset', 'AED'), ('suspense', 'clearing', 'AED');

INSERT INTO ledger_journalentry (id, kind, reference, booking_reference, gateway, payment_intent_id, currency,
                                 effective_at, posted_at, memo, actor, correlation_id, posting_count)
SELECT booking * 4 + place, kind, 'stripe:pi_' || booking || ':' || kind, 'B' || booking, 'stripe', 'pi_' || booking,
       ('{{SAR,NGN,USD,EUR}}'::text[])[booking % 4 + 1], moment, moment, '', 'system', '', count
  FROM generate_series(1, {bookings}) booking,
       LATERAL (SELECT timestamptz '{first_day} 00:00+00' + booking / 60 * interval '5 hours'
                       + booking % 60 * interval '1 second' AS moment),
       (VALUES (0, 'charge', 2), (1, 'fee', 2), (2, 'earning', 4), (3, 'settlement', 2)) AS tells (place, kind, count);
WITH line AS MATERIALIZED (
  SELECT operator, number, place, account.id AS account_id, percent
    FROM generate_series(0, 19) operator,
         LATERAL (VALUES
           (0, 0, 'gateway:stripe:clearing', 100), (1, 0, 'travellers:unearned', -100),
           (2, 1, 'platform:gateway_fees', 3), (3, 1, 'gateway:stripe:clearing', -3),
           (4, 2, 'travellers:unearned', 100), (5, 2, 'operator:OP' || operator || ':payable', -80),
           (6, 2, 'platform:commission', -15), (7, 2, 'tax:payable', -5),
           (8, 3, 'operator:OP' || operator || ':payable', 80), (9, 3, 'bank', -80)
         ) AS wanted (number, place, code, percent)
    JOIN ledger_account account ON account.code = wanted.code
   WHERE account.currency = ('{{SAR,NGN,USD,EUR}}'::text[])[operator % 4 + 1]
)
INSERT INTO ledger_posting (id, entry_id, account_id, amount)
SELECT booking * 10 + number, booking * 4 + place, account_id, (100 + booking % 997) * percent
  FROM generate_series(1, {bookings}) booking JOIN line ON line.operator = booking % 20;
SELECT setval(pg_get_serial_sequence(name, 'id'), {bookings} * per + per - 1)
  FROM (VALUES ('ledger_journalentry', 4), ('ledger_posting', 10)) AS ids (name, per);
UPDATE ledger_posting posting SET account_id = account.id FROM ledger_account account
 WHERE posting.entry_id = 4 AND account.currency = 'AED' AND (account.code = 'bank') = (posting.amount > 0);
UPDATE ledger_journalentry SET currency = 'AED' WHERE id = 4;
"""
_CHECKPOINTS = """
INSERT INTO ledger_checkpoint (account_id, balance, debits, posted_to, up_to_id)
SELECT account_id, balance, debits, posted_at, id FROM (
  SELECT posting.id, account_id, posted_at,
         sum(amount) OVER so_far AS balance, sum(greatest(amount, 0)) OVER so_far AS debits,
         lead(posted_at) OVER so_far AS following, max(posted_at) OVER () AS last
    FROM ledger_posting posting JOIN ledger_journalentry entry ON entry.id = posting.entry_id
  WINDOW so_far AS (PARTITION BY account_id ORDER BY posting.id)
) running
 WHERE coalesce(following, 'infinity') > posted_at + interval '1 hour' AND posted_at < last - interval '1 hour';
"""


def load(name: str, postings: int) -> None:
    """Fill an empty database of the test server with so many postings and all that guards them; analysed."""
    load_rows = _ENTRIES.format(bookings=postings // POSTINGS_OF_A_BOOKING, first_day=FIRST_DAY)
    scratch.execute(name, scratch.schema("pre-data") + "SET search_path = public;" + load_rows + _CHECKPOINTS)
    scratch.execute(name, scratch.schema("post-data"))
    scratch.run("vacuumdb", "--analyze", "--quiet", name=name)
