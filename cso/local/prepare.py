"""The steps between running servers and a running site: tables, static files, the demo. Prints one line each.

With `as-left`, tables and static files are as this code wants them already, and only the demo is brought up to date.
"""

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

AS_LEFT = "as-left"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")
    django.setup()
    if AS_LEFT not in sys.argv:
        with as_owner():
            step("Migrations", lambda: call_command("migrate", verbosity=0, interactive=False))
        step("Static files", lambda: call_command("collectstatic", verbosity=0, interactive=False))
    if settings.DEMO and importlib.util.find_spec("cso.demo"):
        step("Demo agencies", importlib.import_module("cso.demo").load)


@contextmanager
def as_owner() -> Iterator[None]:
    """Connect as the owner of the tables, who may change them, and as the site's role again afterwards."""
    site = connections.settings
    _connect_with(connections.configure_settings({"default": settings.OWNER_DATABASE}))
    try:
        yield
    finally:
        _connect_with(site)


def _connect_with(databases: dict[str, dict[str, object]]) -> None:
    connections["default"].close()
    del connections["default"]
    connections.settings = databases


def step(name: str, work: Callable[[], object]) -> None:
    begin = time.monotonic()
    work()
    print(f"  {name} ({time.monotonic() - begin:.1f} s)", flush=True)


if __name__ == "__main__":
    main()
