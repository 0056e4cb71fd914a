"""Reading a resident's record leaves a trace in a log of its own."""

from datetime import datetime

from agencies.models import Member
from ledger.models import Access


def trace(call_id: int, *, by: Member, where: str, now: datetime) -> None:
    """Notes that `by` has read the call's resident fields. `where`: page, tablet or api."""
    Access.objects.create(member=by, call_id=call_id, at=now, where=where)
