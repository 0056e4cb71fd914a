"""The API's doors."""

from django.urls import include, path

from api import docs

urlpatterns = [
    path("schema/", docs.schema, name="api-schema"),
    path("docs/", docs.page, name="api-docs"),
    path("v1/", include("api.v1.urls")),
]
