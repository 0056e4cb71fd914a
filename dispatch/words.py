"""What units' statuses, alarms and lines of the ledger are called on the screen, in the active language."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from agencies.words import fields_words
from calls.words import CLOCK, ROUTE, STATUS, Label, label
from ledger.models import Event

ASSIGNMENT: dict[str, Label] = {
    "stacked": gettext_lazy("Stacked"),
    "assigned": gettext_lazy("Assigned"),
    "acknowledged": gettext_lazy("Acknowledged"),
    "en_route": gettext_lazy("En route"),
    "on_scene": gettext_lazy("On scene"),
    "cleared": gettext_lazy("Cleared"),
    "cancelled": gettext_lazy("Cancelled"),
    "declined": gettext_lazy("Declined"),
}
STEP: dict[str, Label] = {
    "assigned": gettext_lazy("Take now"),
    "acknowledged": gettext_lazy("Acknowledge"),
    "en_route": gettext_lazy("En route"),
    "on_scene": gettext_lazy("On scene"),
    "cleared": gettext_lazy("Clear"),
    "stacked": gettext_lazy("Divert, keep stacked"),
    "cancelled": gettext_lazy("Take off"),
    "declined": gettext_lazy("Declined"),
}
SECONDARY: dict[str, Label] = {
    "ready": gettext_lazy("Available"),
    "report_writing": gettext_lazy("Report writing"),
    "outreach": gettext_lazy("Outreach"),
    "meal": gettext_lazy("Meal"),
    "training": gettext_lazy("Training"),
    "court": gettext_lazy("Court"),
    "out_of_service": gettext_lazy("Out of service"),
}
ALARM: dict[str, Label] = {
    "mayday": gettext_lazy("MAYDAY"),
    "undecided": gettext_lazy("Undecided too long"),
    "undecided_sworn": gettext_lazy("Undecided: sent to sworn"),
    "unassigned": gettext_lazy("No unit yet"),
    "unassigned_supervisor": gettext_lazy("No unit yet, supervisor"),
    "approval": gettext_lazy("Supervisor's yes wanted"),
    "approval_late": gettext_lazy("No supervisor has answered"),
    "delayed_caller": gettext_lazy("Call the caller back"),
    "appointment": gettext_lazy("Appointment is due"),
    "acknowledge": gettext_lazy("Not acknowledged"),
    "en_route": gettext_lazy("Not en route"),
    "welfare_check": gettext_lazy("Welfare check due"),
    "welfare_alarm": gettext_lazy("Welfare check not answered"),
    "welfare_mayday": gettext_lazy("MAYDAY, no answer from"),
    "transfer": gettext_lazy("Sworn has not accepted"),
    "transfer_supervisor": gettext_lazy("Sworn has not accepted, supervisor"),
}
APPROVAL: dict[str, Label] = {
    "granted": gettext_lazy("Supervisor: yes"),
    "refused": gettext_lazy("Supervisor: no"),
    "lapsed": gettext_lazy("No supervisor answered in time: sworn"),
    "withdrawn": gettext_lazy("A supervisor's yes is not needed any more"),
}
# The figures of a shift.
FIGURE: dict[str, Label] = {
    "all": gettext_lazy("calls received"),
    "eligible": gettext_lazy("eligible for a CSO"),
    "offered": gettext_lazy("offered to a CSO"),
    "sent": gettext_lazy("a CSO was sent"),
    "arrived": gettext_lazy("a CSO arrived"),
    "closed_by_cso": gettext_lazy("closed by the CSO"),
    "upgraded": gettext_lazy("upgraded to sworn"),
    "upgraded_for_danger": gettext_lazy("upgraded for danger"),
    "self_initiated": gettext_lazy("self-initiated"),
    "assists": gettext_lazy("assists to sworn"),
    "eligible_not_sent": gettext_lazy("eligible, nobody sent"),
    "no_contact": gettext_lazy("gone on arrival"),
    "overrides": gettext_lazy("route overridden"),
    "transfers_accepted": gettext_lazy("transfers accepted"),
    "handed_back": gettext_lazy("handed back to us"),
    "welfare_answered": gettext_lazy("welfare checks answered"),
}
LATE: dict[str, Label] = {
    "undecided": gettext_lazy("undecided too long"),
    "undecided_sworn": gettext_lazy("sent to sworn undecided"),
    "unassigned": gettext_lazy("no unit in time"),
    "unassigned_supervisor": gettext_lazy("no unit in twice the time"),
    "approval": gettext_lazy("no supervisor's answer in time"),
    "approval_sworn": gettext_lazy("sworn without a supervisor's answer"),
    "delayed_caller": gettext_lazy("caller to be called back"),
    "acknowledge": gettext_lazy("not acknowledged in time"),
    "en_route": gettext_lazy("not en route in time"),
    "welfare_alarm": gettext_lazy("welfare check not answered"),
    "welfare_mayday": gettext_lazy("welfare check: everybody alerted"),
    "transfer": gettext_lazy("transfer not accepted in time"),
    "transfer_supervisor": gettext_lazy("transfer: supervisor alerted"),
}
STEP_TIME: dict[str, Label] = {
    "received_to_decided": gettext_lazy("received to decided"),
    "queued_to_assigned": gettext_lazy("queued to assigned"),
    "assigned_to_acknowledged": gettext_lazy("assigned to acknowledged"),
    "acknowledged_to_en_route": gettext_lazy("acknowledged to en route"),
    "en_route_to_on_scene": gettext_lazy("en route to on scene"),
    "received_to_on_scene": gettext_lazy("received to on scene"),
    "on_scene_to_ended": gettext_lazy("time on scene"),
    "received_to_closed": gettext_lazy("received to closed"),
    "transfer_to_accepted": gettext_lazy("transfer to accepted"),
}
WHY_NOT_SENT: dict[str, Label] = {
    "none_on_duty": gettext_lazy("no CSO on duty"),
    "all_busy": gettext_lazy("all busy"),
    "outside_hours": gettext_lazy("outside hours"),
    "caller_asked": gettext_lazy("caller asked for an officer"),
    "override": gettext_lazy("overridden"),
    "not_approved": gettext_lazy("no supervisor's yes"),
    "waiting": gettext_lazy("still waiting"),
    "handed_over": gettext_lazy("handed over"),
    "cancelled": gettext_lazy("cancelled"),
    "duplicate": gettext_lazy("duplicate"),
    "by_phone": gettext_lazy("settled by phone"),
    "closed_without_a_unit": gettext_lazy("closed without a unit"),
}
# Why a unit should go, or cannot, by the pattern of the recommendation's words.
UNIT_REASON: dict[str, Label] = {
    "%(status)s on %(number)s": gettext_lazy("%(status)s on %(number)s"),
    "not on duty": gettext_lazy("not on duty"),
    "in danger itself": gettext_lazy("in danger itself"),
    "not available: %(secondary)s": gettext_lazy("not available: %(secondary)s"),
    "not qualified: %(qualification)s": gettext_lazy("not qualified: %(qualification)s"),
    "free": pgettext_lazy("unit", "free"),
    "can be called away from %(secondary)s": gettext_lazy("can be called away from %(secondary)s"),
    "qualified: %(qualification)s": gettext_lazy("qualified: %(qualification)s"),
    "%(n)s stacked": gettext_lazy("%(n)s stacked"),
    "by bicycle": gettext_lazy("by bicycle"),
    "on foot": gettext_lazy("on foot"),
    "assigned to %(area)s": gettext_lazy("assigned to %(area)s"),
    "distance unknown: the call has no position": gettext_lazy("distance unknown: the call has no position"),
    "distance unknown: the unit has no position": gettext_lazy("distance unknown: the unit has no position"),
    "%(km)s km in a straight line": gettext_lazy("%(km)s km in a straight line"),
    "%(km)s km in a straight line, position is old": gettext_lazy("%(km)s km in a straight line, position is old"),
}
# Lines that follow from another line; the history can leave them out.
ROUTINE = {"assignment.primary", "alarm.settled", "alarm.lifted", "call.moved", "unit.radio_check"}
Data = Mapping[str, Any]


def assignment_words(status: str) -> str:
    """The status of an assignment within a sentence."""
    return label(ASSIGNMENT, status).lower()


def unit_reason(pattern: str, values: Mapping[str, str], *, names: Mapping[str, str]) -> str:
    """A reason of the recommendation in words. `names`: what the agency calls its statuses and qualifications."""
    spoken = {name: names.get(value, value.replace("_", " ")) for name, value in values.items()}
    if "status" in values:
        spoken["status"] = assignment_words(values["status"])
    if "secondary" in values:
        spoken["secondary"] = (names.get(values["secondary"]) or label(SECONDARY, values["secondary"])).lower()
    return str(UNIT_REASON.get(pattern, pattern)) % spoken


def event_words(event: Event) -> str:
    """A line of the ledger in words. A kind without words of its own is shown as it is called."""
    words = _WORDS.get(event.kind)
    return words(event.about, event.data) if words else event.kind.replace(".", " ").replace("_", " ")


def _decided(about: Data, data: Data) -> str:
    route = label(ROUTE, data.get("route")) or _("undecided")
    by = data.get("decided_by") or {}
    words = _("Route: %(route)s") % {"route": route}
    if data.get("priority"):
        words += ", " + _("priority %(n)s") % {"n": data["priority"]}
    if by.get("kind") in ("rule", "disqualifier"):
        words += ", " + _("by %(rule)s") % {"rule": by.get("id")}
    return words


def _amended(about: Data, data: Data) -> str:
    return _("Changed: %(fields)s") % {"fields": fields_words(data.get("fields", []))}


def _moved(about: Data, data: Data) -> str:
    words = _("Now %(status)s") % {"status": label(STATUS, data.get("to")).lower()}
    return words + (f" ({data['disposition']})" if data.get("disposition") else "")


def _assignment(about: Data, data: Data) -> str:
    return f"{about.get('unit', '')}: {label(ASSIGNMENT, data.get('to')).lower()}"


def _alarm(about: Data, data: Data) -> str:
    kind = data.get("kind", "")
    words = label(ALARM, kind) if kind in ALARM else label(CLOCK, kind)
    return _("Alarm: %(what)s") % {"what": words}


def _alarm_taken(about: Data, data: Data) -> str:
    return _("Alarm taken: %(what)s") % {"what": label(ALARM, data.get("kind"))}


_WORDS: dict[str, Callable[[Data, Data], str]] = {
    "call.taken": lambda about, data: _("Call taken"),
    "call.amended": _amended,
    "call.decided": _decided,
    "call.moved": _moved,
    "approval.asked": lambda about, data: _("A supervisor's yes is asked for"),
    "approval.answered": lambda about, data: label(APPROVAL, data.get("answer")),
    "call.joined": lambda about, data: _("Joined to %(into)s") % {"into": data.get("into")},
    "call.joined_by": lambda about, data: _("%(from)s was joined to this call") % {"from": data.get("from")},
    "transfer.requested": lambda about, data: _("Transfer asked for"),
    "transfer.acknowledged": lambda about, data: _("Transfer accepted"),
    "transfer.hurried": lambda about, data: _("Transfer asked for again, for danger"),
    "assignment.made": _assignment,
    "assignment.moved": _assignment,
    "assignment.carried": _assignment,
    "assignment.primary": lambda about, data: _("%(unit)s is primary") % {"unit": about.get("unit", "")},
    "note.added": lambda about, data: _("Note added"),
    "note.struck": lambda about, data: _("Note struck"),
    "welfare.answered": lambda about, data: _("%(unit)s is well") % {"unit": about.get("unit", "")},
    "welfare.asked": lambda about, data: _("%(unit)s is asked whether all is well") % {"unit": about.get("unit", "")},
    "deadline.missed": lambda about, data: _("Deadline missed: %(what)s") % {"what": label(CLOCK, data.get("kind"))},
    "alarm.raised": _alarm,
    "alarm.lifted": _alarm,
    "alarm.taken": _alarm_taken,
    "alarm.settled": lambda about, data: _("Alarm over: %(what)s") % {"what": label(ALARM, data.get("kind"))},
}
