"""Long lists, filters, and edits that cross."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agencies.models import Member
from calls.actions import amend_call
from calls.intake import Amendment
from calls.models import Call
from dispatch.models import Unit
from tests.api.client import Answer, Api

Take = Callable[..., Call]


def numbers(answer: Answer) -> list[str]:
    return [row["number"] for row in answer["results"]]


def test_pages_lead_to_every_call_once_and_back(doras: Api, take: Take) -> None:
    made = [take().number for _ in range(7)]
    first = doras.get("calls?limit=3")
    second = doras.get(_path(first["next"]))
    third = doras.get(_path(second["next"]))
    assert (first["previous"], third["next"]) == (None, None)
    assert numbers(first) + numbers(second) + numbers(third) == made[::-1]
    assert numbers(doras.get(_path(third["previous"]))) == numbers(second)


def test_a_call_that_comes_in_meanwhile_moves_no_page(doras: Api, take: Take, now: datetime) -> None:
    made = [take(occurred_at=now - timedelta(minutes=9 - minute)).number for minute in range(4)]
    first = doras.get("calls?limit=2")
    take()
    assert numbers(first) + numbers(doras.get(_path(first["next"]))) == made[::-1]


def test_a_page_takes_as_many_queries_for_ten_calls_as_for_one(doras: Api, take: Take, coles_unit: Unit) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            doras.get("calls")
        return len(seen)

    doras.get("calls")
    doras.post(f"calls/{take().number}/assignments", {"unit": coles_unit.callsign})
    one = queries()
    for _ in range(9):
        doras.post(f"calls/{take().number}/transfer", {"to": "sworn"})
    assert queries() == one


def test_filters(doras: Api, take: Take, coles_unit: Unit, now: datetime) -> None:
    parked, noisy = take(), take(type_code="NOISE", occurred_at=now - timedelta(hours=2))
    undecided = doras.post("calls", {"caller": {"phone": "1"}})["number"]
    doras.post(f"calls/{parked.number}/assignments", {"unit": coles_unit.callsign})
    doras.post(f"calls/{noisy.number}/transfer", {"to": "sworn"})
    since = (now - timedelta(hours=1)).isoformat()
    expected = {
        "status=assigned": {parked.number},
        "status=assigned,new": {parked.number, undecided},
        "status=open": {parked.number, noisy.number, undecided},
        "route=sworn": {noisy.number},
        "route=undecided": {undecided},
        "type=NOISE": {noisy.number},
        f"unit={coles_unit.callsign.lower()}": {parked.number},
        f"since={since}": {parked.number, undecided},
        "status=&route=&type=&unit=&since=&q=": {parked.number, noisy.number, undecided},
        "q=nothing like it": set(),
        "type=NOSUCH": set(),
    }
    for query, found in expected.items():
        assert set(numbers(doras.get(f"calls?{query}"))) == found, query


def test_an_edit_of_what_somebody_changed_is_refused_and_says_what_and_who(
    doras: Api, sue: Member, take: Take, now: datetime
) -> None:
    call = take()
    read = doras.get(f"calls/{call.number}")
    assert read.headers["ETag"] == f'"{read["version"]}"'
    amend_call(call.pk, Amendment({"report_number": "26-77"}), by=sue, now=now)
    stale = doras.patch(f"calls/{call.number}", {"report_number": "26-1"}, if_match=read.headers["ETag"])
    assert (stale.status, stale["code"]) == (412, "stale")
    [change] = stale["changed"]
    assert (change["by"], change["data"]["fields"]) == ("Sue", ["report_number"])
    assert change["at"] == f"{now:%FT%TZ}"
    fresh = doras.get(f"calls/{call.number}")
    done = doras.patch(f"calls/{call.number}", {"report_number": "26-1"}, if_match=fresh.headers["ETag"])
    assert (done.status, done["report_number"], done.headers["ETag"] != fresh.headers["ETag"]) == (200, "26-1", True)


@pytest.mark.parametrize(
    ("tag", "status"), [(None, 200), ("*", 200), ('W/"1", "2", "3"', 200), ("x", 412), ('"999"', 412)]
)
def test_if_match(tag: str | None, status: int, doras: Api, take: Take) -> None:
    number = take().number
    headers = {"if_match": tag} if tag else {}
    assert doras.patch(f"calls/{number}", {"report_number": "1"}, **headers).status == status


def test_a_number_elsewhere_is_kept_once_and_adding_one_is_a_change(doras: Api, take: Take) -> None:
    number = {"system": "SPD CAD", "number": "26-77"}
    call = doras.post("calls", {"location": {"address": "1 Elm St"}, "external": [number, number]})
    assert (call.status, call["external"]) == (201, [number])
    there, other = f"calls/{call['number']}", {"system": "EMS", "number": "4"}
    again = doras.patch(there, {"external": [number]})
    assert again["version"] == call["version"]
    added = doras.patch(there, {"external": [number, other, other]})
    assert (added["external"], added.headers["ETag"]) == ([number, other], f'"{call["version"] + 1}"')
    last = doras.get(f"{there}/events")["results"][-1]
    assert (last["kind"], last["data"]["fields"]) == ("call.amended", ["external"])


def test_null_empties_what_it_names(doras: Api, take: Take) -> None:
    call = take(caller_name="Ann", caller_phone="1", no_contact=True, narrative="blue", lat=37.3, lon=-121.9)
    nothing = doras.patch(f"calls/{call.number}", {"caller": None, "narrative": None})
    caller = nothing["caller"]
    assert (nothing["narrative"], caller["name"], caller["phone"], caller["no_contact"]) == ("", "", "", False)
    assert nothing["location"]["lat"] == 37.3


def test_a_change_touches_what_it_names_only(doras: Api, take: Take) -> None:
    number = take(caller_name="Ann", caller_phone="1", narrative="blue").number
    changed = doras.patch(
        f"calls/{number}",
        {
            "caller": {"language": "vi", "name": None},
            "location": {"lat": 37.3, "lon": -121.9},
            "facts": {"elapsed_min": 5},
        },
    )
    assert changed["caller"] == {
        "name": "", "phone": "1", "anonymous": False, "language": "vi", "interpreter": False, "no_contact": False,
    }  # fmt: skip
    assert changed["location"]["address"] == "200 E Santa Clara St"
    assert (changed["narrative"], changed["facts"]["elapsed_min"], changed["route"]) == ("blue", 5, "cso")
    assert doras.patch(f"calls/{number}", {})["version"] == changed["version"]


def test_a_new_danger_decides_the_call_anew(doras: Api, take: Take) -> None:
    changed = doras.patch(f"calls/{take().number}", {"answers": {"weapon": "yes"}})
    assert (changed["route"], changed["decision"]["decided_by"]["kind"]) == ("sworn", "disqualifier")


def test_a_second_call_from_the_same_place_is_hinted_at(doras: Api, take: Take) -> None:
    first, second = take().number, take().number
    assert doras.get(f"calls/{second}")["possible_duplicates"] == [first]


def _path(link: str) -> str:
    return link.partition("/api/v1/")[2]
