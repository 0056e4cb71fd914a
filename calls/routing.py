"""Who should have the call: asks the rules, stores the decision, and sends the call where it says.

A decision is stored with its version, answers, facts, rule and reasons and never changed; a new one takes its place.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies import clocks, hours
from agencies.errors import Invalid, Refused
from agencies.models import Agency
from calls import approvals, facts, moves, queries
from calls.intake import Override
from calls.models import Call, Decision, Transfer
from calls.states import CallStatus, Route
from calls.triage import decide as triage
from calls.triage import phrases
from calls.triage.phrases import say
from calls.triage.questions import next_questions
from calls.words import active
from ledger import deadlines
from ledger.record import Book

SWORN = "sworn"
HANDED_BACK = "handed_back"
_PERSON = "person"
# What is stored is said in English; pages tell it in their own language.
ENGLISH = "en"


class SafetyFloorBreached(Refused):
    """The agency's safety floor keeps this call from a CSO and from a referral, whoever asks."""

    code, title = "safety_floor", gettext_lazy("The safety floor keeps this call with sworn")


class Preview(NamedTuple):
    """A decision that is not stored, and the ids of the questions that can still change it, most decisive first."""

    decision: triage.Decision
    rule_set: int
    asking: tuple[str, ...] = ()


def preview(agency: Agency, call: Call, *, language: str = "en") -> Preview:
    """The decision for a call that need not be saved. Nothing is stored."""
    rules = queries.rules_in_force()
    check_answers(rules, call)
    if call.emergency:
        by, said = triage.DecidedBy(_PERSON, ""), say(phrases.EMERGENCY, language)
        decision = triage.Decision(route=SWORN, priority=1, reasons=(said,), decided_by=by)
        return Preview(decision, rules.row.version)
    case = facts.case_of(agency, call, call.type)
    found = triage.decide(rules.rule_set, rules.floor, case, language=language)
    asking = next_questions(rules.rule_set, rules.floor, case)
    decision = replace(found, priority=_priority(call, found.route, found.priority))
    return Preview(decision, rules.row.version, tuple(question.id for question in asking))


def by_rules(book: Book, call: Call, *, cannot_say: bool = False, around: facts.Around | None = None) -> Decision:
    """The rules' decision for a locked call. A person's earlier choice of route stands unless a danger came up."""
    rules = queries.rules_in_force()
    check_answers(rules, call)
    case = facts.case_of(book.agency, call, call.type, around=around)
    found = triage.decide(rules.rule_set, rules.floor, case, cannot_say=cannot_say)
    picked: Decision | None = call.decision
    if picked is not None and _waits_handed_back(picked):
        if found.route is None:
            return handed_back(book, call)
        if found.route == SWORN and not cannot_say and _knows_no_more(picked, call):
            return picked
    elif picked is not None and picked.decided_kind == _PERSON and _still_stands(picked, rules, case):
        return picked
    by = found.decided_by
    return _store(
        book,
        call,
        rules,
        route=found.route,
        priority=_priority(call, found.route, found.priority),
        decided_kind=by.kind if by else "",
        decided_id=by.id if by else "",
        reasons=list(found.reasons),
        open_questions=list(found.open_questions),
        alternatives=found.as_dict()["alternatives"],
        asked_together=found.as_dict()["asked"],
        qualification=found.qualification or "",
        mode=found.mode or "",
        off_hours=found.off_hours or "",
        approval=found.approval,
    )


def override(book: Book, call: Call, chosen: Override, *, around: facts.Around | None = None) -> Decision:
    """A person's route with a reason from the agency's list. `SafetyFloorBreached` against the floor."""
    rules = queries.rules_in_force()
    check_answers(rules, call)
    case = facts.case_of(book.agency, call, call.type, around=around)
    suggested = triage.decide(rules.rule_set, rules.floor, case)
    if chosen.route is not Route.SWORN:
        breaches = triage.against_floor(rules.rule_set, rules.floor, case, language=active())
        if breaches:
            said = triage.told(rules.rule_set, rules.floor, case, breaches, language=active())
            raise SafetyFloorBreached(" ".join(said))
        _check_reason(book.agency, chosen)
    priority = call.picked_priority or suggested.priority or (call.type.priority if call.type else 2)
    return _store(
        book,
        call,
        rules,
        route=chosen.route.value,
        priority=max(2, priority) if chosen.route is not Route.SWORN else priority,
        decided_kind=_PERSON,
        decided_id=_id_of(book),
        reasons=[say(phrases.CHOSEN, ENGLISH, who=book.by, why=_reason_words(book.agency, chosen.reason_code))],
        open_questions=list(suggested.open_questions),
        alternatives=_besides(chosen.route, suggested),
        asked_together=suggested.as_dict()["asked"],
        mode=suggested.mode or "in_person",
        qualification=(suggested.qualification or "") if chosen.route is not Route.SWORN else "",
        override_code=chosen.reason_code,
        override_text=chosen.reason_text,
        suggested_route=suggested.route or "",
        suggested_id=suggested.decided_by.id if suggested.decided_by else "",
        approval=suggested.approval and chosen.route is not Route.SWORN,
    )


def emergency(book: Book, call: Call) -> Decision:
    """The Emergency key: sworn at priority 1 with whatever is there."""
    rules = queries.rules_in_force()
    return _store(
        book,
        call,
        rules,
        route=SWORN,
        priority=1,
        decided_kind=_PERSON,
        decided_id=_id_of(book),
        reasons=[say(phrases.EMERGENCY, ENGLISH)],
        override_code="emergency",
    )


def self_initiated(book: Book, call: Call) -> Decision:
    """The unit that found it has it, unless the floor is known to be breached: then it is sworn with the unit there."""
    rules = queries.rules_in_force()
    case = facts.case_of(book.agency, call, call.type)
    breaches = [b for b in triage.against_floor(rules.rule_set, rules.floor, case) if b.known]
    priority = max(2, call.picked_priority or (call.type.priority if call.type else 3))
    return _store(
        book,
        call,
        rules,
        route=SWORN if breaches else Route.CSO.value,
        priority=priority,
        decided_kind=_PERSON,
        decided_id=_id_of(book),
        reasons=[b.because for b in breaches] or [say(phrases.SELF_INITIATED, ENGLISH)],
        mode="in_person",
        override_code="self_initiated",
    )


def upgrade(book: Book, call: Call, to: str, *, danger: bool) -> Decision:
    """Somebody asks sworn (or another agency) to take a call that a CSO has, or was to have."""
    rules = queries.rules_in_force()
    earlier = call.priority or (call.type.priority if call.type else 2)
    return _store(
        book,
        call,
        rules,
        route=SWORN,
        priority=1 if danger else min(2, earlier),
        decided_kind=_PERSON,
        decided_id=_id_of(book),
        reasons=[say(phrases.ASKED_IN_DANGER if danger else phrases.ASKED, ENGLISH, who=book.by, to=to)],
        override_code="upgrade",
        suggested_route=call.route or "",
        suggested_id=_rule_of(call.decision),
    )


def handed_back(book: Book, call: Call) -> Decision:
    """Sworn gave the call back: a CSO may have it, unless the floor is breached.

    Then it waits until what is still open is answered, or a person decides: sworn has just said that it is not theirs.
    """
    rules = queries.rules_in_force()
    case = facts.case_of(book.agency, call, call.type)
    breaches = triage.against_floor(rules.rule_set, rules.floor, case)
    opens = triage.still_to_ask(rules.rule_set, rules.floor, case, breaches)
    priority = max(2, call.priority or (call.type.priority if call.type else 3))
    return _store(
        book,
        call,
        rules,
        route=SWORN if breaches else Route.CSO.value,
        priority=priority,
        decided_kind=_PERSON,
        decided_id=_id_of(book),
        reasons=[say(phrases.HANDED_BACK, ENGLISH), *triage.told(rules.rule_set, rules.floor, case, breaches)],
        open_questions=list(opens),
        mode="in_person",
        override_code=HANDED_BACK,
    )


def not_approved(book: Book, call: Call) -> Decision:
    """A supervisor said no, or (where the clock acts) nobody said yes in time: sworn."""
    rules = queries.rules_in_force()
    asked: Decision | None = call.decision
    by_clock = book.by is None
    return _store(
        book,
        call,
        rules,
        route=SWORN,
        priority=min(rules.rule_set.default.priority, call.picked_priority or 4),
        decided_kind="default" if by_clock else _PERSON,
        decided_id="default" if by_clock else _id_of(book),
        reasons=[say(phrases.NOT_IN_TIME if by_clock else phrases.NOT_APPROVED, ENGLISH, who=book.by)],
        override_code="not_answered" if by_clock else "not_approved",
        suggested_route=(asked.route or "") if asked else "",
        suggested_id=_rule_of(asked),
    )


def follow(book: Book, call: Call, decision: Decision) -> None:
    """Sends the call where `decision` says. `call` is locked and saved by this."""
    before, earlier = (call.route, call.priority), call.decision
    call.decision, call.route, call.priority = decision, decision.route, decision.priority
    call.hold_until = _hold_until(book, decision)
    status, waits = CallStatus(call.status), approvals.is_missing(call)
    if decision.route == SWORN and status is not CallStatus.TRANSFERRED and not _waits_handed_back(decision):
        hand_over(book, call, to=SWORN, danger=decision.priority == 1)
    elif (decision.route == Route.CSO or waits) and status in _WAITING_FOR_A_ROUTE | _not_acknowledged(call):
        moves.move_call(book, call, CallStatus.QUEUED, why="routed")
    elif decision.route == Route.REFERRAL and not waits and status is not CallStatus.REFERRED:
        _refer(book, call)
    elif before != (call.route, call.priority) or decision.pk is not None:
        moves.save_call(book, call)
    if status is CallStatus.QUEUED and call.status == status and before != (call.route, call.priority):
        moves.arm_unassigned(book, call)
    if waits:
        approvals.ask(book, call, decision)
    elif earlier is not None and earlier.approval:
        approvals.withdraw(book, call)


def hand_over(book: Book, call: Call, *, to: str, reason: str = "", danger: bool = False) -> Transfer:
    """Makes the transfer and starts its acknowledgement clock: shorter where there is danger."""
    asked = {"to": to, "reason": reason, "danger": danger, "requested_at": book.now, "requested_by": book.by}
    transfer = Transfer(agency=book.agency, call=call, **asked)
    book.insert(transfer)
    arm_transfer(book, call, danger=danger)
    # Last, since a call that is being taken gets its number with it, and whoever takes another waits from then on.
    moves.move_call(book, call, CallStatus.TRANSFERRED, why="danger" if danger else "routed")
    book.add("transfer.requested", call=call, data={"transfer": transfer.pk, "danger": danger})
    return transfer


def arm_transfer(book: Book, call: Call, *, danger: bool) -> None:
    """Starts (or shortens) the clock within which the receiver must accept."""
    due_at = book.now + clocks.allowed(book.agency, "transfer_danger" if danger else "transfer")
    deadlines.arm(book, "transfer", due_at=due_at, call_id=call.pk)


def check_answers(rules: queries.Rules, call: Call) -> None:
    """Every code the rule set knows is taken; others are refused as unknown."""
    strangers = sorted(set(call.answers) - rules.rule_set.codes)
    if strangers:
        raise Invalid(errors={f"answers.{code}": ["There is no such question here."] for code in strangers})


_WAITING_FOR_A_ROUTE = {CallStatus.NEW, CallStatus.REFERRED}


def _not_acknowledged(call: Call) -> set[CallStatus]:
    waiting = (
        call.status == CallStatus.TRANSFERRED
        and Transfer.objects.filter(call=call, ended_at=None, acknowledged_at=None).exists()
    )
    return {CallStatus.TRANSFERRED} if waiting else set()


def _refer(book: Book, call: Call) -> None:
    if call.status == CallStatus.TRANSFERRED:
        if not _not_acknowledged(call):
            moves.save_call(book, call)
            return
        moves.move_call(book, call, CallStatus.QUEUED, why="routed")
    moves.move_call(book, call, CallStatus.REFERRED, why="routed")


def _still_stands(picked: Decision, rules: queries.Rules, case: triage.Case) -> bool:
    """A person's pick is not overwritten; only new facts that breach the floor end one that is not sworn."""
    if picked.route == SWORN:
        return True
    return not any(b.known for b in triage.against_floor(rules.rule_set, rules.floor, case))


def _waits_handed_back(decision: Decision) -> bool:
    """Whether sworn gave the call back and the floor keeps it from everybody else: nobody picked that."""
    return decision.override_code == HANDED_BACK and decision.route == SWORN


def _knows_no_more(decision: Decision, call: Call) -> bool:
    type_code = call.type.code if call.type else ""
    return (decision.type_code, decision.answers, decision.facts) == (type_code, call.answers, call.facts)


def _priority(call: Call, route: str | None, decided: int | None) -> int | None:
    if decided is None or call.picked_priority is None:
        return decided
    return max(2, call.picked_priority) if route != SWORN else min(call.picked_priority, decided)


def _besides(route: Route, suggested: triage.Decision) -> list[dict[str, str]]:
    """What else was possible when a person chose `route`: first what the rules said."""
    by = suggested.decided_by
    ruled = [{"route": str(suggested.route), "id": by.id, "because": suggested.reasons[0]}] if by else []
    return [other for other in ruled + suggested.as_dict()["alternatives"] if other["route"] != route]


def _check_reason(agency: Agency, chosen: Override) -> None:
    """A reason from the agency's list, or one in own words. To sworn any reason will do: safety does not wait."""
    listed = [entry["code"] for entry in agency.settings.get("override_reasons", [])]
    if listed and chosen.reason_code not in listed and not chosen.reason_text.strip():
        words = _("Give one of %(listed)s, or a reason in your own words.")
        raise Invalid(errors={"reason.code": [words % {"listed": ", ".join(listed)}]})


def _hold_until(book: Book, decision: Decision) -> datetime | None:
    if decision.route != Route.CSO or decision.off_hours != "hold":
        return None
    opening = hours.next_opening(book.agency, book.now)
    return opening if opening and opening > book.now else None


def _store(book: Book, call: Call, rules: queries.Rules, **values: Any) -> Decision:
    decision = Decision(
        agency=book.agency,
        call=call,
        at=book.now,
        rule_set=rules.row,
        floor=rules.floor_row,
        type_code=call.type.code if call.type else "",
        answers=dict(call.answers),
        facts=dict(call.facts),
        by=book.by,
        **values,
    )
    book.insert(decision)
    data: dict[str, Any] = {
        "decision": decision.pk,
        "route": decision.route,
        "priority": decision.priority,
        "type": decision.type_code,
    }
    data |= {"decided_by": {"kind": decision.decided_kind, "id": decision.decided_id}, "rule_set": rules.row.version}
    data |= {"override": decision.override_code} if decision.override_code else {}
    data |= {"suggested": decision.suggested_route} if decision.suggested_route else {}
    data |= {"off_hours": decision.off_hours} if decision.off_hours else {}
    book.add("call.decided", call=call, data=data)
    return decision


def _rule_of(decision: Decision | None) -> str:
    """The rule that a decision is by, also where a person chose otherwise."""
    if decision is None:
        return ""
    return decision.suggested_id if decision.decided_kind == _PERSON else decision.decided_id


def _id_of(book: Book) -> str:
    return str(book.by.pk) if book.by else ""


def _reason_words(agency: Agency, code: str) -> str:
    for entry in agency.settings.get("override_reasons", []):
        if entry["code"] == code:
            return str(entry["names"]["en"])
    return code
