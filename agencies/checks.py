"""The start is refused when a wall is missing: a role that ignores policies, or a tenant table without one."""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connection

from agencies.models import Agency, TenantModel

_ROLE = "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
_WALLED = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
"""
_THERE = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


@register(Tags.database)
def role_cannot_bypass(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """E001: the console must not work as a role that sees through the walls."""
    if not databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        name, superuser, bypass = cursor.fetchone()
    if not (superuser or bypass):
        return []
    why = "is a superuser" if superuser else "has BYPASSRLS"
    return [
        Error(
            f"The database role {name} {why}: it would see every agency's rows.",
            hint="Point DATABASE_URL at the role cso_app (cso/roles.sql makes it).",
            id="agencies.E001",
        )
    ]


@register(Tags.database)
def tables_are_walled(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """E002: every tenant table that exists has forced row-level security and a policy."""
    if not databases:
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(_THERE)
            there = {row[0] for row in cursor.fetchall()}
            cursor.execute(_WALLED)
            walled = {row[0] for row in cursor.fetchall()}
    except DatabaseError:
        return []
    missing = sorted((tenant_tables() & there) - walled)
    return [
        Error(f"The table {table} has no wall.", hint="Add agencies.walls.Wall to its migration.", id="agencies.E002")
        for table in missing
    ]


def tenant_tables() -> set[str]:
    """Names of all tables whose rows belong to one agency."""
    models = {m for m in apps.get_models() if issubclass(m, TenantModel) or m.__name__ == "Cursor"}
    return {m._meta.db_table for m in models} | {Agency._meta.db_table}
