"""A number of the agency that tells when its rules have changed, so that they need not be read for every call.

A column with a constant default: no row is rewritten, the table is locked for an instant.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_walls")]

    operations = [
        migrations.AddField("agency", "rules_stamp", models.BigIntegerField(db_default=0, default=0)),
    ]
