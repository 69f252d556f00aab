from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("finance", "0002_guards")]

    operations = [
        migrations.CreateModel(
            name="Reports",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "reports",
                "verbose_name_plural": "reports",
                "permissions": [("view_reports", "Can view reports")],
                "managed": False,
                "default_permissions": (),
            },
        ),
    ]
