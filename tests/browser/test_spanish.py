"""Dora works in Spanish: her browser asks for it, or she chooses it, and the page says nothing in English by itself."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from agencies.models import Member
from calls.models import Call
from dispatch.actions import AssignOrder, StatusOrder, assign_unit, move_assignment, schedule_call
from dispatch.models import Unit
from dispatch.states import AssignmentStatus
from tests.browser.console import DESK, TABLET, SignIn, faults, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
Take = Callable[..., Call]
# Words that an English page shows at these places and a Spanish one never does.
ENGLISH = re.compile(
    r"\b(board|calls?|units?|place|caller|route|status|sworn|referral|queued|available|new|save|emergency|filter|search"
    r"|undecided|free|live|sound|reason|language|unknown|yes|late|due|close|choose|the|and|of)\b",
    re.IGNORECASE,
)


@pytest.fixture
def desk(
    take: Take, dora: Member, coles_unit: Unit, now: datetime, browser: Browser, web: Web, sign_in: SignIn
) -> Page:
    take(address="12 Calle Uno", narrative="Un carro.", caller_phone="408-555-0101")
    assign_unit(take(address="2 Calle Dos").pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    schedule_call(take(address="3 Calle Tres").pk, at=now + timedelta(hours=3), by=dora, now=now)
    take(type_code="PERSUSP", address="4 Calle Cuatro")
    page = open_as(browser, web, sign_in(dora), page_of(dora, "board/"), locale="es-US")
    ready(page)
    return page


def test_the_board_and_the_intake_speak_spanish(desk: Page, dora: Member, web: Web) -> None:
    expect(desk.locator("html")).to_have_attribute("lang", "es")
    expect(desk.locator("#link .text")).to_have_text("En vivo")
    assert english(desk, dora) == []
    assert faults(desk) == []
    desk.goto(web.url + page_of(dora, "board/?open=new"))
    ready(desk)
    expect(desk.locator("#intake h2")).to_have_text("Nueva llamada")
    assert english(desk, dora) == []
    assert faults(desk) == []


def test_no_label_of_the_board_is_cut_off(desk: Page) -> None:
    desk.set_viewport_size({"width": 1024, "height": 768})
    labels = desk.locator(
        ".top nav a, .filters .choice span, .calls th, .units th, .state, .tick, .filters .button"
    ).all()
    assert [label.inner_text() for label in labels if label.is_visible() and _is_cut(label)] == []


@pytest.mark.parametrize(("size", "open_"), [(DESK, ""), (DESK, "?open=new"), (TABLET, "")])
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_state_of_a_unit_on_a_call_is_cut_off(
    take: Take, dora: Member, coles_unit: Unit, now: datetime, browser: Browser, web: Web, sign_in: SignIn,
    size: ViewportSize, open_: str, language: str,
) -> None:  # fmt: skip
    """In the narrowest list of units that there is: beside a call that is open, or on a tablet."""
    sent = assign_unit(take().pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    page = open_as(browser, web, sign_in(dora), page_of(dora, f"board/{open_}"), locale=f"{language}-US", viewport=size)
    ready(page)
    row = page.locator(f"#unit-{coles_unit.callsign}")
    for status in ("acknowledged", "en_route", "on_scene"):
        move_assignment(sent.pk, StatusOrder(AssignmentStatus(status)), by=dora, now=now)
        expect(row.locator(f"[data-status={status}]")).to_be_visible()
        assert not _is_cut(row.locator(".state")), row.inner_text()
        assert not _is_cut(row.locator(".c-uwhere a")), row.inner_text()


def test_a_person_chooses_the_language_and_it_stays(desk: Page) -> None:
    desk.locator(".who summary").click()
    desk.locator(".who button[value=en]").click()
    expect(desk.locator("html")).to_have_attribute("lang", "en")
    desk.reload()
    expect(desk.locator("nav [aria-current]")).to_have_text("Board")


def english(page: Page, member: Member) -> list[str]:
    """What is said in English: texts, labels, titles and hints, without the agency's name and the language's own."""
    said = page.evaluate(
        """() => [...document.querySelectorAll("[aria-label], [title], [placeholder]")]
            .flatMap((e) => [e.ariaLabel, e.title, e.placeholder]).filter(Boolean)
            .concat(document.body.innerText.split("\\n"))"""
    )
    spoken = [line.replace(member.agency.name, "") for line in said]
    return [line for line in spoken if ENGLISH.search(line)]


def _is_cut(label: Locator) -> bool:
    return bool(
        label.evaluate(
            """(e) => {
              const box = e.closest("td, th, a, label, button");
              const inside = (outer) => e.getBoundingClientRect().right <= outer.getBoundingClientRect().right + 0.5;
              return e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 || !inside(box);
            }"""
        )
    )
