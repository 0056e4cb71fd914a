"""Dora takes calls in the browser: with the keyboard, while the caller talks, and never loses a word."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from agencies.models import Member
from calls.models import Call
from calls.queries import rules_in_force
from dispatch.actions import add_note
from dispatch.models import Unit
from tests.browser.console import SignIn, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
Take = Callable[..., Call]


@pytest.fixture
def desk(dora: Member, browser: Browser, web: Web, sign_in: SignIn) -> Page:
    page = open_as(browser, web, sign_in(dora), page_of(dora, "board/"))
    ready(page)
    return page


def start(desk: Page) -> None:
    desk.keyboard.press("n")
    expect(desk.locator("#f-address")).to_be_focused()
    desk.wait_for_url("**open=new**")


def abandoned_car(desk: Page) -> None:
    """Place, number, type and both questions, as dora types them."""
    desk.keyboard.type("12 Oak St")
    desk.keyboard.press("Tab")
    desk.keyboard.type("408 555 0100")
    desk.locator("#f-type").focus()
    desk.keyboard.type("aband")
    desk.keyboard.press("Enter")
    expect(desk.locator("#f-type")).to_have_value("VEHABND")
    answer(desk, "Q-parked", "n")
    answer(desk, "Q-danger", "n")
    expect(desk.locator("#f-narrative")).to_be_focused()


def answer(desk: Page, question: str, key: str) -> None:
    """One key, once the question that it answers is the one that is shown."""
    expect(desk.locator(f"[data-question={question}] input").first).to_be_focused()
    desk.keyboard.press(key)


def test_a_call_is_taken_without_the_mouse(desk: Page) -> None:
    start(desk)
    abandoned_car(desk)
    desk.keyboard.type("Blue sedan, flat tyres.")
    expect(desk.locator("#preview .verdict")).to_contain_text("CSO")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#call .call-head")).to_contain_text("Queued")
    number = desk.locator("#call-title").inner_text()
    expect(desk.locator(f"#call-{number}")).to_be_visible()
    assert Call.objects.get(number=number).narrative == "Blue sedan, flat tyres."
    expect(desk.locator("#drafts")).to_be_hidden()


def test_enter_goes_on_from_field_to_field_and_makes_no_call(desk: Page) -> None:
    start(desk)
    desk.keyboard.type("12 Oak St")
    desk.keyboard.press("Enter")
    expect(desk.locator("#f-phone")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.keyboard.type("Ana Ruiz")
    desk.keyboard.press("Enter")
    desk.keyboard.type("VEHABND")
    desk.keyboard.press("Enter")
    answer(desk, "Q-parked", "n")
    answer(desk, "Q-danger", "n")
    expect(desk.locator("#f-narrative")).to_be_focused()
    desk.locator("[data-question=Q-danger] input:checked").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator("#f-narrative")).to_be_focused()
    assert not Call.objects.exists()


def test_the_field_that_has_the_focus_is_not_under_the_buttons(desk: Page) -> None:
    start(desk)
    abandoned_car(desk)
    for height in range(500, 900, 25):
        desk.set_viewport_size({"width": 1024, "height": height})
        desk.locator("#f-address").focus()
        desk.locator("#f-narrative").focus()
        field, foot = (desk.locator(name).bounding_box() for name in ("#f-narrative", "#intake .pane-foot"))
        assert field
        assert foot
        assert field["y"] + field["height"] <= foot["y"], height


def test_a_call_without_a_type_is_saved_on_purpose(desk: Page) -> None:
    start(desk)
    desk.keyboard.type("12 Oak St")
    desk.locator("#f-type").focus()
    desk.keyboard.type("zzz")
    desk.keyboard.press("Enter")
    expect(desk.locator("#f-type")).to_be_focused()
    expect(desk.locator("#f-type-name")).to_have_text("No such type")
    desk.keyboard.press("Backspace")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#call .call-head")).to_contain_text("undecided")
    assert Call.objects.get().type is None


def shown(desk: Page) -> list[str]:
    """The questions on the screen, from the top."""
    expect(desk.locator("#questions")).to_have_attribute("aria-busy", "false")
    found = desk.locator("#questions [data-question]:visible").all()
    return [str(one.get_attribute("data-question")) for one in found]


def test_questions_come_one_at_a_time_and_stop_when_the_route_is_settled(desk: Page) -> None:
    start(desk)
    desk.locator("#f-type").fill("LARCENY")
    desk.keyboard.press("Enter")
    answer(desk, "Q-danger", "n")
    expect(desk.locator("[data-question=Q-risk] input").first).to_be_focused()
    assert shown(desk) == ["Q-danger", "Q-risk"]
    desk.keyboard.press("y")
    expect(desk.locator("#preview .verdict")).to_contain_text("Sworn")
    expect(desk.locator("#asking")).to_contain_text("Settled")
    assert shown(desk) == ["Q-danger", "Q-risk"]
    desk.locator("[data-question=Q-risk] input[value=no]").check()
    expect(desk.locator("[data-question=Q-over]")).to_be_visible()
    desk.locator("[data-question=Q-danger] input[value=yes]").check()
    expect(desk.locator("[data-question=Q-over]")).to_be_hidden()


def test_without_a_connection_all_questions_are_shown(desk: Page) -> None:
    start(desk)
    desk.locator("#f-type").fill("LARCENY")
    desk.keyboard.press("Enter")
    expect(desk.locator("[data-question=Q-danger] input").first).to_be_focused()
    desk.context.set_offline(True)
    desk.keyboard.press("n")
    expect(desk.locator("#asking")).to_contain_text("No connection")
    expect(desk.locator("#questions [data-question]:visible")).to_have_count(3)
    desk.context.set_offline(False)
    desk.locator("[data-question=Q-risk] input[value=yes]").check()
    expect(desk.locator("#questions [data-question]:visible")).to_have_count(2)


def test_the_narrative_suggests_a_type_and_never_over_a_pick(desk: Page) -> None:
    start(desk)
    desk.locator("#f-narrative").fill("There is an abandoned vehicle in front of my house.")
    expect(desk.locator("[data-suggests=VEHABND]")).to_be_visible()
    expect(desk.locator("#suggested")).to_have_count(1)
    desk.locator("[data-suggests=VEHABND]").click()
    expect(desk.locator("#f-type")).to_have_value("VEHABND")
    expect(desk.locator("[data-question=Q-parked] input").first).to_be_focused()
    desk.locator("#f-narrative").fill("They are playing loud music.")
    expect(desk.locator("#preview .verdict")).to_contain_text("Undecided")
    expect(desk.locator("#suggested button")).to_have_count(0)
    expect(desk.locator("#f-type")).to_have_value("VEHABND")


def test_the_focus_goes_on_from_a_type_that_is_picked_beside_a_suggestion(desk: Page) -> None:
    start(desk)
    desk.locator("#f-narrative").fill("There is an abandoned vehicle in front of my house.")
    expect(desk.locator("[data-suggests=VEHABND]")).to_be_visible()
    desk.locator("#f-type").fill("NOISE")
    desk.keyboard.press("Tab")
    expect(desk.locator("#f-language")).to_be_focused()
    expect(desk.locator("[data-suggests]")).to_have_count(0)


def test_a_route_against_the_rules_needs_a_reason_from_the_list(desk: Page) -> None:
    start(desk)
    desk.keyboard.type("12 Oak St")
    desk.get_by_text("Choose another route").click()
    desk.locator("input[name=override_route][value=sworn]").check()
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#f-why")).to_be_focused()
    expect(desk.locator("#intake")).to_be_visible()
    desk.locator("#f-why").select_option("known_place")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#call .call-head")).to_contain_text("Transferred")


def test_nothing_typed_is_lost_by_a_reload(desk: Page) -> None:
    start(desk)
    abandoned_car(desk)
    desk.keyboard.type("Half a sent")
    desk.reload()
    expect(desk.locator("#f-address")).to_have_value("12 Oak St")
    expect(desk.locator("#f-narrative")).to_have_value("Half a sent")
    expect(desk.locator(".question input:checked")).to_have_count(2)
    expect(desk.locator("#preview .verdict")).to_contain_text("CSO")


def test_nothing_typed_is_lost_when_the_session_ends(desk: Page, web: Web, dora: Member, sign_in: SignIn) -> None:
    start(desk)
    desk.keyboard.type("12 Oak St")
    desk.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    desk.keyboard.press("Control+Enter")
    desk.wait_for_url("**/accounts/login/**")
    cookie = sign_in(dora).cookies[settings.SESSION_COOKIE_NAME].value
    desk.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": web.url}])
    desk.goto(web.url + page_of(dora, "board/?open=new"))
    expect(desk.locator("#f-address")).to_have_value("12 Oak St")


def test_a_half_typed_call_waits_while_another_is_looked_at(desk: Page, take: Take) -> None:
    other = take()
    start(desk)
    desk.keyboard.type("12 Oak St")
    desk.goto(desk.url.replace("open=new", f"open={other.number}"))
    expect(desk.locator("#call-title")).to_have_text(other.number)
    desk.locator("#drafts").click()
    expect(desk.locator("#f-address")).to_have_value("12 Oak St")


def test_a_change_by_somebody_else_leaves_a_half_typed_note_alone(
    desk: Page, take: Take, sue: Member, now: datetime
) -> None:
    call = take()
    desk.goto(f"{desk.url}?open={call.number}")
    note = desk.locator("#note-text")
    note.press_sequentially("half a no")
    add_note(call.pk, "Somebody else was quicker.", by=sue, now=now)
    expect(desk.locator("#call .notes")).to_contain_text("Somebody else was quicker.", timeout=15_000)
    expect(note).to_have_value("half a no")
    expect(note).to_be_focused()


def test_emergency_saves_what_is_there_and_keeps_the_number_large(desk: Page) -> None:
    start(desk)
    desk.locator("#f-phone").fill("408 555 0199")
    desk.keyboard.press("F9")
    expect(desk.locator("#call .call-head")).to_contain_text("Transferred")
    call = Call.objects.get(number=desk.locator("#call-title").inner_text())
    assert (call.route, call.priority) == ("sworn", 1)
    expect(desk.locator(".call-back.huge")).to_contain_text("408 555 0199")
    expect(desk.locator("#call-title")).to_be_focused()
    desk.keyboard.press("x")
    expect(desk.locator("#t-who")).to_be_focused()
    desk.keyboard.type("Sgt. Ramos")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".call-back.huge")).to_have_count(0)
    expect(desk.locator(f"#call-{call.number}")).to_have_count(0)


def test_a_double_click_saves_one_call(desk: Page) -> None:
    before = Call.objects.count()
    start(desk)
    desk.keyboard.type("12 Oak St")
    desk.locator("#intake .save").first.dblclick()
    expect(desk.locator("#call-title")).to_be_visible()
    assert Call.objects.count() == before + 1


def test_a_command_that_was_refused_gives_way_to_the_next(desk: Page, coles_unit: Unit) -> None:
    desk.keyboard.press("/")
    desk.keyboard.type("c99 os")
    desk.keyboard.press("Enter")
    expect(desk.locator("#notices")).to_contain_text("There is no unit C99.")
    desk.keyboard.type(f"{coles_unit.callsign} meal")
    expect(desk.locator("#command")).to_have_value(f"{coles_unit.callsign} meal")
    desk.keyboard.press("Enter")
    expect(desk.locator("#command")).to_have_value("")


def test_a_refusal_goes_when_it_is_put_right(desk: Page, take: Callable[..., Call]) -> None:
    number = take().number
    desk.keyboard.press("n")
    desk.locator("#f-narrative").fill("A party.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#notices")).to_contain_text("Give a place or a call-back number")
    desk.locator("[name=address]").first.fill("1 Elm St")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#call-title")).to_be_focused()
    expect(desk.locator("#notices .danger")).to_have_count(0)
    desk.keyboard.press("/")
    desk.keyboard.type("c99 os")
    desk.keyboard.press("Enter")
    expect(desk.locator("#notices .danger")).to_have_count(1)
    desk.locator(f"#call-{number}").click()
    expect(desk.locator("#call")).to_have_attribute("data-number", number)
    expect(desk.locator("#notices .danger")).to_have_count(0)


def test_single_letters_can_be_switched_off_and_the_others_still_work(desk: Page) -> None:
    desk.keyboard.press("?")
    desk.locator("#single-keys").uncheck()
    desk.keyboard.press("Escape")
    desk.keyboard.press("n")
    expect(desk.locator("#intake")).to_have_count(0)
    desk.keyboard.press("Control+k")
    expect(desk.locator("#command")).to_be_focused()
    desk.locator("#command").blur()
    desk.keyboard.press("F9")
    expect(desk.locator("#f-address")).to_be_visible()


def test_filters_live_in_the_address(desk: Page, take: Take) -> None:
    take(address="1 Pine St")
    take(address="2 Oak St")
    desk.reload()
    desk.locator("#filter-q").fill("pine")
    expect(desk.locator("#calls > tr:visible")).to_have_count(1)
    assert "q=pine" in desk.url
    desk.reload()
    expect(desk.locator("#calls > tr:visible")).to_have_count(1)


def test_the_question_stands_there_in_the_callers_language(desk: Page) -> None:
    start(desk)
    desk.locator("#f-type").fill("VEHABND")
    desk.keyboard.press("Enter")
    question = desk.locator("[data-question=Q-parked]")
    expect(question.locator("input").first).to_be_focused()
    expect(question.locator(".spoken")).to_be_hidden()
    desk.locator("#f-language").select_option("es")
    expect(question.locator(".spoken:visible")).to_have_text(parked("es"))
    expect(question.locator("legend")).to_contain_text(parked("en"))
    desk.reload()
    expect(question.locator(".spoken:visible")).to_have_text(parked("es"))
    desk.locator("#f-language").select_option("vi")
    expect(question.locator(".spoken")).to_be_hidden()


def parked(language: str) -> str:
    found = next(question for question in rules_in_force().rule_set.questions if question.id == "Q-parked")
    return found.text[language]
