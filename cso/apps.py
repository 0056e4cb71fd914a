"""The console itself, and how other people's applications are used here."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class Console(AppConfig):
    """The console as a whole: its management commands, and the programmes that rules may be begun from."""

    name = "cso"
    default = True

    def ready(self) -> None:
        from calls import rulesets
        from cso import programmes

        rulesets.templates = programmes.templates


class OurStaticFiles(StaticFilesConfig):
    """Leaves out what packages bring for pages of theirs that are not served here; htmx is in static/vendor."""

    default = False
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx", "rest_framework"]
