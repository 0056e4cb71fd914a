"""A call as it is given out, and who sees how much of it.

Residents' fields (narrative, caller, facts, notes, what was said at the end) are null for members who may not read
them, and null in every list: opening a call is the traced read (`ledger.access`), a list is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from agencies.models import Agency, Member
from agencies.permissions import may
from agencies.pipeline import together
from agencies.roles import Operation
from api.fields import Moment
from api.shapes import given_out, rendered
from api.v1.assignment_shapes import AssignmentShape
from api.v1.choices import CALL_STATUSES, ROUTES, SOURCES
from api.v1.decision_shapes import DecisionShape, stored
from calls import queries
from calls.models import Call, ExternalNumber, Note, Transfer
from calls.states import ENDED, CallStatus
from dispatch import queries as dispatch_queries
from dispatch.models import Assignment
from ledger import access, deadlines
from ledger.models import Deadline


@dataclass(frozen=True)
class Seen:
    """What belongs to a call and does not stand in its row. `duplicates` is None where nobody looked for them."""

    deadlines: Sequence[Deadline] = ()
    duplicates: Sequence[str] | None = None
    residents: bool = False


class PlaceShape(serializers.Serializer[Call]):
    address = serializers.CharField()
    lat = serializers.FloatField(allow_null=True)
    lon = serializers.FloatField(allow_null=True)
    area = serializers.CharField(help_text="The agency's area, empty where none is known.")


class CallerShape(serializers.Serializer[Call]):
    name = serializers.CharField(source="caller_name")
    phone = serializers.CharField(source="caller_phone", help_text="As it was given.")
    anonymous = serializers.BooleanField(source="caller_anonymous")
    language = serializers.CharField(source="caller_language")
    interpreter = serializers.BooleanField()
    no_contact = serializers.BooleanField()


class FactsShape(serializers.Serializer[dict[str, Any]]):
    """Facts that somebody gave; the others are null, which means unknown."""

    subject_age = serializers.IntegerField(allow_null=True, default=None)
    caller_age = serializers.IntegerField(allow_null=True, default=None)
    elapsed_min = serializers.IntegerField(allow_null=True, default=None)
    scene_secured_by = serializers.CharField(allow_null=True, default=None)
    requested_by = serializers.CharField(allow_null=True, default=None)


class ExternalShape(serializers.Serializer[Any]):
    system = serializers.CharField()
    number = serializers.CharField()


class DeadlineShape(serializers.Serializer[Deadline]):
    """A clock that runs."""

    kind = serializers.CharField()
    due_at = Moment()
    assignment = serializers.IntegerField(source="assignment_id", allow_null=True)


class TransferShape(serializers.Serializer[Transfer]):
    """The call in somebody else's hands: who was asked, who accepted it, the number there."""

    to = serializers.CharField()
    danger = serializers.BooleanField()
    requested_at = Moment()
    requested_by = serializers.CharField(source="requested_by.email", allow_null=True)
    accepted_by = serializers.CharField()
    external_number = serializers.CharField()
    acknowledged_at = Moment(allow_null=True)
    acknowledged_by = serializers.CharField(source="acknowledged_by.email", allow_null=True)
    ended_at = Moment(allow_null=True)


class NoteShape(serializers.Serializer[Note]):
    """A line of the narrative. Struck, never deleted."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    by = serializers.CharField(source="by.email")
    unit = serializers.CharField(source="for_unit", help_text="For whom it was entered, by radio.")
    at = Moment()
    occurred_at = Moment()
    struck_at = Moment(allow_null=True)
    struck_by = serializers.CharField(source="struck_by.email", allow_null=True)


RESIDENTS = ("narrative", "caller", "facts", "notes", "closing_comment")


class CallShape(serializers.Serializer[Call]):
    """A call. Fields about residents are null for members who may not read them, and in lists."""

    id = serializers.IntegerField(help_text="Unique in the installation; the number only in its agency.")
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=CALL_STATUSES)
    type = serializers.CharField(source="type.code", allow_null=True)
    apco_type = serializers.CharField(source="type.apco_code", allow_null=True)
    priority = serializers.IntegerField(allow_null=True, help_text="1, the most urgent, to 4.")
    route = serializers.ChoiceField(choices=ROUTES, allow_null=True)
    location = PlaceShape(source="*")
    narrative = serializers.CharField(allow_null=True)
    caller = CallerShape(source="*", allow_null=True)
    answers = serializers.DictField(child=serializers.CharField())
    facts = FactsShape(allow_null=True)
    external = serializers.SerializerMethodField(help_text="In the order in which they came.")
    report_number = serializers.CharField()
    decision = serializers.SerializerMethodField()
    assignments = AssignmentShape(many=True)
    deadlines = DeadlineShape(many=True, source="seen.deadlines")
    received_at = Moment()
    closed_at = Moment(allow_null=True)
    disposition = serializers.CharField(source="disposition.code", allow_null=True)
    possible_duplicates = serializers.ListField(
        child=serializers.CharField(),
        source="seen.duplicates",
        allow_null=True,
        help_text="Numbers of open calls near in place, time and type; null in lists, where nobody looks.",
    )
    version = serializers.IntegerField()
    source = serializers.ChoiceField(choices=SOURCES)  # type: ignore[assignment]
    emergency = serializers.BooleanField()
    taken_by = serializers.CharField(source="taken_by.email", allow_null=True)
    entered_at = Moment()
    queued_at = Moment(allow_null=True)
    hold_until = Moment(allow_null=True, help_text="When the programme opens, for a call that waits for it.")
    scheduled_at = Moment(allow_null=True)
    joined_into = serializers.CharField(source="joined_into.number", allow_null=True)
    transfer = serializers.SerializerMethodField()
    notes = NoteShape(many=True, allow_null=True)
    closing_comment = serializers.CharField(allow_null=True)

    @extend_schema_field(ExternalShape(many=True))
    def get_external(self, call: Call) -> list[Any]:
        return rendered(ExternalShape, sorted(call.external_numbers.all(), key=lambda number: number.pk))

    @extend_schema_field(DecisionShape(allow_null=True))
    def get_decision(self, call: Call) -> Any:  # noqa: ANN401 REST framework's dict
        return given_out(DecisionShape, stored(call.decision)) if call.decision is not None else None

    @extend_schema_field(TransferShape(allow_null=True))
    def get_transfer(self, call: Call) -> Any:  # noqa: ANN401 REST framework's dict
        last = max(call.transfers.all(), key=lambda t: t.pk, default=None)
        return given_out(TransferShape, last) if last is not None else None

    def to_representation(self, call: Call) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(call)
        if not call.seen.residents:  # type: ignore[attr-defined]
            shown |= dict.fromkeys(RESIDENTS)
        return shown


def with_everything(rows: QuerySet[Call]) -> QuerySet[Call]:
    """The rows with all that `CallShape` reads: the same number of queries whatever the number of rows."""
    people = ("requested_by", "acknowledged_by")
    rows = rows.select_related("type", "decision", "decision__rule_set", "disposition", "taken_by", "joined_into")
    return rows.defer("decision__rule_set__document").prefetch_related(
        Prefetch("assignments", Assignment.objects.select_related("unit", "call", "disposition").order_by("pk")),
        Prefetch("notes", Note.objects.select_related("by", "struck_by").order_by("at", "pk")),
        Prefetch("transfers", Transfer.objects.select_related(*people).order_by("pk")),
        "external_numbers",
    )


def shown_list(calls: Sequence[Call]) -> list[Any]:
    """Calls for a list, without residents' fields."""
    clocks = deadlines.armed_for_calls([call.pk for call in calls])
    for call in calls:
        call.seen = Seen(deadlines=clocks.get(call.pk, ()))  # type: ignore[attr-defined]
    return rendered(CallShape, calls)


def shown(call_id: int, *, to: Member, now: datetime, traced: bool = True) -> dict[str, Any]:
    """One call as it is now. Where residents' fields are shown, that is traced, except to who has just written them."""
    call = with_everything(Call.objects.filter(pk=call_id)).get()
    residents = sees_residents(to, call, now)
    if residents and traced:
        access.trace(call.pk, by=to, where="api", now=now)
    return _given_out(call, to.agency, residents=residents)


def _nothing(model: type[Model]) -> QuerySet[Any]:
    """No rows, and known to be none: it is not looked for them again."""
    rows = model._base_manager.none()
    rows._result_cache = []
    return rows


_NONE = {
    "assignments": _nothing(Assignment),
    "notes": _nothing(Note),
    "transfers": _nothing(Transfer),
    "external_numbers": _nothing(ExternalNumber),
}


def just_taken(call: Call, *, external: bool, by: Member) -> dict[str, Any]:
    """The call that `by` took a moment ago, from the rows in hand: nobody was sent and nothing was noted yet."""
    some = {"transfers"} if call.status == CallStatus.TRANSFERRED else set()
    some |= {"external_numbers"} if external else set()
    none = {name: rows for name, rows in _NONE.items() if name not in some}
    call._prefetched_objects_cache = none  # type: ignore[attr-defined]
    return _given_out(call, by.agency, residents=True)


def sees_residents(member: Member, call: Call, now: datetime) -> bool:
    """Dispatchers and supervisors do, an officer on the calls of the own unit, an administrator never."""
    if may(member, Operation.READ_RESIDENTS):
        return True
    return may(member, Operation.READ_RESIDENTS, own=True) and dispatch_queries.is_own_call(member, call, now)


def _given_out(call: Call, agency: Agency, *, residents: bool) -> dict[str, Any]:
    with together():
        armed = deadlines.ask_armed(call.pk)
        duplicates = list if CallStatus(call.status) in ENDED else queries.ask_duplicates(agency, call)
    call.seen = Seen(deadlines=armed(), duplicates=duplicates(), residents=residents)  # type: ignore[attr-defined]
    return given_out(CallShape, call)
