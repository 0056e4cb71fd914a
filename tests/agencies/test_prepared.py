"""Queries that are put together once: the same rows as the queryset, of whoever asks and of nobody else."""

from collections.abc import Callable

import pytest

from agencies.models import Agency, Member
from agencies.prepared import Prepared, given
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
