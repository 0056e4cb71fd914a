"""The web process: pages, the API and streams on one port."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")

import django

django.setup()

from cso import standby  # noqa: E402 what follows needs the applications to be loaded
from cso.handler import Handler  # noqa: E402
from cso.walls import refuse_open_walls  # noqa: E402

application = Handler()
refuse_open_walls()
standby.start()

# What is loaded by now stays: looking through it again and again would hold every stream up for a quarter of a second.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 50, 1000)
