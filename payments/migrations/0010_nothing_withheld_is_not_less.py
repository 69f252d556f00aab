"""What a bank withholds of a payment is nothing at least: a dispute cannot make more of it than was received."""

from importlib import import_module

from django.db import migrations

from core.guards import function, refusal

before = import_module("payments.migrations.0004_guards_of_refunds")

REFUND_WITHIN_PAYMENT = function(
    "guard_refund_within_payment",
    f"""
SELECT received_amount INTO received FROM payments_payment WHERE id = NEW.payment_id FOR NO KEY UPDATE;
SELECT coalesce(sum(amount), 0) INTO going_back
  FROM payments_refund WHERE payment_id = NEW.payment_id AND status NOT IN ('failed', 'replaced') AND id <> NEW.id;
SELECT coalesce(sum(greatest(held_amount, 0)), 0) INTO withheld FROM payments_dispute WHERE payment_id = NEW.payment_id;
IF NEW.amount > received - going_back - withheld THEN
  {refusal("refund_within_payment", "refund of %: only % of payment % are left", "NEW.amount", "received - going_back - withheld", "NEW.payment_id")}
END IF;
RETURN NEW;
""",
    "received bigint;\ngoing_back bigint;\nwithheld bigint;",
)


class Migration(migrations.Migration):
    dependencies = [("payments", "0009_refunds_after_departure")]

    operations = [migrations.RunSQL(REFUND_WITHIN_PAYMENT, before.REFUND_WITHIN_PAYMENT)]
