"""The board changes by itself, in every window, and touches nothing that a person is at."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from agencies.models import Agency, Member
from calls.models import Call
from dispatch.actions import Acceptance, AssignOrder, acknowledge_transfer, assign_unit, cancel_call, send_mayday
from dispatch.models import Unit
from dispatch.sweep import sweep
from ledger.models import Event
from tests.fixtures import Web

pytestmark = pytest.mark.browser
Take = Callable[..., Call]


@pytest.fixture
def console(context: BrowserContext, web: Web, dora: Member, sign_in: Callable[..., Client]) -> BrowserContext:
    """A browser in which dora is signed in."""
    cookie = sign_in(dora).cookies[settings.SESSION_COOKIE_NAME]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": web.url}])
    return context


@pytest.fixture
def streams(console: BrowserContext) -> list[str]:
    """Addresses of the streams that the browser has asked for."""
    asked: list[str] = []
    console.on("request", lambda request: asked.append(request.url) if "/stream/" in request.url else None)
    return asked


@pytest.fixture
def board(web: Web, agency: Agency) -> str:
    return f"{web.url}/a/{agency.slug}/board/"


def open_board(console: BrowserContext, address: str) -> Page:
    page = console.new_page()
    page.goto(address)
    live(page)
    return page


def live(page: Page, seconds: float = 20) -> None:
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=seconds * 1000)


def sees(page: Page, call: Call, seconds: float = 10) -> None:
    expect(page.locator(f"#call-{call.number}")).to_be_attached(timeout=seconds * 1000)


@contextmanager
def frozen(web: Web) -> Iterator[None]:
    os.kill(web.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(web.process.pid, signal.SIGCONT)


def test_eight_windows_share_one_stream_and_all_of_them_change(
    console: BrowserContext, streams: list[str], board: str, take: Take, dora: Member
) -> None:
    pages = [open_board(console, board) for _ in range(8)]
    call = take()
    for page in pages:
        sees(page, call)
    cancel_call(call.pk, disposition="10", reason="gone", by=dora, now=call.received_at)
    for page in pages:
        expect(page.locator(f"#call-{call.number}")).to_have_count(0)
    assert len(streams) == 1


def test_when_the_listening_window_closes_another_takes_over_and_nothing_is_lost(
    console: BrowserContext, streams: list[str], board: str, take: Take
) -> None:
    pages = [open_board(console, board) for _ in range(4)]
    seen = []
    while len(pages) > 1:
        seen.append(take())
        pages.pop(0).close()
        seen.append(take())
        for page in pages:
            for call in seen:
                sees(page, call)
        live(pages[0])
    assert len(streams) == 4


def test_a_window_that_is_behind_is_brought_up_by_the_one_that_listens(
    console: BrowserContext, board: str, take: Take
) -> None:
    first = open_board(console, board)
    call = take()
    sees(first, call)
    second = console.new_page()
    # An old page, as after a slow load: what it shows is older than what the stream has told by now.
    older = _without_the_last_call(console.request.get(board).text())
    second.route("**/board/", lambda route: route.fulfill(body=older, content_type="text/html"))
    second.goto(board)
    sees(second, call)
    assert [page.locator("#live").get_attribute("data-after") for page in (first, second)] == [str(last_seq())] * 2


def _without_the_last_call(page: str) -> str:
    head, body, rows = page.partition('<tbody id="calls">')
    rows = rows[rows.index("</tbody>") :]
    return f"{head}{body}{rows}".replace(f'data-after="{last_seq()}"', f'data-after="{last_seq() - 3}"')


def last_seq() -> int:
    return Event.objects.order_by("-seq").values_list("seq", flat=True)[0]


def test_a_change_leaves_alone_what_a_person_is_at(
    console: BrowserContext, board: str, take: Take, dora: Member, coles_unit: Unit
) -> None:
    calls = [take(address=f"{n} Elm St") for n in range(40)]
    page = open_board(console, board)
    words = page.locator("#filter-q")
    words.press_sequentially("Elm")
    words.evaluate("field => field.setSelectionRange(1, 2)")
    scroll = page.locator(".calls-box .scroll")
    scroll.evaluate("box => { box.scrollTop = 200; }")
    assign_unit(calls[10].pk, AssignOrder(coles_unit.callsign), by=dora, now=calls[10].received_at)
    expect(page.locator(f"#call-{calls[10].number}")).to_contain_text(coles_unit.callsign)
    sees(page, take())
    expect(words).to_be_focused()
    assert words.evaluate("field => [field.value, field.selectionStart, field.selectionEnd]") == ["Elm", 1, 2]
    assert abs(scroll.evaluate("box => box.scrollTop") - 200) < 60


def test_the_row_that_has_the_focus_keeps_it(
    console: BrowserContext, board: str, take: Take, dora: Member, coles_unit: Unit
) -> None:
    call = take()
    page = open_board(console, board)
    link = page.locator(f"#call-{call.number} a")
    link.focus()
    assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=call.received_at)
    expect(page.locator(f"#call-{call.number}")).to_contain_text(coles_unit.callsign)
    expect(link).to_be_focused()


def test_the_indicator_is_honest_and_nothing_is_lost_in_a_gap(
    console: BrowserContext, board: str, web: Web, take: Take
) -> None:
    page = open_board(console, board)
    with frozen(web):
        call = take()
        began = time.monotonic()
        expect(page.locator("#link")).to_have_attribute("data-state", "waiting", timeout=20_000)
        assert time.monotonic() - began > 5
        other = take()
    live(page, 30)
    sees(page, call)
    sees(page, other)


def test_the_red_banner_says_that_nothing_watches_the_clocks(console: BrowserContext, board: str) -> None:
    page = open_board(console, board)
    expect(page.locator("#watch")).to_be_visible(timeout=10_000)


def test_a_browser_that_has_lost_its_network_says_so_at_once(console: BrowserContext, board: str) -> None:
    page = open_board(console, board)
    console.set_offline(True)
    expect(page.locator("#link")).not_to_have_attribute("data-state", "live", timeout=3000)
    console.set_offline(False)
    live(page)


def test_a_board_from_before_a_backup_was_restored_is_read_again(
    console: BrowserContext, board: str, take: Take
) -> None:
    # The ledger has not come to what this board says it knows.
    console.route("**/stream/**", lambda route: route.continue_(url=route.request.url + "999999"), times=1)
    page, loads = console.new_page(), []

    def for_the_second_time(loaded: Page) -> bool:
        loads.append(loaded)
        return len(loads) == 2

    with page.expect_event("load", for_the_second_time):
        page.goto(board)
    live(page)
    call = take()
    expect(page.locator(f"#call-{call.number}")).to_be_visible()


@pytest.mark.parametrize("noun", ["calls/", "shifts/"])
def test_a_mayday_comes_to_every_page_of_the_console_and_nothing_that_can_wait(
    console: BrowserContext, web: Web, dora: Member, coles_unit: Unit, take: Take, now: datetime, noun: str
) -> None:
    take(answers={})
    sweep(now + timedelta(minutes=1))
    page = open_board(console, f"{web.url}/a/{dora.agency.slug}/{noun}")
    expect(page.locator("#alarms > .warning")).to_be_hidden()
    page.evaluate("document.addEventListener('cso:sounded', (e) => document.body.dataset.sounded = e.detail)")
    send_mayday(coles_unit.callsign, by=dora, now=now)
    expect(page.locator(".alarm.mayday")).to_contain_text(f"MAYDAY {coles_unit.callsign}")
    expect(page.locator("body")).to_have_attribute("data-sounded", "mayday")
    page.get_by_role("button", name="I take it").click()
    expect(page.locator(".alarm.mayday")).to_contain_text("Dora has it. Sworn has not accepted yet.")
    page.reload()
    expect(page.locator(".alarm.mayday")).to_contain_text("Dora has it.")


def test_a_unit_in_danger_stands_out_among_the_units_until_it_is_over(
    console: BrowserContext, board: str, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    page = open_board(console, board)
    call = send_mayday(coles_unit.callsign, by=dora, now=now)
    in_danger = page.locator(".unit-row[data-danger]")
    expect(in_danger).to_have_id(f"unit-{coles_unit.callsign}")
    page.reload()
    live(page)
    expect(in_danger).to_have_id(f"unit-{coles_unit.callsign}")
    free = page.locator(".unit-row[data-group=free]").count()
    expect(page.locator("#free")).to_contain_text(f"{free - 1} free")
    page.get_by_role("button", name="I take it").click()
    expect(page.locator(".alarm.mayday")).to_contain_text("Dora has it.")
    acknowledge_transfer(call.pk, Acceptance("Sgt. Poe"), by=dora, now=now)
    expect(in_danger).to_have_count(0)
