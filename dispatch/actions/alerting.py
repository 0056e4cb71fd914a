"""Taking an alarm: the first one has it, the others are told who."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.errors import NotFound, Refused
from agencies.models import Member
from agencies.permissions import require
from agencies.roles import Operation
from ledger.models import Alarm
from ledger.record import record


class AlreadyTaken(Refused):
    """Somebody else took the alarm first."""

    code, title = "already_taken", gettext_lazy("Somebody has taken that alarm")


def take_alarm(alarm_id: int, *, by: Member, now: datetime) -> Alarm:
    """Takes an open alarm off every console. Taking the own one again changes nothing."""
    require(by, Operation.TAKE_ALARM)
    with record(by=by, now=now) as book:
        alarm = Alarm.objects.select_for_update(of=("self",)).filter(pk=alarm_id).first()
        if alarm is None:
            raise NotFound(_("There is no such alarm."))
        if alarm.taken_by is not None and alarm.taken_by_id != by.pk:
            raise AlreadyTaken(_("%(who)s has taken it.") % {"who": alarm.taken_by})
        if alarm.taken_by is None and alarm.settled_at is None:
            alarm.taken_by, alarm.taken_at = by, now
            alarm.save(update_fields=["taken_by", "taken_at"])
            book.add_about("alarm.taken", alarm, data={"alarm": alarm.pk, "kind": alarm.kind})
    return alarm
