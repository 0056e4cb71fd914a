"""Addresses of intake and triage. Nouns: a POST adds one."""

from django.urls import path

from calls import rule_views, type_views, views

RULES, FLOOR, TYPES = "a/<slug:agency>/rules/", "a/<slug:agency>/safety-floor/", "a/<slug:agency>/call-types/"
RULE_SET = RULES + "<int:version>/"

urlpatterns = [
    path("a/<slug:agency>/calls/", views.calls, name="calls"),
    path("a/<slug:agency>/calls/new/", views.new_call, name="call-new"),
    path("a/<slug:agency>/calls/preview/", views.preview, name="call-preview"),
    path("a/<slug:agency>/calls/questions/", views.questions, name="call-questions"),
    path("a/<slug:agency>/calls/<str:number>/details/", views.details, name="call-details"),
    path("a/<slug:agency>/calls/<str:number>/triage/", views.triage, name="call-triage"),
    path("a/<slug:agency>/calls/<str:number>/override/", views.override, name="call-override"),
    path("a/<slug:agency>/calls/<str:number>/approval/", views.approval, name="call-approval"),
    path(RULES, rule_views.rule_sets, name="rule-sets"),
    path(RULE_SET, rule_views.rule_set, name="rule-set"),
    path(RULE_SET + "document/", rule_views.document, name="rule-set-document"),
    path(RULE_SET + "proof/", rule_views.proof, name="rule-set-proof"),
    path(RULE_SET + "trial/", rule_views.trial, name="rule-set-trial"),
    path(RULE_SET + "differences/", rule_views.differences, name="rule-set-differences"),
    path(RULE_SET + "preview/", rule_views.preview, name="rule-set-preview"),
    path(RULE_SET + "editors/", rule_views.editors, name="rule-set-editors"),
    path(RULE_SET + "publication/", rule_views.publication, name="rule-set-publication"),
    path(RULE_SET + "retirement/", rule_views.retirement, name="rule-set-retirement"),
    path(RULE_SET + "file/", rule_views.file, name="rule-set-file"),
    path(FLOOR, rule_views.safety_floor, name="safety-floor"),
    path(FLOOR + "draft/", rule_views.floor_draft, name="floor-draft"),
    path(FLOOR + "<int:floor_id>/proof/", rule_views.floor_proof, name="floor-proof"),
    path(FLOOR + "<int:floor_id>/approval/", rule_views.floor_approval, name="floor-approval"),
    path(FLOOR + "<int:floor_id>/withdrawal/", rule_views.floor_withdrawal, name="floor-withdrawal"),
    path(TYPES, type_views.call_types, name="call-types"),
    path(TYPES + "new/", type_views.new_type, name="call-type-new"),
    path(TYPES + "<str:code>/", type_views.call_type, name="call-type"),
    path(TYPES + "<str:code>/retirement/", type_views.retirement, name="call-type-retirement"),
]
