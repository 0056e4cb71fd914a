"""Triage: the decision for a call, for one that is only being typed, and a person's own choice of route."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.errors import Invalid
from agencies.roles import Operation
from api.auth import allow
from api.fields import Body, Text, YesNo, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import describes
from api.shapes import given_out
from api.v1.call_bodies import IntakeBody, TriageBody, intake
from api.v1.choices import ROUTES
from api.v1.decision_shapes import DecisionShape, asked_for, stored
from calls import routing
from calls.actions import answer_approval, draft_call, override_route, triage_call
from calls.intake import Override, check_values
from calls.queries import call_by_number
from calls.states import Route


class Preview(Resource):
    @describes("triage_preview", tag="triage", answers={200: DecisionShape}, body=IntakeBody)
    def post(self, request: Request) -> Response:
        """The decision for a call that is not saved.

        Takes the body of a new call, of which everything may be missing, and stores nothing. Without a place
        `premise_flag` is false and `earlier_calls` 0.
        """
        allow(self.member, Operation.TRIAGE)
        order = intake(parse(IntakeBody, request))
        errors = check_values(vars(order))
        if errors:
            raise Invalid(errors=errors)
        agency = self.member.agency
        found = routing.preview(agency, draft_call(agency, order, now=self.now))
        return Response(given_out(DecisionShape, asked_for(found.decision, rule_set=found.rule_set, at=self.now)))


class Triage(Resource):
    @describes("calls_triage", tag="triage", answers={200: DecisionShape}, body=TriageBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """Adds answers and facts to a call and decides its route.

        `route` is null while the call is undecided; `open_questions` says what would decide it.
        """
        call = call_by_number(number)
        allow(self.member, Operation.TRIAGE)
        given = parse(TriageBody, request)

        def act() -> None:
            triage_call(
                call.pk,
                answers=dict(given.get("answers") or {}),
                facts=dict(given.get("facts") or {}),
                type_code=given.get("type"),
                cannot_say=given.get("cannot_say", False),
                by=self.member,
                now=self.now,
            )

        return once(request, act=act, show=lambda _: decision_of(number))


class ReasonBody(Body):
    code = Text(max_length=40)
    text = Text(max_length=500, required=False, allow_null=True)


class OverrideBody(Body):
    route = serializers.ChoiceField(choices=ROUTES)
    reason = ReasonBody(required=False, help_text="Needed unless the route is sworn: safety does not wait for reasons.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["route"] != Route.SWORN and "reason" not in attrs:
            raise ValidationError({"reason": ["This is needed."]})
        return attrs


class OverrideRoute(Resource):
    @describes("calls_override", tag="triage", answers={200: DecisionShape}, body=OverrideBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """A person chooses the route.

        To sworn it always works. Against the safety floor, to a CSO or a referral, it is 409 `safety_floor`, whoever
        asks.
        """
        call = call_by_number(number)
        allow(self.member, Operation.OVERRIDE)
        given = parse(OverrideBody, request)
        reason = given.get("reason", {})
        chosen = Override(Route(given["route"]), reason.get("code", ""), reason.get("text") or "")
        return once(
            request,
            act=lambda: override_route(call.pk, chosen, by=self.member, now=self.now),
            show=lambda _: decision_of(number),
        )


class ApprovalBody(Body):
    approved = YesNo()
    reason = Text(max_length=500, required=False, help_text="Needed for a no, which sends the call to sworn.")


class ApproveRoute(Resource):
    @describes("calls_approve", tag="triage", answers={200: DecisionShape}, body=ApprovalBody, writes=True)
    def post(self, request: Request, number: str) -> Response:
        """A supervisor's yes or no to a call whose rule wants one (`approval` in its decision).

        Until then no unit can be sent: 409 `approval_needed`. Not for whoever took the call: 409 `own_work`.
        """
        call = call_by_number(number)
        allow(self.member, Operation.APPROVE)
        given = parse(ApprovalBody, request)
        return once(
            request,
            act=lambda: answer_approval(
                call.pk,
                is_granted=given["approved"],
                reason=given.get("reason") or "",
                by=self.member,
                now=self.now,
            ),
            show=lambda _: decision_of(number),
        )


def decision_of(number: str) -> Any:  # noqa: ANN401 REST framework's dict
    """The decision that a call has now."""
    decision = call_by_number(number).decision
    assert decision is not None, "every call is decided when it is taken"
    return given_out(DecisionShape, stored(decision))
