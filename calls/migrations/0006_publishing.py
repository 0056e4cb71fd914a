"""Drafts with their authors and revisions, rule sets with an effective date, and floors that two people change.

Columns with constant defaults: no row is rewritten. A draft that is being typed, or a floor that is only proposed, no
longer moves the agency's stamp: it decides no call. Not even the owner changes what was published or approved.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import agencies.models

SAME_AGENCY = """
ALTER TABLE calls_ruleset ADD CONSTRAINT calls_ruleset_edited_by_id_same_agency FOREIGN KEY (agency_id, edited_by_id)
REFERENCES agencies_member (agency_id, id) DEFERRABLE INITIALLY DEFERRED
"""
IN_FORCE = """
CREATE FUNCTION calls_rules_in_force_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'calls_ruleset' THEN
        UPDATE agencies_agency SET rules_stamp = rules_stamp + 1
        WHERE id IN (SELECT agency_id FROM changed WHERE status <> 'draft');
    ELSE
        UPDATE agencies_agency SET rules_stamp = rules_stamp + 1
        WHERE id IN (SELECT agency_id FROM changed WHERE approved_by_id IS NOT NULL OR version = 1);
    END IF;
    RETURN NULL;
END
$$
"""
TABLES = ("calls_ruleset", "calls_safetyfloor")
CHANGES = ("INSERT", "UPDATE", "DELETE")


def _stamps(function):
    for table in TABLES:
        for change in CHANGES:
            name, rows = f"rules_stamp_{change.lower()}", "OLD" if change == "DELETE" else "NEW"
            yield f"DROP TRIGGER {name} ON {table}"
            yield (
                f"CREATE TRIGGER {name} AFTER {change} ON {table} REFERENCING {rows} TABLE AS changed "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
            )


STAMPS = tuple(_stamps("calls_rules_in_force_changed"))
OLD_STAMPS = tuple(_stamps("calls_rules_changed"))


class Migration(migrations.Migration):
    dependencies = [
        ("agencies", "0003_rules_stamp"),
        ("calls", "0005_suggested_rule"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="ruleset",
            name="published_never_changes",
        ),
        migrations.RemoveConstraint(
            model_name="ruleset",
            name="one_published_rule_set",
        ),
        migrations.AddField(
            model_name="ruleset",
            name="authors",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), db_default=[], default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="based_on",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="edited_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="edited_by",
            field=agencies.models.TenantKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="agencies.member",
            ),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="effective_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="restored_from",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="retired_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="ruleset",
            name="revision",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="safetyfloor",
            name="approved_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="safetyfloor",
            name="based_on",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="safetyfloor",
            name="reason",
            field=models.CharField(blank=True, db_default="", max_length=500),
        ),
        migrations.AddField(
            model_name="safetyfloor",
            name="withdrawn_at",
            field=models.DateTimeField(null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ruleset",
            trigger=pgtrigger.compiler.Trigger(
                name="published_never_changes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."published_at" IS NOT NULL AND (OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."drafted_by_id" IS DISTINCT FROM (NEW."drafted_by_id") OR OLD."authors" IS DISTINCT FROM (NEW."authors") OR OLD."published_by_id" IS DISTINCT FROM (NEW."published_by_id") OR OLD."published_at" IS DISTINCT FROM (NEW."published_at") OR OLD."effective_from" IS DISTINCT FROM (NEW."effective_from") OR OLD."restored_from" IS DISTINCT FROM (NEW."restored_from") OR OLD."agency_id" IS DISTINCT FROM (NEW."agency_id") OR NEW."status" = \'draft\' OR (NEW."status" IS DISTINCT FROM \'retired\' AND OLD."status" = \'retired\')))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="3b6f85b29cc7a9e48343118fbc0fd92253b29d3c",
                    operation="UPDATE",
                    pgid="pgtrigger_published_never_changes_327a2",
                    table="calls_ruleset",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="safetyfloor",
            trigger=pgtrigger.compiler.Trigger(
                name="approved_never_changes",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN ((OLD."approved_by_id" IS NOT NULL OR OLD."version" = 1) AND (OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."version" IS DISTINCT FROM (NEW."version") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."approved_by_id" IS DISTINCT FROM (NEW."approved_by_id") OR OLD."approved_at" IS DISTINCT FROM (NEW."approved_at") OR OLD."agency_id" IS DISTINCT FROM (NEW."agency_id")))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="ec9aea7d77ab6d548f70e0d1591eb34d1495d06c",
                    operation="UPDATE",
                    pgid="pgtrigger_approved_never_changes_74afb",
                    table="calls_safetyfloor",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            SAME_AGENCY, "ALTER TABLE calls_ruleset DROP CONSTRAINT calls_ruleset_edited_by_id_same_agency"
        ),
        migrations.RunSQL([IN_FORCE, *STAMPS], [*OLD_STAMPS, "DROP FUNCTION calls_rules_in_force_changed()"]),
        migrations.AddConstraint(
            model_name="ruleset",
            constraint=models.UniqueConstraint(
                models.F("agency"),
                condition=models.Q(("retired_at", None), ("status", "published")),
                name="one_published_rule_set",
            ),
        ),
        migrations.AddConstraint(
            model_name="ruleset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "draft"), ("published_at__isnull", False), ("retired_at__isnull", False), _connector="OR"
                ),
                name="no_rule_set_in_force_unpublished",
            ),
        ),
        migrations.AddConstraint(
            model_name="safetyfloor",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approved_by", None),
                    models.Q(("approved_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="two_people_change_the_floor",
            ),
        ),
    ]
