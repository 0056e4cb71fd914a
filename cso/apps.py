from django.apps import AppConfig


class CsoConfig(AppConfig):
    name = "cso"
