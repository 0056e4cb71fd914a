"""Shifts: plan, read, their numbers, sign off."""

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.errors import NotFound
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Grant, Operation, Role, grant
from api import pages
from api.auth import allow
from api.fields import Body, Moment, Text, parse
from api.idempotency import once
from api.resource import Resource
from api.schema import CURSOR, describes, page_of
from api.shapes import given_out, rendered
from api.v1.choices import ROLES
from dispatch.actions import RosterLine, ShiftOrder, plan_shift, sign_off
from dispatch.models import Duty, Shift


class DutyShape(serializers.Serializer[Duty]):
    member = serializers.CharField(source="member.email")
    name = serializers.CharField(source="member.name")
    unit = serializers.CharField(source="unit.callsign", allow_null=True)
    role = serializers.ChoiceField(choices=ROLES)


class ShiftShape(serializers.Serializer[Shift]):
    """A planned period with its roster. Shifts overlap."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    starts_at = Moment()
    ends_at = Moment()
    roster = DutyShape(many=True, source="duties")
    planned_by = serializers.CharField(source="planned_by.email", allow_null=True)
    signed_off_by = serializers.CharField(source="signed_off_by.email", allow_null=True)
    signed_off_at = Moment(allow_null=True)
    note = serializers.CharField(source="sign_off_note")


class RosterBody(Body):
    member = serializers.EmailField(help_text="The member's e-mail address.")
    unit = Text(max_length=20, required=False, allow_null=True, help_text="A callsign; none for a desk.")
    role = serializers.ChoiceField(choices=ROLES, required=False)


class ShiftBody(Body):
    name = Text(max_length=60, allow_blank=False)
    starts_at = Moment()
    ends_at = Moment(help_text="Within 24 hours of the start.")
    roster = RosterBody(many=True, required=False, max_length=200)  # type: ignore[call-arg]


class Shifts(Resource):
    @describes("shifts_list", tag="shifts", answers={200: page_of(ShiftShape)}, problems=(400,), parameters=CURSOR)
    def get(self, request: Request) -> Response:
        """Shifts, latest planned first; an officer's own."""
        allow(self.member, Operation.READ_SHIFTS)
        rows = _shifts()
        if grant(self.member.role, Operation.READ_SHIFTS) is Grant.OWN:
            rows = rows.filter(pk__in=Duty.objects.filter(member=self.member).values("shift_id"))
        found, links = pages.page(rows, request, order=pages.Order({"id": pages.number}))
        return Response(links | {"results": rendered(ShiftShape, found)})

    @describes("shifts_plan", tag="shifts", answers={201: ShiftShape}, body=ShiftBody, writes=True)
    def post(self, request: Request) -> Response:
        """Plans a shift with its roster."""
        allow(self.member, Operation.PLAN_SHIFT)
        given = parse(ShiftBody, request)
        lines = [
            RosterLine(line["member"], line.get("unit") or "", Role(line.get("role", Role.OFFICER)))
            for line in given.pop("roster", ())
        ]
        order = ShiftOrder(**given, roster=lines)
        return once(
            request,
            act=lambda: plan_shift(order, by=self.member, now=self.now).pk,
            show=lambda made: given_out(ShiftShape, shift_by_id(made or 0)),
            status=201,
            makes="shift.planned",
        )


class OneShift(Resource):
    @describes("shifts_read", tag="shifts", answers={200: ShiftShape})
    def get(self, request: Request, shift: int) -> Response:
        """One shift with its roster."""
        found = shift_by_id(shift)
        require(self.member, Operation.READ_SHIFTS, own=_worked(self.member, found))
        return Response(given_out(ShiftShape, found))


class SignOffBody(Body):
    note = Text(max_length=2000, required=False)


class SignOff(Resource):
    @describes("shifts_sign_off", tag="shifts", answers={200: ShiftShape}, body=SignOffBody, writes=True)
    def post(self, request: Request, shift: int) -> Response:
        """A supervisor vouches for the shift's numbers. The own work is 409 `own_work`."""
        found = shift_by_id(shift)
        allow(self.member, Operation.SIGN_OFF)
        note = parse(SignOffBody, request).get("note", "")
        return once(
            request,
            act=lambda: sign_off(found.pk, note=note, by=self.member, now=self.now),
            show=lambda _: given_out(ShiftShape, shift_by_id(found.pk)),
        )


def shift_by_id(shift_id: int) -> Shift:
    """The shift with this id; `NotFound` otherwise."""
    found = _shifts().filter(pk=shift_id).first()
    if found is None:
        raise NotFound(_("There is no such shift."))
    return found


def _shifts() -> QuerySet[Shift]:
    roster = Duty.objects.select_related("member", "unit").order_by("pk")
    return Shift.objects.select_related("planned_by", "signed_off_by").prefetch_related(Prefetch("duties", roster))


def _worked(member: Member, shift: Shift) -> bool:
    return Duty.objects.filter(member=member, shift=shift).exists()
