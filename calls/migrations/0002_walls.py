"""The walls around calls, and what the site's role may not do: delete a call, or change a decision."""

from django.db import migrations

from agencies.walls import Wall

MEMBER, CALL = "agencies_member", "calls_call"

# What residents said can be redacted later; what was decided, by whom and why cannot be changed.
KEPT = """
REVOKE DELETE ON calls_call, calls_note, calls_transfer, calls_decision, calls_ruleset, calls_safetyfloor FROM cso_app;
REVOKE UPDATE ON calls_decision FROM cso_app;
GRANT UPDATE (facts, override_text) ON calls_decision TO cso_app;
"""
FREE = """
GRANT DELETE ON calls_call, calls_note, calls_transfer, calls_decision, calls_ruleset, calls_safetyfloor TO cso_app;
GRANT UPDATE ON calls_decision TO cso_app;
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_tables"), ("ledger", "0002_walls")]

    operations = [
        Wall("calls_calltype", referred_to=True),
        Wall("calls_disposition", referred_to=True),
        Wall("calls_ruleset", {"drafted_by_id": MEMBER, "published_by_id": MEMBER}, referred_to=True),
        Wall("calls_safetyfloor", {"proposed_by_id": MEMBER, "approved_by_id": MEMBER}, referred_to=True),
        Wall("calls_premiseflag"),
        Wall("calls_callcounter"),
        Wall(
            CALL,
            {
                "type_id": "calls_calltype",
                "taken_by_id": MEMBER,
                "disposition_id": "calls_disposition",
            },
            referred_to=True,
        ),
        Wall(
            "calls_decision",
            {
                "call_id": CALL,
                "rule_set_id": "calls_ruleset",
                "floor_id": "calls_safetyfloor",
                "by_id": MEMBER,
            },
            referred_to=True,
        ),
        migrations.RunSQL(
            [
                f"ALTER TABLE {CALL} ADD CONSTRAINT {CALL}_{column}_same_agency FOREIGN KEY (agency_id, {column}) "
                f"REFERENCES {target} (agency_id, id) DEFERRABLE INITIALLY DEFERRED"
                for column, target in (("decision_id", "calls_decision"), ("joined_into_id", CALL))
            ],
            [
                f"ALTER TABLE {CALL} DROP CONSTRAINT {CALL}_{column}_same_agency"
                for column in ("decision_id", "joined_into_id")
            ],
        ),
        Wall("calls_note", {"call_id": CALL, "by_id": MEMBER, "struck_by_id": MEMBER}),
        Wall("calls_externalnumber", {"call_id": CALL}),
        Wall("calls_transfer", {"call_id": CALL, "requested_by_id": MEMBER, "acknowledged_by_id": MEMBER}),
    ]
