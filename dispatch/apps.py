from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "dispatch"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Dispatch"

    def ready(self) -> None:
        from calls import facts
        from dispatch import queries

        facts.on_duty = queries.cso_on_duty
