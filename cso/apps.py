"""The console itself, and how other people's applications are used here."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class Console(AppConfig):
    """The console as a whole: its management commands."""

    name = "cso"
    default = True


class OurStaticFiles(StaticFilesConfig):
    """Leaves out what packages bring for pages of theirs that are not served here; htmx is in static/vendor."""

    default = False
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx", "rest_framework"]
