from django.apps import AppConfig


class AgenciesConfig(AppConfig):
    name = "agencies"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Agencies"

    def ready(self) -> None:
        from agencies import checks  # noqa: F401 - system checks register on import
