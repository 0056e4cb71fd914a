"""Every address of the site."""

from django.urls import URLPattern, URLResolver, include, path

from cso import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
]
