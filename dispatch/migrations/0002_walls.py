"""The walls around units, shifts and assignments, and the ledger's references to calls and units."""

from django.db import migrations

from agencies.walls import Wall

MEMBER, CALL, UNIT = "agencies_member", "calls_call", "dispatch_unit"

# The ledger stands below calls and units: its references to them can be made only now.
_LEDGER = {
    "ledger_event": {"call_id": CALL, "unit_id": UNIT},
    "ledger_deadline": {"call_id": CALL, "unit_id": UNIT, "assignment_id": "dispatch_assignment", "shift_id": "dispatch_shift"},
    "ledger_alarm": {"call_id": CALL, "unit_id": UNIT, "assignment_id": "dispatch_assignment"},
    "ledger_access": {"call_id": CALL},
}  # fmt: skip
REFERENCES = [(table, column, target) for table, columns in _LEDGER.items() for column, target in columns.items()]

KEPT = "REVOKE DELETE ON dispatch_assignment, dispatch_shift, dispatch_rollup, dispatch_unit FROM cso_app"
FREE = "GRANT DELETE ON dispatch_assignment, dispatch_shift, dispatch_rollup, dispatch_unit TO cso_app"


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_tables"), ("calls", "0002_walls")]

    operations = [
        Wall(UNIT, referred_to=True),
        Wall("dispatch_shift", {"planned_by_id": MEMBER, "signed_off_by_id": MEMBER}, referred_to=True),
        Wall("dispatch_duty", {"shift_id": "dispatch_shift", "unit_id": UNIT, "member_id": MEMBER}),
        Wall(
            "dispatch_assignment",
            {"call_id": CALL, "unit_id": UNIT, "assigned_by_id": MEMBER, "disposition_id": "calls_disposition"},
            referred_to=True,
        ),
        Wall("dispatch_rollup", {"shift_id": "dispatch_shift"}),
        migrations.RunSQL(KEPT, FREE),
        migrations.RunSQL(
            [
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_agency FOREIGN KEY (agency_id, {column}) "
                f"REFERENCES {target} (agency_id, id) DEFERRABLE INITIALLY DEFERRED"
                for table, column, target in REFERENCES
            ],
            [f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_same_agency" for table, column, _ in REFERENCES],
        ),
    ]
