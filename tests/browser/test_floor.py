"""Ada changes the safety floor in sentences, and another member approves what she proposed."""

import pytest
from playwright.sync_api import Browser, Page, expect

from agencies.models import Member
from calls.models import SafetyFloor
from calls.queries import floor_in_force
from tests.browser.console import SignIn, faults, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
FLOOR = "safety-floor/"


@pytest.fixture
def floor(ada: Member, browser: Browser, web: Web, sign_in: SignIn) -> Page:
    page = open_as(browser, web, sign_in(ada), page_of(ada, FLOOR))
    ready(page)
    return page


def test_an_invariant_is_added_changed_and_struck_and_the_change_is_proposed(
    floor: Page, ada: Member, sue: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    floor.locator("[data-add=invariants]").click()
    floor.locator("#e-words-en").fill("At night nobody goes alone.")
    floor.locator("[data-condition] select").first.select_option("hour")
    floor.locator("[data-condition] input").fill("22")
    added = floor.locator(".part[data-state=new]")
    expect(added).to_contain_text("the hour is at least 22")
    expect(added).to_contain_text("At night nobody goes alone.")

    floor.locator("#part-F-hazard [data-edit]").click()
    floor.locator("[data-remove-part]").click()
    struck = floor.locator("#part-F-hazard")
    expect(struck).to_have_attribute("data-state", "struck")
    floor.locator("#part-F-weapon [data-edit]").click()
    floor.locator("#e-words-en").fill("Somebody is armed.")
    expect(floor.locator("#part-F-weapon")).to_have_attribute("data-state", "changed")
    expect(floor.locator("#changes")).to_contain_text("Invariant gone: F-hazard")
    struck.locator("[data-restore]").click()
    expect(floor.locator("#changes")).not_to_contain_text("F-hazard")

    floor.locator("#fl-why").fill("The council wants it.")
    floor.locator("#proposal .button.main").click()
    expect(floor.locator(".waiting-change")).to_contain_text("You proposed it: another member approves.")
    expect(floor.locator("#changes")).to_contain_text("Nothing changes until another member approves.")
    assert floor_in_force().version == 1

    sues = open_as(browser, web, sign_in(sue), page_of(sue, FLOOR))
    expect(sues.locator("[data-edit]")).to_have_count(0)
    sues.locator(".waiting-change .button.main").click()
    expect(sues.locator(".parts").first).to_contain_text("the hour is at least 22")
    found = {item["id"]: item for item in SafetyFloor.objects.get(version=2).document["invariants"]}
    assert found["F-new-11"]["when"] == {"field": "hour", "at_least": 22}
    assert found["F-weapon"]["because"]["en"] == "Somebody is armed."
    assert "F-hazard" in found


def test_types_and_declarations_are_struck_and_added(floor: Page) -> None:
    before = floor_in_force().document
    floor.locator("[data-strike=never_cso][data-key=SUSP]").click()
    expect(floor.locator("#changes")).to_contain_text("No longer never for a CSO: SUSP")
    floor.locator("#g-of").select_option("NOISE")
    floor.locator("#g-code").select_option("hazard")
    floor.locator("#g-why-en").fill("Noise leaks nothing.")
    floor.locator("[data-declare=not_applicable] .button").click()
    expect(floor.locator("#changes")).to_contain_text("Need not be asked any more: hazard, NOISE")
    floor.locator("#fl-why").fill("As agreed.")
    floor.locator("#proposal .button.main").click()
    expect(floor.locator(".waiting-change")).to_be_visible()
    proposed = SafetyFloor.objects.get(version=2).document
    assert set(before["never_cso"]) - set(proposed["never_cso"]) == {"SUSP"}
    assert proposed["not_applicable"][-1] | {"by": None} == {
        "type": "NOISE", "code": "hazard", "reason": {"en": "Noise leaks nothing."}, "by": None,
    }  # fmt: skip


def test_what_is_not_proposed_yet_survives_a_reload_and_json_says_the_same(floor: Page) -> None:
    floor.locator("[data-strike=never_cso][data-key=SUSP]").click()
    expect(floor.locator("#changes")).to_contain_text("SUSP")
    floor.reload()
    expect(floor.locator("#changes")).to_contain_text("No longer never for a CSO: SUSP")
    floor.locator(".as-json summary").click()
    text = floor.locator("#fl-doc")
    assert '"SUSP"' not in text.input_value()
    text.fill(text.input_value().replace('"F-hazard"', '"F-spill"'))
    text.blur()
    expect(floor.locator("#part-F-spill")).to_have_attribute("data-state", "new")
    text.fill('{"invariants": 5}')
    text.blur()
    expect(floor.locator("#saved")).to_contain_text("This cannot be proposed")
    floor.locator("[data-begin-anew]").click()
    expect(floor.locator("#changes")).to_contain_text("Change the sentences")


def test_the_form_is_clean_and_works_without_script(
    floor: Page, ada: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    floor.set_viewport_size({"width": 1024, "height": 768})
    floor.locator("#part-F-weapon [data-edit]").click()
    floor.locator("[data-strike=never_cso][data-key=SUSP]").click()
    expect(floor.locator("#changes")).to_contain_text("SUSP")
    assert faults(floor) == []
    assert floor.evaluate("document.documentElement.scrollWidth") <= 1024

    plain = open_as(browser, web, sign_in(ada), page_of(ada, FLOOR), java_script_enabled=False)
    expect(plain.locator("[data-edit]").first).to_be_hidden()
    plain.locator(".as-json summary").click()
    text = plain.locator("#fl-doc")
    text.fill(text.input_value().replace('"SUSP",', ""))
    plain.locator("#fl-why").fill("By hand.")
    plain.locator("#proposal .button.main").click()
    expect(plain.locator(".waiting-change")).to_contain_text("No longer never for a CSO: SUSP")
