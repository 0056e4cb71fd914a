"""Residents' particulars: who sees them, and that reading them leaves a trace."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from agencies.models import Member
from calls.models import Call
from dispatch.actions import AssignOrder, assign_unit
from dispatch.models import Unit
from ledger.models import Access
from tests.api.client import Answer, Api
from tests.conftest import ALL_NO

HIDDEN = {"narrative": None, "caller": None, "facts": None, "notes": None, "closing_comment": None}


@pytest.fixture
def call(take: Callable[..., Call]) -> Call:
    """Ann's call about a blue car."""
    return take(narrative="a blue sedan", caller_name="Ann Lee", caller_phone="408-555-0100", facts={"caller_age": 71})


def fields(answer: Answer) -> dict[str, Any]:
    return {name: answer[name] for name in HIDDEN}


def test_dora_and_sue_read_them_and_it_is_traced(call: Call, doras: Api, sues: Api, dora: Member, sue: Member) -> None:
    for api in (doras, sues):
        seen = api.get(f"calls/{call.number}")
        assert (seen["caller"]["name"], seen["narrative"], seen["facts"]["caller_age"]) == (
            "Ann Lee",
            "a blue sedan",
            71,
        )
    traces = Access.objects.filter(call_id=call.pk, where="api").values_list("member_id", flat=True)
    assert sorted(traces) == sorted([dora.pk, sue.pk])


def test_ada_and_an_officer_elsewhere_get_the_call_without_them(call: Call, adas: Api, coles: Api) -> None:
    for api in (adas, coles):
        seen = api.get(f"calls/{call.number}")
        assert (seen["number"], seen["location"]["address"]) == (call.number, "200 E Santa Clara St")
        assert fields(seen) == HIDDEN
    assert not Access.objects.exists()


def test_cole_reads_them_on_the_call_of_his_unit(
    call: Call, coles: Api, cole: Member, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    assert coles.get(f"calls/{call.number}")["caller"]["phone"] == "408-555-0100"
    assert Access.objects.get().member_id == cole.pk


def test_a_list_shows_them_to_nobody_and_is_no_trace(call: Call, doras: Api, sues: Api) -> None:
    for api in (doras, sues):
        [row] = api.get("calls")["results"]
        assert fields(row) == HIDDEN
        assert (row["number"], row["type"], row["route"]) == (call.number, "VEHABND", "cso")
    assert not Access.objects.exists()


def test_a_search_does_not_tell_what_may_not_be_read(call: Call, doras: Api, coles: Api, adas: Api) -> None:
    for words in ("sedan", "ann lee", "555-0100"):
        assert [row["number"] for row in doras.get(f"calls?q={words}")["results"]] == [call.number], words
        assert coles.get(f"calls?q={words}")["results"] == [], words
        assert adas.get(f"calls?q={words}")["results"] == [], words
    for api in (doras, coles, adas):
        assert len(api.get("calls?q=santa clara")["results"]) == 1
        assert len(api.get(f"calls?q={call.number}")["results"]) == 1


def test_cole_finds_the_words_of_his_own_calls(
    call: Call, coles: Api, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    assert len(coles.get("calls?q=sedan")["results"]) == 1


def test_an_officers_list_is_the_board_and_the_own_calls(
    call: Call, take: Callable[..., Call], coles: Api, doras: Api, coles_unit: Unit
) -> None:
    ended, own = take(), take()
    doras.post(f"calls/{own.number}/assignments", {"unit": coles_unit.callsign})
    for number in (ended.number, own.number):
        doras.post(f"calls/{number}/close", {"disposition": "02"})
    assert {row["number"] for row in coles.get("calls")["results"]} == {call.number, own.number}


def test_an_officer_reads_no_more_by_a_number_than_is_in_the_list(
    call: Call, take: Callable[..., Call], coles: Api, adas: Api, doras: Api, coles_unit: Unit
) -> None:
    ended, own = take(), take()
    doras.post(f"calls/{own.number}/assignments", {"unit": coles_unit.callsign})
    for number in (ended.number, own.number):
        doras.post(f"calls/{number}/close", {"disposition": "02"})
    for page in ("", "/events", "/recommendations"):
        assert coles.get(f"calls/{ended.number}{page}").status == 403, page
        assert {coles.get(f"calls/{one.number}{page}").status for one in (call, own)} == {200}, page
        assert adas.get(f"calls/{ended.number}{page}").status == 200, page


def test_the_ledger_of_a_call_tells_each_what_the_stream_tells(
    call: Call, coles: Api, adas: Api, doras: Api, coles_unit: Unit
) -> None:
    doras.post(f"calls/{call.number}/notes", {"text": "Ann is deaf."})
    everything = [line["kind"] for line in doras.get(f"calls/{call.number}/events")["results"]]
    assert everything == ["call.taken", "call.decided", "call.moved", "note.added"]
    for api in (coles, adas):
        told = [line["kind"] for line in api.get(f"calls/{call.number}/events")["results"]]
        assert told == ["call.taken", "call.moved"]
    doras.post(f"calls/{call.number}/assignments", {"unit": coles_unit.callsign})
    own = [line["kind"] for line in coles.get(f"calls/{call.number}/events")["results"]]
    assert own[: len(everything)] == everything


def test_who_takes_a_call_leaves_no_trace_of_reading_what_was_just_typed(doras: Api) -> None:
    doras.post("calls", {"caller": {"phone": "1"}, "answers": ALL_NO})
    assert not Access.objects.exists()


def test_the_ledger_of_a_call_holds_no_words(call: Call, doras: Api, adas: Api) -> None:
    doras.post(f"calls/{call.number}/notes", {"text": "Ann is deaf."})
    doras.post(f"calls/{call.number}/cancel", {"disposition": "10", "reason": "Ann found it."})
    text = str(adas.get(f"calls/{call.number}/events").body)
    for word in ("Ann", "deaf", "sedan", "0100"):
        assert word not in text
