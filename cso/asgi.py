"""A web process: pages, the API and streams on one port."""

import gc
import os
from concurrent.futures import ThreadPoolExecutor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")

import django

django.setup()

from django.urls import get_resolver  # noqa: E402 what follows needs the applications to be loaded

from cso import standby  # noqa: E402
from cso.handler import Handler  # noqa: E402
from cso.walls import refuse_open_walls  # noqa: E402

application = Handler()
get_resolver().url_patterns  # noqa: B018 all pages are loaded, so that nobody has to wait for that
with ThreadPoolExecutor(1) as apart:  # some servers load us inside their event loop, where Django asks no database
    apart.submit(refuse_open_walls).result()
standby.start()

# What is loaded by now stays: looking through it again and again would hold every stream up for a quarter of a second.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 50, 1000)
