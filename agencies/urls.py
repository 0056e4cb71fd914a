"""Addresses of the agency itself."""

from django.urls import path

from agencies import views

urlpatterns = [
    path("", views.home, name="home"),
    path("a/<slug:agency>/", views.agency_home, name="agency-home"),
    path("a/<slug:agency>/role/", views.role, name="role"),
]
