"""The ledger by itself: whatever anybody did past its guards would show here."""

from collections.abc import Iterator

from finance.checks.registry import Broken, Checked, Found, ask, check
from ledger.chart import kind_of
from ledger.errors import AccountUnknownError
from ledger.models import Account, Checkpoint

# How a person finds an entry.
ENTRY = "format('entry %s %s', entry.id, coalesce(entry.reference, entry.kind))"
_ENTRIES = "SELECT count(*) FROM ledger_journalentry"
_ACCOUNTS_READ = 1_000  # accounts at a time


@check
def entries_balance() -> Iterator[Found]:
    """Every entry sums to zero, in one currency, and has exactly as many postings as it says, two or more."""
    yield from ask(
        _ENTRIES,
        f"""
        SELECT {ENTRY},
               CASE WHEN coalesce(found.postings, 0) <> entry.posting_count OR entry.posting_count < 2
                    THEN format('has %s postings and says %s', coalesce(found.postings, 0), entry.posting_count)
                    WHEN found.total <> 0 THEN format('sums to %s', found.total)
                    ELSE format('has postings in other currencies than %s', entry.currency) END,
               coalesce(found.total, 0), entry.currency
          FROM ledger_journalentry entry
          LEFT JOIN (
            SELECT posting.entry_id, count(*) AS postings, sum(posting.amount) AS total,
                   min(account.currency) AS first_currency, max(account.currency) AS last_currency
              FROM ledger_posting posting JOIN ledger_account account ON account.id = posting.account_id
             GROUP BY posting.entry_id
          ) found ON found.entry_id = entry.id
         WHERE found.postings IS DISTINCT FROM entry.posting_count OR entry.posting_count < 2 OR found.total <> 0
            OR (found.first_currency, found.last_currency) IS DISTINCT FROM (entry.currency, entry.currency)
        """,
    )


@check
def entries_dated() -> Iterator[Found]:
    """No entry was written later than now: the clock was never ahead."""
    yield from ask(
        _ENTRIES,
        f"""
        SELECT {ENTRY}, format('was written at %s, which is still to come', entry.posted_at AT TIME ZONE 'UTC'),
               NULL, entry.currency
          FROM ledger_journalentry entry WHERE entry.posted_at > berth_now()
        """,
    )


@check
def references_unique() -> Iterator[Found]:
    """No fact is told twice: one entry a reference, one charge an intent and a charge, one refund a refund."""
    named = " UNION ALL ".join(
        f"SELECT '{what}', {column}, id FROM ledger_journalentry entry WHERE {column} IS NOT NULL AND {of_kind}"
        for what, column, of_kind in (
            ("reference", "reference", "true"),
            ("payment intent", "payment_intent_id", "kind = 'charge'"),
            ("charge", "charge_id", "kind = 'charge'"),
            ("refund", "refund_id", "kind IN ('refund', 'partial_refund')"),
            ("reversal of", "reverses_id::text", "kind = 'reversal'"),
        )
    )
    yield from ask(
        _ENTRIES,
        f"""
        SELECT format('%s %s', what, name), format('is told by entries %s', string_agg(id::text, ', ' ORDER BY id)),
               NULL, ''
          FROM ({named}) AS named (what, name, id)
         GROUP BY what, name HAVING count(*) > 1
        """,
    )


@check
def reversals_mirror() -> Iterator[Found]:
    """A reversal is the exact negative of the one entry that it reverses, and of its currency."""
    yield from ask(
        "SELECT count(*) FROM ledger_journalentry WHERE kind = 'reversal' OR reverses_id IS NOT NULL",
        f"""
        SELECT {ENTRY},
               CASE WHEN entry.kind <> 'reversal' THEN 'reverses an entry and is no reversal'
                    WHEN entry.reverses_id IS NULL THEN 'reverses nothing'
                    ELSE format('differs from the entry %s that it reverses', entry.reverses_id) END,
               difference.amount, entry.currency
          FROM ledger_journalentry entry
          LEFT JOIN LATERAL (
            SELECT max(abs(account.total)) AS amount
              FROM (SELECT posting.account_id, sum(posting.amount) AS total FROM ledger_posting posting
                     WHERE posting.entry_id IN (entry.id, entry.reverses_id) GROUP BY posting.account_id) account
          ) difference ON true
         WHERE (entry.kind = 'reversal' OR entry.reverses_id IS NOT NULL)
           AND (entry.kind <> 'reversal' OR entry.reverses_id IS NULL OR difference.amount <> 0)
        """,
    )


@check
def accounts_on_chart() -> Iterator[Found]:
    """Every account is on the chart of accounts, with the kind that it has there."""
    yield Checked(Account.objects.count())
    for code, kind, currency in (
        Account.objects.order_by("pk").values_list("code", "kind", "currency").iterator(chunk_size=_ACCOUNTS_READ)
    ):
        try:
            expected = str(kind_of(code))
        except AccountUnknownError:
            yield Broken(f"account {code} {currency}", "is not on the chart of accounts", None, currency)
            continue
        if kind != expected:
            yield Broken(f"account {code} {currency}", f"is of kind {kind}, on the chart {expected}", None, currency)


@check
def checkpoints_true() -> Iterator[Found]:
    """Every checkpoint says what the postings that it counts come to."""
    # What a checkpoint may carry beside the balance, and what that is of its postings.
    sums = {"balance": "sum(part.balance) OVER stairs", "debits": "sum(part.debits) OVER stairs"}
    sums["posted_to"] = "max(part.posted_to) OVER stairs"
    carried = [field.name for field in Checkpoint._meta.concrete_fields if field.name in sums]  # noqa: SLF001
    dated = "posted_to" in carried
    entry = "JOIN ledger_journalentry entry ON entry.id = posting.entry_id" if dated else ""
    posted_to = "max(entry.posted_at)" if dated else "NULL::timestamptz"
    told, true = (", ".join(f"{of}.{name}" for name in carried) for of in ("checkpoint", "counted"))
    yield from ask(
        "SELECT count(*) FROM ledger_checkpoint",
        f"""
        SELECT format('checkpoint %s of %s, up to posting %s', checkpoint.id, account.code, checkpoint.up_to_id),
               format('says %s, its postings come to %s', ({told}, ''), ({true}, '')),
               checkpoint.balance - counted.balance, account.currency
          FROM (
            SELECT step.id, {", ".join(f"{sums[name]} AS {name}" for name in carried)}
              FROM (SELECT id, account_id, up_to_id, coalesce(lag(up_to_id)
                           OVER (PARTITION BY account_id ORDER BY up_to_id), 0) AS above FROM ledger_checkpoint) step
             CROSS JOIN LATERAL (
               SELECT coalesce(sum(posting.amount), 0) AS balance, {posted_to} AS posted_to,
                      coalesce(sum(posting.amount) FILTER (WHERE posting.amount > 0), 0) AS debits
                 FROM ledger_posting posting {entry}
                WHERE posting.account_id = step.account_id AND posting.id > step.above AND posting.id <= step.up_to_id
             ) part
            WINDOW stairs AS (PARTITION BY step.account_id ORDER BY step.up_to_id)
          ) counted
          JOIN ledger_checkpoint checkpoint ON checkpoint.id = counted.id
          JOIN ledger_account account ON account.id = checkpoint.account_id
         WHERE ({told}, '') IS DISTINCT FROM ({true}, '')
        """,
    )


@check
def balances_true() -> Iterator[Found]:
    """The balance of every account, as everybody reads it, is the sum of all its postings."""
    yield from ask(
        "SELECT count(*) FROM ledger_account",
        """
        SELECT format('account %s %s', account.code, account.currency),
               format('is read as %s, its postings come to %s', ledger_balance(account.id), coalesce(posted.total, 0)),
               ledger_balance(account.id) - coalesce(posted.total, 0), account.currency
          FROM ledger_account account
          LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_posting GROUP BY account_id) posted
            ON posted.account_id = account.id
         WHERE ledger_balance(account.id) <> coalesce(posted.total, 0)
        """,
    )


@check
def trial_balance_zero() -> Iterator[Found]:
    """In each currency all debits together are all credits."""
    yield from ask(
        "SELECT count(DISTINCT currency) FROM ledger_account",
        """
        SELECT format('ledger in %s', account.currency), format('debits and credits differ by %s', sum(posting.amount)),
               sum(posting.amount), account.currency
          FROM ledger_posting posting JOIN ledger_account account ON account.id = posting.account_id
         GROUP BY account.currency HAVING sum(posting.amount) <> 0
        """,
    )


@check
def periods_closed() -> Iterator[Found]:
    """No entry of a closed month was written after its closing, and every closing is known."""
    # Whoever closes a month stands alone behind the ledger gate: what was written before has a lower id than all that
    # came after. So an entry that is dated back gives itself away, as soon as a later one stands before it.
    yield from ask(
        "SELECT count(*) FROM ledger_period WHERE status = 'closed'",
        f"""
        WITH closed AS (
          SELECT period.id, period.month, max(change.at) AS at
            FROM ledger_period period
            LEFT JOIN core_statuschange change ON change.subject_type = 'ledger.period'
             AND change.subject_id = period.id::text AND change.to_status = 'closed'
           WHERE period.status = 'closed' GROUP BY period.id
        ), edge AS MATERIALIZED (
          SELECT closed.id, (SELECT min(entry.id) FROM ledger_journalentry entry WHERE entry.posted_at > closed.at)
                 AS first_after FROM closed
        )
        SELECT format('period %s', to_char(month, 'YYYY-MM')),
               CASE WHEN at IS NULL THEN 'is closed, and nobody closed it' ELSE 'was closed before it was over' END,
               NULL, ''
          FROM closed WHERE at IS NULL OR at < (month + interval '1 month') AT TIME ZONE 'UTC'
        UNION ALL
        SELECT {ENTRY}, format('was written after %s was closed', to_char(closed.month, 'YYYY-MM')), NULL,
               entry.currency
          FROM closed JOIN edge USING (id)
          JOIN ledger_journalentry entry ON entry.posted_at >= closed.month AT TIME ZONE 'UTC'
           AND entry.posted_at < (closed.month + interval '1 month') AT TIME ZONE 'UTC'
         WHERE entry.posted_at > closed.at OR entry.id > edge.first_after
        """,
    )
