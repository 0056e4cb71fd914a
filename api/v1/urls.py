"""The addresses of version 1. Nouns first, as `interfaces` has them; no slash at the end."""

from django.urls import path

from api.v1 import assignments, calls, ending, handing_over, notes, rollups, rules, shifts, triage, units

urlpatterns = [
    path("calls", calls.Calls.as_view()),
    path("calls/<str:number>", calls.OneCall.as_view()),
    path("calls/<str:number>/events", calls.CallEvents.as_view()),
    path("calls/<str:number>/recommendations", calls.Recommendations.as_view()),
    path("calls/<str:number>/triage", triage.Triage.as_view()),
    path("calls/<str:number>/override", triage.OverrideRoute.as_view()),
    path("calls/<str:number>/assignments", assignments.Assignments.as_view()),
    path("calls/<str:number>/notes", notes.Notes.as_view()),
    path("calls/<str:number>/transfer", handing_over.TransferCall.as_view()),
    path("calls/<str:number>/acknowledge-transfer", handing_over.AcknowledgeTransfer.as_view()),
    path("calls/<str:number>/hand-back", handing_over.HandBack.as_view()),
    path("calls/<str:number>/close", ending.CloseCall.as_view()),
    path("calls/<str:number>/cancel", ending.CancelCall.as_view()),
    path("calls/<str:number>/reopen", ending.ReopenCall.as_view()),
    path("calls/<str:number>/schedule", ending.ScheduleCall.as_view()),
    path("calls/<str:number>/join", ending.JoinCall.as_view()),
    path("triage", triage.Preview.as_view()),
    path("assignments/<int:assignment>/status", assignments.MoveAssignment.as_view()),
    path("notes/<int:note>", notes.OneNote.as_view()),
    path("units", units.Units.as_view()),
    path("units/<str:callsign>/status", units.OneUnitStatus.as_view()),
    path("units/<str:callsign>/position", units.UnitPosition.as_view()),
    path("units/<str:callsign>/self-initiated", units.SelfInitiated.as_view()),
    path("units/<str:callsign>/mayday", units.Mayday.as_view()),
    path("radio-checks", units.RadioChecks.as_view()),
    path("shifts", shifts.Shifts.as_view()),
    path("shifts/<int:shift>", shifts.OneShift.as_view()),
    path("shifts/<int:shift>/rollup", rollups.OneRollup.as_view()),
    path("shifts/<int:shift>/sign-off", shifts.SignOff.as_view()),
    path("rule-sets", rules.RuleSets.as_view()),
    path("rule-sets/<int:version>", rules.OneRuleSet.as_view()),
    path("safety-floor", rules.OneSafetyFloor.as_view()),
]
