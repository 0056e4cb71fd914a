"""Ada begins a draft from another programme's rules: each keeps its source, and what does not fit is told."""

import html
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from agencies.models import Member
from calls import rulesets
from calls.models import CallType, RuleSet
from calls.rulesets import begin_from_template, import_rule_set, roll_back, save_draft
from cso import programmes

SignIn = Callable[..., Client]
WELFARE = "R-welfare"


@pytest.fixture
def seattles(ada: Member, now: datetime) -> RuleSet:
    """Seattle's rules as a draft of San José, which has no parking and trains nobody as Seattle does."""
    CallType.objects.filter(code="PARKING").update(retired_at=now)
    return begin_from_template("seattle", by=ada, now=now)


def shown(sign_in: SignIn, member: Member, row: RuleSet, language: str = "en") -> str:
    path = f"/a/{member.agency.slug}/rules/{row.version}/"
    return html.unescape(sign_in(member).get(path, headers={"accept_language": language}).content.decode())


def test_another_programme_is_chosen_on_the_page(ada: Member, sue: Member, sign_in: SignIn) -> None:
    address, seattle = f"/a/{ada.agency.slug}/rules/", {"template": "seattle"}
    client = sign_in(ada)
    offered = client.get(address).content.decode()
    assert all(f'<option value="{slug}">' in offered for slug in programmes.slugs())
    assert client.post(address, seattle).headers["Location"] == f"{address}2/"
    assert RuleSet.objects.get(version=2).status == "draft"
    assert client.post(address, {"template": "atlantis"}).status_code == 400
    assert sign_in(sue).post(address, seattle).status_code == 403
    assert 'id="template"' not in sign_in(sue).get(address).content.decode()


def test_what_the_agency_does_not_have_is_said_on_the_draft(seattles: RuleSet, sue: Member, sign_in: SignIn) -> None:
    page = shown(sign_in, sue, seattles)
    assert "Begun from the template of Seattle Community Service Officers." in page
    assert f"{WELFARE}: nobody here has the qualification welfare_checks. A supervisor is asked first" in page
    assert "the type PARKING, which is not in use here" in page
    assert "Incluida como ejemplo" in shown(sign_in, sue, seattles, "es")
    assert "aquí nadie tiene la habilitación welfare_checks" in shown(sign_in, sue, seattles, "es")
    rule = next(rule for rule in seattles.document["rules"] if rule["id"] == WELFARE)
    assert (rule["route"], rule["qualification"], rule["approval"]) == ("cso", None, True)


def test_each_rule_keeps_its_source_and_says_when_it_was_changed(
    seattles: RuleSet, ada: Member, sue: Member, sign_in: SignIn, now: datetime
) -> None:
    source = programmes.read("seattle").sources[WELFARE]
    first = shown(sign_in, sue, seattles).partition(f'id="part-{WELFARE}"')[2].partition("</li>")[0]
    assert f"{source.title}, {source.date}" in first
    assert "changed here since" not in first
    rules = [r | ({"priority": 2} if r["id"] == WELFARE else {}) for r in seattles.document["rules"]]
    edited = save_draft(seattles.document | {"rules": rules}, by=ada, now=now, version=seattles.version)
    then = shown(sign_in, sue, edited).partition(f'id="part-{WELFARE}"')[2].partition("</li>")[0]
    assert f"{source.title}, {source.date}" in then
    assert "changed here since" in then


def test_what_is_begun_from_a_version_has_its_sources_and_a_file_has_none(
    ada: Member, sue: Member, sign_in: SignIn, now: datetime
) -> None:
    own = programmes.read("san-jose").sources["R-theft"].title
    ours = roll_back(1, by=ada, now=now)
    assert own in shown(sign_in, sue, ours)
    assert "Begun from" not in shown(sign_in, sue, ours)
    file = import_rule_set(rulesets.export_rule_set(1, by=ada), by=ada, now=now)
    assert own not in shown(sign_in, sue, file)


def test_a_version_from_before_sources_were_kept_has_the_agencys(ada: Member, sue: Member, sign_in: SignIn) -> None:
    old = RuleSet(version=1, origin=None, agency=ada.agency, document=RuleSet.objects.get(version=1).document)
    assert (
        rulesets.sources_of(old)["sources"]["R-theft"]["title"] == programmes.read("san-jose").sources["R-theft"].title
    )
