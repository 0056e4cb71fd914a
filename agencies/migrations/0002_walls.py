"""The walls around the agencies' own tables, and the doors that may be asked before a scope is open."""

from django.db import migrations

from agencies.walls import Wall

# A policy and column rights for the role that owns the doors: it reads these columns and nothing else.
DOORS = """
GRANT SELECT (id, slug, name) ON agencies_agency TO cso_doors;
GRANT SELECT (id, agency_id, user_id, active) ON agencies_member TO cso_doors;
GRANT SELECT (id, agency_id, member_id, token_hash, revoked_at) ON agencies_token TO cso_doors;
CREATE POLICY door ON agencies_agency FOR SELECT TO cso_doors USING (true);
CREATE POLICY door ON agencies_member FOR SELECT TO cso_doors USING (true);
CREATE POLICY door ON agencies_token FOR SELECT TO cso_doors USING (true);

CREATE FUNCTION door_memberships(who bigint)
RETURNS TABLE (agency_id bigint, slug text, name text, member_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT a.id, a.slug::text, a.name::text, m.id
    FROM public.agencies_member m JOIN public.agencies_agency a ON a.id = m.agency_id
    WHERE m.user_id = who AND m.active ORDER BY a.name
$$;

CREATE FUNCTION door_token(secret_hash text)
RETURNS TABLE (agency_id bigint, member_id bigint, token_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT t.agency_id, t.member_id, t.id
    FROM public.agencies_token t JOIN public.agencies_member m ON m.id = t.member_id
    WHERE t.token_hash = secret_hash AND t.revoked_at IS NULL AND m.active
$$;

CREATE FUNCTION door_agencies() RETURNS TABLE (agency_id bigint, slug text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT id, slug::text FROM public.agencies_agency ORDER BY id
$$;

ALTER FUNCTION door_memberships(bigint) OWNER TO cso_doors;
ALTER FUNCTION door_token(text) OWNER TO cso_doors;
ALTER FUNCTION door_agencies() OWNER TO cso_doors;
REVOKE ALL ON FUNCTION door_memberships(bigint), door_token(text), door_agencies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION door_memberships(bigint), door_token(text), door_agencies() TO cso_app;
"""

SHUT = """
DROP FUNCTION door_memberships(bigint);
DROP FUNCTION door_token(text);
DROP FUNCTION door_agencies();
DROP POLICY door ON agencies_agency;
DROP POLICY door ON agencies_member;
DROP POLICY door ON agencies_token;
"""


class Migration(migrations.Migration):
    dependencies = [("agencies", "0001_tables")]

    operations = [
        Wall("agencies_agency", key="id"),
        Wall("agencies_member", referred_to=True),
        Wall("agencies_qualification", {"member_id": "agencies_member"}),
        Wall("agencies_token", {"member_id": "agencies_member"}, referred_to=True),
        migrations.RunSQL(DOORS, SHUT),
    ]
