"""The verbs of intake and triage: take, amend, decide, override. Each is one durable transaction."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import Model
from django.utils.translation import gettext as _

from agencies.errors import Invalid, OwnWork, StaleEdit
from agencies.models import Agency, Member
from agencies.permissions import require
from agencies.pipeline import ask, together
from agencies.roles import Operation
from calls import approvals, areas, facts, moves, notes, queries, routing
from calls.intake import Amendment, Intake, Override, check_intake, check_text, check_values, language_code
from calls.models import Call, Decision, ExternalNumber, Transfer
from calls.states import ENDED, CallStatus, Source
from ledger.models import Event
from ledger.record import Book, record

# Fields of a call whose change may change its route.
_DECISIVE = {"type_code", "address", "lat", "lon", "answers", "facts", "priority"}


def take_call(order: Intake, *, by: Member, now: datetime) -> Call:
    """Saves a call, decides its route and sends it on its way. A place or a call-back number is enough."""
    require(by, Operation.TAKE_CALL)
    if order.source is Source.SELF_INITIATED:
        raise Invalid(errors={"source": [_("A unit opens its self-initiated call itself.")]})
    check_intake(order, now=now)
    with ExitStack() as transaction:
        with together():
            book = transaction.enter_context(record(by=by, now=now))
            call = _described(book.agency, order, now=now)
            asked = _ask_ahead(book.agency, call)
        ahead = asked()
        book.wait(ahead.keys)
        with queries.rules_of_one_moment(ahead.stamp):
            call.pk = ahead.keys[Call]
            open_call(book, order, call=call)
            routing.follow(book, call, decide(book, call, order, around=ahead.around))
            if call.status == CallStatus.NEW:
                moves.start_undecided_clock(book, call)
    return call


class _Ahead(NamedTuple):
    """What taking a call has to read, in one piece: the rules' stamp, the keys of new rows, what is known around it."""

    stamp: int
    keys: dict[type[Model], int]
    around: facts.Around


def _ask_ahead(agency: Agency, call: Call) -> Callable[[], _Ahead]:
    stamp, keys, around = queries.ask_stamp(), ask(_NEXT_KEYS, ()), facts.ask_around(agency, call)
    return lambda: _Ahead(stamp(), dict(zip((Call, Decision, Transfer), keys()[0], strict=True)), around())


_NEXT_KEYS = """
SELECT nextval(pg_get_serial_sequence('calls_call', 'id')),
       nextval(pg_get_serial_sequence('calls_decision', 'id')),
       nextval(pg_get_serial_sequence('calls_transfer', 'id'))
"""


def open_call(
    book: Book, order: Intake, *, call: Call | None = None, flags: Mapping[str, Any] = MappingProxyType({})
) -> Call:
    """The call, its route open. It is inserted, and gets its number, as soon as the route is decided.

    `call`: where it was described, and given its key, ahead. `flags`: what a late or wrong clock in the field adds to
    the ledger. Foreign keys are checked at the commit, so what belongs to the call may be inserted before it.
    """
    call = call or _described(book.agency, order, now=book.now)
    write_values(call, {"type_code": order.type_code})
    call.taken_by = book.by
    call.pk = call.pk or ask(_NEXT_KEYS, ())()[0][0]
    if order.external:
        once = dict.fromkeys(order.external)
        numbers = [ExternalNumber(agency=book.agency, call=call, system=s, number=n) for s, n in once]
        ExternalNumber.objects.bulk_create(numbers)
    data = {"type": call.type.code if call.type else None, "source": call.source, "emergency": call.emergency}
    data |= flags
    data |= {"language": language_code(call.caller_language)} if call.caller_language else {}
    book.add("call.taken", call=call, data=data, occurred_at=call.received_at)
    return call


def draft_call(agency: Agency, order: Intake, *, now: datetime) -> Call:
    """The call that `order` describes, not saved: what a preview of the decision works on."""
    call = _described(agency, order, now=now)
    write_values(call, {"type_code": order.type_code})
    return call


def _described(agency: Agency, order: Intake, *, now: datetime) -> Call:
    """All of it but its type, which is one of the rules' moment."""
    call = Call(agency=agency, status=CallStatus.NEW.value, source=order.source.value, emergency=order.emergency)
    call.received_at, call.entered_at = order.occurred_at or now, now
    write_values(call, {name: getattr(order, name) for name in _PLAIN | {"priority", "answers", "facts"}})
    return call


def amend_call(call_id: int, amendment: Amendment, *, by: Member, now: datetime, if_version: int | None = None) -> Call:
    """Writes new values and decides the route anew if they may change it.

    With `if_version`, `StaleEdit` says what changed since that version and by whom.
    """
    require(by, Operation.AMEND_CALL)
    errors = check_values(amendment.values)
    if errors:
        raise Invalid(errors=errors)
    with record(by=by, now=now) as book:
        call = queries.locked_call(call_id)
        _refuse_stale(call, if_version)
        changed = _write_amendment(book, call, amendment)
        if changed:
            moves.save_call(book, call)
            book.add("call.amended", call=call, data=_amended(call, changed))
        if changed & _DECISIVE and CallStatus(call.status) not in ENDED:
            routing.follow(book, call, decide(book, call, None))
        if "priority" in changed and call.status == CallStatus.QUEUED:
            moves.arm_unassigned(book, call)
    return call


def triage_call(
    call_id: int,
    *,
    answers: dict[str, str],
    facts: dict[str, Any],
    type_code: str | None,
    by: Member,
    now: datetime,
    cannot_say: bool = False,
) -> Decision:
    """Adds answers and facts to a call and decides its route. `cannot_say`: the caller can answer no more."""
    require(by, Operation.TRIAGE)
    errors = check_values({"answers": answers, "facts": facts})
    if errors:
        raise Invalid(errors=errors)
    with record(by=by, now=now) as book:
        call = queries.locked_call(call_id)
        values: dict[str, Any] = {"answers": {**call.answers, **answers}, "facts": {**call.facts, **facts}}
        values |= {"type_code": type_code} if type_code else {}
        changed = write_values(call, values)
        if changed:
            moves.save_call(book, call)
            book.add("call.amended", call=call, data=_amended(call, changed))
        decision = decide(book, call, None, cannot_say=cannot_say)
        if CallStatus(call.status) not in ENDED:
            routing.follow(book, call, decision)
    return decision


def override_route(call_id: int, override: Override, *, by: Member, now: datetime) -> Decision:
    """A person chooses the route. To sworn it always works; against the safety floor never, whoever asks."""
    require(by, Operation.OVERRIDE)
    with record(by=by, now=now) as book:
        call = queries.locked_call(call_id)
        decision = routing.override(book, call, override)
        routing.follow(book, call, decision)
    return decision


def answer_approval(call_id: int, *, is_granted: bool, reason: str = "", by: Member, now: datetime) -> Decision:
    """A supervisor's yes or no to a call that waits for it; a no sends it to sworn. Never to one's own call."""
    require(by, Operation.APPROVE)
    check_text("reason", reason, 500, required=not is_granted)
    with record(by=by, now=now) as book:
        call = queries.locked_call(call_id)
        asked = approvals.waiting(call)
        if asked is not None and by.pk in (asked.asked_by_id, call.taken_by_id):
            raise OwnWork(_("Another supervisor has to answer: this call was yours."))
        approvals.answer(book, call, is_granted=is_granted, reason=reason)
        decision: Decision = call.decision if is_granted else routing.not_approved(book, call)
        routing.follow(book, call, decision)
    return decision


def decide(
    book: Book,
    call: Call,
    order: Intake | None,
    *,
    cannot_say: bool = False,
    around: facts.Around | None = None,
) -> Decision:
    """The decision for a locked call: a person's where the order carries one, otherwise the rules'."""
    if order is not None and order.emergency:
        return routing.emergency(book, call)
    if order is not None and order.override is not None:
        return routing.override(book, call, order.override, around=around)
    return routing.by_rules(book, call, cannot_say=cannot_say, around=around)


def write_values(call: Call, values: dict[str, Any]) -> set[str]:
    """Writes intake values into the call; answers the names of those that changed."""
    changed = set()
    for name, given in values.items():
        value = given
        if name == "type_code":
            value = queries.call_type(given)
        elif name in ("answers", "facts"):
            value = {key: entry for key, entry in given.items() if entry is not None}
        column = {"type_code": "type", "priority": "picked_priority"}.get(name, name)
        if getattr(call, column) != value:
            setattr(call, column, value)
            changed.add(name)
    if "address" in changed:
        call.address_key = Call.key_of(call.address)
    if changed & {"lat", "lon"}:
        call.area = areas.area_of(call.agency, call.lat, call.lon)
    return changed


_PLAIN = {
    "address", "lat", "lon", "narrative", "caller_name", "caller_phone", "caller_anonymous", "caller_language",
    "interpreter", "no_contact", "report_number",
}  # fmt: skip


def _write_amendment(book: Book, call: Call, amendment: Amendment) -> set[str]:
    values = dict(amendment.values)
    before = call.narrative
    numbers = [_is_new(call, system=system, number=number) for system, number in values.pop("external", ())]
    for name in ("answers", "facts"):
        if name in values:
            values[name] = {**getattr(call, name), **values[name]}
    changed = write_values(call, values)
    if "narrative" in changed and before:
        notes.keep_struck(book, call, before)
    return changed | ({"external"} if any(numbers) else set())


def _is_new(call: Call, *, system: str, number: str) -> bool:
    """Writes the call's number in another system down, where it does not stand there yet."""
    return ExternalNumber.objects.get_or_create(agency_id=call.agency_id, call=call, system=system, number=number)[1]


def _amended(call: Call, changed: set[str]) -> dict[str, Any]:
    """The names of the fields that changed; of those by which calls are counted also the new value."""
    data: dict[str, Any] = {"fields": sorted(changed), "version": call.version}
    data |= {"type": call.type.code if call.type else None} if "type_code" in changed else {}
    return data | ({"language": language_code(call.caller_language)} if "caller_language" in changed else {})


def _refuse_stale(call: Call, if_version: int | None) -> None:
    if if_version is None or if_version == call.version:
        return
    events = Event.objects.filter(call_id=call.pk, data__version__gt=if_version).select_related("by").order_by("seq")
    changed = [
        {"by": event.by.name if event.by else None, "at": event.at, "kind": event.kind, "data": event.data}
        for event in events
    ]
    names = ", ".join(sorted({str(line["by"]) for line in changed if line["by"]})) or _("somebody")
    words = _("Call %(number)s was changed by %(names)s in the meantime.")
    raise StaleEdit(words % {"number": call.number, "names": names}, changed=changed)
