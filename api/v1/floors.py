"""The safety floor: read it, propose a change, approve another member's."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.roles import Operation
from api import pages
from api.auth import allow
from api.fields import Body, Moment, Text, Whole, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import CURSOR, describes, page_of
from api.shapes import given_out
from api.v1.rules import ProofShape
from calls import queries
from calls.floors import FloorChange, approve_floor, floor_change, propose_floor, satisfied_by_rules_in_force
from calls.floors import withdraw_floor as withdraw
from calls.models import SafetyFloor
from calls.triage.floor import floor_to_dict
from calls.triage.rules import arranged
from calls.words import active

STATUSES = ["proposed", "approved", "withdrawn"]


class NotApplicableShape(serializers.Serializer[Any]):
    """A question that two people declared not to apply to a type."""

    type = serializers.CharField()
    code = serializers.CharField()
    reason = serializers.DictField(child=serializers.CharField())
    by = serializers.ListField(child=serializers.CharField())


class SafetyFloorShape(serializers.Serializer[Any]):
    """What every rule set is held against."""

    version = serializers.IntegerField()
    invariants = serializers.ListField(child=serializers.DictField(child=serializers.JSONField()))
    never_cso = serializers.ListField(child=serializers.CharField())
    not_applicable = NotApplicableShape(many=True)


class FloorChangeShape(SafetyFloorShape):
    """The floor as it would be, or is since it was approved."""

    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=STATUSES)
    based_on = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()
    proposed_by = serializers.CharField(allow_null=True)
    proposed_at = Moment()
    approved_by = serializers.CharField(allow_null=True)
    approved_at = Moment(allow_null=True)
    rules_in_force = ProofShape(
        allow_null=True, help_text="Whether the published rules satisfy it. The floor holds either way. Null in lists."
    )


class FloorChangeBody(Body):
    """New lists for some parts of the floor. A part that is left out stays."""

    invariants = serializers.ListField(child=serializers.DictField(child=serializers.JSONField()), required=False)
    never_cso = serializers.ListField(child=Text(max_length=120, allow_blank=False), required=False)
    not_applicable = serializers.ListField(
        child=serializers.DictField(child=serializers.JSONField()),
        required=False,
        help_text="Each `{type, code, reason}`; `by` becomes the two members who propose and approve it.",
    )
    reason = Text(max_length=500, required=False, help_text="Why the floor has to change.")
    version = Whole(required=False, min_value=1, help_text="The version it was read at; 409 `superseded` if it moved.")


class OneSafetyFloor(Resource):
    @describes("safety_floor_read", tag="rules", answers={200: SafetyFloorShape})
    def get(self, request: Request) -> Response:
        """The safety floor in force."""
        allow(self.member, Operation.READ_RULE_SETS)
        rules = queries.rules_in_force()
        return Response(given_out(SafetyFloorShape, floor_to_dict(rules.floor) | {"version": rules.floor_row.version}))


class FloorChanges(Resource):
    @describes(
        "safety_floor_changes",
        tag="rules",
        answers={200: page_of(FloorChangeShape)},
        problems=(400,),
        parameters=CURSOR,
    )
    def get(self, request: Request) -> Response:
        """Changes of the floor, the latest first."""
        allow(self.member, Operation.READ_RULE_SETS)
        rows = SafetyFloor.objects.filter(version__gt=1).select_related("proposed_by", "approved_by")
        found, links = pages.page(rows, request, order=pages.Order({"version": pages.number}, rows=20))
        return Response(links | {"results": [given_out(FloorChangeShape, _told(row)) for row in found]})

    @describes("safety_floor_propose", tag="rules", answers={201: FloorChangeShape}, body=FloorChangeBody, writes=True)
    def post(self, request: Request) -> Response:
        """Proposes a change of the floor. Nothing changes until another member approves it."""
        allow(self.member, Operation.CHANGE_FLOOR)
        given = parse(FloorChangeBody, request)
        version = given.pop("version", None)
        return once(
            request,
            act=lambda: propose_floor(FloorChange(**given), by=self.member, now=self.now, if_version=version).pk,
            show=lambda made: self._shown(made or 0),
            status=201,
            makes="floor.proposed",
        )

    def _shown(self, change: int) -> dict[str, Any]:
        return shown(change, self)


class ApproveFloorChange(Resource):
    @describes("safety_floor_approve", tag="rules", answers={200: FloorChangeShape}, body=Body, writes=True)
    def post(self, request: Request, change: int) -> Response:
        """Approves a change that another member proposed: it is in force at once.

        The own change is 409 `own_work`; one that was proposed for an earlier floor is 409 `superseded`.
        """
        floor_change(change)
        allow(self.member, Operation.APPROVE_FLOOR)
        parse(Body, request)
        return once(
            request,
            act=lambda: approve_floor(change, by=self.member, now=self.now),
            show=lambda _: shown(change, self),
        )


class WithdrawFloorChange(Resource):
    @describes("safety_floor_withdraw", tag="rules", answers={200: FloorChangeShape}, body=Body, writes=True)
    def post(self, request: Request, change: int) -> Response:
        """Takes a proposed change off the table."""
        floor_change(change)
        allow(self.member, Operation.CHANGE_FLOOR)
        parse(Body, request)
        return once(
            request,
            act=lambda: withdraw(change, by=self.member, now=self.now),
            show=lambda _: shown(change, self),
        )


def shown(change: int, resource: Resource) -> dict[str, Any]:
    """The change, with what the proof says of the rules in force."""
    row = floor_change(change)
    proof = satisfied_by_rules_in_force(row, agency=resource.member.agency, language=active())
    return given_out(FloorChangeShape, _told(row) | {"rules_in_force": proof.as_dict()})


def _told(row: SafetyFloor) -> dict[str, Any]:
    status = "approved" if row.approved_by else "withdrawn" if row.withdrawn_at else "proposed"
    return {
        **arranged(row.document),
        "id": row.pk,
        "version": row.version,
        "status": status,
        "based_on": row.based_on,
        "reason": row.reason,
        "proposed_by": row.proposed_by.email if row.proposed_by else None,
        "proposed_at": row.at,
        "approved_by": row.approved_by.email if row.approved_by else None,
        "approved_at": row.approved_at,
        "rules_in_force": None,
    }
