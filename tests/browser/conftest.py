"""Playwright runs an event loop in the test's thread; the test's own queries block it, which is what we want here."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


@pytest.fixture(autouse=True)
def windows_are_closed(browser: Browser) -> Iterator[None]:
    """A window that stays open goes on listening, and asks for what the next test has not got."""
    yield
    for context in browser.contexts:
        context.close()
