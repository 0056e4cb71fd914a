"""A call from taking to the end, by programs."""

from collections.abc import Callable
from datetime import datetime, timedelta

from agencies.models import Member, Qualification
from calls.models import Call
from dispatch.models import Unit
from tests.api.client import Api
from tests.conftest import ALL_NO

PARKED = {"type": "VEHABND", "location": {"address": "200 E Santa Clara St"}, "answers": ALL_NO}
Take = Callable[..., Call]


def test_dora_takes_a_call_and_hears_who_should_have_it(doras: Api) -> None:
    call = doras.post(
        "calls", PARKED | {"caller": {"name": "Ann", "phone": "+1 (408) 555-0100 x7"}, "narrative": "blue"}
    )
    assert call.status == 201
    assert call.headers["Location"] == f"/api/v1/calls/{call['number']}"
    assert (call["status"], call["route"], call["decision"]["decided_by"]["kind"]) == ("queued", "cso", "rule")
    assert call["caller"]["phone"] == "+1 (408) 555-0100 x7"
    assert {clock["kind"] for clock in call["deadlines"]} >= {"unassigned"}
    assert call["received_at"].endswith("Z")


def test_the_answer_to_who_took_a_call_is_what_a_reading_gives(doras: Api) -> None:
    for body in (
        PARKED,
        {"emergency": True, "external": [{"system": "311", "number": "9"}]},
        {"caller": {"phone": "1"}},
    ):
        taken = doras.post("calls", body)
        assert doras.get(f"calls/{taken['number']}").body == taken.body


def test_a_call_back_number_alone_is_enough_and_the_call_waits_undecided(doras: Api) -> None:
    call = doras.post("calls", {"caller": {"phone": "408-555-0100"}})
    assert (call.status, call["status"], call["route"]) == (201, "new", None)
    assert call["decision"]["route"] is None
    assert call["decision"]["decided_by"] is None
    assert call["decision"]["open_questions"]


def test_an_emergency_goes_to_sworn_at_once(doras: Api) -> None:
    call = doras.post("calls", {"emergency": True})
    assert (call["route"], call["priority"], call["status"]) == ("sworn", 1, "transferred")
    assert call["transfer"]["to"] == "sworn"


def test_answers_given_later_decide_the_call(doras: Api) -> None:
    number = doras.post("calls", {"type": "VEHABND", "location": {"address": "1 Main St"}})["number"]
    decision = doras.post(f"calls/{number}/triage", {"answers": ALL_NO, "facts": {"elapsed_min": 90}})
    assert (decision.status, decision["route"], decision["rule_set"]) == (200, "cso", 1)
    assert doras.get(f"calls/{number}")["facts"]["elapsed_min"] == 90


def test_a_preview_stores_nothing(doras: Api, agency: object) -> None:
    decision = doras.post("triage", {"type": "VEHABND", "answers": ALL_NO})
    assert (decision.status, decision["route"]) == (200, "cso")
    assert doras.post("triage", {"emergency": True})["priority"] == 1
    assert not Call.objects.exists()


def test_the_way_of_a_call(doras: Api, coles: Api, coles_unit: Unit) -> None:
    number = doras.post("calls", PARKED)["number"]
    ranked = doras.get(f"calls/{number}/recommendations")
    assert coles_unit.callsign in {entry["unit"] for entry in ranked["recommendations"]}
    assignment = doras.post(f"calls/{number}/assignments", {"unit": coles_unit.callsign})
    assert (assignment.status, assignment["unit"], assignment["primary"]) == (201, coles_unit.callsign, True)
    for status in ("acknowledged", "en_route", "on_scene"):
        moved = coles.post(f"assignments/{assignment['id']}/status", {"status": status})
        assert (moved.status, moved["status"]) == (200, status)
    note = coles.post(f"calls/{number}/notes", {"text": "Nobody in it."})
    assert note.status == 201
    struck = coles.delete(f"notes/{note['id']}")
    assert struck["struck_by"] == "cole@san-jose.example"
    closed = coles.post(f"calls/{number}/close", {"disposition": "01", "comment": "Towed."})
    assert (closed.status, closed["status"], closed["disposition"]) == (200, "closed", "01")
    assert closed["assignments"][0]["status"] == "cleared"
    kinds = [line["kind"] for line in doras.get(f"calls/{number}/events")["results"]]
    assert kinds[0] == "call.taken"
    assert {"assignment.made", "note.added", "note.struck", "call.moved"} <= set(kinds)


def test_the_present_status_again_changes_nothing_and_back_is_impossible(
    doras: Api, take: Take, coles_unit: Unit
) -> None:
    made = doras.post(f"calls/{take().number}/assignments", {"unit": coles_unit.callsign})
    there = f"assignments/{made['id']}/status"
    first = doras.post(there, {"status": "on_scene"})
    again = doras.post(there, {"status": "on_scene"})
    assert (again.status, again.body) == (200, first.body)
    back = doras.post(there, {"status": "en_route"})
    assert (back.status, back["code"]) == (409, "illegal_move")


def test_a_busy_unit_is_refused_and_the_answer_says_where_it_is(doras: Api, take: Take, coles_unit: Unit) -> None:
    first, second = take(), take()
    doras.post(f"calls/{first.number}/assignments", {"unit": coles_unit.callsign})
    refused = doras.post(f"calls/{second.number}/assignments", {"unit": coles_unit.callsign})
    assert (refused.status, refused["code"], refused["call"]) == (409, "unit_busy", first.number)
    stacked = doras.post(f"calls/{second.number}/assignments", {"unit": coles_unit.callsign, "stacked": True})
    assert (stacked.status, stacked["status"]) == (201, "stacked")


def test_an_unqualified_unit_needs_a_reason(doras: Api, take: Take, cole: Member, coles_unit: Unit) -> None:
    Qualification.objects.filter(member=cole).delete()
    there = f"calls/{take().number}/assignments"
    refused = doras.post(there, {"unit": coles_unit.callsign})
    assert (refused.status, refused["code"]) == (409, "unit_unqualified")
    assert doras.post(there, {"unit": coles_unit.callsign, "override_reason": "Nobody else."}).status == 201


def test_a_person_may_choose_sworn_always_and_a_cso_never_against_the_floor(doras: Api, take: Take) -> None:
    parked, armed = take(), take(answers={**ALL_NO, "weapon": "yes"})
    assert doras.post(f"calls/{parked.number}/override", {"route": "sworn"})["route"] == "sworn"
    refused = doras.post(f"calls/{armed.number}/override", {"route": "cso", "reason": {"code": "x", "text": "so"}})
    assert (refused.status, refused["code"]) == (409, "safety_floor")
    nameless = doras.post(f"calls/{parked.number}/override", {"route": "cso"})
    assert (nameless.status, nameless["errors"]) == (400, {"reason": ["This is needed."]})


def test_an_agency_with_a_long_name_takes_a_call(doras: Api, take: Take) -> None:
    at, county = f"calls/{take().number}", "Santa Clara County Office of Emergency Medical Services, Night Desk"
    assert doras.post(f"{at}/transfer", {"to": county.ljust(80, "."), "reason": "r" * 500}).status == 200
    accepted = {"accepted_by": "b" * 120, "external_number": "9" * 60}
    taken = doras.post(f"{at}/acknowledge-transfer", accepted)
    assert (taken.status, taken["external"]) == (200, [{"system": county.ljust(80, "."), "number": "9" * 60}])
    assert doras.patch(at, {"external": taken["external"]})["version"] == taken["version"]


def test_a_choice_keeps_what_the_rules_had_said(doras: Api, take: Take) -> None:
    chosen = doras.post(f"calls/{take().number}/override", {"route": "sworn", "reason": {"code": "other"}})
    assert [(other["route"], other["id"]) for other in chosen["alternatives"]] == [("cso", "R-abandoned-vehicle")]
    assert (len(chosen["asked"]), chosen["qualification"]) == (2, None)


def test_sworn_takes_a_call_and_gives_it_back(doras: Api, take: Take) -> None:
    at = f"calls/{take().number}"
    assert (
        doras.post(f"{at}/transfer", {"to": "sworn", "reason": "shouting", "danger": True})["status"] == "transferred"
    )
    done = doras.post(f"{at}/acknowledge-transfer", {"accepted_by": "Sgt. Ortiz", "external_number": "P26-77"})
    assert (done["status"], done["disposition"]) == ("closed", "15")
    assert done["external"] == [{"system": "sworn", "number": "P26-77"}]
    assert done["transfer"]["accepted_by"] == "Sgt. Ortiz"
    assert doras.post(f"{at}/hand-back")["status"] == "queued"


def test_a_call_is_cancelled_reopened_scheduled_and_joined(doras: Api, take: Take) -> None:
    call, other = take(), take()
    at = f"calls/{call.number}"
    assert doras.post(f"{at}/cancel", {"disposition": "10", "reason": "found it"})["status"] == "cancelled"
    again = doras.post(f"{at}/cancel", {"disposition": "32", "reason": "found it"})
    assert (again.status, again["detail"].partition(" is ")[2]) == (409, "cancelled already. Reopen it first.")
    assert doras.post(f"{at}/reopen", {"reason": "lost it again"})["status"] == "queued"
    assert doras.post(f"{at}/schedule", {"at": "2099-01-01T10:00:00+01:00"})["scheduled_at"] == "2099-01-01T09:00:00Z"
    joined = doras.post(f"{at}/join", {"into": other.number})
    assert (joined["status"], joined["disposition"], joined["joined_into"]) == ("closed", "22", other.number)
    nameless = doras.post(f"calls/{other.number}/close", {"disposition": "22"})
    assert (nameless.status, list(nameless["errors"])) == (400, ["into"])


def test_what_cole_did_while_he_had_no_link_happened_when_he_did_it(
    coles: Api, coles_unit: Unit, now: datetime
) -> None:
    here, earlier = f"units/{coles_unit.callsign}", f"{now - timedelta(minutes=9):%FT%TZ}"
    found = coles.post(f"{here}/self-initiated", {"type": "VEHABND", "occurred_at": earlier})
    assert (found["received_at"], found["assignments"][0]["on_scene_at"]) == (earlier, earlier)
    assert coles.post(f"{here}/mayday", {"occurred_at": earlier})["received_at"] == earlier


def test_cole_opens_a_call_where_he_stands(coles: Api, coles_unit: Unit) -> None:
    body = {"type": "VEHABND", "location": {"address": "3rd and Main"}, "narrative": "no plates"}
    call = coles.post(f"units/{coles_unit.callsign}/self-initiated", body)
    assert (call.status, call["status"], call["source"]) == (201, "on_scene", "self_initiated")
    assert call["narrative"] == "no plates"
    now = next(unit for unit in coles.get("units")["results"] if unit["callsign"] == coles_unit.callsign)
    assert (now["status"]["secondary"], now["assignment"]["call"]) == ("on_scene", call["number"])
    assert now["members"] == ["cole@san-jose.example"]


def test_cole_calls_for_help_once_however_often_he_presses(coles: Api, coles_unit: Unit) -> None:
    first = coles.post(f"units/{coles_unit.callsign}/mayday", {"lat": 37.33, "lon": -121.88})
    again = coles.post(f"units/{coles_unit.callsign}/mayday")
    assert (first.status, first["type"], first["status"], first["priority"]) == (201, "MAYDAY", "transferred", 1)
    assert again["number"] == first["number"]


def test_a_unit_goes_to_eat_moves_and_answers_by_radio(doras: Api, coles_unit: Unit, other_unit: Unit) -> None:
    here = f"units/{coles_unit.callsign}"
    assert doras.post(f"{here}/status", {"secondary": "court"})["status"]["primary"] == "not_available"
    assert doras.post(f"{here}/status", {"primary": "available"})["status"]["primary"] == "available"
    assert doras.post(f"{here}/position", {"lat": 37.34, "lon": -121.89})["position"]["lat"] == 37.34
    checked = doras.post("radio-checks", {"callsigns": [coles_unit.callsign, other_unit.callsign]})
    assert [unit["callsign"] for unit in checked["units"]] == sorted([coles_unit.callsign, other_unit.callsign])


def test_sue_plans_a_shift_and_does_not_sign_off_one_that_runs(sues: Api, other_unit: Unit) -> None:
    roster = [
        {"member": "cole@san-jose.example", "unit": other_unit.callsign},
        {"member": "dora@san-jose.example", "role": "dispatcher"},
    ]
    times = {"starts_at": "2026-12-01T08:00:00Z", "ends_at": "2026-12-01T16:00:00Z"}
    shift = sues.post("shifts", {"name": "Early", **times, "roster": roster})
    assert (shift.status, [line["unit"] for line in shift["roster"]]) == (201, [other_unit.callsign, None])
    assert sues.get(f"shifts/{shift['id']}")["name"] == "Early"
    assert sues.post(f"shifts/{shift['id']}/sign-off")["code"] == "illegal_move"
    twice = sues.post("shifts", {"name": "Early", **times, "roster": [roster[0], roster[0]]})
    assert list(twice["errors"]) == ["roster.1.member"]


def test_the_numbers_of_a_shift_come_with_their_denominators(sues: Api, take: Take, ours: object) -> None:
    take()
    shift = sues.get("shifts")["results"][0]
    numbers = sues.get(f"shifts/{shift['id']}/rollup")
    assert (numbers["calls"], numbers["by_route"]["cso"], numbers["final"]) == (1, 1, False)
    assert numbers["period"] == {"from": shift["starts_at"], "to": shift["ends_at"]}


def test_the_rules_and_the_floor_can_be_read(doras: Api) -> None:
    listed = doras.get("rule-sets")["results"]
    assert [(row["version"], row["status"]) for row in listed] == [(1, "published")]
    assert doras.get("rule-sets/1")["document"]["rules"]
    assert doras.get("rule-sets/2").status == 404
    assert doras.get("safety-floor")["never_cso"]
