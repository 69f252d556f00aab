from django.db import migrations

from core.guards import no_truncate, transition_guard
from payments.models import PAYMENT_TRANSITIONS, REFUND_TRANSITIONS


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("core", "0002_guards")]

    operations = [
        transition_guard("payments_payment", PAYMENT_TRANSITIONS),
        transition_guard("payments_refund", REFUND_TRANSITIONS),
        no_truncate("payments_payment"),
        no_truncate("payments_refund"),
        no_truncate("payments_gatewayevent"),
    ]
