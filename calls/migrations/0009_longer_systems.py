"""A call's number elsewhere under the whole name of whoever took it: as long as a transfer's.

A longer varchar is a change of the catalogue alone: PostgreSQL rewrites no row and builds no index anew.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0008_origins_of_rules"),
    ]

    operations = [
        migrations.AlterField(
            model_name="externalnumber",
            name="system",
            field=models.CharField(max_length=80),
        ),
    ]
