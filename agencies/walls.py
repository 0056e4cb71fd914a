"""The walls in the database, as one migration operation for every tenant table.

`Wall("calls_call", {"type_id": "calls_calltype"})` turns forced row-level security on, adds the one policy that all
tenant tables share, and a composite foreign key for every reference to another tenant table: foreign-key checks
bypass policies, so `(agency_id, type_id)` must exist *together* on the other side.
"""

import functools
import operator
from collections.abc import Mapping

import pgtrigger
from django.db import migrations
from django.db.migrations.operations.base import Operation

POLICY = "agency_wall"
SETTING = "NULLIF(current_setting('cso.agency_id', true), '')::bigint"


def Wall(
    table: str, references: Mapping[str, str] | None = None, *, referred_to: bool = False, key: str = "agency_id"
) -> Operation:
    """The operation that builds the wall around `table`.

    `references`: column -> tenant table it points to. `referred_to`: other tenant tables point to this one.
    `key`: the column that names the agency.
    """
    build = [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {POLICY} ON {table} USING ({key} = {SETTING}) WITH CHECK ({key} = {SETTING})",
    ]
    raze = [
        f"DROP POLICY {POLICY} ON {table}",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]
    if referred_to:
        build.append(f"ALTER TABLE {table} ADD CONSTRAINT {table}_in_agency UNIQUE (agency_id, id)")
        raze.append(f"ALTER TABLE {table} DROP CONSTRAINT {table}_in_agency")
    for column, target in (references or {}).items():
        name = f"{table}_{column}_same_agency"[:63]
        build.append(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (agency_id, {column}) "
            f"REFERENCES {target} (agency_id, id) DEFERRABLE INITIALLY DEFERRED"
        )
        raze.insert(0, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    return migrations.RunSQL(tuple(build), tuple(raze))


def differs(*columns: str) -> pgtrigger.Q:
    """The condition of a trigger that lets no update change one of the columns."""
    changed = (pgtrigger.Q(**{f"old__{name}__df": pgtrigger.F(f"new__{name}")}) for name in columns)
    return functools.reduce(operator.or_, changed)
