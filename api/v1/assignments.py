"""Sending units: a unit on a call, and its next step."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.roles import Operation
from api.auth import allow
from api.fields import Body, Moment, Number, Text, YesNo, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import describes
from api.shapes import given_out
from api.v1.assignment_shapes import AssignmentShape
from api.v1.choices import ASSIGNMENT_STATUSES
from calls.queries import call_by_number
from dispatch.actions import AssignOrder, StatusOrder, assign_unit, move_assignment
from dispatch.queries import assignment_by_id
from dispatch.states import AssignmentStatus


class AssignBody(Body):
    unit = Text(max_length=20, allow_blank=False)
    stacked = YesNo(required=False, help_text="Next, once the unit is free.")
    override_reason = Text(max_length=500, required=False, help_text="Sends a unit that is not qualified.")


class Assignments(Resource):
    @describes("calls_assign", tag="assignments", answers={201: AssignmentShape}, body=AssignBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Sends a unit to a call, or stacks the call for it.

        A busy unit is 409 `unit_busy`, and the detail says who has it; an unqualified one 409 `unit_unqualified` unless
        there is an `override_reason`.
        """
        call = call_by_number(number)
        allow(self.member, Operation.ASSIGN)
        order = AssignOrder(**parse(AssignBody, request))
        return once(
            request,
            act=lambda: assign_unit(call.pk, order, by=self.member, now=self.now).pk,
            show=lambda made: shown_assignment(made or 0),
            status=201,
            makes="assignment.made",
        )


class StatusBody(Body):
    status = serializers.ChoiceField(choices=ASSIGNMENT_STATUSES)
    occurred_at = Moment(required=False, allow_null=True)
    lat = Number(min_value=-90, max_value=90, required=False, allow_null=True)
    lon = Number(min_value=-180, max_value=180, required=False, allow_null=True)
    reason = Text(max_length=500, required=False, help_text="Needed for declined and cancelled.")


class MoveAssignment(Resource):
    @describes("assignments_status", tag="assignments", answers={200: AssignmentShape}, body=StatusBody, writes=True)
    def post(self, request: Request, assignment: int) -> Response:
        """The unit's next step on its call.

        Steps may be skipped forward, never back: that is 409 `illegal_move`. The present status again changes nothing.
        """
        found = assignment_by_id(assignment)
        allow(self.member, Operation.UNIT_STATUS)
        given = parse(StatusBody, request)
        order = StatusOrder(**given | {"status": AssignmentStatus(given["status"])})
        return once(
            request,
            act=lambda: move_assignment(found.pk, order, by=self.member, now=self.now),
            show=lambda _: shown_assignment(found.pk),
        )


def shown_assignment(assignment_id: int) -> Any:  # noqa: ANN401 REST framework's dict
    """The assignment as it is now."""
    return given_out(AssignmentShape, assignment_by_id(assignment_id))
