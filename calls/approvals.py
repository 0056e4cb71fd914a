"""A supervisor's yes, where a rule wants one: asked for, answered, or run out.

Until it is there the call waits in the queue and no unit is sent, nor is it referred. When nobody has answered in time
a dispatcher is alarmed; when nobody has after twice the time the call is sworn, because what a supervisor has to allow
is never allowed by waiting.
"""

from django.utils.translation import gettext as _

from agencies import clocks
from agencies.errors import IllegalMove
from calls.models import Approval, Call, Decision
from calls.states import Route
from ledger import deadlines
from ledger.alarms import Subject, raise_alarm
from ledger.models import Alarm
from ledger.record import Book

CLOCKS = ("approval", "approval_sworn")
ALARMS = ("approval", "approval_late")


def is_missing(call: Call) -> bool:
    """Whether the call's route waits for a yes."""
    decision = call.decision
    return decision is not None and _wants(decision) and not _granted(call, decision)


def waiting(call: Call) -> Approval | None:
    """What the call waits for, with who asked."""
    return Approval.objects.select_related("asked_by", "decision").filter(call=call, answered_at=None).first()


def ask(book: Book, call: Call, decision: Decision) -> None:
    """Asks the supervisors on duty, once for as long as the same rule decides."""
    running = waiting(call)
    if running is not None and _same(running.decision, decision):
        return
    withdraw(book, call)
    book.settle()  # who is asked is told the call's number
    approval = Approval.objects.create(call=call, decision=decision, asked_at=book.now, asked_by=book.by)
    for kind in CLOCKS:
        deadlines.arm(book, kind, due_at=book.now + clocks.allowed(book.agency, kind), call_id=call.pk)
    data = {"approval": approval.pk, "decision": decision.pk, "rule": decision.decided_id}
    book.add("approval.asked", call=call, data=data)
    raise_alarm(book, "approval", Alarm.Level.SUPERVISOR, Subject(call))


def withdraw(book: Book, call: Call) -> None:
    """The route has changed: nobody needs to answer any more."""
    _end(book, call, Approval.Answer.WITHDRAWN)


def answer(book: Book, call: Call, *, is_granted: bool, reason: str) -> None:
    """A supervisor's yes or no. `IllegalMove` where nobody asks (any more)."""
    given = Approval.Answer.GRANTED if is_granted else Approval.Answer.REFUSED
    if not _end(book, call, given, reason=reason):
        words = _("Nobody waits for an answer about call %(number)s any more.")
        raise IllegalMove(words % {"number": call.number})


def lapse(book: Book, call: Call) -> bool:
    """Nobody answered in time. False where nothing is waiting."""
    return _end(book, call, Approval.Answer.LAPSED)


def _end(book: Book, call: Call, given: str, *, reason: str = "") -> bool:
    rows = Approval.objects.filter(call=call, answered_at=None)
    if not rows.update(answered_at=book.now, answered_by=book.by, answer=given, reason=reason):
        return False
    deadlines.disarm(book, *CLOCKS, *ALARMS, call_id=call.pk)
    book.add("approval.answered", call=call, data={"answer": str(given)})
    return True


def _wants(decision: Decision) -> bool:
    return decision.approval and decision.route in (Route.CSO, Route.REFERRAL)


def _granted(call: Call, decision: Decision) -> bool:
    """A yes is for the type and the rule it was asked for; more answers under the same rule do not undo it."""
    given = Approval.objects.filter(call=call, answer=Approval.Answer.GRANTED).select_related("decision")
    return any(_same(row.decision, decision) for row in given)


def _same(asked: Decision, now: Decision) -> bool:
    by_rules = asked.decided_kind == now.decided_kind == "rule"
    names = ("type_code", "rule_set_id", "route", *(("decided_id",) if by_rules else ()))
    return all(getattr(asked, name) == getattr(now, name) for name in names)
