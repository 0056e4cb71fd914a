"""Playwright runs an event loop in the test's thread; the test's own queries block it, which is what we want here."""

import os

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
