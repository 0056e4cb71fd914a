"""How other people's applications are used here."""

from django.contrib.staticfiles.apps import StaticFilesConfig


class OurStaticFiles(StaticFilesConfig):
    """Leaves out what packages bring for pages of theirs that are not served here; htmx is in static/vendor."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx", "rest_framework"]
