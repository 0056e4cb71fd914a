"""What the site's role may not do: delete a call or anything about it, or change a decision.

0002 has these words and never said them to the database.
"""

from importlib import import_module

from django.db import migrations

words = import_module("calls.migrations.0002_walls")


class Migration(migrations.Migration):
    dependencies = [("calls", "0006_publishing")]

    operations = [migrations.RunSQL(words.KEPT, words.FREE)]
