"""What PostgreSQL refuses about refunds, disputes and payouts, whoever asks."""

from django.db import migrations

from core.guards import function, install, no_truncate, refusal, transition_guard, trigger
from payments.models import DISPUTE_TRANSITIONS, PAYMENT_TRANSITIONS, PAYOUT_TRANSITIONS, REFUND_TRANSITIONS

# What we ask for never exceeds what is left: received, less what goes back already, less what a bank withholds. What
# the gateway tells as done by its own hand is booked whatever it is. The row lock makes two requests take turns.
REFUND_WITHIN_PAYMENT = function(
    "guard_refund_within_payment",
    f"""
SELECT received_amount INTO received FROM payments_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
SELECT coalesce(sum(amount), 0) INTO going_back
  FROM payments_refund WHERE payment_id = NEW.payment_id AND status NOT IN ('failed', 'replaced') AND id <> NEW.id;
SELECT coalesce(sum(held_amount), 0) INTO withheld FROM payments_dispute WHERE payment_id = NEW.payment_id;
IF NEW.amount > received - going_back - withheld THEN
  {refusal("refund_within_payment", "refund of %: only % of payment % are left", "NEW.amount", "received - going_back - withheld", "NEW.payment_id")}
END IF;
RETURN NEW;
""",
    "received bigint;\ngoing_back bigint;\nwithheld bigint;",
)
REFUND_FROZEN = function(
    "guard_refund_frozen",
    refusal("refund_frozen", "the amount, payment and reason of refund % stay", "OLD.id"),
)
PAYMENT_FROZEN = function(
    "guard_payment_frozen",
    refusal("payment_frozen", "what payment % asked for and received stays", "OLD.id"),
)
TRIGGERS = (
    trigger(
        "guard_refund_within_payment_insert",
        "payments_refund",
        "BEFORE INSERT",
        "guard_refund_within_payment",
        condition="NEW.reason <> 'gateway' AND NEW.status <> 'failed'",
    )
    + trigger(
        "guard_refund_within_payment_again",
        "payments_refund",
        "BEFORE UPDATE",
        "guard_refund_within_payment",
        condition="OLD.status = 'failed' AND NEW.status = 'requested'",
    )
    + trigger(
        "guard_refund_frozen",
        "payments_refund",
        "BEFORE UPDATE",
        "guard_refund_frozen",
        condition="(OLD.payment_id, OLD.amount, OLD.currency, OLD.reason) IS DISTINCT FROM"
        " (NEW.payment_id, NEW.amount, NEW.currency, NEW.reason)",
    )
    + trigger(
        "guard_payment_frozen",
        "payments_payment",
        "BEFORE UPDATE",
        "guard_payment_frozen",
        condition="(OLD.booking_id, OLD.gateway, OLD.currency, OLD.amount, OLD.fare_amount, OLD.tax_amount, OLD.fee_amount)"
        " IS DISTINCT FROM"
        " (NEW.booking_id, NEW.gateway, NEW.currency, NEW.amount, NEW.fare_amount, NEW.tax_amount, NEW.fee_amount)"
        " OR (OLD.succeeded_at IS NOT NULL"
        " AND (OLD.received_amount, OLD.intent_id, OLD.charge_id, OLD.succeeded_at) IS DISTINCT FROM"
        " (NEW.received_amount, NEW.intent_id, NEW.charge_id, NEW.succeeded_at))",
    )
)


class Migration(migrations.Migration):
    dependencies = [("payments", "0003_refunds_and_disputes"), ("core", "0002_guards")]

    operations = [
        transition_guard("payments_payment", PAYMENT_TRANSITIONS),
        transition_guard("payments_refund", REFUND_TRANSITIONS),
        transition_guard("payments_dispute", DISPUTE_TRANSITIONS),
        transition_guard("payments_payout", PAYOUT_TRANSITIONS),
        install(
            REFUND_WITHIN_PAYMENT + REFUND_FROZEN + PAYMENT_FROZEN + TRIGGERS,
            functions=["guard_refund_within_payment", "guard_refund_frozen", "guard_payment_frozen"],
        ),
        no_truncate("payments_refundattempt"),
        no_truncate("payments_dispute"),
        no_truncate("payments_payout"),
        no_truncate("payments_balancetransaction"),
        no_truncate("payments_gatewaycall"),
    ]
