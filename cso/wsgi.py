"""Django's pages as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cso.settings")

application = get_wsgi_application()

from cso.walls import refuse_open_walls  # noqa: E402 its checks need the applications to be loaded

refuse_open_walls()
