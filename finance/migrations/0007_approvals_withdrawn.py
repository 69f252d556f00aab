"""What was approved, and not paid yet, may be void as a draft may."""

from django.db import migrations

from core.guards import transition_guard
from finance.models import SETTLEMENT_TRANSITIONS


class Migration(migrations.Migration):
    dependencies = [("finance", "0006_approved_for_good")]

    operations = [transition_guard("finance_settlement", SETTLEMENT_TRANSITIONS)]
