"""Addresses of dispatch. Nouns: a POST adds one."""

from django.urls import path

from dispatch import streams
from dispatch.views import calls, pages, review, shifts, units

A = "a/<slug:agency>/"
CALL = A + "calls/<str:number>/"
UNIT = A + "units/<str:callsign>/"

urlpatterns = [
    path(A + "board/", pages.board, name="board"),
    path(A + "wall/", pages.wall, name="wall"),
    path(A + "tablet/", pages.tablet, name="tablet"),
    path(A + "stream/", streams.stream, name="stream"),
    path(CALL, pages.call, name="call"),
    path(CALL + "viewers/", pages.viewers, name="call-viewers"),
    path(CALL + "assignments/", calls.assignments, name="call-assignments"),
    path(CALL + "notes/", calls.notes, name="call-notes"),
    path(A + "notes/<int:note_id>/strike/", calls.strike, name="note-strike"),
    path(CALL + "transfer/", calls.transfer, name="call-transfer"),
    path(CALL + "transfer/acknowledgement/", calls.acknowledgement, name="call-acknowledgement"),
    path(CALL + "emergency/", calls.emergency, name="call-emergency"),
    path(CALL + "hand-back/", calls.hand_back, name="call-hand-back"),
    path(CALL + "closure/", calls.closure, name="call-closure"),
    path(CALL + "cancellation/", calls.cancellation, name="call-cancellation"),
    path(CALL + "reopening/", calls.reopening, name="call-reopening"),
    path(CALL + "schedule/", calls.schedule, name="call-schedule"),
    path(CALL + "joining/", calls.joining, name="call-joining"),
    path(A + "assignments/<int:assignment_id>/status/", units.assignment_status, name="assignment-status"),
    path(UNIT + "status/", units.status, name="unit-status"),
    path(UNIT + "welfare/", units.welfare, name="unit-welfare"),
    path(UNIT + "mayday/", units.mayday, name="unit-mayday"),
    path(UNIT + "calls/", units.unit_calls, name="unit-calls"),
    path(A + "radio-checks/", units.radio_checks, name="radio-checks"),
    path(A + "alarms/<int:alarm_id>/taking/", units.alarm_taking, name="alarm-taking"),
    path(A + "commands/", units.commands, name="commands"),
    path(A + "review/", review.review, name="review"),
    path(A + "review/calls/", review.review_calls, name="review-calls"),
    path(A + "shifts/", shifts.shifts, name="shifts"),
    path(A + "shifts/<int:shift_id>/", shifts.shift, name="shift"),
    path(A + "shifts/<int:shift_id>/sign-off/", shifts.sign_off, name="shift-sign-off"),
]
