"""Queries that are put together once: the same rows as the queryset, of whoever asks and of nobody else."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError

from agencies.models import Agency, Member
from agencies.prepared import Prepared, given, insert
from agencies.scope import ScopeError, agency_scope
from calls.models import Call

Take = Callable[..., Call]


def test_each_agency_gets_its_own_rows_from_one_query(agency: Agency, rival: Agency, take: Take) -> None:
    calls = Prepared(lambda: Call.objects.order_by("pk"))
    ours = take()
    assert calls() == [ours]
    with agency_scope(rival.pk):
        theirs = calls()
    assert [call.caller_name for call in theirs] == ["Rita Rival"]
    assert calls() == [ours]


def test_the_other_agencys_call_is_not_found_by_its_number_in_the_table(agency: Agency, rival: Agency) -> None:
    with agency_scope(rival.pk):
        theirs = Call.objects.get()
    assert Prepared(lambda: Call.objects.filter(pk=given("call")))(call=theirs.pk) == []


def test_without_an_agency_nothing_is_asked(ours: object) -> None:
    calls = Prepared(lambda: Call.objects.order_by("pk"))
    with pytest.raises(ScopeError):
        calls()


def test_rows_are_what_the_queryset_gives_with_what_is_joined_to_them(take: Take) -> None:
    take(address="1 First St")
    take(address="2 Second St", facts={"caller_age": 71})
    written = Call.objects.select_related("type", "decision").order_by("-pk")
    prepared = Prepared(lambda: Call.objects.select_related("type", "decision").order_by("-pk"))()
    assert [vars(call.decision) | {"_state": None} for call in prepared] == [
        vars(call.decision) | {"_state": None} for call in written
    ]
    assert [(call.facts, call.type, call.received_at) for call in prepared] == [
        (call.facts, call.type, call.received_at) for call in written
    ]


def test_any_number_of_values_takes_one_place(take: Take) -> None:
    calls = Prepared(lambda: Call.objects.filter(pk__any=given("ids")).order_by("pk"))
    some = [take(), take(), take()]
    assert calls(ids=[call.pk for call in some[:2]]) == some[:2]
    assert calls(ids=[]) == []


def test_a_value_that_was_forgotten_is_an_error_and_not_a_row(dora: Member) -> None:
    with pytest.raises(KeyError):
        Prepared(lambda: Call.objects.filter(pk=given("call")))()


def test_a_row_is_inserted_as_django_would_save_it(agency: Agency, dora: Member, take: Take) -> None:
    taken = take()
    known = {"agency": agency, "type": taken.type, "taken_by": dora, "lat": 37.3, "lon": -121.9}
    known |= {"received_at": taken.received_at, "entered_at": taken.entered_at, "facts": {"caller_age": 71}}
    for pk in (None, taken.pk + 1000):
        ours = Call(pk=pk, number=f"99-1{pk}", answers={"weapon": "no"}, **known)
        djangos = Call(pk=pk and pk + 1, number=f"99-2{pk}", answers={"weapon": "no"}, **known)
        insert(ours)
        djangos.save(force_insert=True)
        assert ours.pk
        assert not ours._state.adding
        told = [dict(Call.objects.filter(pk=row.pk).values().get(), id=0, number="") for row in (ours, djangos)]
        assert told[0] == told[1]


def test_a_row_that_is_there_already_is_refused(take: Take) -> None:
    call = take()
    with pytest.raises(IntegrityError):
        insert(call)
