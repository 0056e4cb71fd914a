"""The tests themselves stand on the limited role, and really commit."""

import re

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone

from agencies.scope import agency_scope
from cso.local.services import ROOT
from tests.fixtures import Database, Valkey, empty


def one(query: str) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        row: tuple[object, ...] = cursor.fetchone()
    return row


@pytest.fixture
def session(db: None) -> Session:
    return Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())


def test_the_tests_run_as_the_role_of_the_site(db: None) -> None:
    assert one("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == (
        "cso_app",
        False,
        False,
    )


def test_the_site_owns_no_table(database: Database) -> None:
    with database.superuser() as server:
        owners = server.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert owners == [("cso_owner",)]


def test_the_site_may_not_make_tables_or_become_another_role(database: Database) -> None:
    with database.app() as app:
        for forbidden in (
            "CREATE TABLE mine (id int)",
            "SET ROLE cso_doors",
            "SET ROLE cso_owner",
            "CREATE ROLE other",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


def test_a_frozen_request_lets_go_in_time(db: None) -> None:
    assert one(
        "SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),"
        " current_setting('idle_in_transaction_session_timeout')"
    ) == ("2s", "10s", "5s")


def test_what_a_test_saves_is_committed(session: Session, database: Database) -> None:
    assert not transaction.get_connection().in_atomic_block
    with database.superuser() as server:
        assert server.execute("SELECT count(*) FROM django_session").fetchone() == (1,)


def test_the_next_test_finds_nothing_of_it(db: None) -> None:
    assert not Session.objects.exists()


def test_tables_with_rows_are_emptied(session: Session, database: Database) -> None:
    with database.superuser() as server:
        empty(server, tables=database.tables)
    assert not Session.objects.exists()


def test_a_connection_that_still_shows_an_agencys_rows_is_not_used_again(db: None) -> None:
    asked = "SELECT pg_backend_pid(), current_setting('cso.agency_id', true)"
    with agency_scope(7):
        (before, _) = one(asked)
        connection.close()  # whoever left it there never says that it may forget
        (after, agency) = one(asked)
    # Empty on a connection that had an agency once and gave it back.
    assert (after != before, agency or "") == (True, "")


def test_nobody_but_the_scope_tells_a_connection_of_djangos_whose_rows_it_shows() -> None:
    rooms = ("agencies", "calls", "dispatch", "referrals", "ledger", "api", "cso")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    tells = re.compile(r"set_config\('cso\.|SET (LOCAL |SESSION )?cso\.", re.IGNORECASE)
    found = {str(path.relative_to(ROOT)) for path in files if tells.search(path.read_text())}
    # The reader of the ledger has a connection of its own for its one agency, outside of the pool.
    assert found == {"agencies/scope.py", "ledger/tail.py"}


def test_the_cache_goes_on_in_memory_while_valkey_is_away(valkey: Valkey, db: None) -> None:
    from django.core.cache import cache

    cache.set("tries", 1, 60)
    valkey.stop()
    assert cache.get("tries") is None
    assert cache.add("tries", 1, 60)
    assert cache.incr("tries") == 2


def test_a_statement_is_parsed_and_planned_once(db: None) -> None:
    with connection.cursor() as cursor:
        for _ in range(8):
            cursor.execute("SELECT 1 + %s", [41])
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT 1 +%%' AND %s", [True])
        assert cursor.fetchone() == (1,)


def test_a_connection_that_postgresql_ended_meanwhile_is_given_to_nobody(db: None, database: Database) -> None:
    one("SELECT 1")
    connection.close()
    with database.superuser() as server:
        ended = server.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = 'cso_app' AND state = 'idle'"
        ).fetchall()
    assert ended
    assert one("SELECT 1") == (1,)
