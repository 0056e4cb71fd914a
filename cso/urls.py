"""Every address of the site."""

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from api.events import events
from cso import health, metrics, signin

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("accounts/login/", signin.SignIn.as_view(), name="account_login"),
    path("accounts/demo/", signin.demo_sign_in, name="demo-sign-in"),
    path("accounts/", include("allauth.urls")),
    path("language/", set_language, name="set_language"),
    path("api/v1/events", events, name="events"),
    path("api/", include("api.urls")),
    path("", include("agencies.urls")),
    path("", include("calls.urls")),
    path("", include("dispatch.urls")),
]

handler500 = "cso.failures.answer"
