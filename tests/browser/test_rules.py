"""Ada at the editor: what she changes is saved, proved and never lost."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from agencies.actions import add_member
from agencies.models import Member
from agencies.roles import Role
from calls.models import RuleSet
from calls.queries import rules_in_force
from calls.rulesets import publish, save_draft
from tests.browser.console import SignIn, faults, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
CARS = "R-abandoned-vehicle"


@pytest.fixture
def editor(ada: Member, browser: Browser, web: Web, sign_in: SignIn) -> Page:
    save_draft(RuleSet.objects.get(version=1).document, by=ada, now=timezone.now())
    page = open_as(browser, web, sign_in(ada), page_of(ada, "rules/2/"))
    ready(page)
    return page


@pytest.fixture
def bea(ada: Member) -> Member:
    """Another administrator."""
    member = add_member(email="bea@san-jose.example", name="Bea", roles=[Role.ADMINISTRATOR]).as_role(
        Role.ADMINISTRATOR
    )
    member.agency = ada.agency
    return member


def rules() -> list[dict]:
    found: list[dict] = RuleSet.objects.get(version=2).document["rules"]
    return found


def test_a_rule_is_edited_ordered_and_proved(editor: Page) -> None:
    expect(editor.locator(f"[data-proof={CARS}]")).to_have_attribute("data-state", "holds", timeout=20_000)
    row = editor.locator(f"#part-{CARS}")
    row.locator("[data-edit]").click()
    editor.locator("#e-priority").select_option("2")
    expect(row).to_contain_text("priority 2")
    expect(editor.locator("#saved .what")).to_have_text("Saved")
    before = [rule["id"] for rule in rules()]
    row.locator("[data-move]").focus()
    editor.keyboard.press("Alt+ArrowUp")
    expect(editor.locator("#differences")).to_contain_text(f"now comes after {CARS}")
    after = [rule["id"] for rule in rules()]
    assert after.index(CARS) == before.index(CARS) - 1
    expect(row.locator("[data-move]")).to_be_focused()


def test_an_unsafe_change_fails_beside_its_part_and_its_call_can_be_tried(editor: Page) -> None:
    row = editor.locator("#part-D-weapon")
    row.locator("[data-edit]").click()
    editor.locator("[data-condition] select").last.select_option("no")
    expect(row).to_contain_text("weapon is answered no")
    expect(editor.locator("#proof .danger-words")).to_be_visible(timeout=20_000)
    editor.locator("#proof [data-example]").first.click()
    expect(editor.locator("#trial .decision")).to_be_visible()


def test_nothing_is_lost_without_a_connection(editor: Page) -> None:
    editor.locator(f"#part-{CARS} [data-edit]").click()
    editor.context.set_offline(True)
    editor.locator("#e-words-en").fill("A parked car is for a CSO, every day.")
    expect(editor.locator("#saved")).to_contain_text("no connection")
    editor.context.set_offline(False)
    expect(editor.locator(f"#part-{CARS}")).to_contain_text("every day", timeout=15_000)
    assert next(rule for rule in rules() if rule["id"] == CARS)["because"]["en"].endswith("every day.")


def test_a_rule_is_dragged_to_its_place(editor: Page) -> None:
    before = [rule["id"] for rule in rules()]
    first, last = before[0], before[3]
    editor.locator(f"#part-{last} .grip").drag_to(editor.locator(f"#part-{first}"))
    expect(editor.locator("[data-list=rules] .part").first).to_have_id(f"part-{last}")
    expect(editor.locator("#differences")).to_contain_text(last)
    assert [rule["id"] for rule in rules()] == [last, *before[:3], *before[4:]]


def cars(draft: Page, words: str) -> None:
    """The reason of the rule for abandoned cars, typed."""
    draft.locator(f"#part-{CARS} [data-edit]").click()
    draft.locator("#e-words-en").fill(words)


def reworded(words: str) -> dict:
    document: dict = RuleSet.objects.get(version=2).document
    for rule in document["rules"]:
        if rule["id"] == CARS:
            rule["because"]["en"] = words
    return document


def test_who_comes_back_to_a_draft_that_somebody_else_saved_sees_both(editor: Page, bea: Member) -> None:
    save_draft(reworded("Bea's words."), by=bea, now=timezone.now(), version=2)
    cars(editor, "Ada's words.")
    expect(editor.locator("#meanwhile")).to_contain_text("Somebody else saved this draft")
    editor.locator("#meanwhile [data-reload]").click()

    expect(editor.locator(f"#part-{CARS}")).to_contain_text("Bea's words.")
    expect(editor.locator("#kept-mine .lines")).to_contain_text(CARS)
    expect(editor.locator("#proof .good")).to_be_visible(timeout=20_000)
    assert faults(editor) == []
    editor.locator("[data-take-mine]").click()
    expect(editor.locator(f"#part-{CARS}")).to_contain_text("Ada's words.")
    expect(editor.locator("#saved .what")).to_have_text("Saved")
    assert next(rule for rule in rules() if rule["id"] == CARS)["because"]["en"] == "Ada's words."
    editor.reload()
    ready(editor)
    expect(editor.locator(f"#part-{CARS}")).to_contain_text("Ada's words.")
    expect(editor.locator("#kept-mine")).to_be_hidden()


def test_a_draft_says_that_another_version_was_published_meanwhile_and_how_it_differs(
    editor: Page, ada: Member, bea: Member
) -> None:
    cars(editor, "Ada's words.")
    expect(editor.locator("#saved .what")).to_have_text("Saved")
    expect(editor.locator("#meanwhile")).to_be_hidden()
    document = RuleSet.objects.get(version=1).document
    document["rules"][-1]["priority"] = 4 if document["rules"][-1]["priority"] == 3 else 3
    publish(save_draft(document, by=ada, now=timezone.now()).version, by=bea, now=timezone.now())

    editor.evaluate("dispatchEvent(new Event('focus'))")
    expect(editor.locator("#meanwhile")).to_contain_text("Another rule set was published")
    editor.locator("#meanwhile [data-reload]").click()

    expect(editor.locator("#meanwhile")).to_contain_text("Bea published rule set 3 since this draft was begun.")
    expect(editor.locator("#c-title")).to_have_text("What it changes against rule set 3")
    expect(editor.locator("#differences")).to_contain_text(document["rules"][-1]["id"])
    expect(editor.locator("#differences")).to_contain_text(CARS)


def test_a_version_begins_at_the_moment_that_was_picked(
    editor: Page, bea: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    beas = open_as(browser, web, sign_in(bea), page_of(bea, "rules/2/"))
    ready(beas)
    moment = (timezone.now().astimezone(ZoneInfo("America/Los_Angeles")) + timedelta(days=2)).replace(second=0)
    beas.locator("#b-from").fill(f"{moment:%Y-%m-%dT%H:%M}")
    beas.locator("form:has(#b-from) button").click()
    beas.wait_for_url("**/rules/")
    found = RuleSet.objects.get(version=2)
    assert found.effective_from is not None
    assert abs(found.effective_from - moment) < timedelta(minutes=1)
    expect(beas.locator("main")).to_contain_text(f"{moment:%H:%M}")
    assert rules_in_force().row.version == 1
