"""The page that describes the API, in a browser."""

import pytest
from playwright.sync_api import Browser

from tests.browser.console import DESK, faults
from tests.fixtures import Web


@pytest.mark.browser
def test_the_page_of_the_api_is_readable_by_everybody_and_breaks_no_policy(
    db: None, browser: Browser, web: Web
) -> None:
    page = browser.new_context(viewport=DESK).new_page()  # type: ignore[arg-type]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(f"{web.url}/api/docs/#unit_busy")
    page.get_by_text("Body", exact=True).first.click()
    assert page.get_by_text('"additionalProperties": false').first.is_visible()
    assert faults(page) == []
    assert said == []
