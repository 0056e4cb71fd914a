"""What every page owes to the eye and the hand, at the desk and on the tablet, by day and by night."""

from collections.abc import Callable
from datetime import datetime

import pytest
from playwright.sync_api import Browser, Page, expect

from agencies.models import Member
from calls.models import Call, RuleSet
from calls.rulesets import save_draft
from dispatch.actions import AssignOrder, assign_unit, send_mayday
from dispatch.models import Unit
from tests.browser.console import DESK, TABLET, SignIn, faults, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
Take = Callable[..., Call]


@pytest.fixture
def busy(take: Take, dora: Member, cole: Member, coles_unit: Unit, other_unit: Unit, now: datetime) -> Call:
    """Cole is on a call, another waits, one is undecided, one is with sworn, and cole has called for help."""
    call = take(caller_name="Ana Ruiz", caller_phone="408-555-0101", narrative="Flat tyres.", caller_language="es")
    assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    assign_unit(take(address="2 Oak St").pk, AssignOrder(coles_unit.callsign, stacked=True), by=dora, now=now)
    take(answers={}, address="3 Elm St")
    take(type_code="PERSUSP", address="4 Fir St")
    send_mayday(other_unit.callsign, by=dora, now=now)
    return call


def test_axe_finds_nothing_at_the_desk(busy: Call, sue: Member, browser: Browser, web: Web, sign_in: SignIn) -> None:
    pages = [
        "board/",
        "board/?open=new",
        f"board/?open={busy.number}",
        f"calls/{busy.number}/",
        "calls/",
        "shifts/",
        "review/",
        "review/calls/",
        "wall/",
    ]
    page = open_as(browser, web, sign_in(sue), page_of(sue, pages[0]))
    for noun in pages:
        page.goto(web.url + page_of(sue, noun))
        ready(page)
        assert faults(page) == [], noun
    page.goto(web.url + page_of(sue, "shifts/"))
    page.locator("main table a").first.click()
    assert faults(page) == [], "shift"


def test_axe_finds_nothing_where_rules_are_written(
    ada: Member, now: datetime, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    save_draft(RuleSet.objects.get(version=1).document, by=ada, now=now)
    page = open_as(browser, web, sign_in(ada), page_of(ada, "rules/"), viewport=TABLET)
    for noun in ("rules/", "call-types/", "call-types/WELFARE/", "call-types/new/", "safety-floor/", "rules/2/"):
        page.goto(web.url + page_of(ada, noun))
        ready(page)
        if noun == "rules/2/":
            expect(page.locator("#proof .good")).to_be_visible(timeout=20_000)
            page.locator("[data-list=rules] [data-edit]").first.click()
            page.locator("#y-type").select_option("VEHABND")
            expect(page.locator("#trial .decision")).to_be_visible()
        assert faults(page) == [], noun
        assert page.evaluate("document.documentElement.scrollWidth") <= TABLET["width"], noun


def test_axe_finds_nothing_on_the_tablet(busy: Call, cole: Member, browser: Browser, web: Web, sign_in: SignIn) -> None:
    page = open_as(browser, web, sign_in(cole), page_of(cole, "tablet/"), viewport=TABLET)
    ready(page)
    assert faults(page) == []
    page.locator("#do-close summary").click()
    assert faults(page) == [], "closing"


def test_axe_finds_nothing_at_the_door(browser: Browser, web: Web, db: None) -> None:
    page = browser.new_page()
    for path in ("/accounts/login/", "/no/such/page/"):
        page.goto(web.url + path)
        assert faults(page) == [], path


def test_the_board_shows_thirty_calls_in_rows_that_can_be_hit(
    take: Take, dora: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    for number in range(34):
        take(address=f"{number} Long St")
    page = open_as(browser, web, sign_in(dora), page_of(dora, "board/"), viewport=DESK)
    ready(page)
    bottom = page.locator(".calls-box .scroll").bounding_box()
    boxes = [row.bounding_box() for row in page.locator("#calls > tr").all()]
    assert bottom is not None
    whole = [b for b in boxes if b is not None and b["y"] + b["height"] <= bottom["y"] + bottom["height"] + 0.5]
    assert len(whole) >= 30
    assert min(b["height"] for b in whole) >= 24


def test_everything_on_the_tablet_can_be_hit_with_a_glove(
    busy: Call, cole: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    page = open_as(browser, web, sign_in(cole), page_of(cole, "tablet/"), viewport=TABLET)
    ready(page)
    for details in ("#do-close", "#do-sworn", ".who"):
        page.locator(f"{details} summary").first.click()
        assert _too_small(page) == []


def test_nothing_is_wider_than_the_tablet(
    busy: Call, cole: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    page = open_as(browser, web, sign_in(cole), page_of(cole, "tablet/"), viewport=TABLET)
    ready(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= TABLET["width"]


def test_a_whole_command_is_seen_while_it_is_typed(sue: Member, browser: Browser, web: Web, sign_in: SignIn) -> None:
    for width, wanted in ((1440, 300), (1024, 440), (390, 300)):
        page = open_as(browser, web, sign_in(sue), page_of(sue, "board/"), viewport={"width": width, "height": 768})
        ready(page)
        bar = page.locator(".top").bounding_box()
        page.locator("#command").focus()
        assert page.locator(".top").bounding_box() == bar
        box = page.locator("#command").bounding_box()
        assert box
        assert box["width"] >= wanted, width
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width


def test_day_and_night_are_kept(dora: Member, browser: Browser, web: Web, sign_in: SignIn) -> None:
    page = open_as(browser, web, sign_in(dora), page_of(dora, "board/"), color_scheme="light")
    page.locator("#theme").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "night")


def _too_small(page: Page) -> list[str]:
    """Targets that can be seen and are less than 44 px wide or high."""
    found = []
    for target in page.locator(
        "main button, main a, main input, main select, main summary, header button, header summary"
    ).all():
        box = target.bounding_box() if target.is_visible() else None
        if box and box["width"] > 2 and (box["width"] < 44 or box["height"] < 44):
            found.append(f"{target.inner_text()} {box}")
    return found
