"""Officers in danger stand on the board after their alarm was taken: found without reading every alarm there was."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("ledger", "0002_walls"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="alarm",
            index=models.Index(
                fields=["agency", "raised_at"],
                name="alarms_for_everyone",
                condition=Q(level="everyone", settled_at__isnull=True),
            ),
        ),
    ]
