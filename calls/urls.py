"""Addresses of intake and triage. Nouns: a POST adds one."""

from django.urls import path

from calls import views

urlpatterns = [
    path("a/<slug:agency>/calls/", views.calls, name="calls"),
    path("a/<slug:agency>/calls/new/", views.new_call, name="call-new"),
    path("a/<slug:agency>/calls/preview/", views.preview, name="call-preview"),
    path("a/<slug:agency>/calls/questions/", views.questions, name="call-questions"),
    path("a/<slug:agency>/calls/<str:number>/details/", views.details, name="call-details"),
    path("a/<slug:agency>/calls/<str:number>/triage/", views.triage, name="call-triage"),
    path("a/<slug:agency>/calls/<str:number>/override/", views.override, name="call-override"),
    path("a/<slug:agency>/calls/<str:number>/approval/", views.approval, name="call-approval"),
]
