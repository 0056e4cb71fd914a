"""Units: where they stand, what happens in the field, and a call for help."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.roles import Operation
from api import pages
from api.auth import allow
from api.fields import Body, Moment, Number, Text, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import describes, page_of
from api.shapes import given_out, rendered
from api.v1.assignment_shapes import AssignmentShape
from api.v1.call_bodies import SelfInitiatedBody, intake
from api.v1.call_shapes import CallShape, shown
from api.v1.calls import tagged
from api.v1.choices import UNIT_STATUSES
from dispatch import queries
from dispatch.actions import (
    UnitStatusOrder,
    check_by_radio,
    open_self_initiated,
    report_position,
    send_mayday,
    set_unit_status,
)
from dispatch.models import Unit
from dispatch.states import UnitStatus
from ledger.alarms import MAYDAY
from ledger.models import Alarm


class UnitStateShape(serializers.Serializer[Any]):
    primary = serializers.ChoiceField(choices=UNIT_STATUSES)
    secondary = serializers.CharField(help_text="On a call, the assignment's status.")


class PositionShape(serializers.Serializer[Unit]):
    lat = serializers.FloatField()
    lon = serializers.FloatField()
    at = Moment(source="position_at")


class UnitShape(serializers.Serializer[queries.UnitNow]):
    """A unit as it stands now."""

    callsign = serializers.CharField(source="unit.callsign")
    kind = serializers.CharField(source="unit.kind")
    area = serializers.CharField(source="unit.area")
    status = UnitStateShape(source="*")
    since = Moment()
    members = serializers.SerializerMethodField(help_text="E-mail addresses; empty where nobody is on duty in it.")
    qualifications = serializers.SerializerMethodField()
    position = serializers.SerializerMethodField()
    assignment = AssignmentShape(source="active", allow_null=True)
    stacked = AssignmentShape(many=True)

    def get_members(self, now: queries.UnitNow) -> list[str]:
        return [member.email for member in now.members]

    def get_qualifications(self, now: queries.UnitNow) -> list[str]:
        return sorted(now.qualifications)

    @extend_schema_field(PositionShape(allow_null=True))
    def get_position(self, now: queries.UnitNow) -> Any:  # noqa: ANN401 REST framework's dict
        return given_out(PositionShape, now.unit) if now.unit.lat is not None else None


class Units(Resource):
    @describes("units_list", tag="units", answers={200: page_of(UnitShape)})
    def get(self, request: Request) -> Response:
        """Every unit that is on duty or still on a call, by callsign."""
        return pages.whole(rendered(UnitShape, queries.units_now(self.now)))


class UnitStatusBody(Body):
    primary = serializers.ChoiceField(choices=UNIT_STATUSES, required=False)
    secondary = Text(max_length=24, required=False, allow_blank=False)
    occurred_at = Moment(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"primary", "secondary"} & set(attrs):
            raise ValidationError({"secondary": ["Give a secondary status, or a primary one."]})
        return attrs


class OneUnitStatus(Resource):
    @describes("units_status", tag="units", answers={200: UnitShape}, body=UnitStatusBody, writes=True)
    def post(self, request: Request, callsign: str) -> Response:
        """The unit's status off calls: a meal, a report, out of service.

        `secondary` is one of the agency's own statuses; where only `primary` is given, the first that means it. On a
        call the board shows the assignment's status.
        """
        unit = queries.unit_by_callsign(callsign)
        allow(self.member, Operation.UNIT_STATUS)
        given = parse(UnitStatusBody, request)
        primary = UnitStatus(given["primary"]) if "primary" in given else None
        order = UnitStatusOrder(given.get("secondary", ""), primary, given.get("occurred_at"))
        return once(
            request,
            act=lambda: set_unit_status(unit.callsign, order, by=self.member, now=self.now),
            show=lambda _: self.shown(unit.pk),
        )

    def shown(self, unit_id: int) -> Any:  # noqa: ANN401 REST framework's dict
        """The unit as it is now."""
        return given_out(UnitShape, queries.unit_now(Unit.objects.get(pk=unit_id), self.now))


class PositionBody(Body):
    lat = Number(min_value=-90, max_value=90)
    lon = Number(min_value=-180, max_value=180)
    occurred_at = Moment(required=False, allow_null=True)


class UnitPosition(OneUnitStatus):
    @describes("units_position", tag="units", answers={200: UnitShape}, body=PositionBody, writes=True)
    def post(self, request: Request, callsign: str) -> Response:
        """Where the unit is. An older position than the one that is known changes nothing."""
        unit = queries.unit_by_callsign(callsign)
        allow(self.member, Operation.UNIT_STATUS)
        given = parse(PositionBody, request)
        return once(
            request,
            act=lambda: report_position(unit.callsign, **given, by=self.member, now=self.now),
            show=lambda _: self.shown(unit.pk),
        )


class SelfInitiated(Resource):
    @describes("units_self_initiated", tag="units", answers={201: CallShape}, body=SelfInitiatedBody, writes=True)
    def post(self, request: Request, callsign: str) -> Response:
        """A call that the unit found and is on: on scene in one action.

        Without a place it is where the unit is.
        """
        unit = queries.unit_by_callsign(callsign)
        allow(self.member, Operation.SELF_INITIATE)
        order = intake(parse(SelfInitiatedBody, request))
        answer = once(
            request,
            act=lambda: open_self_initiated(unit.callsign, order, by=self.member, now=self.now).pk,
            show=lambda made: shown(made or 0, to=self.member, now=self.now, traced=False),
            status=201,
            makes="call.taken",
        )
        return tagged(answer)


class MaydayBody(Body):
    lat = Number(min_value=-90, max_value=90, required=False, allow_null=True)
    lon = Number(min_value=-180, max_value=180, required=False, allow_null=True)
    occurred_at = Moment(required=False, allow_null=True)


class Mayday(Resource):
    @describes("units_mayday", tag="units", answers={201: CallShape}, body=MaydayBody, writes=True)
    def post(self, request: Request, callsign: str) -> Response:
        """A CSO calls for help.

        Opens a call of type MAYDAY to sworn and an alarm on every console until somebody takes it. Sent again while the
        alarm is open it answers the same call.
        """
        unit = queries.unit_by_callsign(callsign)
        allow(self.member, Operation.MAYDAY)
        given = parse(MaydayBody, request)
        answer = once(
            request,
            act=lambda: send_mayday(unit.callsign, **given, by=self.member, now=self.now).pk,
            show=lambda made: shown(made or _last_mayday(unit), to=self.member, now=self.now),
            status=201,
            makes="call.taken",
        )
        return tagged(answer)


class RadioCheckBody(Body):
    callsigns = serializers.ListField(child=Text(max_length=20, allow_blank=False), min_length=1, max_length=200)
    at = Moment(required=False, allow_null=True)


class RadioCheckShape(serializers.Serializer[Any]):
    units = UnitShape(many=True)


class RadioChecks(Resource):
    @describes("radio_checks", tag="units", answers={200: RadioCheckShape}, body=RadioCheckBody, writes=True)
    def post(self, request: Request) -> Response:
        """A radio check of many units at one time. For units on scene it answers their welfare check."""
        allow(self.member, Operation.RADIO_CHECK)
        given = parse(RadioCheckBody, request)
        asked = [queries.unit_by_callsign(callsign).callsign for callsign in given["callsigns"]]
        return once(
            request,
            act=lambda: check_by_radio(asked, at=given.get("at"), by=self.member, now=self.now),
            show=lambda _: self.shown(set(asked)),
        )

    def shown(self, callsigns: set[str]) -> Any:  # noqa: ANN401 REST framework's dict
        """The units as they are now."""
        units = [now for now in queries.units_now(self.now) if now.unit.callsign in callsigns]
        return given_out(RadioCheckShape, {"units": units})


def _last_mayday(unit: Unit) -> int:
    """The call of the unit's latest alarm: the one that a repeated press found open."""
    return int(Alarm.objects.filter(kind=MAYDAY, unit_id=unit.pk).latest("raised_at").call_id or 0)
