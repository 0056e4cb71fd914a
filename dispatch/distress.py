"""Officers in danger: whose call for help, or whose silence, is not over because somebody has taken its alarm.

Whoever takes the alarm has it on the own hands. It is over when sworn has accepted the call for help, or a person took
the call elsewhere; and when the officer who answered nobody has answered, or has left the scene.
"""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from agencies.prepared import Prepared
from calls.models import Transfer
from dispatch.models import Assignment
from dispatch.states import AssignmentStatus
from ledger.alarms import MAYDAY
from ledger.models import Alarm, Deadline

Transfers = dict[int, Transfer]


def open_alarms() -> list[Alarm]:
    """Alarms that nobody has taken and whose cause is still there, and those of officers who are still in danger."""
    return _OPEN()


def for_everybody() -> list[Alarm]:
    """Of these, what every officer has to know."""
    return [alarm for alarm in open_alarms() if alarm.level == Alarm.Level.EVERYONE]


def units() -> set[int]:
    """The ids of the units in danger."""
    return {alarm.unit_id for alarm in for_everybody() if alarm.unit_id is not None}


def transfers_of(calls: Collection[int]) -> Transfers:
    """The latest transfer of each call. One query."""
    rows = Transfer.objects.filter(call_id__in=calls).order_by("requested_at", "pk") if calls else ()
    return {transfer.call_id: transfer for transfer in rows}


def units_left_alone(calls: Collection[int]) -> dict[int, list[str]]:
    """The units on the scene of calls where a CSO asked for sworn for danger, and sworn has not accepted. One query."""
    if not calls:
        return {}
    waits = Q(call__transfers__ended_at=None, call__transfers__acknowledged_at=None, call__transfers__danger=True)
    rows = Assignment.objects.filter(waits, call_id__in=calls, status=AssignmentStatus.ON_SCENE.value)
    found: dict[int, list[str]] = {}
    for call_id, callsign in rows.order_by("unit__callsign").values_list("call_id", "unit__callsign").distinct():
        found.setdefault(call_id, []).append(callsign)
    return found


def standing(alarm: Alarm, transfer: Transfer | None) -> str:
    """Where it stands, in words: who has it, and whether sworn, or the officer, has answered."""
    who = _("%(who)s has it.") % {"who": alarm.taken_by} if alarm.taken_by else _("Nobody has it yet.")
    silent = _("No answer from the officer yet.") if alarm.taken_by else ""
    return " ".join(filter(None, [who, accepted(transfer) if alarm.kind == MAYDAY else silent]))


def accepted(transfer: Transfer | None) -> str:
    """Whether sworn has accepted a call for help, in words; empty where it is not with them any more."""
    if transfer is not None and transfer.acknowledged_at is not None:
        return _("Sworn accepted: %(who)s") % {"who": transfer.accepted_by}
    return _("Sworn has not accepted yet.") if transfer is not None and transfer.ended_at is None else ""


def _open() -> QuerySet[Alarm]:
    untaken = Q(taken_at=None, settled_at=None)
    in_danger = Q(level=Alarm.Level.EVERYONE, settled_at=None)
    return Alarm.objects.filter(untaken | (in_danger & _is_unanswered())).select_related("raised_by", "taken_by")


_OPEN = Prepared(_open)


def _is_unanswered() -> Q:
    not_accepted = Transfer.objects.filter(call_id=OuterRef("call_id"), ended_at=None, acknowledged_at=None)
    on_scene = Assignment.objects.filter(pk=OuterRef("assignment_id"), status=AssignmentStatus.ON_SCENE.value)
    # Every answer starts the clock anew, also one by radio that is entered later.
    answered = Deadline.objects.filter(
        assignment_id=OuterRef("assignment_id"), kind="welfare_check", state=Deadline.State.ARMED
    )
    asked_for = Q(kind=MAYDAY) & Exists(not_accepted)
    silent = ~Q(kind=MAYDAY) & Exists(on_scene) & ~Exists(answered)
    return asked_for | silent
