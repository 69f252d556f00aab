from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # the index is made beside running traffic
    dependencies = [("core", "0003_berth_now")]
    operations = [
        AddIndexConcurrently(
            model_name="outboxmessage",
            index=models.Index(condition=models.Q(("status", "failed")), fields=["id"], name="outboxmessage_given_up"),
        ),
    ]
