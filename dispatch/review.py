"""What became of the rules' decisions in a period: overridden, upgraded, eligible but not sent, never fired.

Every call of the period is one `Reviewed`; every number is a count of them, so that each number leads to its calls.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from agencies import hours
from agencies.models import Agency
from calls.models import Call, Decision, Transfer
from dispatch.figures import NO_OVERRIDE, AssignmentFact, CallFact, DecisionFact, TransferFact, why_not_sent
from dispatch.models import Assignment, Duty

MANY_SHARE, MANY = 0.2, 3
NO_RULE = "default"


@dataclass
class Reviewed(CallFact):
    """A call with the rules that decided it or would have, and the people who overrode them."""

    rules: set[str] = field(default_factory=set)
    overridden_rules: set[str] = field(default_factory=set)
    taken_by: str = ""
    overridden_by: set[str] = field(default_factory=set)
    why_not: str = ""

    @property
    def is_decided(self) -> bool:
        return bool(self.decisions)

    @property
    def is_overridden(self) -> bool:
        return bool(self.overridden_by)

    @property
    def is_eligible_not_sent(self) -> bool:
        return self.eligible and not self.sent

    def is_about(self, what: str) -> bool:
        """Whether the call is one of those that a number called `what` counts."""
        return {
            "decided": self.is_decided,
            "overridden": self.is_overridden,
            "upgraded": self.upgraded,
            "sent": bool(self.sent),
            "eligible": self.eligible,
            "not_sent": self.is_eligible_not_sent,
        }.get(what, True)


@dataclass(frozen=True)
class Tally:
    """How often something was decided so, and how often a person then chose otherwise."""

    key: str
    decided: int
    overridden: int
    sent: int
    upgraded: int

    @property
    def is_doubtful(self) -> bool:
        """Overridden so often that the rule is wrong or unclear."""
        return self.overridden >= MANY and self.overridden >= MANY_SHARE * self.decided


def reviewed(agency: Agency, start: datetime, end: datetime) -> list[Reviewed]:
    """The calls received from `start` until `end`, the latest first. Self-initiated ones were nobody's decision."""
    rows = Call.objects.filter(received_at__gte=start, received_at__lt=end).exclude(source="self_initiated")
    names = ("pk", "source", "received_at", "type__code", "status", "route", "queued_at", "closed_at")
    found: dict[int, Reviewed] = {}
    for pk, source, received_at, code, status, route, queued_at, closed_at, who in rows.order_by(
        "-received_at", "-pk"
    ).values_list(*names, "taken_by__name"):
        call = Reviewed(pk, source, received_at, type=code, status=status, route=route, taken_by=who or "")
        call.queued_at, call.closed_at = queued_at, closed_at
        call.open_at_receipt = hours.is_open(agency, received_at)
        found[pk] = call
    _add_decisions(found)
    _add_work(found)
    has_units = Duty.objects.filter(unit__isnull=False, shift__starts_at__lt=end, shift__ends_at__gt=start).exists()
    for call in found.values():
        call.why_not = why_not_sent(call, has_units=has_units) if call.is_decided and call.is_eligible_not_sent else ""
    return list(found.values())


def by_rule(calls: Sequence[Reviewed]) -> list[Tally]:
    """By the rule or disqualifier that decided, or would have: an override counts against the rule it put aside."""
    keys = {rule for call in calls for rule in call.rules}
    return _ranked(
        Tally(
            key,
            sum(key in call.rules for call in calls),
            sum(key in call.overridden_rules for call in calls),
            sum(key in call.rules and bool(call.sent) for call in calls),
            sum(key in call.rules and call.upgraded for call in calls),
        )
        for key in keys
    )


def by_type(calls: Sequence[Reviewed]) -> list[Tally]:
    """By call type; a call without one counts under an empty code."""
    return _ranked(
        _tally(key, [c for c in calls if (c.type or "") == key], None) for key in {c.type or "" for c in calls}
    )


def by_dispatcher(calls: Sequence[Reviewed]) -> list[Tally]:
    """By who took the call; an override counts for whoever made it."""
    people = {call.taken_by for call in calls} | {who for call in calls for who in call.overridden_by}
    return _ranked(_tally(who, [c for c in calls if who in {c.taken_by, *c.overridden_by}], who) for who in people)


def chosen(
    calls: Iterable[Reviewed], *, what: str, rule: str, type_code: str | None, who: str | None, why: str
) -> list[int]:
    """The ids of the calls that a number counts. Empty words narrow nothing; `type_code` and `who` None neither."""
    return [
        call.id
        for call in calls
        if call.is_about(what)
        and (not rule or rule in (call.overridden_rules if what == "overridden" else call.rules))
        and (type_code is None or (call.type or "") == type_code)
        and (
            who is None or who in (call.overridden_by if what == "overridden" else {call.taken_by, *call.overridden_by})
        )
        and (not why or call.why_not == why)
    ]


def _tally(key: str, calls: Sequence[Reviewed], who: str | None) -> Tally:
    overridden = sum(who in call.overridden_by if who is not None else call.is_overridden for call in calls)
    return Tally(
        key,
        sum(call.is_decided for call in calls),
        overridden,
        sum(bool(call.sent) for call in calls),
        sum(call.upgraded for call in calls),
    )


def _ranked(tallies: Iterable[Tally]) -> list[Tally]:
    return sorted(tallies, key=lambda t: (-t.overridden, -t.upgraded, -t.decided, t.key))


def _add_decisions(found: dict[int, Reviewed]) -> None:
    names = ("call_id", "at", "route", "decided_kind", "decided_id", "override_code", "suggested_route", "suggested_id")
    rows = Decision.objects.filter(call_id__in=found).order_by("at", "pk")
    for call_id, at, route, kind, decided_id, override, suggested, suggested_id, off_hours, who in rows.values_list(
        *names, "off_hours", "by__name"
    ):
        call, by_person = found[call_id], kind == "person"
        call.decisions.append(DecisionFact(at, route, by_person, override, suggested, off_hours))
        rule = suggested_id if by_person else decided_id
        if rule:
            call.rules.add(rule)
        if by_person and override not in NO_OVERRIDE:
            call.overridden_by.add(who or "")
            call.overridden_rules.add(rule or NO_RULE)


def _add_work(found: dict[int, Reviewed]) -> None:
    transfers = Transfer.objects.filter(call_id__in=found).order_by("requested_at", "pk")
    for call_id, at, danger, accepted in transfers.values_list("call_id", "requested_at", "danger", "acknowledged_at"):
        found[call_id].transfers.append(TransferFact(at, danger, accepted))
    names = ("pk", "unit__callsign", "call_id", "assigned_at", "on_scene_at")
    for pk, unit, call_id, assigned_at, on_scene_at in Assignment.objects.filter(call_id__in=found).values_list(*names):
        fact = AssignmentFact(pk, unit, call_id, assigned_at=assigned_at, on_scene_at=on_scene_at)
        found[call_id].assignments.append(fact)
