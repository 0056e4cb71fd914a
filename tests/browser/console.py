"""A browser in which somebody of the cast is signed in, and what the tests of pages share."""

from collections.abc import Callable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from agencies.models import Member
from tests.fixtures import Web

SignIn = Callable[..., Client]
_KINDS = ("violations", "incomplete")
# Only these kinds in full, and of them only what is said: what axe finds right is ten times as long.
_ASK_AXE = f"""async (options) => {{
    const found = await axe.run({{resultTypes: {list(_KINDS)}, ...options}});
    const told = (kind, rule) => rule.nodes.map((node) => `${{kind}} ${{rule.id}}: ${{node.target}}`);
    return {list(_KINDS)}.flatMap((kind) => found[kind].flatMap((rule) => told(kind, rule)));
}}"""
DESK, TABLET = {"width": 1440, "height": 900}, {"width": 1024, "height": 768}


def open_as(browser: Browser, web: Web, client: Client, path: str, **how: Any) -> Page:
    """A window of its own for the person whose session `client` holds."""
    context = browser.new_context(**({"viewport": DESK} | how))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": web.url}])
    page = context.new_page()
    page.goto(web.url + path)
    return page


def page_of(member: Member, noun: str) -> str:
    return f"/a/{member.agency.slug}/{noun}"


def faults(page: Page) -> list[str]:
    """What axe calls a violation, by day, and by night, when only the colours differ; and what it could not decide,
    which is nothing either. Leaves the page as it is by day.
    """
    page.evaluate(Axe().axe_script)
    page.emulate_media(color_scheme="light")
    by_day = page.evaluate(_ASK_AXE, {})
    page.emulate_media(color_scheme="dark")
    by_night = page.evaluate(_ASK_AXE, {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="light")
    return [*by_day, *(f"by night: {fault}" for fault in by_night)]


def ready(page: Page) -> None:
    """The scripts run: the clock ticks. A page that changes by itself has begun to: nothing moves under the pointer."""
    expect(page.locator("#clock")).to_contain_text(":")
    if page.locator("#live").count():
        expect(page.locator("#link")).to_have_attribute("data-state", "live")
