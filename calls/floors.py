"""Changing the safety floor: one member proposes, another approves. The floor stands above every rule set at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max
from django.utils.translation import gettext as _

from agencies.errors import IllegalMove, Invalid, NotFound, OwnWork
from agencies.models import Agency, Member
from agencies.permissions import require
from agencies.roles import Operation
from calls.intake import check_text
from calls.models import CallType, SafetyFloor
from calls.proving import proof_of, read_floor, setting_of
from calls.queries import floor_in_force, rules_in_force
from calls.rulesets import Superseded
from calls.triage.proofs import Proof
from ledger.record import record

PARTS = ("invariants", "never_cso", "not_applicable")
SOMEBODY = "another member"


@dataclass(frozen=True)
class FloorChange:
    """New lists for some parts of the floor; a part that is None stays. `reason` says why."""

    invariants: list[Any] | None = None
    never_cso: list[Any] | None = None
    not_applicable: list[Any] | None = None
    reason: str = ""

    def document(self, before: Mapping[str, Any], *, proposer: str) -> dict[str, Any]:
        """The floor as it would be. A new declaration is the proposer's and, once approved, the approver's."""
        new = {part: before[part] if getattr(self, part) is None else getattr(self, part) for part in PARTS}
        declared = {_declaration(entry): entry for entry in before["not_applicable"]}
        new["not_applicable"] = [
            declared.get(_declaration(entry), {**entry, "by": [proposer, SOMEBODY]})
            if isinstance(entry, Mapping)
            else entry
            for entry in new["not_applicable"]
        ]
        return new


def drafted_floor(change: FloorChange, current: SafetyFloor, *, by: Member) -> dict[str, Any]:
    """The floor as the change would make it; `Invalid` with the path of what is wrong. Nothing is stored."""
    require(by, Operation.CHANGE_FLOOR)
    document = change.document(current.document, proposer=by.email)
    read_floor(document, agency=by.agency, setting=setting_of(by.agency))
    return document


def propose_floor(change: FloorChange, *, by: Member, now: datetime, if_version: int | None = None) -> SafetyFloor:
    """A floor that waits for another member's approval; until then nothing changes.

    With `if_version`, `Superseded` where the floor has moved on since the proposer read it.
    """
    require(by, Operation.CHANGE_FLOOR)
    check_text("reason", change.reason, 500)
    with record(by=by, now=now) as book:
        _one_at_a_time(by.agency)
        current = floor_in_force()
        _refuse_superseded(if_version, current)
        document = drafted_floor(change, current, by=by)
        if document == current.document:
            raise Invalid(_("This changes nothing of the safety floor."))
        last = SafetyFloor.objects.aggregate(last=Max("version"))["last"]
        row = SafetyFloor.objects.create(
            version=last + 1,
            document=document,
            based_on=current.version,
            reason=change.reason,
            proposed_by=by,
            at=now,
        )
        book.add("floor.proposed", data={"floor": row.pk, "version": row.version, "based_on": current.version})
    return row


def approve_floor(floor_id: int, *, by: Member, now: datetime) -> SafetyFloor:
    """Another member's yes: the floor is in force from now on, for every call. `OwnWork` for who proposed it.

    Rules in force that lean on it are not changed by it; `satisfied_by_rules_in_force` says whether they still hold.
    """
    require(by, Operation.APPROVE_FLOOR)
    with record(by=by, now=now) as book:
        _one_at_a_time(by.agency)
        row = _open_change(floor_id)
        if row.proposed_by_id == by.pk:
            raise OwnWork(_("You proposed this change, so another member has to approve it."))
        _refuse_superseded(row.based_on, floor_in_force())
        row.document = _signed(row.document, by.email)
        row.approved_by, row.approved_at = by, now
        row.save()
        _mark_types(set(row.document["never_cso"]))
        book.add("floor.approved", data={"floor": row.pk, "version": row.version, "based_on": row.based_on})
    return row


def withdraw_floor(floor_id: int, *, by: Member, now: datetime) -> SafetyFloor:
    """Takes a proposed change off the table."""
    require(by, Operation.CHANGE_FLOOR)
    with record(by=by, now=now) as book:
        _one_at_a_time(by.agency)
        row = _open_change(floor_id)
        row.withdrawn_at = now
        row.save()
        book.add("floor.withdrawn", data={"floor": row.pk, "version": row.version})
    return row


def satisfied_by_rules_in_force(row: SafetyFloor, *, agency: Agency, language: str = "en") -> Proof:
    """What the proof says of the published rules against this floor, proposed or in force."""
    document = rules_in_force().row.document
    return proof_of(document, row.document, agency=agency, setting=setting_of(agency), language=language)


def floor_change(floor_id: int) -> SafetyFloor:
    """A change of the floor by its id, whatever became of it; `NotFound` otherwise."""
    rows = SafetyFloor.objects.select_related("proposed_by", "approved_by")
    found = rows.filter(pk=floor_id, version__gt=1).first()
    if found is None:
        raise NotFound(_("There is no such change of the safety floor."))
    return found


def _refuse_superseded(version: int | None, current: SafetyFloor) -> None:
    if version is not None and version != current.version:
        words = _("The safety floor was changed meanwhile: it is at version %(version)s. Propose the change anew.")
        raise Superseded(
            words % {"version": current.version},
            version=current.version,
        )


def _open_change(floor_id: int) -> SafetyFloor:
    row = floor_change(floor_id)
    if row.approved_by_id is not None or row.withdrawn_at is not None:
        raise IllegalMove(_("This change was approved or withdrawn already."))
    return row


def _declaration(entry: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(entry.get("type")), str(entry.get("code")), str(entry.get("reason"))


def _signed(document: Mapping[str, Any], approver: str) -> dict[str, Any]:
    """The new declarations in the name of both."""
    signed = [
        {**entry, "by": [entry["by"][0], approver]} if entry["by"][1] == SOMEBODY else entry
        for entry in document["not_applicable"]
    ]
    return {**document, "not_applicable": signed}


def _mark_types(never_cso: set[str]) -> None:
    """The types themselves say the same as the floor."""
    CallType.objects.filter(code__in=never_cso).exclude(never_cso=True).update(never_cso=True)
    CallType.objects.exclude(code__in=never_cso).exclude(never_cso=False).update(never_cso=False)


def _one_at_a_time(agency: Agency) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('safety floor'), %s::int)", [agency.pk % 2**31])
