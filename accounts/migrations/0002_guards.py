from django.db import migrations

from accounts.models.refresh_token import REFRESH_TOKEN_TRANSITIONS
from core.guards import transition_guard


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [transition_guard("accounts_refreshtoken", REFRESH_TOKEN_TRANSITIONS)]
