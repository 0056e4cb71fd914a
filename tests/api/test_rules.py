"""A rule set by the API: drafted, proved, refused, published; and the floor that two people change."""

import copy
from datetime import datetime
from typing import Any

import pytest

from agencies.actions import add_member
from agencies.models import Agency
from agencies.roles import Role
from calls.models import CallType
from cso import programmes
from tests.api.client import Api, Json
from tests.api.conftest import ApiFor
from tests.conftest import ALL_NO


@pytest.fixture
def arts(agency: Agency, api_for: ApiFor) -> Api:
    """The program of a second administrator."""
    art = add_member(email="art@san-jose.example", name="Art", roles=[Role.ADMINISTRATOR])
    return api_for(art.as_role(Role.ADMINISTRATOR))


@pytest.fixture
def document() -> dict[str, Any]:
    """San José's rules."""
    return copy.deepcopy(dict(programmes.read("san-jose").rule_set))


def without(document: dict[str, Any], identifier: str) -> Json:
    return document | {"disqualifiers": [d for d in document["disqualifiers"] if d["id"] != identifier]}


def test_rules_and_floor_are_given_in_the_order_in_which_people_write_them(adas: Api, document: dict[str, Any]) -> None:
    given = adas.post("rule-sets", {"document": document})["document"]
    assert list(given) == ["questions", "disqualifiers", "rules", "default", "invariants"]
    assert list(given["rules"][0])[:5] == ["id", "when", "route", "priority", "qualification"]
    tested = next(part["when"] for part in given["disqualifiers"] if "field" in part["when"])
    assert list(tested) == ["field", "is"]
    floor = adas.post("safety-floor/changes", {"never_cso": ["MAYDAY"], "reason": "so"})
    assert list(floor["invariants"][0]) == ["id", "when", "route", "because"]


def test_ada_drafts_art_publishes_and_the_next_call_goes_by_it(
    adas: Api, arts: Api, doras: Api, document: dict[str, Any]
) -> None:
    document["rules"] = [rule for rule in document["rules"] if rule["id"] != "R-theft"]
    document["rules"][-1]["when"]["in"].append("LARCENY")
    draft = adas.post("rule-sets", {"document": document})
    assert (draft.status, draft["version"], draft["status"], draft["document"]) == (201, 2, "draft", document)
    assert draft.headers["Location"] == "/api/v1/rule-sets/2"

    assert adas.post("rule-sets/2/prove").body == {"proved": True, "failures": []}
    own = adas.post("rule-sets/2/publish")
    assert (own.status, own["code"]) == (409, "own_work")
    published = arts.post("rule-sets/2/publish")

    assert (published.status, published["status"], published["published_by"]) == (
        200,
        "published",
        "art@san-jose.example",
    )
    assert adas.get("rule-sets/1")["status"] == "retired"
    [move] = [move for move in adas.get("rule-sets/2/differences?against=1")["moves"] if not move["assist"]]
    assert (move["types"], move["old"], move["new"]) == (["LARCENY"], "cso", "sworn")
    assert move["because"] == "LARCENY: calls that went to a CSO go to sworn."
    call = doras.post("triage", {"type": "LARCENY", "location": {"address": "1 Elm St"}, "answers": ALL_NO})
    assert (call["route"], call["rule_set"]) == ("sworn", 2)


def test_an_unsafe_set_is_refused_with_a_call_that_shows_it(
    adas: Api, arts: Api, doras: Api, document: dict[str, Any]
) -> None:
    adas.post("rule-sets", {"document": without(document, "D-weapon")})

    proof = adas.post("rule-sets/2/prove")
    refused = arts.post("rule-sets/2/publish")

    assert [(f["property"], f["id"]) for f in proof["failures"]] == [("floor", "F-weapon")]
    assert (refused.status, refused["code"]) == (409, "unsafe_rule_set")
    assert refused["counter_example"] == proof["failures"][0]["counter_example"]
    # Whoever sends the counter-example as a call sees that the floor holds it.
    held = doras.post("triage", refused["counter_example"] | {"location": {"address": "1 Elm St"}})
    assert held["route"] in (None, "sworn")
    assert doras.get("rule-sets/1")["status"] == "published"


def test_a_dead_rule_is_refused_without_a_counter_example(adas: Api, arts: Api, document: dict[str, Any]) -> None:
    document["rules"].append(document["rules"][0] | {"id": "R-again"})
    adas.post("rule-sets", {"document": document})

    refused = arts.post("rule-sets/2/publish")

    assert (refused.status, refused["code"], refused["counter_example"]) == (409, "unsafe_rule_set", None)
    assert (refused["failures"][0]["property"], refused["failures"][0]["id"]) == ("dead_rule", "R-again")


def test_whoever_drafted_before_another_version_was_published_is_told_what_differs(
    adas: Api, arts: Api, document: dict[str, Any]
) -> None:
    adas.post("rule-sets", {"document": document})
    document["rules"][0]["because"]["en"] = "Look for the child at once."
    adas.post("rule-sets", {"document": document})
    assert arts.post("rule-sets/2/publish").status == 200

    late = arts.post("rule-sets/3/publish")

    assert (late.status, late["code"], late["version"], late["by"]) == (409, "superseded", 2, "Art")
    assert len(late["differs"]) == 1
    assert "Look for the child at once." in late["differs"][0]
    told = adas.get("rule-sets/3/differences?against=2")
    assert (told["differences"], told["moves"]) == (late["differs"], [])
    assert arts.post("rule-sets/3/publish", {"replaces": 2}).status == 200


def test_a_draft_is_edited_by_its_etag_and_a_published_set_never(
    adas: Api, arts: Api, document: dict[str, Any]
) -> None:
    tag = adas.post("rule-sets", {"document": document}).headers["ETag"]
    document["default"]["priority"] = 3
    assert adas.patch("rule-sets/2", {"document": document}, If_Match=tag)["revision"] == 2
    document["default"]["priority"] = 4
    assert arts.patch("rule-sets/2", {"document": document}, If_Match=tag).status == 412

    published = adas.patch("rule-sets/1", {"document": document})

    assert (published.status, published["code"]) == (409, "illegal_move")


def test_a_fault_is_told_with_its_path(adas: Api, document: dict[str, Any]) -> None:
    document["rules"][2]["when"] = {"field": "type", "is": "NO-SUCH"}

    refused = adas.post("rule-sets", {"document": document})

    assert refused.status == 400
    assert list(refused["errors"]) == ["document.rules[2].when.is"]
    assert len(adas.get("rule-sets")["results"]) == 1


def test_a_document_of_10_mb_and_one_that_is_1000_deep_are_refused(adas: Api) -> None:
    huge = adas.send("POST", "rule-sets", b'{"document": "' + b"x" * 10_000_000 + b'"}')
    deep = adas.send("POST", "rule-sets", b'{"document": ' + b'{"not":' * 1000 + b"1" + b"}" * 1001)

    assert (huge.status, deep.status) == (413, 400)
    assert len(adas.get("rule-sets")["results"]) == 1


def test_the_same_key_drafts_once(adas: Api, document: dict[str, Any]) -> None:
    first = adas.post("rule-sets", {"document": document}, Idempotency_Key="k")
    again = adas.post("rule-sets", {"document": document}, Idempotency_Key="k")

    assert (first.status, again.status, again["version"]) == (201, 201, first["version"])
    assert len(adas.get("rule-sets")["results"]) == 2


def test_two_people_change_the_floor_and_the_next_call_goes_by_it(adas: Api, sues: Api, doras: Api) -> None:
    parked = {"type": "VEHABND", "location": {"address": "1 Elm St"}, "answers": ALL_NO}
    never = [*adas.get("safety-floor")["never_cso"], "VEHABND"]
    proposed = adas.post("safety-floor/changes", {"never_cso": never, "reason": "A CSO was hurt."})
    assert (proposed.status, proposed["status"], proposed["version"]) == (201, "proposed", 2)
    assert [f["property"] for f in proposed["rules_in_force"]["failures"]] == ["never_cso"]
    assert doras.post("triage", parked)["route"] == "cso"

    own = adas.post(f"safety-floor/changes/{proposed['id']}/approve")
    assert (own.status, own["code"]) == (409, "own_work")
    assert doras.post("triage", parked)["route"] == "cso"
    approved = sues.post(f"safety-floor/changes/{proposed['id']}/approve")

    assert (approved.status, approved["status"], approved["approved_by"]) == (200, "approved", "sue@san-jose.example")
    assert adas.get("safety-floor")["version"] == 2
    assert doras.post("triage", parked)["route"] == "sworn"


def test_a_declaration_carries_the_names_of_the_two_who_made_it(adas: Api, sues: Api) -> None:
    floor = adas.get("safety-floor").body
    declared = {"type": "VEHABND", "code": "hazard", "reason": {"en": "A parked car does not leak."}}
    proposed = adas.post("safety-floor/changes", {"not_applicable": [*floor["not_applicable"], declared]})
    approved = sues.post(f"safety-floor/changes/{proposed['id']}/approve")

    assert approved["not_applicable"][-1]["by"] == ["ada@san-jose.example", "sue@san-jose.example"]
    assert approved["not_applicable"][:-1] == floor["not_applicable"]


def test_a_change_of_a_floor_that_has_moved_on_is_not_approved(adas: Api, sues: Api) -> None:
    first = adas.post("safety-floor/changes", {"never_cso": ["MAYDAY"]})["id"]
    second = adas.post("safety-floor/changes", {"never_cso": ["JUV"]})["id"]
    assert sues.post(f"safety-floor/changes/{first}/approve").status == 200

    late = sues.post(f"safety-floor/changes/{second}/approve")

    assert (late.status, late["code"]) == (409, "superseded")
    assert adas.post(f"safety-floor/changes/{second}/withdraw")["status"] == "withdrawn"
    assert adas.get("safety-floor")["never_cso"] == ["MAYDAY"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"never_cso": ["NO-SUCH"]}, "never_cso[0]"),
        ({"invariants": [{"id": "F1", "when": {"field": "hour"}, "route": "sworn", "because": {"en": "x"}}]}, "inv"),
        ({"invariants": [], "version": 7}, ""),
        ({}, ""),
    ],
)
def test_a_change_that_cannot_be_is_refused(change: Json, path: str, adas: Api) -> None:
    refused = adas.post("safety-floor/changes", change)

    assert refused.status == (409 if "version" in change else 400)
    assert all(name.startswith(path) for name in refused["errors"])
    assert adas.get("safety-floor/changes")["results"] == []


def test_the_officer_reads_the_published_rules_only(coles: Api, adas: Api, document: dict[str, Any]) -> None:
    adas.post("rule-sets", {"document": document})

    assert [row["version"] for row in coles.get("rule-sets")["results"]] == [1]
    assert coles.get("rule-sets/2").status == 403


def test_ada_begins_a_draft_from_another_programmes_template(adas: Api, now: datetime) -> None:
    CallType.objects.filter(code="PARKING").update(retired_at=now)
    offered = {each["slug"]: each["name"] for each in adas.get("rule-sets/templates")["templates"]}
    assert set(offered) == set(programmes.slugs())

    draft = adas.post("rule-sets", {"template": "seattle"})

    assert (draft.status, draft["version"], draft["status"]) == (201, 2, "draft")
    assert (draft["begun_from"]["template"], draft["begun_from"]["name"]) == ("seattle", offered["seattle"])
    missing = [(each["kind"], each["code"], each["became"]) for each in draft["begun_from"]["missing"]]
    assert ("types", "PARKING", "narrowed") in missing
    assert ("qualifications", "welfare_checks", "asks") in missing
    assert {rule["id"] for rule in draft["document"]["rules"]} >= {"R-welfare"}
    assert adas.post("rule-sets", {"document": draft["document"]})["begun_from"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "document"), ({"template": "atlantis"}, "template"), ({"template": "seattle", "document": {}}, "template")],
)
def test_a_draft_is_begun_from_a_document_or_from_a_template_that_there_is(adas: Api, body: Json, field: str) -> None:
    refused = adas.post("rule-sets", body)
    assert (refused.status, refused["code"], list(refused["errors"])) == (400, "invalid", [field])
    assert adas.get("rule-sets/2").status == 404


def test_a_refusal_is_said_in_the_language_of_the_request_and_keeps_its_code(
    adas: Api, document: dict[str, Any]
) -> None:
    wrong = document | {"rules": [document["rules"][0] | {"when": {"field": "moon", "is": "full"}}]}

    english = adas.post("rule-sets", {"document": wrong}, accept_language="en")
    spanish = adas.post("rule-sets", {"document": wrong}, accept_language="es-US,es;q=0.9")
    path = "document.rules[0].when.field"
    assert (english["code"], english["errors"]) == ("invalid", {path: ["no such field: moon"]})
    assert (spanish["code"], spanish["errors"]) == ("invalid", {path: ["no existe ese campo: moon"]})
    assert spanish["title"] == "Revise algunos campos"


def test_a_proof_is_told_in_the_language_of_the_request(adas: Api, document: dict[str, Any]) -> None:
    first = document["rules"][0]["id"]
    document["rules"].append(document["rules"][0] | {"id": "R-again"})
    adas.post("rule-sets", {"document": document})

    told = adas.post("rule-sets/2/prove", accept_language="es")["failures"][0]["because"]

    assert told == f"R-again nunca decide: todo lo que abarca lo decide antes {first}."


def test_what_the_framework_refuses_is_titled_in_the_language_of_the_request(adas: Api) -> None:
    answer = adas.send("DELETE", "rule-sets", None, check=False, headers={"accept_language": "es"})
    assert (answer.status, answer["code"]) == (405, "method_not_allowed")
    assert answer["title"] == "Ese método no es posible aquí"
