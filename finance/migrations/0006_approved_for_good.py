"""Whom a settlement is paid to, and until when its reserve is held, stays as it was approved."""

from importlib import import_module

from django.db import migrations

before = import_module("finance.migrations.0004_decided_for_good")

_NAMES, _TERMS = ("approved_by", "approved_at"), ("payee", "reserve_until")
SETTLEMENT_STAYS = before.SETTLEMENT_STAYS.replace(before._changed(_NAMES), before._changed(_NAMES + _TERMS))


class Migration(migrations.Migration):
    dependencies = [("finance", "0005_as_approved")]

    operations = [migrations.RunSQL(SETTLEMENT_STAYS, before.SETTLEMENT_STAYS)]
