"""The walls in the database, walked over every tenant table there is."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import DatabaseError, IntegrityError, connection, models

from agencies.checks import tenant_tables
from agencies.fields import class_of
from agencies.models import Agency, Member, TenantModel
from agencies.scope import ScopeError, agency_scope
from calls.models import Call, CallType, Note
from tests.conftest import Company
from tests.fixtures import Database

Take = Callable[..., Call]

OWN_APPS = {"agencies", "ledger", "calls", "referrals", "dispatch", "outreach", "studies", "api"}
TENANTS = [model for model in apps.get_models() if issubclass(model, TenantModel)]


def _sql(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@pytest.mark.parametrize("table", sorted(tenant_tables()))
def test_every_tenant_table_forces_its_policy_on_everybody(db: None, table: str) -> None:
    [(enabled, forced)] = _sql("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s", table)
    assert (enabled, forced) == (True, True)
    policies = dict(_sql("SELECT policyname, roles::text FROM pg_policies WHERE tablename = %s", table))
    assert policies.pop("agency_wall") == "{public}"
    assert set(policies.values()) <= {"{cso_doors}"}


def test_without_a_scope_the_sites_role_sees_no_row(ours: Company, theirs: Company) -> None:
    for table in sorted(tenant_tables()):
        assert _sql(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_in_our_scope_no_row_of_the_rival_is_seen(agency: Agency, theirs: Company) -> None:
    for table in sorted(tenant_tables()):
        key = "id" if table == "agencies_agency" else "agency_id"
        seen = {row[0] for row in _sql(f"SELECT DISTINCT {key} FROM {table}")}
        assert seen <= {agency.pk}, table


def test_there_was_data_of_the_rival_that_could_have_leaked(theirs: Company, database: Database) -> None:
    with database.superuser() as superuser:
        for table in ("calls_call", "ledger_event", "dispatch_unit", "agencies_member", "calls_decision"):
            [(rows,)] = superuser.execute(
                f"SELECT count(*) FROM {table} WHERE agency_id = %s",
                [theirs.agency.pk],
            ).fetchall()
            assert rows > 0, table


def _references() -> Iterator[tuple[str, str, str]]:
    for model in TENANTS:
        for field in model._meta.concrete_fields:
            target = field.related_model
            if isinstance(field, models.ForeignKey) and isinstance(target, type) and issubclass(target, TenantModel):
                yield model._meta.db_table, field.column, target._meta.db_table


@pytest.mark.parametrize(("table", "column", "target"), sorted(_references()))
def test_every_reference_names_the_agency_on_both_sides(db: None, table: str, column: str, target: str) -> None:
    found = _sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", table
    )
    assert any(f"(agency_id, {column}) REFERENCES {target}(agency_id, id)" in row[0] for row in found)


def test_a_row_cannot_point_to_the_rivals_row(agency: Agency, take: Take, theirs: Company) -> None:
    call = take()
    with agency_scope(theirs.agency.pk):
        foreign = CallType.objects.first()
    assert foreign is not None
    with pytest.raises(IntegrityError):
        Call.objects.filter(pk=call.pk).update(type=foreign)


def test_a_row_cannot_be_written_for_the_rival(agency: Agency, theirs: Company) -> None:
    with pytest.raises(DatabaseError, match="row-level security"):
        CallType.objects.create(agency=theirs.agency, code="X", apco_code="X", category="x")


def test_without_a_scope_the_managers_refuse(ours: Company) -> None:
    with pytest.raises(ScopeError):
        Call.objects.exists()
    with pytest.raises(ScopeError):
        Note.objects.create(text="x")


@pytest.mark.parametrize("statement", ["UPDATE ledger_event SET kind = 'x'", "DELETE FROM ledger_event"])
def test_the_ledger_cannot_be_changed(agency: Agency, take: Take, statement: str) -> None:
    take()
    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE ledger_event SET kind = 'x'", "DELETE FROM ledger_event"])
def test_not_even_the_owner_changes_the_ledger(agency: Agency, take: Take, database: Database, statement: str) -> None:
    take()
    with pytest.raises(Exception, match=r"append_only|Cannot"), database.superuser() as superuser:
        superuser.execute(statement)


def test_the_start_is_refused_as_a_role_that_sees_through_the_walls(db: None) -> None:
    assert [error.id for error in run_checks(tags=["database"], databases=["default"])] == []
    [(superuser, bypass)] = _sql("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert (superuser, bypass) == (False, False)


@pytest.mark.parametrize("model", [m for m in apps.get_models() if m._meta.app_label in OWN_APPS])
def test_every_field_declares_how_far_it_may_travel(model: type[models.Model]) -> None:
    unclassified = [field.name for field in model._meta.concrete_fields if class_of(field) is None]
    assert unclassified == []


def test_a_member_of_the_rival_is_not_found_here(agency: Agency, rex: Member) -> None:
    assert not Member.objects.filter(pk=rex.pk).exists()
