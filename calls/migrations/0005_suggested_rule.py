"""Which rule a person put aside. A constant default: no row is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0004_approvals"),
    ]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="suggested_id",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
