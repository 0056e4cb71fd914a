"""The walls around the ledger, the rights that make it append-only, and the clock's door."""

from django.db import migrations

from agencies.walls import Wall

MEMBER = "agencies_member"

# Besides the triggers: the site's role may add to the ledger and to the access log, and no more.
APPEND_ONLY = """
REVOKE UPDATE, DELETE ON ledger_event, ledger_access FROM cso_app;
REVOKE DELETE ON ledger_cursor, ledger_deadline, ledger_alarm, ledger_delivery FROM cso_app;
"""
OPEN = """
GRANT UPDATE, DELETE ON ledger_event, ledger_access TO cso_app;
GRANT DELETE ON ledger_cursor, ledger_deadline, ledger_alarm, ledger_delivery TO cso_app;
"""

DOOR = """
GRANT SELECT (agency_id, due_at, state) ON ledger_deadline TO cso_doors;
GRANT SELECT (agency_id, next_at, state) ON ledger_delivery TO cso_doors;
CREATE POLICY door ON ledger_deadline FOR SELECT TO cso_doors USING (true);
CREATE POLICY door ON ledger_delivery FOR SELECT TO cso_doors USING (true);

CREATE FUNCTION door_due(moment timestamptz) RETURNS TABLE (agency_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT due.agency_id FROM (
        SELECT d.agency_id, min(d.due_at) AS since FROM public.ledger_deadline d
        WHERE d.state = 'armed' AND d.due_at <= moment GROUP BY d.agency_id
    ) due ORDER BY due.since
$$;

CREATE FUNCTION door_deliveries(moment timestamptz) RETURNS TABLE (agency_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT DISTINCT d.agency_id FROM public.ledger_delivery d
    WHERE d.state IN ('waiting', 'leased') AND d.next_at <= moment
$$;

ALTER FUNCTION door_due(timestamptz) OWNER TO cso_doors;
ALTER FUNCTION door_deliveries(timestamptz) OWNER TO cso_doors;
REVOKE ALL ON FUNCTION door_due(timestamptz), door_deliveries(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION door_due(timestamptz), door_deliveries(timestamptz) TO cso_app;
"""
SHUT = """
DROP FUNCTION door_due(timestamptz);
DROP FUNCTION door_deliveries(timestamptz);
DROP POLICY door ON ledger_deadline;
DROP POLICY door ON ledger_delivery;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_tables"), ("agencies", "0002_walls")]

    operations = [
        Wall("ledger_cursor"),
        Wall("ledger_event", {"by_id": MEMBER}),
        Wall("ledger_deadline"),
        Wall("ledger_alarm", {"raised_by_id": MEMBER, "taken_by_id": MEMBER}),
        Wall("ledger_delivery"),
        Wall("ledger_access", {"member_id": MEMBER}),
        migrations.RunSQL(APPEND_ONLY, OPEN),
        migrations.RunSQL(DOOR, SHUT),
    ]
