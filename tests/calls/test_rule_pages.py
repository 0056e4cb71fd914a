"""Ada edits the rules in the browser, another administrator publishes them, sue reads along."""

import copy
import json
from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agencies.actions import add_member
from agencies.models import Member
from agencies.roles import Role
from calls.models import Call, CallType, RuleSet, SafetyFloor
from calls.past import preview
from calls.queries import rules_in_force
from calls.rulesets import save_draft
from calls.triage import rules
from calls.types import mark_of
from dispatch.actions import CloseOrder, close_call

SignIn = Callable[..., Client]
CARS = "R-abandoned-vehicle"


@pytest.fixture
def bea(ada: Member) -> Member:
    """Another administrator."""
    member = add_member(email="bea@san-jose.example", name="Bea", roles=[Role.ADMINISTRATOR]).as_role(
        Role.ADMINISTRATOR
    )
    member.agency = ada.agency
    return member


def in_force() -> dict:
    return copy.deepcopy(RuleSet.objects.get(status="published", retired_at=None).document)


def with_rule(document: dict, identifier: str, **changes: object) -> dict:
    document["rules"] = [rule | changes if rule["id"] == identifier else rule for rule in document["rules"]]
    return document


@pytest.fixture
def draft(ada: Member, now: datetime) -> RuleSet:
    """Abandoned vehicles become urgent."""
    return save_draft(with_rule(in_force(), CARS, priority=2), by=ada, now=now)


def page(member: Member, noun: str = "") -> str:
    return f"/a/{member.agency.slug}/rules/{noun}"


def saved(client: Client, ada: Member, document: dict, revision: int = 1) -> int:
    body = {"document": json.dumps(document), "revision": revision}
    return client.post(page(ada, "2/document/"), body, headers={"HX-Request": "true"}).status_code


def test_a_draft_is_begun_changed_and_published_by_somebody_else(ada: Member, bea: Member, sign_in: SignIn) -> None:
    client = sign_in(ada)
    client.post(page(ada), {"version": 1})
    assert saved(client, ada, with_rule(in_force(), CARS, priority=2)) == 200
    own = client.post(page(ada, "2/publication/"), {"replaces": 1})
    assert own.status_code == 409
    assert rules_in_force().row.version == 1
    assert sign_in(bea).post(page(ada, "2/publication/"), {"replaces": 1}).status_code == 303
    assert rules_in_force().row.version == 2


def test_a_rule_reads_as_a_sentence(draft: RuleSet, sue: Member, sign_in: SignIn) -> None:
    html = sign_in(sue).get(page(sue, "2/")).content.decode()
    assert "the type is VEHABND" in html
    assert "CSO, priority 2" in html
    assert "data-edit" not in html, "a supervisor reads"


def test_what_cannot_be_read_is_refused_with_its_path_and_nothing_changes(
    draft: RuleSet, ada: Member, sign_in: SignIn
) -> None:
    wrong = with_rule(in_force(), CARS, when={"field": "moon", "is": "full"})
    answer = sign_in(ada).post(page(ada, "2/document/"), {"document": json.dumps(wrong), "revision": 1})
    assert answer.status_code == 400
    assert b"no such field: moon" in answer.content
    draft.refresh_from_db()
    assert draft.revision == 1


def test_who_saves_over_somebody_elses_words_is_told(draft: RuleSet, ada: Member, bea: Member, sign_in: SignIn) -> None:
    assert saved(sign_in(bea), ada, with_rule(in_force(), CARS, priority=3)) == 200
    assert saved(sign_in(ada), ada, with_rule(in_force(), CARS, priority=4), revision=1) == 412


def test_each_sees_who_else_is_editing(draft: RuleSet, ada: Member, bea: Member, sign_in: SignIn) -> None:
    address = page(ada, "2/editors/")
    assert sign_in(ada).get(address).json()["others"] == []
    assert sign_in(bea).get(address).json()["others"] == ["Ada"]


def test_the_proof_names_the_rule_and_shows_a_call(ada: Member, bea: Member, now: datetime, sign_in: SignIn) -> None:
    unsafe = in_force()
    unsafe["disqualifiers"] = []
    save_draft(unsafe, by=ada, now=now)
    html = sign_in(ada).get(page(ada, "2/proof/")).content.decode()
    assert 'data-proved="0"' in html
    assert "data-fails=" in html
    refused = sign_in(bea).post(page(ada, "2/publication/"), {"replaces": 1})
    assert refused.status_code == 409
    assert b"For example:" in refused.content


def test_of_two_who_publish_one_wins_and_the_other_sees_the_difference(
    draft: RuleSet, ada: Member, bea: Member, now: datetime, sign_in: SignIn
) -> None:
    save_draft(with_rule(in_force(), CARS, priority=3), by=bea, now=now)
    assert sign_in(bea).post(page(ada, "2/publication/"), {"replaces": 1}).status_code == 303
    late = sign_in(ada).post(page(ada, "3/publication/"), {"replaces": 1})
    assert late.status_code == 409
    assert b"the priority was 2 and is 3" in late.content
    assert sign_in(ada).post(page(ada, "3/publication/"), {"replaces": 2}).status_code == 303
    assert rules_in_force().row.version == 3


def test_a_made_up_call_is_tried(draft: RuleSet, sue: Member, sign_in: SignIn) -> None:
    given = {"type": "VEHABND", "q_Q-danger": "no", "q_Q-parked": "no"}
    html = sign_in(sue).post(page(sue, "2/trial/"), given).content.decode()
    assert 'data-route="cso"' in html
    assert f"#part-{CARS}" in html
    armed = sign_in(sue).post(page(sue, "2/trial/"), given | {"q_Q-danger": "yes"}).content.decode()
    assert 'data-route="sworn"' in armed
    assert "#part-D-weapon" in armed


def test_the_own_past_calls_show_what_would_move(
    take: Callable[..., Call], ada: Member, dora: Member, sue: Member, now: datetime, sign_in: SignIn
) -> None:
    cars = [take(address=f"{n} Elm St") for n in range(3)]
    close_call(cars[0].pk, CloseOrder("05"), by=dora, now=now)
    take(address="9 Elm St", type_code="LARCENY")
    draft = save_draft(with_rule(in_force(), CARS, route="sworn"), by=ada, now=now)
    found = preview(ada.agency, rules.parse(draft.document))
    assert (found.calls, found.count, list(found.moves)) == (4, 3, [("cso", "sworn", 3)])
    assert {row.number for row in found.moved} == {car.number for car in cars}
    assert sum(found.by_hour) == 3
    shown = sign_in(ada).get(page(ada, "2/preview/")).content.decode()
    assert "from cso to sworn" in shown
    assert cars[0].number in shown
    address = f"/a/{ada.agency.slug}/calls/{cars[0].number}/"
    assert address not in shown
    assert address in sign_in(sue).get(page(sue, "2/preview/")).content.decode()


def test_the_editor_speaks_spanish_about_qualifications_comparisons_and_who_speaks(
    draft: RuleSet, ada: Member, sign_in: SignIn
) -> None:
    client, spanish = sign_in(ada), {"Accept-Language": "es"}
    entry = next(one for one in ada.agency.settings["qualifications"] if one["names"]["es"] != one["names"]["en"])
    document = with_rule(draft.document, CARS, qualification=entry["code"])
    assert saved(client, ada, document) == 200
    shown = client.get(page(ada, "2/"), headers=spanish).content.decode()
    assert f"requiere {entry['names']['es']}" in shown
    assert '"at_least": "es como m\\u00ednimo"' in shown
    assert '"unknown": "no se sabe"' in shown
    armed = client.post(page(ada, "2/trial/"), {"type": "VEHABND", "q_Q-danger": "yes"}, headers=spanish)
    assert "#part-D-weapon" in armed.content.decode()


def test_any_two_versions_are_compared(draft: RuleSet, ada: Member, sign_in: SignIn) -> None:
    client = sign_in(ada)
    assert '<option value="2">Rule set 2</option>' in client.get(page(ada, "1/")).content.decode()
    back = client.get(page(ada, "1/differences/?against=2")).content.decode()
    there = client.get(page(ada, "2/differences/?against=1")).content.decode()
    assert CARS in back
    assert CARS in there
    assert back != there


def test_a_file_goes_out_and_comes_in_as_a_draft(ada: Member, sign_in: SignIn) -> None:
    client = sign_in(ada)
    text = client.get(page(ada, "1/file/")).content
    assert json.loads(text) == in_force()
    client.post(page(ada), {"file": SimpleUploadedFile("rules.json", text)})
    assert RuleSet.objects.get(version=2).document == in_force()
    big = SimpleUploadedFile("rules.json", b"[" * 1_000_001)
    assert client.post(page(ada), {"file": big}).status_code == 400
    assert RuleSet.objects.count() == 2


def test_the_floor_is_changed_by_two(ada: Member, sue: Member, sign_in: SignIn) -> None:
    address = f"/a/{ada.agency.slug}/safety-floor/"
    floor = SafetyFloor.objects.get().document
    wanted = floor | {"never_cso": [code for code in floor["never_cso"] if code != "TRESPASS"]}
    client = sign_in(ada)
    client.post(address, {"document": json.dumps(wanted), "reason": "The council decided."})
    row = SafetyFloor.objects.get(version=2)
    assert b"TRESPASS" in client.get(address).content
    assert client.post(f"{address}{row.pk}/approval/").status_code == 409
    assert sign_in(sue).post(f"{address}{row.pk}/approval/").status_code == 302
    row.refresh_from_db()
    assert row.approved_by == sue
    assert not CallType.objects.get(code="TRESPASS").never_cso


def test_a_type_is_changed_and_taken_out_of_use(ada: Member, sue: Member, sign_in: SignIn) -> None:
    address = f"/a/{ada.agency.slug}/call-types/NOISE/"
    order = {
        "name_en": "Loud music", "name_es": "Música alta", "synonyms_en": "party\nbass", "synonyms_es": "",
        "codes": "415",
        "apco_code": "NOISE", "category": "disorder", "priority": "4", "qualification": "", "mode": "phone",
    }  # fmt: skip
    assert sign_in(sue).post(address, order).status_code == 403
    client = sign_in(ada)
    assert client.post(address, order | {"mode": "by pigeon"}).status_code == 400
    client.post(address, order)
    row = CallType.objects.get(code="NOISE")
    assert (row.name["es"], row.synonyms, row.mode, row.priority) == (
        "Música alta",
        {"en": ["party", "bass"]},
        "phone",
        4,
    )
    client.post(f"{address}retirement/", {"retired": "1"})
    row.refresh_from_db()
    assert row.retired_at is not None


LASER = {
    "code": "laser", "name_en": "Laser pointed at people", "name_es": "Láser", "synonyms_en": "laser pointer",
    "synonyms_es": "", "codes": "", "apco_code": "NUISANCE", "category": "disorder", "priority": "3",
    "qualification": "", "mode": "in_person",
}  # fmt: skip


def test_a_new_type_is_added_and_its_calls_are_sworn_until_a_rule_names_it(
    ada: Member, sue: Member, sign_in: SignIn, take: Callable[..., Call]
) -> None:
    address = f"/a/{ada.agency.slug}/call-types/"
    assert sign_in(sue).post(address, LASER).status_code == 403
    client = sign_in(ada)
    assert b"y-code" in client.get(f"{address}new/").content
    assert client.post(address, LASER).headers["Location"] == f"{address}LASER/"
    assert take(type_code="LASER").route == "sworn"
    before = CallType.objects.count()
    for wrong in ({"code": "LASER"}, {"code": "4LASER"}, {"code": "LA SER"}, {"name_en": ""}):
        assert client.post(address, LASER | {"code": "BEAM"} | wrong).status_code == 400
    assert CallType.objects.count() == before


def test_a_new_type_is_offered_the_codes_and_categories_that_there_are_in_the_readers_words(
    ada: Member, sign_in: SignIn
) -> None:
    address, spanish = f"/a/{ada.agency.slug}/call-types/", {"accept_language": "es"}
    form = sign_in(ada).get(f"{address}new/", headers=spanish).content.decode()
    assert '<option value="nuisance">molestias</option>' in form
    assert '<option value="NOISE">Queja por ruido</option>' in form
    assert "Nombre (Español)" in form
    listed = sign_in(ada).get(address, headers=spanish).content.decode()
    assert "<td>molestias</td>" in listed
    assert "<td>nuisance</td>" not in listed


def test_of_two_who_change_a_type_the_second_is_told(ada: Member, sign_in: SignIn) -> None:
    address = f"/a/{ada.agency.slug}/call-types/NOISE/"
    order = LASER | {"name_en": "Loud music", "seen": mark_of(CallType.objects.get(code="NOISE"))}
    client = sign_in(ada)
    assert client.post(address, order).status_code == 302
    second = client.post(address, order | {"name_en": "Very loud music"})
    assert second.status_code == 412
    assert "Somebody else saved NOISE" in second.content.decode()
    assert CallType.objects.get(code="NOISE").name["en"] == "Loud music"


@pytest.mark.parametrize("noun", ["rules/", "rules/1/", "rules/1/file/", "call-types/", "safety-floor/"])
def test_officers_do_not_read_the_editor(cole: Member, sue: Member, sign_in: SignIn, noun: str) -> None:
    assert sign_in(cole).get(f"/a/{cole.agency.slug}/{noun}").status_code == 403
    assert sign_in(sue).get(f"/a/{sue.agency.slug}/{noun}").status_code == 200


def test_a_floor_that_is_being_written_is_only_drawn(ada: Member, sue: Member, sign_in: SignIn) -> None:
    address = f"/a/{ada.agency.slug}/safety-floor/draft/"
    floor = SafetyFloor.objects.get().document
    without = {"document": json.dumps(floor | {"invariants": floor["invariants"][1:]})}
    assert sign_in(sue).post(address, without).status_code == 403
    drawn = sign_in(ada).post(address, without)
    assert drawn.status_code == 200
    assert f"Invariant gone: {floor['invariants'][0]['id']}" in drawn.content.decode()
    assert SafetyFloor.objects.get().document == floor
    wrong = {"document": json.dumps(floor | {"invariants": [{"id": "F-moon"}]})}
    refused = sign_in(ada).post(address, wrong, headers={"HX-Request": "true"})
    assert refused.status_code == 400
    assert b"invariants[0]" in refused.content


def test_who_approves_a_floor_sees_whether_the_rules_in_force_hold_it(
    ada: Member, sue: Member, cole: Member, sign_in: SignIn
) -> None:
    address = f"/a/{ada.agency.slug}/safety-floor/"
    floor = SafetyFloor.objects.get().document
    for never in (floor["never_cso"][1:], [*floor["never_cso"], "VEHABND"]):
        wanted = {"document": json.dumps(floor | {"never_cso": never}), "reason": "The council decided."}
        sign_in(ada).post(address, wanted)
    mild, strict = SafetyFloor.objects.filter(version__gt=1).order_by("version")
    client = sign_in(sue)
    assert f"{address}{strict.pk}/proof/" in client.get(address).content.decode()
    assert "The rules in force hold it too." in client.get(f"{address}{mild.pk}/proof/").content.decode()
    broken = client.get(f"{address}{strict.pk}/proof/").content.decode()
    assert "do not hold it" in broken
    assert "VEHABND" in broken
    assert sign_in(cole).get(f"{address}{mild.pk}/proof/").status_code == 403


def test_who_proposes_over_a_floor_that_moved_on_is_told(ada: Member, sue: Member, sign_in: SignIn) -> None:
    address = f"/a/{ada.agency.slug}/safety-floor/"
    floor = SafetyFloor.objects.get().document
    client = sign_in(ada)
    for code in ("TRESPASS", "JUV"):
        wanted = floor | {"never_cso": [one for one in floor["never_cso"] if one != code]}
        body = {"document": json.dumps(wanted), "reason": "The council decided.", "version": 1}
        answer = client.post(address, body)
        if code == "TRESPASS":
            sign_in(sue).post(f"{address}{SafetyFloor.objects.get(version=2).pk}/approval/")
    assert answer.status_code == 409
    assert "at version 2" in answer.content.decode()
