"""Calls that nobody really made: a morning for each demo city, and how what is left of such calls is ended.

All of it goes through the same actions as any other call, in the order of time.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from agencies.errors import Refused
from agencies.models import Member
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call
from calls.states import OPEN, CallStatus, Source
from cso.demo_scenes import SCENES, Scene
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    acknowledge_transfer,
    add_note,
    assign_unit,
    cancel_call,
    close_call,
    move_assignment,
    schedule_call,
)
from dispatch.models import Unit
from dispatch.states import AssignmentStatus
from ledger.models import Deadline, Event

SWORN_DESK = "Sworn desk, position 4"
SETTLED = "The caller rang back: it is settled."
_HARMLESS = dict.fromkeys(
    ("weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard", "legal_matter"), "no"
)
_STEPS = (AssignmentStatus.ACKNOWLEDGED, AssignmentStatus.EN_ROUTE, AssignmentStatus.ON_SCENE)
_KEPT_FOR = timedelta(hours=6)
# How a call is ended that the demonstration leaves behind, by its status: a disposition to cancel or to close it with.
_ENDS = {
    CallStatus.NEW: "13",
    CallStatus.QUEUED: "10",
    CallStatus.SCHEDULED: "10",
    CallStatus.ASSIGNED: "21",
    CallStatus.ON_SCENE: "18",
    CallStatus.REFERRED: "15",
    CallStatus.TRANSFERRED: "15",
}
_CANCELS = ("10", "21")


def play(slug: str, units: list[Unit], *, desk: Member, now: datetime) -> None:
    """The agency's morning up to `now`, as the desk would have worked it off with these units."""
    scenes = SCENES.get(slug, ())
    _in_order([_play(scene, units, desk, now) for scene in scenes])


def nothing_since(moment: datetime) -> bool:
    """Whether the ledger of the agency in scope says nothing of any call since `moment`, and no call is open."""
    if Call.objects.filter(status__in=[s.value for s in OPEN]).exists():
        return False
    return not Event.objects.filter(at__gt=moment, call_id__isnull=False).exists()


def end_what_is_stale(hands: Mapping[str, Member], now: datetime) -> int:
    """Ends the open calls that only the demonstration had a hand in and that have lain too long; answers how many.

    Entered as if it had happened soon after the last thing that did, when somebody still watched.
    """
    desk = next((member for address, member in hands.items() if address.startswith("robin@")), None)
    last = Event.objects.order_by("-seq").values_list("at", flat=True).first()
    if desk is None or last is None:
        return 0
    overdue = set(
        Deadline.objects.filter(state=Deadline.State.ARMED, due_at__lte=now, call_id__isnull=False).values_list(
            "call_id", flat=True
        )
    )
    stale = [c for c in own_calls(hands) if c.pk in overdue or c.received_at < now - _KEPT_FOR]
    for number, call in enumerate(stale, start=1):
        end_call(call, desk=desk, now=min(now, last + timedelta(seconds=20 * number)))
    return len(stale)


def own_calls(hands: Mapping[str, Member]) -> list[Call]:
    """Open calls that one of `hands` took and nobody else ever touched, oldest first."""
    ids = [member.pk for member in hands.values()]
    rows = Call.objects.filter(status__in=[s.value for s in OPEN], taken_by_id__in=ids).order_by("received_at", "pk")
    calls = list(rows)
    lines = Event.objects.filter(call_id__in=[call.pk for call in calls], by__isnull=False).exclude(by_id__in=ids)
    # The supervisor whose yes a rule wants is played too.
    lines = lines.exclude(kind__in=["approval.answered", "alarm.settled"])
    touched = set(lines.values_list("call_id", flat=True))
    return [call for call in calls if call.pk not in touched]


def rings_before(call: Call, moment: datetime) -> bool:
    """Whether one of the call's clocks runs out before `moment`."""
    return Deadline.objects.filter(state=Deadline.State.ARMED, call_id=call.pk, due_at__lte=moment).exists()


def end_call(call: Call, *, desk: Member, now: datetime) -> None:
    """Brings an open call to an end that fits its status."""
    status = CallStatus(call.status)
    ending = _ENDS[status]
    if status is CallStatus.TRANSFERRED:
        _accept(call, desk, now)
        if Call.objects.get(pk=call.pk).status == CallStatus.CLOSED:
            return
    if ending in _CANCELS:
        cancel_call(call.pk, disposition=ending, reason=SETTLED, by=desk, now=now)
    else:
        close_call(call.pk, CloseOrder(ending), by=desk, now=now)


def _accept(call: Call, desk: Member, now: datetime) -> None:
    try:
        acknowledge_transfer(call.pk, Acceptance(SWORN_DESK), by=desk, now=now)
    except Refused:
        # Accepted before: then only a unit holds the call open.
        return


def _in_order(tales: Iterable[Iterator[datetime]]) -> None:
    """Lets the tales run side by side: whoever's next moment is the earliest goes on."""
    waiting = [(next(tale), number, tale) for number, tale in enumerate(tales)]
    heapq.heapify(waiting)
    while waiting:
        _, number, tale = heapq.heappop(waiting)
        moment = next(tale, None)
        if moment is not None:
            heapq.heappush(waiting, (moment, number, tale))


def _play(scene: Scene, units: list[Unit], desk: Member, now: datetime) -> Iterator[datetime]:
    """One call of the morning. Yields each moment before what happens then."""
    moment = now - timedelta(minutes=scene.ago_min)
    yield moment
    call = take_call(_intake(scene), by=desk, now=moment)
    if scene.ahead_min:
        yield (moment := moment + timedelta(minutes=3))
        schedule_call(call.pk, at=now + timedelta(minutes=scene.ahead_min), by=desk, now=moment)
    elif call.route == "sworn":
        yield (moment := moment + timedelta(seconds=40))
        acknowledge_transfer(call.pk, Acceptance(SWORN_DESK, f"P{scene.ago_min:05d}"), by=desk, now=moment)
    elif scene.unit is not None and call.route == "cso":
        yield from _send(scene, call, AssignOrder(units[scene.unit % len(units)].callsign), desk, moment)


def _send(scene: Scene, call: Call, order: AssignOrder, desk: Member, moment: datetime) -> Iterator[datetime]:
    yield (moment := moment + timedelta(minutes=2))
    assignment = assign_unit(call.pk, order, by=desk, now=moment)
    for step, minutes in zip(_STEPS if scene.closed else _STEPS[:2], (1, 3, 6), strict=False):
        yield (moment := moment + timedelta(minutes=minutes))
        move_assignment(assignment.pk, StatusOrder(step), by=desk, now=moment)
    if scene.note:
        yield (moment := moment + timedelta(minutes=4))
        add_note(call.pk, scene.note, by=desk, for_unit=order.unit, now=moment)
    if scene.closed:
        yield (moment := moment + timedelta(minutes=8))
        close_call(call.pk, CloseOrder(scene.closed), by=desk, now=moment)


def _intake(scene: Scene) -> Intake:
    facts: dict[str, Any] = dict(scene.facts)
    return Intake(
        type_code=scene.type_code,
        address=scene.address,
        lat=scene.at[0],
        lon=scene.at[1],
        narrative=scene.narrative,
        caller_name="" if scene.is_assist else scene.caller,
        caller_phone="" if scene.is_assist else scene.phone,
        caller_language=scene.language or "en",
        answers={} if scene.is_assist else _HARMLESS,
        facts=facts | ({"requested_by": scene.caller, "scene_secured_by": scene.caller} if scene.is_assist else {}),
        source=Source.SWORN_REQUEST if scene.is_assist else Source.PHONE,
    )
