"""Ada changes a call type: what she typed is kept until it is saved, and not a moment longer."""

import pytest
from playwright.sync_api import Browser, expect

from agencies.models import Member
from calls.models import CallType
from tests.browser.console import SignIn, open_as, page_of, ready
from tests.fixtures import Web

pytestmark = pytest.mark.browser
NOISE = "call-types/NOISE/"


def test_a_saved_type_is_not_offered_again_as_it_was_typed(
    ada: Member, browser: Browser, web: Web, sign_in: SignIn
) -> None:
    page = open_as(browser, web, sign_in(ada), page_of(ada, NOISE))
    ready(page)
    page.locator("#n-en").fill("Loud music")
    page.reload()
    ready(page)
    expect(page.locator("#n-en")).to_have_value("Loud music")
    page.locator("[data-submit]").click()
    page.wait_for_url("**/call-types/")
    assert CallType.objects.get(code="NOISE").name["en"] == "Loud music"
    ready(page)

    CallType.objects.filter(code="NOISE").update(name={"en": "Somebody else's words"})
    page.goto(web.url + page_of(ada, NOISE))
    ready(page)
    expect(page.locator("#n-en")).to_have_value("Somebody else's words")


def test_what_was_refused_is_still_there(ada: Member, browser: Browser, web: Web, sign_in: SignIn) -> None:
    page = open_as(browser, web, sign_in(ada), page_of(ada, NOISE))
    ready(page)
    page.locator("#s-en").fill("x" * 90)
    page.locator("[data-submit]").click()
    expect(page.locator(".wrong, #refusal").first).to_be_visible()
    page.goto(web.url + page_of(ada, NOISE))
    ready(page)
    expect(page.locator("#s-en")).to_have_value("x" * 90)
