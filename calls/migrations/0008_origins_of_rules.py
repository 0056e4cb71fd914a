"""Where the parts of a rule set come from. A column that may be empty: no row is rewritten, and old code goes on."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0007_kept"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="ruleset",
            name="published_never_changes",
        ),
        migrations.AddField(
            model_name="ruleset",
            name="origin",
            field=models.JSONField(null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ruleset",
            trigger=pgtrigger.compiler.Trigger(
                name="published_never_changes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."published_at" IS NOT NULL AND (OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."origin" IS DISTINCT FROM (NEW."origin") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."drafted_by_id" IS DISTINCT FROM (NEW."drafted_by_id") OR OLD."authors" IS DISTINCT FROM (NEW."authors") OR OLD."published_by_id" IS DISTINCT FROM (NEW."published_by_id") OR OLD."published_at" IS DISTINCT FROM (NEW."published_at") OR OLD."effective_from" IS DISTINCT FROM (NEW."effective_from") OR OLD."restored_from" IS DISTINCT FROM (NEW."restored_from") OR OLD."agency_id" IS DISTINCT FROM (NEW."agency_id") OR NEW."status" = \'draft\' OR (NEW."status" IS DISTINCT FROM \'retired\' AND OLD."status" = \'retired\')))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="7d480face8312eaf7edc3c9e99b9be93d8fb5f0e",
                    operation="UPDATE",
                    pgid="pgtrigger_published_never_changes_327a2",
                    table="calls_ruleset",
                    when="BEFORE",
                ),
            ),
        ),
    ]
