from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Dispatch"

    def ready(self) -> None:
        from calls import facts
        from dispatch import queries

        facts.ask_on_duty = queries.ask_on_duty
