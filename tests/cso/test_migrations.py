"""An upgrade is made while people take calls: no migration rewrites a table, scans one under a lock or breaks old code.

The SQL of every migration after the first two of each room is read here; docs/operations.md says what to do instead.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tests.fixtures import Database
from tests.room import ROOT

ROOMS = ("agencies", "api", "calls", "dispatch", "ledger", "outreach", "referrals", "studies")
# (room, migration): why it is safe all the same.
DECIDED: dict[tuple[str, str], str] = {
    ("calls", "0009_longer_systems"): "a longer varchar is no new type: nothing is rewritten",
}
# Tables of some hundred rows at most: an index or a check is made in the instant for which they are locked.
SMALL = {
    "agencies_agency", "agencies_member", "calls_calltype", "calls_disposition", "calls_ruleset", "calls_safetyfloor",
    "dispatch_unit",
}  # fmt: skip

_TABLE = r'(?:ONLY )?"?(?P<table>\w+)"?'
_ALTER = re.compile(rf"ALTER TABLE (?:IF EXISTS )?{_TABLE} (?P<what>.*)", re.S | re.I)
_INDEX = re.compile(rf"CREATE (?:UNIQUE )?INDEX (?P<how>CONCURRENTLY )?.*? ON {_TABLE}", re.S | re.I)
_NEW = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?{_TABLE}", re.I)
# What may not be done to a table that is there already, and what to do instead: to any, and to one that has grown.
FORBIDDEN = {
    r"ALTER COLUMN \S+ TYPE": "a new type rewrites the table: add a column beside it",
    r"ALTER COLUMN \S+ DROP DEFAULT": "the old code writes no such column: give the field a db_default",
    r"ADD COLUMN (?!.*\bDEFAULT\b).*NOT NULL": "the old code writes no such column: null=True or a db_default",
    r"ADD COLUMN .*\bGENERATED\b": "a generated column rewrites the table",
    r"ADD COLUMN .*\b(?:random|gen_random_uuid|clock_timestamp|nextval)\(": "a value for each row rewrites the table",
    r"DROP COLUMN": "the old code reads it: stop reading it in one version, drop it in the next",
    r"RENAME": "the old code knows the old name",
}
FORBIDDEN_WHEN_LARGE = {
    r"ALTER COLUMN \S+ SET NOT NULL": "scans the table under a lock: add a check NOT VALID and validate it later",
    r"ADD COLUMN .*\b(?:UNIQUE|PRIMARY KEY)\b": "builds an index under a lock: AddIndexConcurrently first",
    r"ADD COLUMN .*\bREFERENCES\b": "checks the table under a lock: NOT VALID, and validate later",
    r"ADD CONSTRAINT (?!.*(?:NOT VALID|USING INDEX))": "checks the table under a lock: NOT VALID, and validate later",
}


def sql_of_migrations() -> Iterator[tuple[tuple[str, str], bool, list[str]]]:
    """Every migration after the first two of a room: whether it is one transaction, and its statements."""
    loader = MigrationLoader(connection)
    for key in sorted(loader.graph.nodes):
        migration = loader.graph.nodes[key]
        if key[0] in ROOMS and migration.name[:4] > "0002":
            lines = loader.collect_sql([(migration, False)])
            statements = "\n".join(line for line in lines if not re.match(r"--(?! THIS OPERATION)", line))
            yield key, migration.atomic, [each.strip() for each in re.split(r";\s*\n|;$", statements) if each.strip()]


def dangers(statements: list[str], *, atomic: bool) -> list[str]:
    """What of these would hold up people at work, or break the processes that still run the code before."""
    new = {match["table"] for each in statements if (match := _NEW.match(each))}
    found = []
    for each in statements:
        index, alter = _INDEX.match(each), _ALTER.match(each)
        if index and index["table"] not in new | SMALL and not index["how"]:
            found.append(f"{each}: an index on a table in use is built CONCURRENTLY")
        if index and index["how"] and atomic:
            found.append(f"{each}: CONCURRENTLY needs atomic = False")
        if alter and alter["table"] not in new:
            rules = FORBIDDEN | ({} if alter["table"] in SMALL else FORBIDDEN_WHEN_LARGE)
            found += [f"{each}: {why}" for what, why in rules.items() if re.search(what, alter["what"], re.S | re.I)]
        if re.match(r"DROP TABLE|TRUNCATE|CLUSTER|VACUUM FULL|REINDEX (?!.*CONCURRENTLY)", each, re.I):
            found.append(f"{each}: takes the table away from those who use it")
        if re.match(r"(UPDATE|DELETE|INSERT)\b", each, re.I) or "CANNOT BE WRITTEN AS SQL" in each:
            found.append(f"{each}: rows are changed in batches by a command, not in a migration")
    return found


def test_every_migration_can_be_made_while_people_work(db: None) -> None:
    found = {key: dangers(sql, atomic=atomic) for key, atomic, sql in sql_of_migrations()}
    assert len(found) > 3
    assert {key: what for key, what in found.items() if what and key not in DECIDED} == {}
    assert all(found.get(key) for key in DECIDED), "what was decided is no danger any more"


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX "x" ON "calls_call" ("agency_id", "area")',
        "CREATE UNIQUE INDEX x ON calls_call (number)",
        'ALTER TABLE "calls_call" ADD COLUMN "x" integer NOT NULL',
        'ALTER TABLE "calls_call" ALTER COLUMN "x" DROP DEFAULT',
        'ALTER TABLE "calls_call" ADD COLUMN "x" uuid DEFAULT gen_random_uuid() NOT NULL',
        'ALTER TABLE "calls_call" ADD COLUMN "x" integer GENERATED ALWAYS AS (1) STORED',
        'ALTER TABLE "calls_call" ALTER COLUMN "number" TYPE varchar(40)',
        'ALTER TABLE "calls_call" ALTER COLUMN "lat" SET NOT NULL',
        'ALTER TABLE "calls_call" ADD CONSTRAINT "x" CHECK ("priority" > 0)',
        "ALTER TABLE calls_call ADD CONSTRAINT x FOREIGN KEY (agency_id, type_id) REFERENCES calls_calltype",
        'ALTER TABLE "calls_call" DROP COLUMN "area"',
        'ALTER TABLE "calls_call" RENAME COLUMN "area" TO "beat"',
        'DROP TABLE "calls_call" CASCADE',
        "UPDATE calls_call SET area = ''",
        "-- THIS OPERATION CANNOT BE WRITTEN AS SQL",
    ],
)
def test_what_would_stop_the_console_is_seen(statement: str) -> None:
    assert dangers([statement], atomic=True)


@pytest.mark.parametrize(
    "statements",
    [
        ['CREATE INDEX CONCURRENTLY "x" ON "calls_call" ("area")'],
        ['ALTER TABLE "calls_call" ADD COLUMN "x" integer NULL'],
        ['ALTER TABLE "calls_call" ADD COLUMN "x" bigint DEFAULT 0 NOT NULL'],
        ['ALTER TABLE "calls_call" ADD CONSTRAINT "x" CHECK ("priority" > 0) NOT VALID'],
        ['ALTER TABLE "calls_call" VALIDATE CONSTRAINT "x"'],
        ['CREATE TABLE "calls_x" ("id" bigint NOT NULL)', 'CREATE INDEX "y" ON "calls_x" ("id")',
         "ALTER TABLE calls_x ADD CONSTRAINT z FOREIGN KEY (id) REFERENCES calls_call"],
    ],
)  # fmt: skip
def test_what_holds_nobody_up_is_let_through(statements: list[str]) -> None:
    assert dangers(statements, atomic=False) == []


MIGRATE = """
import django, sys
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
executor = MigrationExecutor(connection)
nodes = executor.loader.graph.nodes
early = [key for key in nodes if key[0] in sys.argv[1].split(",") and key[1][:4] == "0002"]
executor.migrate(early if sys.argv[2] == "early" else executor.loader.graph.leaf_nodes())
"""


def test_an_upgrade_rewrites_no_table(database: Database) -> None:
    """Every table still lies in the file where it lay: whatever a migration says, this is what it did."""
    name = database.room.database("upgraded")
    database.room.create(name)
    urls = {"DATABASE_URL": database.room.url("cso_app", name=name), "CSO_AS_OWNER": "1"}
    urls |= {"DATABASE_OWNER_URL": database.room.url("cso_owner", name=name)}

    def migrate(how_far: str) -> dict[str, int]:
        command = [sys.executable, "-c", MIGRATE, ",".join(ROOMS), how_far]
        subprocess.run(command, cwd=ROOT, env=os.environ | urls, check=True, timeout=60)
        with psycopg.connect(database.room.url("postgres", name=name)) as superuser:
            return dict(superuser.execute(
                "SELECT relname, relfilenode FROM pg_class"
                " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
            ).fetchall())  # fmt: skip

    try:
        before, after = migrate("early"), migrate("to the end")
        assert "calls_call" in before
        assert {table: after.get(table) for table in before} == before
    finally:
        with database.superuser() as superuser, suppress(psycopg.Error):
            superuser.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_migration_waits_for_nobody_for_long(database: Database) -> None:
    """Whoever waits for a lock makes everybody after them wait too; the owner gives up and is asked to try again."""
    code = "import django; django.setup(); from django.db import connection as c; k = c.cursor();"
    code += " k.execute('SHOW lock_timeout'); print(k.fetchone()[0])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ | {"CSO_AS_OWNER": "1"}, capture_output=True, text=True,
        check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "4s"
