"""From a draft to the rules in force: nobody publishes the own work, nothing unsafe is published, nothing published
changes."""

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError

from agencies.actions import add_member
from agencies.errors import Forbidden, IllegalMove, Invalid, NotFound, OwnWork, StaleEdit
from agencies.models import Agency, Member
from agencies.roles import Role
from calls import rulesets
from calls.models import Call, CallType, RuleSet
from calls.proving import UnsafeRuleSet
from calls.queries import rules_in_force
from calls.rulesets import Superseded, export_rule_set, import_rule_set, publish, retire, roll_back, save_draft
from ledger.models import Event
from tests.fixtures import Database
from tests.programmes.tables import programme
from tests.races.together import failures, together

pytestmark = pytest.mark.django_db
Document = dict[str, Any]


@pytest.fixture
def art(agency: Agency) -> Member:
    """A second administrator."""
    return add_member(email="art@san-jose.example", name="Art", roles=[Role.ADMINISTRATOR]).as_role(Role.ADMINISTRATOR)


@pytest.fixture
def document() -> Document:
    """San José's rules, with noise for CSOs."""
    document = copy.deepcopy(dict(programme("san-jose").rule_set))
    later = next(rule for rule in document["rules"] if rule["id"] == "R-sworn-later")
    later["when"]["in"].remove("NOISE")
    document["rules"].append(
        {
            "id": "R-noise",
            "when": {"field": "type", "is": "NOISE"},
            "route": "cso",
            "priority": 4,
            "because": {"en": "Loud music is for a CSO."},
        }
    )
    return document


def without(document: Document, identifier: str) -> Document:
    """The document without one disqualifier."""
    kept = [item for item in document["disqualifiers"] if item["id"] != identifier]
    return document | {"disqualifiers": kept}


def test_art_publishes_what_ada_drafted_and_the_next_call_goes_by_it(
    ada: Member, art: Member, document: Document, take: Callable[..., Call], now: datetime
) -> None:
    assert take(type_code="NOISE").route == "sworn"

    draft = save_draft(document, by=ada, now=now)
    published = publish(draft.version, by=art, now=now)

    assert (draft.version, published.status, published.published_by) == (2, "published", art)
    assert RuleSet.objects.get(version=1).status == "retired"
    assert take(type_code="NOISE").route == "cso"
    kinds = list(Event.objects.filter(kind__startswith="rules.").order_by("seq").values_list("kind", "by__name"))
    assert kinds == [("rules.drafted", "Ada"), ("rules.published", "Art")]


def test_nobody_publishes_a_draft_on_which_they_wrote(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    draft = save_draft(document, by=ada, now=now)
    with pytest.raises(OwnWork):
        publish(draft.version, by=ada, now=now)

    document["rules"][-1]["priority"] = 3
    save_draft(document, by=art, now=now, version=draft.version)
    with pytest.raises(OwnWork):
        publish(draft.version, by=art, now=now)
    assert rules_in_force().row.version == 1


@pytest.mark.parametrize("name", ["dora", "cole", "sue"])
def test_only_administrators_draft_and_publish(
    name: str, request: pytest.FixtureRequest, ada: Member, document: Document, now: datetime
) -> None:
    member = request.getfixturevalue(name)
    draft = save_draft(document, by=ada, now=now)
    with pytest.raises(Forbidden):
        save_draft(document, by=member, now=now)
    with pytest.raises(Forbidden):
        publish(draft.version, by=member, now=now)
    with pytest.raises(Forbidden):
        retire(draft.version, by=member, now=now)


def test_rules_that_forgot_the_weapon_are_not_published_and_the_call_that_shows_it_is_told(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    draft = save_draft(without(document, "D-weapon"), by=ada, now=now)

    with pytest.raises(UnsafeRuleSet) as refused:
        publish(draft.version, by=art, now=now)

    example = refused.value.more["counter_example"]
    assert example["answers"]["weapon"] != "no"
    assert set(example) == {"type", "answers", "facts"}
    assert rules_in_force().row.version == 1
    assert RuleSet.objects.get(version=2).status == "draft"


def test_a_dead_rule_is_not_published_and_has_no_counter_example(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    document["rules"].append(document["rules"][-1] | {"id": "R-again"})
    draft = save_draft(document, by=ada, now=now)

    with pytest.raises(UnsafeRuleSet, match="R-again never decides") as refused:
        publish(draft.version, by=art, now=now)

    assert refused.value.more["counter_example"] is None


def test_what_was_published_never_changes(
    ada: Member, art: Member, agency: Agency, document: Document, now: datetime, database: Database
) -> None:
    draft = save_draft(document, by=ada, now=now)
    publish(draft.version, by=art, now=now)

    with pytest.raises(IllegalMove):
        save_draft(document | {"rules": []}, by=ada, now=now, version=draft.version)
    changed: dict[str, Any] = {"document": {}, "authors": [], "status": "draft", "effective_from": now}
    for column, value in changed.items():
        with pytest.raises(DatabaseError, match="Cannot update"):
            RuleSet.objects.filter(version=draft.version).update(**{column: value})
    with database.superuser() as superuser, pytest.raises(Exception, match="Cannot update"):
        superuser.execute("UPDATE calls_ruleset SET document = '{}' WHERE version = 2")
    with pytest.raises(DatabaseError, match="permission denied"):
        RuleSet.objects.filter(version=draft.version).delete()
    with pytest.raises(DatabaseError, match="Cannot update"):
        RuleSet.objects.filter(version=1).update(status="published")


def test_two_publish_at_once_one_wins_and_the_other_is_told_who_and_what_differs(
    ada: Member, art: Member, agency: Agency, document: Document, now: datetime
) -> None:
    adas = save_draft(document, by=ada, now=now)
    document["rules"][-1]["priority"] = 3
    arts = save_draft(document, by=art, now=now)

    outcomes = together(
        agency.pk,
        lambda: publish(arts.version, by=ada, now=now),
        lambda: publish(adas.version, by=art, now=now),
    )

    [lost] = failures(outcomes)
    [won] = [row for row in outcomes if isinstance(row, RuleSet)]
    assert isinstance(lost, Superseded)
    assert (lost.more["version"], lost.more["by"]) == (won.version, won.published_by.name if won.published_by else "")
    assert any("R-noise: the priority was" in sentence for sentence in lost.more["differs"])
    assert list(RuleSet.objects.filter(status="published").values_list("version", flat=True)) == [won.version]


def test_who_has_seen_the_other_version_publishes_in_its_place(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    first, second = save_draft(document, by=ada, now=now), save_draft(document, by=ada, now=now)
    publish(first.version, by=art, now=now)
    with pytest.raises(Superseded):
        publish(second.version, by=art, now=now)

    assert publish(second.version, by=art, now=now, replaces=first.version).status == "published"


def test_rules_for_the_new_year_decide_from_the_new_year(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    later = now + timedelta(days=30)
    draft = save_draft(document, by=ada, now=now)
    publish(draft.version, by=art, now=now, effective_from=later)

    assert rules_in_force(now).row.version == 1
    assert rules_in_force(later).row.version == 2
    first = RuleSet.objects.get(version=1)
    assert (first.status_at(now), first.status_at(later)) == ("published", "retired")


def test_rules_that_have_not_begun_can_be_taken_back_and_those_in_force_cannot(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    later = now + timedelta(days=30)
    draft = save_draft(document, by=ada, now=now)
    publish(draft.version, by=art, now=now, effective_from=later)

    retire(draft.version, by=ada, now=now)

    assert rules_in_force(later).row.version == 1
    assert RuleSet.objects.get(version=1).status_at(later) == "published"
    with pytest.raises(IllegalMove):
        retire(1, by=ada, now=now)


def test_what_is_published_at_once_goes_before_what_was_planned(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    later = now + timedelta(days=30)
    planned, urgent = save_draft(document, by=ada, now=now), save_draft(document, by=ada, now=now)
    publish(planned.version, by=art, now=now, effective_from=later)
    publish(urgent.version, by=art, now=now, replaces=planned.version)

    assert rules_in_force(now).row.version == rules_in_force(later).row.version == urgent.version


def test_an_earlier_version_comes_back_as_a_new_one_by_two_people(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    publish(save_draft(document, by=ada, now=now).version, by=art, now=now)

    back = roll_back(1, by=ada, now=now)
    with pytest.raises(OwnWork):
        publish(back.version, by=ada, now=now)
    publish(back.version, by=art, now=now)

    assert (back.version, back.restored_from) == (3, 1)
    assert rules_in_force().row.document == RuleSet.objects.get(version=1).document


def test_a_draft_that_somebody_else_changed_is_not_overwritten(
    ada: Member, art: Member, document: Document, now: datetime
) -> None:
    draft = save_draft(document, by=ada, now=now)
    document["rules"][-1]["priority"] = 3
    save_draft(document, by=art, now=now, version=draft.version, if_revision=1)

    with pytest.raises(StaleEdit) as refused:
        save_draft(document, by=ada, now=now, version=draft.version, if_revision=1)

    assert refused.value.more["changed"][0]["by"] == "Art"


def test_a_rule_set_goes_out_as_a_file_and_comes_back_the_same(ada: Member, document: Document, now: datetime) -> None:
    draft = save_draft(document, by=ada, now=now)

    written = export_rule_set(draft.version, by=ada)
    assert written.index('"questions"') < written.index('"disqualifiers"') < written.index('"default"')
    again = import_rule_set(written, by=ada, now=now)

    assert (again.version, again.document) == (draft.version + 1, draft.document)


def _deep(depth: int) -> str:
    return '{"not":' * depth + '{"field": "hour", "is": 1}' + "}" * depth


def _with(document: Document, **changes: Any) -> str:
    return json.dumps(document | changes)


def _rule(document: Document, **changes: Any) -> str:
    return _with(document, rules=[document["rules"][0] | changes])


ARMED = '{"field": "answer.weapon", "is": "yes"}'


@pytest.mark.parametrize(
    ("bend", "path"),
    [
        (lambda d: "x" * 10_000_000, "document"),
        (lambda d: "[" * 100_000, "document"),
        (lambda d: _with(d).replace(ARMED, _deep(1000)), "document"),
        (lambda d: _with(d).replace(ARMED, _deep(30)), "document.disqualifiers[0].when.not"),
        (lambda d: _with(d)[:-1] + ', "rules": []}', "document"),
        (lambda d: _with(d, rules=[d["rules"][0], d["rules"][0]]), "document.rules[1].id"),
        (lambda d: _rule(d, id="D-weapon"), "document.rules[0].id"),
        (lambda d: _rule(d, when={"field": "type", "is": "GONE"}), "document.rules[0].when.is"),
        (lambda d: _rule(d, when={"field": "type", "is": "TRESPASS"}), "document.rules[0].when.is"),
        (lambda d: _with(d, rules=[{"$ref": "#/rules/0"}]), "document.rules[0].$ref"),
        (lambda d: _with(d, rules=d["rules"] * 100), "document.rules"),
        (lambda d: "[]", "document"),
        (lambda d: "\ud800".encode("utf-16", "surrogatepass"), "document"),
    ],
    ids=[
        "10 MB", "100,000 deep", "1,000 deep", "30 deep", "a key twice", "an id twice", "an id of another part",
        "no such type",
        "a retired type", "a circle", "2,000 rules", "no object", "no text",
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_the_place_and_nothing_changes(
    bend: Callable[[Document], str], path: str, ada: Member, document: Document, now: datetime
) -> None:
    CallType.objects.filter(code="TRESPASS").update(retired_at=now)
    events = Event.objects.count()
    with pytest.raises(Invalid) as refused:
        import_rule_set(bend(document), by=ada, now=now)

    [named] = refused.value.errors
    assert named.startswith(path)
    assert len(refused.value.errors[named][0]) < 300
    assert (RuleSet.objects.count(), Event.objects.count()) == (1, events)


def test_a_document_that_holds_itself_is_refused(ada: Member, document: Document, now: datetime) -> None:
    document["rules"][0]["when"] = {"not": document["rules"][0]}
    document["rules"][0]["when"]["not"] = document["rules"][0]["when"]

    with pytest.raises(Invalid, match="nested deeper"):
        save_draft(document, by=ada, now=now)


def test_a_version_that_is_not_there_is_not_found(ada: Member, agency: Agency, now: datetime) -> None:
    with pytest.raises(NotFound):
        publish(99, by=ada, now=now)


def test_a_proof_can_be_asked_for_before_publishing(
    ada: Member, sue: Member, document: Document, now: datetime
) -> None:
    safe = save_draft(document, by=ada, now=now)
    unsafe = save_draft(without(document, "D-hazard"), by=ada, now=now)

    assert rulesets.prove(safe.version, by=sue, now=now).proved
    assert [f.id for f in rulesets.prove(unsafe.version, by=ada, now=now).failures] == ["F-hazard"]
    assert rulesets.differences(unsafe.version, safe.version, by=sue) == (
        "Disqualifier D-hazard is gone: “hazard is answered yes”.",
    )
