"""Calls: take, read, list, amend; their ledger and the units that could go."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from agencies.errors import Forbidden, StaleEdit
from agencies.models import Member
from agencies.roles import Grant, Operation, grant
from api import pages
from api.auth import allow
from api.fields import Body, Moment, Text, parse, parse_query
from api.idempotency import once
from api.resource import Resource
from api.schema import CURSOR, IF_MATCH, describes, page_of
from api.shapes import given_out, rendered
from api.v1.call_bodies import AmendBody, IntakeBody, amendment, intake
from api.v1.call_shapes import CallShape, just_taken, sees_residents, shown, shown_list, with_everything
from api.v1.choices import CALL_STATUSES, ROUTES
from calls.actions import amend_call, take_call
from calls.models import Call
from calls.queries import call_by_number
from calls.states import ENDED, OPEN
from dispatch import queries
from dispatch.models import Assignment
from ledger.kinds import ON_THE_BOARD
from ledger.models import Event

STATUSES = set(CALL_STATUSES)
BY_SEQ = pages.Order({"seq": pages.number}, descending=False, rows=200)


class CallFilter(Body):
    """Filters of the list. Several statuses have commas between them; `open` stands for all but ended ones."""

    status = Text(required=False, help_text="One status or several, with commas between them; or `open`.")
    route = serializers.ChoiceField(choices=[*ROUTES, "undecided"], required=False)
    type = Text(required=False)
    unit = Text(required=False, help_text="The callsign of a unit that is or was on the call.")
    since = Moment(required=False, help_text="Received at this time or later.")
    q = Text(required=False, max_length=200, help_text="In number, place, narrative and caller.")

    def to_internal_value(self, data: Mapping[str, str]) -> dict[str, Any]:
        # A plus sign in an address that nobody encoded arrives as a space.
        mended = {name: value.replace(" ", "+") if name == "since" else value for name, value in data.items() if value}
        return super().to_internal_value(mended)

    def validate_status(self, value: str) -> set[str]:
        wanted = {name.strip() for name in value.split(",") if name.strip()}
        if wanted - STATUSES - {"open"}:
            raise serializers.ValidationError(f"A status is one of {', '.join(sorted(STATUSES))}, or open.")
        return wanted - {"open"} | ({s.value for s in OPEN} if "open" in wanted else set())


class Calls(Resource):
    @describes(
        "calls_list", tag="calls", answers={200: page_of(CallShape)}, problems=(400,), parameters=[CallFilter, *CURSOR]
    )
    def get(self, request: Request) -> Response:
        """Calls, latest first.

        Residents' fields are null in lists for everybody: open a call to read them. An officer gets the board and the
        calls of the own unit. `q` searches narrative and caller only where the member may read them.
        """
        rows = _filtered(_visible(self.member, self.now), parse_query(CallFilter, request), self.member, self.now)
        found, links = pages.page(with_everything(rows), request, order=pages.CALLS)
        return Response(links | {"results": shown_list(found)})

    @describes("calls_take", tag="calls", answers={201: CallShape}, body=IntakeBody, writes=True)
    def post(self, request: Request) -> Response:
        """Takes a call.

        A place or a call-back number is enough. The route is decided at once and the call goes on its way; while the
        route is open it stays `new` and has a clock.
        """
        allow(self.member, Operation.TAKE_CALL)
        order = intake(parse(IntakeBody, request))
        taken: list[Call] = []

        def act() -> int:
            taken.append(take_call(order, by=self.member, now=self.now))
            return taken[0].pk

        def show(made: int | None) -> dict[str, Any]:
            if taken:
                return just_taken(taken[0], external=bool(order.external), by=self.member)
            return shown(made or 0, to=self.member, now=self.now)

        answer = once(request, act=act, show=show, status=201, makes="call.taken")
        answer.headers["Location"] = f"/api/v1/calls/{answer.data['number']}"
        return tagged(answer)


class OneCall(Resource):
    @describes("calls_read", tag="calls", answers={200: CallShape})
    def get(self, request: Request, number: str) -> Response:
        """One call.

        With an ETag for the next change. Reading residents' fields leaves a trace. An officer reads the calls that the
        own unit is or was on, and of others what is on the board.
        """
        call = _readable(number, self.member, self.now)
        return tagged(Response(shown(call.pk, to=self.member, now=self.now)))

    @describes(
        "calls_amend", tag="calls", answers={200: CallShape}, body=AmendBody, problems=(412,), parameters=[IF_MATCH]
    )
    def patch(self, request: Request, number: str) -> Response:
        """Changes what is known about a call.

        Answers and facts are added to those that are there. The route is decided anew where it may be another. With
        `If-Match`, a call that was changed since is 412, and `changed` says by whom.
        """
        call = call_by_number(number)
        allow(self.member, Operation.AMEND_CALL)
        change = amendment(parse(AmendBody, request))
        version = _version_wanted(request, call)
        amend_call(call.pk, change, by=self.member, now=self.now, if_version=version)
        return tagged(Response(shown(call.pk, to=self.member, now=self.now)))


class EventShape(serializers.Serializer[Event]):
    """A line of the ledger. Holds ids and codes, never residents' words."""

    seq = serializers.IntegerField()
    kind = serializers.CharField()
    at = Moment(help_text="When it was entered.")
    occurred_at = Moment(help_text="When it happened.")
    by = serializers.CharField(source="by.email", allow_null=True, help_text="Null where a clock acted.")
    data = serializers.DictField(child=serializers.JSONField())  # type: ignore[assignment]


class CallEvents(Resource):
    @describes("calls_events", tag="calls", answers={200: page_of(EventShape)}, problems=(400,), parameters=CURSOR)
    def get(self, request: Request, number: str) -> Response:
        """The ledger of a call, oldest first.

        Members who may not read the call's residents get what the stream tells them of it.
        """
        call = _readable(number, self.member, self.now)
        rows = Event.objects.filter(call_id=call.pk).select_related("by")
        if not sees_residents(self.member, call, self.now):
            rows = rows.filter(kind__in=ON_THE_BOARD)
        found, links = pages.page(rows, request, order=BY_SEQ)
        return Response(links | {"results": rendered(EventShape, found)})


class RecommendationShape(serializers.Serializer[Any]):
    unit = serializers.CharField()
    score = serializers.IntegerField(help_text="0 to 100.")
    eta_s = serializers.IntegerField(allow_null=True, help_text="Seconds; null where no distance is known.")
    reasons = serializers.ListField(child=serializers.CharField())


class ShortfallShape(serializers.Serializer[Any]):
    unit = serializers.CharField()
    reason = serializers.CharField()


class RecommendationsShape(serializers.Serializer[Any]):
    recommendations = RecommendationShape(many=True)
    shortfalls = ShortfallShape(many=True)


class Recommendations(Resource):
    @describes("calls_recommendations", tag="calls", answers={200: RecommendationsShape})
    def get(self, request: Request, number: str) -> Response:
        """Units for a call, best first, and those that cannot go with the reason."""
        fit, short = queries.recommendations(_readable(number, self.member, self.now), self.now)
        return Response(given_out(RecommendationsShape, {"recommendations": fit, "shortfalls": short}))


def tagged(answer: Response) -> Response:
    """The answer about a call with its ETag."""
    answer.headers["ETag"] = f'"{answer.data["version"]}"'
    return answer


def _version_wanted(request: Request, call: Call) -> int | None:
    """The version that `If-Match` names, None where it names none; `StaleEdit` for one that never was."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    tags = {int(tag) for tag in re.findall(r'"(\d{1,9})"', given)}
    if call.version in tags:
        return call.version
    if not tags:
        raise StaleEdit(
            f"Call {call.number} is at version {call.version}; If-Match names no version of it.", changed=[]
        )
    return max(tags)


def _readable(number: str, member: Member, now: datetime) -> Call:
    """The call, where the member may read of it at all: what is in nobody's list is not read by its number either."""
    call = call_by_number(number)
    if call.status in ENDED and not _visible(member, now).filter(pk=call.pk).exists():
        raise Forbidden(_("An officer reads the calls of the own unit, and the board."))
    return call


def _visible(member: Member, now: datetime) -> QuerySet[Call]:
    if grant(member.role, Operation.READ_RESIDENTS) is not Grant.OWN:
        return Call.objects.all()
    return Call.objects.filter(Q(status__in=[s.value for s in OPEN]) | Q(pk__in=_own(member, now)))


def _own(member: Member, now: datetime) -> QuerySet[Assignment, Any]:
    """The ids of the calls that the member's unit is or was on."""
    return Assignment.objects.filter(unit=queries.own_unit(member, now)).values("call_id")


def _filtered(rows: QuerySet[Call], wanted: dict[str, Any], member: Member, now: datetime) -> QuerySet[Call]:
    if "status" in wanted:
        rows = rows.filter(status__in=wanted["status"])
    if "route" in wanted:
        rows = rows.filter(route=None if wanted["route"] == "undecided" else wanted["route"])
    if "type" in wanted:
        rows = rows.filter(type__code=wanted["type"])
    if "unit" in wanted:
        rows = rows.filter(pk__in=Assignment.objects.filter(unit__callsign__iexact=wanted["unit"]).values("call_id"))
    if "since" in wanted:
        rows = rows.filter(received_at__gte=wanted["since"])
    return rows.filter(_search(wanted["q"], member, now)) if "q" in wanted else rows


def _search(words: str, member: Member, now: datetime) -> Q:
    """Residents' words are searched only where the member may read them: a hit would tell what they say."""
    found = Q(number__icontains=words) | Q(address__icontains=words)
    told = Q(narrative__icontains=words) | Q(caller_name__icontains=words) | Q(caller_phone__icontains=words)
    match grant(member.role, Operation.READ_RESIDENTS):
        case Grant.YES:
            return found | told
        case Grant.OWN:
            return found | told & Q(pk__in=_own(member, now))
        case _:
            return found
