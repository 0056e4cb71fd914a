"""Cole on his tablet: one tap for each step, and a call for help that cannot be lost."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from agencies.models import Member
from agencies.scope import agency_scope
from calls.models import Call
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    acknowledge_transfer,
    add_note,
    assign_unit,
    send_mayday,
    take_alarm,
)
from dispatch.models import Assignment, Unit
from ledger.models import Alarm
from tests.browser.console import TABLET, SignIn, open_as, page_of, ready
from tests.fixtures import Database, Web

pytestmark = pytest.mark.browser
Take = Callable[..., Call]


@pytest.fixture
def tablet(cole: Member, browser: Browser, web: Web, sign_in: SignIn) -> Page:
    page = open_as(browser, web, sign_in(cole), page_of(cole, "tablet/"), viewport=TABLET)
    ready(page)
    return page


@pytest.fixture
def given(take: Take, dora: Member, coles_unit: Unit, now: datetime) -> Call:
    call = take(narrative="Flat tyres.")
    assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    return call


def test_a_call_is_brought_to_its_end_tap_by_tap(given: Call, tablet: Page) -> None:
    expect(tablet.locator(".current")).to_contain_text(given.number)
    for status, words in (("acknowledged", "Acknowledged"), ("en_route", "En route"), ("on_scene", "On scene")):
        tablet.locator(f".steps button[value={status}]").first.click()
        expect(tablet.locator(".current .state")).to_have_text(words)
    tablet.locator(".welfare button").click()
    tablet.locator("#note-text").fill("Locked, tagged.")
    tablet.get_by_text("Add note").click()
    expect(tablet.locator(".told .notes")).to_contain_text("Locked, tagged.")
    tablet.locator("#do-close summary").click()
    tablet.locator("#do-close button[value='01']").click()
    expect(tablet.get_by_text("No call")).to_be_visible()
    given.refresh_from_db()
    assert given.status == "closed"
    assert given.notes.get().text == "Locked, tagged."


def test_one_tap_is_no_mayday_and_two_are(tablet: Page) -> None:
    button = tablet.locator("button.mayday")
    button.click()
    expect(tablet.locator("#mayday .say")).to_have_text("Tap again to send")
    assert not Alarm.objects.filter(kind="mayday").exists()
    button.click()
    expect(tablet.locator("#mayday .outcome")).to_contain_text("MAYDAY sent")
    assert Alarm.objects.filter(kind="mayday").count() == 1


def test_holding_the_button_is_a_mayday(tablet: Page) -> None:
    box = tablet.locator("button.mayday").bounding_box()
    assert box is not None
    tablet.mouse.move(box["x"] + 20, box["y"] + 20)
    tablet.mouse.down()
    expect(tablet.locator("#mayday .outcome")).to_contain_text("MAYDAY sent", timeout=10_000)
    tablet.mouse.up()
    assert Alarm.objects.filter(kind="mayday").count() == 1


def test_a_mayday_by_radio_is_on_the_tablet_with_who_has_it(
    tablet: Page, coles_unit: Unit, dora: Member, now: datetime
) -> None:
    call = send_mayday(coles_unit.callsign, by=dora, now=now)
    help_ = tablet.locator(".help")
    expect(help_).to_contain_text(f"MAYDAY {call.number} Every console has it. Sworn asked for, not yet accepted")
    take_alarm(Alarm.objects.get(kind="mayday").pk, by=dora, now=now)
    expect(help_).to_contain_text("Dora has it.")
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    expect(help_).to_contain_text("Sworn accepted: Sgt. Poe")


def test_a_colleagues_mayday_is_on_the_tablet_until_sworn_has_accepted_it(
    tablet: Page, other_unit: Unit, dora: Member, now: datetime
) -> None:
    tablet.evaluate("document.addEventListener('cso:sounded', (e) => document.body.dataset.sounded = e.detail)")
    call = send_mayday(other_unit.callsign, by=dora, now=now)
    colleague = tablet.locator(".colleague")
    expect(colleague).to_contain_text(f"MAYDAY {other_unit.callsign} Nobody has it yet. Sworn has not accepted yet.")
    expect(tablet.locator("body")).to_have_attribute("data-sounded", "mayday")
    tablet.set_viewport_size({"width": 390, "height": 700})
    inner, outer = (tablet.locator(name).bounding_box() for name in (".colleague p", ".colleague"))
    assert inner
    assert outer
    assert inner["height"] <= outer["height"], "on a phone nothing lies over what follows"
    take_alarm(Alarm.objects.get(kind="mayday").pk, by=dora, now=now)
    expect(colleague).to_contain_text("Dora has it. Sworn has not accepted yet.")
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    expect(colleague).to_have_count(0)


def test_no_notice_lies_over_the_call_for_help(tablet: Page) -> None:
    words = '<div class="notice"><p>' + "Somebody else was first. " * 9 + "</p></div>"
    tablet.evaluate("(words) => document.querySelector('#notices').insertAdjacentHTML('beforeend', words)", words)
    for width in (1024, 420):
        tablet.set_viewport_size({"width": width, "height": 768})
        notice, button = (tablet.locator(name).bounding_box() for name in ("#notices .notice", "button.mayday"))
        assert notice
        assert button
        assert notice["y"] + notice["height"] <= button["y"]


@pytest.mark.parametrize("noun", ["tablet/", "board/", "shifts/"])
def test_a_phone_shows_the_whole_width(cole: Member, browser: Browser, web: Web, sign_in: SignIn, noun: str) -> None:
    page = open_as(browser, web, sign_in(cole), page_of(cole, noun), viewport={"width": 390, "height": 800})
    ready(page)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    expect(page.get_by_role("link", name="Shifts")).to_be_visible()
    expect(page.get_by_role("button", name="Sound")).to_be_visible()


def test_without_a_link_the_page_says_so_and_keeps_trying(tablet: Page) -> None:
    tablet.context.set_offline(True)
    tablet.locator("button.mayday").dblclick(delay=50)
    expect(tablet.locator("#mayday .outcome")).to_contain_text("NOT SENT: USE YOUR RADIO")
    tablet.context.set_offline(False)
    expect(tablet.locator("#mayday .outcome")).to_contain_text("MAYDAY sent", timeout=15_000)
    assert Alarm.objects.filter(kind="mayday").count() == 1


def test_a_step_tapped_without_a_link_is_sent_later_with_its_time(given: Call, tablet: Page) -> None:
    tablet.context.set_offline(True)
    tablet.locator(".steps button[value=acknowledged]").click()
    expect(tablet.locator("#outbox")).to_contain_text("Acknowledge")
    tablet.wait_for_timeout(1500)
    tablet.context.set_offline(False)
    expect(tablet.locator(".current .state")).to_have_text("Acknowledged", timeout=15_000)
    expect(tablet.locator("#outbox")).to_be_hidden()
    assignment = Assignment.objects.get(call=given)
    assert assignment.status == "acknowledged"


def test_a_step_tapped_while_the_database_is_away_is_sent_later(given: Call, tablet: Page, database: Database) -> None:
    with database.away():
        tablet.locator(".steps button[value=acknowledged]").click()
        expect(tablet.locator("#outbox")).to_contain_text("Acknowledge", timeout=15_000)
        expect(tablet.locator("#notices")).to_contain_text("The console is not ready")
    expect(tablet.locator(".current .state")).to_have_text("Acknowledged", timeout=20_000)
    expect(tablet.locator("#outbox")).to_be_hidden()
    with agency_scope(given.agency_id):  # again: our own connection was cut as well
        assert Assignment.objects.get(call=given).status == "acknowledged"


def test_a_call_that_he_finds_himself_is_on_scene_at_once(tablet: Page) -> None:
    tablet.locator("#do-own summary").click()
    tablet.locator("#own-type").select_option("PROPFND")
    tablet.locator("#own-place").fill("Plaza")
    tablet.locator("#do-own [data-submit]").click()
    expect(tablet.locator(".current .state")).to_have_text("On scene")
    tablet.locator("#do-sworn summary").click()
    tablet.locator("#sworn-why").fill("somebody has a knife")
    tablet.get_by_text("For danger").click()
    expect(tablet.locator(".act .notice")).to_contain_text("Sworn asked for")


def test_what_he_opened_stays_open_when_the_page_brings_itself_up_to_date(
    given: Call, tablet: Page, dora: Member, now: datetime
) -> None:
    tablet.locator("#do-close summary").click()
    expect(tablet.locator("#do-close button[value='01']")).to_be_visible()
    add_note(given.pk, "The owner is on the way.", by=dora, now=now)
    expect(tablet.locator(".told .notes")).to_contain_text("The owner is on the way.")
    expect(tablet.locator("#do-close button[value='01']")).to_be_visible()
