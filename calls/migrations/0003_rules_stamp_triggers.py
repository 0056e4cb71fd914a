"""Every change of call types, rule sets or safety floors moves the agency's stamp, whoever makes it.

In the database, because an import, a command or a person at the console could forget it, and a call would be decided
by rules that are no longer in force. Creating a trigger locks its small table for an instant.
"""

from django.db import migrations

TABLES = ("calls_calltype", "calls_ruleset", "calls_safetyfloor")
CHANGES = ("INSERT", "UPDATE", "DELETE")

FUNCTION = """
CREATE FUNCTION calls_rules_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE agencies_agency SET rules_stamp = rules_stamp + 1 WHERE id IN (SELECT agency_id FROM changed);
    RETURN NULL;
END
$$;
"""


def _trigger(table: str, change: str) -> str:
    rows = "OLD" if change == "DELETE" else "NEW"
    return (
        f"CREATE TRIGGER rules_stamp_{change.lower()} AFTER {change} ON {table} "
        f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION calls_rules_changed()"
    )


class Migration(migrations.Migration):
    dependencies = [("calls", "0002_walls"), ("agencies", "0003_rules_stamp")]

    operations = [
        migrations.RunSQL(
            [FUNCTION, *(_trigger(table, change) for table in TABLES for change in CHANGES)],
            [
                *(f"DROP TRIGGER rules_stamp_{change.lower()} ON {table}" for table in TABLES for change in CHANGES),
                "DROP FUNCTION calls_rules_changed()",
            ],
        ),
    ]
