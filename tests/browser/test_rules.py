"""Ada at the editor: what she changes is saved, proved and never lost."""

import pytest
from playwright.sync_api import Browser, Page, expect

from agencies.models import Member
from calls.models import RuleSet
from calls.rulesets import save_draft
from tests.browser.console import SignIn, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
CARS = "R-abandoned-vehicle"


@pytest.fixture
def editor(ada: Member, browser: Browser, web: Web, sign_in: SignIn) -> Page:
    from django.utils import timezone

    save_draft(RuleSet.objects.get(version=1).document, by=ada, now=timezone.now())
    page = open_as(browser, web, sign_in(ada), page_of(ada, "rules/2/"))
    ready(page)
    return page


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
