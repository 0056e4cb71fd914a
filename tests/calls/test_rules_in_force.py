"""A call is decided by the rules as they are now, not as some process last read them."""

from collections.abc import Callable

import pytest

from agencies.errors import Invalid
from agencies.models import Agency
from agencies.scope import agency_scope
from calls import queries
from calls.models import Call, CallType
from tests.fixtures import Database

pytestmark = pytest.mark.django_db


def test_a_type_that_was_retired_a_moment_ago_is_refused(take: Callable[..., Call], agency: Agency) -> None:
    take(type_code="PARKING")
    with agency_scope(agency.pk):
        CallType.objects.filter(code="PARKING").update(retired_at="2026-01-01T00:00Z")
    with pytest.raises(Invalid) as refused:
        take(type_code="PARKING")
    assert "type" in refused.value.errors


def test_rules_that_somebody_changed_past_the_console_are_read_anew(agency: Agency, database: Database) -> None:
    with agency_scope(agency.pk):
        before = queries.rules_in_force()
        assert queries.rules_in_force() is before
    with database.owner() as owner:
        owner.execute("SELECT set_config('cso.agency_id', %s, false)", [str(agency.pk)])
        owner.execute("UPDATE calls_calltype SET synonyms = synonyms WHERE agency_id = %s", [agency.pk])
    with agency_scope(agency.pk):
        assert queries.rules_in_force() is not before


def test_one_agency_never_decides_by_the_rules_of_another(agency: Agency, rival: Agency) -> None:
    with agency_scope(agency.pk):
        ours = queries.rules_in_force()
    with agency_scope(rival.pk):
        theirs = queries.rules_in_force()
    assert (ours.row.agency_id, theirs.row.agency_id) == (agency.pk, rival.pk)


def test_calls_go_on_when_a_type_is_retired_that_the_floor_names(take: Callable[..., Call], agency: Agency) -> None:
    with agency_scope(agency.pk):
        named = queries.rules_in_force().floor.not_applicable[0].type
        CallType.objects.filter(code=named).update(retired_at="2026-01-01T00:00Z")
    assert take(type_code="WELFARE", address="1 Elm St", answers={}).number


def test_a_call_that_is_being_taken_is_decided_by_rules_of_one_moment(agency: Agency) -> None:
    with agency_scope(agency.pk):
        with queries.rules_of_one_moment():
            before = queries.rules_in_force()
            CallType.objects.filter(code="PARKING").update(retired_at="2026-01-01T00:00Z")
            assert queries.call_type("PARKING") is not None
            assert queries.rules_in_force() is before
        with pytest.raises(Invalid):
            queries.call_type("PARKING")
