"""Calls, their types, the decisions about them, and what was said."""

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from agencies.fields import internal, public, resident, safety
from agencies.models import Member, TenantKey, TenantModel
from agencies.walls import differs
from calls.states import CallStatus, Route, Source


class CallType(TenantModel):
    """The agency's own type of call, mapped to one APCO 2.103.2 code."""

    code = public(models.CharField(max_length=16))
    apco_code = public(models.CharField(max_length=16))
    name = public(models.JSONField(default=dict))
    category = public(models.CharField(max_length=40))
    family = internal(models.CharField(max_length=40, blank=True))
    juvenile = internal(models.BooleanField(default=False))
    synonyms = internal(models.JSONField(default=dict))
    codes = internal(models.JSONField(default=list))
    priority = internal(models.PositiveSmallIntegerField(default=3))
    qualification = internal(models.CharField(max_length=40, blank=True))
    mode = internal(models.CharField(max_length=12, default="in_person"))
    never_cso = internal(models.BooleanField(default=False))
    welfare_marked = internal(models.BooleanField(default=False))
    retired_at = internal(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "code", name="one_call_type_per_code"),
        ]

    def __str__(self) -> str:
        return self.code


class Disposition(TenantModel):
    """How a call ended: the agency's code, mapped to APCO 1.111.2."""

    code = public(models.CharField(max_length=8))
    apco_code = public(models.CharField(max_length=8))
    name = public(models.JSONField(default=dict))
    ends_by = internal(models.CharField(max_length=10, default="close"))
    offered = internal(models.BooleanField(default=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "code", name="one_disposition_per_code"),
        ]

    def __str__(self) -> str:
        return self.code


class RuleSet(TenantModel):
    """A numbered version of the agency's triage rules. Once published its document never changes."""

    class Status(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    version = internal(models.PositiveIntegerField())
    status = internal(models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT))
    document = internal(models.JSONField())
    # The programme it was begun from, the source of each part, and what the programme named that the agency has not
    # (calls/triage/fitting.py); None in versions from before this was kept.
    origin = internal(models.JSONField(null=True))
    revision = internal(models.PositiveIntegerField(default=1, db_default=1))
    # The version that was in force when this one was begun, and the one it brings back.
    based_on = internal(models.PositiveIntegerField(null=True))
    restored_from = internal(models.PositiveIntegerField(null=True))
    drafted_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    drafted_at = internal(models.DateTimeField())
    edited_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    edited_at = internal(models.DateTimeField(null=True))
    # Everybody who wrote on it (ids of members): none of them publishes it.
    authors = internal(ArrayField(models.BigIntegerField(), default=list, db_default=[]))
    published_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    published_at = internal(models.DateTimeField(null=True))
    # From when it decides, None: from when it was published. `retired_at` may lie ahead: then the next one takes over.
    effective_from = internal(models.DateTimeField(null=True))
    retired_at = internal(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "version", name="one_rule_set_per_version"),
            models.UniqueConstraint(
                "agency", condition=Q(status="published", retired_at=None), name="one_published_rule_set"
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(published_at__isnull=False) | Q(retired_at__isnull=False),
                name="no_rule_set_in_force_unpublished",
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="published_never_changes",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__published_at__isnull=False)
                & (
                    differs("document", "origin", "version", "drafted_by", "authors", "published_by", "published_at")
                    | differs("effective_from", "restored_from", "agency")
                    | pgtrigger.Q(new__status="draft")
                    | pgtrigger.Q(old__status="retired", new__status__df="retired")
                ),
            )
        ]

    def __str__(self) -> str:
        return f"rule set {self.version} ({self.status})"

    @property
    def since(self) -> datetime | None:
        """From when it decides calls; None for a draft."""
        return self.effective_from or self.published_at

    def status_at(self, now: datetime) -> "RuleSet.Status":
        """The status, a successor that has taken over by then considered."""
        overtaken = self.status == self.Status.PUBLISHED and self.retired_at is not None and self.retired_at <= now
        return self.Status.RETIRED if overtaken else self.Status(self.status)


class SafetyFloor(TenantModel):
    """The invariants every rule set is held against, kept apart from the rule sets. Two people change it: a version
    after the first is a proposal until another member has approved it."""

    version = internal(models.PositiveIntegerField())
    document = internal(models.JSONField())
    based_on = internal(models.PositiveIntegerField(null=True))
    reason = internal(models.CharField(max_length=500, blank=True, db_default=""))
    proposed_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    approved_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    at = internal(models.DateTimeField())
    approved_at = internal(models.DateTimeField(null=True))
    withdrawn_at = internal(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "version", name="one_safety_floor_per_version"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("proposed_by")), name="two_people_change_the_floor"
            ),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(
                name="approved_never_changes",
                operation=pgtrigger.Update,
                condition=(pgtrigger.Q(old__approved_by__isnull=False) | pgtrigger.Q(old__version=1))
                & differs("document", "version", "proposed_by", "approved_by", "approved_at", "agency"),
            )
        ]

    def __str__(self) -> str:
        return f"safety floor {self.version}"


class PremiseFlag(TenantModel):
    """A place where nobody goes alone. Triage reads whether one is within reach of the call."""

    address = safety(models.CharField(max_length=300))
    lat = safety(models.FloatField(null=True))
    lon = safety(models.FloatField(null=True))
    reason = safety(models.CharField(max_length=300))
    until = internal(models.DateField(null=True))

    def __str__(self) -> str:
        return f"premise flag {self.pk}"


class CallCounter(TenantModel):
    """The last call number of an agency's year. Its row is locked for as long as a number is not committed."""

    pk = models.CompositePrimaryKey("agency", "year")
    year = internal(models.PositiveSmallIntegerField())
    last = internal(models.PositiveIntegerField(default=0))

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"


class Call(TenantModel):
    """One request for service, numbered per agency and year (`26-000123`). `calls.moves` alone writes its status."""

    number = public(models.CharField(max_length=12))
    status = internal(models.CharField(max_length=12, choices=[(s.value, s.value) for s in CallStatus]))
    type = internal(TenantKey(CallType, null=True, on_delete=models.PROTECT))
    priority = internal(models.PositiveSmallIntegerField(null=True))
    picked_priority = internal(models.PositiveSmallIntegerField(null=True))
    route = internal(models.CharField(max_length=8, null=True, choices=[(r.value, r.value) for r in Route]))
    source = internal(models.CharField(max_length=16, choices=[(s.value, s.value) for s in Source]))
    emergency = internal(models.BooleanField(default=False))

    address = internal(models.CharField(max_length=300, blank=True))
    # The address as it is compared. Under row-level security only leakproof operators use an index: `=`, not UPPER().
    address_key = internal(models.CharField(max_length=600, blank=True))
    lat = internal(models.FloatField(null=True))
    lon = internal(models.FloatField(null=True))
    area = internal(models.CharField(max_length=60, blank=True))

    caller_name = resident(models.CharField(max_length=120, blank=True))
    caller_phone = resident(models.CharField(max_length=40, blank=True))
    caller_anonymous = internal(models.BooleanField(default=False))
    caller_language = internal(models.CharField(max_length=35, blank=True))
    interpreter = internal(models.BooleanField(default=False))
    no_contact = internal(models.BooleanField(default=False))
    narrative = resident(models.TextField(blank=True))
    answers = internal(models.JSONField(default=dict))
    facts = resident(models.JSONField(default=dict))
    report_number = internal(models.CharField(max_length=40, blank=True))

    decision = internal(TenantKey("calls.Decision", null=True, on_delete=models.PROTECT))
    taken_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    received_at = internal(models.DateTimeField())
    entered_at = internal(models.DateTimeField())
    queued_at = internal(models.DateTimeField(null=True))
    hold_until = internal(models.DateTimeField(null=True))
    scheduled_at = internal(models.DateTimeField(null=True))
    closed_at = internal(models.DateTimeField(null=True))
    disposition = internal(TenantKey(Disposition, null=True, on_delete=models.PROTECT))
    closing_comment = resident(models.CharField(max_length=2000, blank=True))
    joined_into = internal(TenantKey("self", null=True, on_delete=models.PROTECT, related_name="joined"))
    version = internal(models.PositiveIntegerField(default=1))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "number", name="one_call_per_number"),
            models.CheckConstraint(
                condition=Q(priority__isnull=True) | Q(priority__range=(1, 4)), name="priority_is_a_class"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["closed", "cancelled"], disposition__isnull=False, closed_at__isnull=False)
                | ~Q(status__in=["closed", "cancelled"]),
                name="ended_call_has_a_disposition",
            ),
            models.CheckConstraint(
                condition=~Q(route="cso") | Q(priority__isnull=False) & ~Q(priority=1), name="no_priority_1_to_a_cso"
            ),
            models.CheckConstraint(condition=~Q(joined_into=F("id")), name="no_call_joins_itself"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["agency", "status"], name="open_calls", condition=~Q(status__in=["closed", "cancelled"])
            ),
            models.Index(fields=["agency", "-received_at", "-id"], name="calls_by_time"),
            models.Index(fields=["agency", "lat", "lon"], name="calls_by_place", condition=Q(lat__isnull=False)),
            models.Index(
                fields=["agency", "address_key", "received_at"], name="calls_by_address", condition=~Q(address_key="")
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @staticmethod
    def key_of(address: str) -> str:
        """How an address is compared: without regard to case and spacing."""
        return " ".join(address.casefold().split())


class Decision(TenantModel):
    """The record of a route: rule-set version, answers, reasons, who overrode it and why. Never changed."""

    call = internal(TenantKey(Call, on_delete=models.CASCADE, related_name="decisions"))
    at = internal(models.DateTimeField())
    rule_set = internal(TenantKey(RuleSet, on_delete=models.PROTECT))
    floor = internal(TenantKey(SafetyFloor, on_delete=models.PROTECT))
    route = internal(models.CharField(max_length=8, null=True, choices=[(r.value, r.value) for r in Route]))
    priority = internal(models.PositiveSmallIntegerField(null=True))
    decided_kind = internal(models.CharField(max_length=12))
    decided_id = internal(models.CharField(max_length=40, blank=True))
    reasons = internal(models.JSONField(default=list))
    open_questions = internal(models.JSONField(default=list))
    alternatives = internal(models.JSONField(default=list))
    qualification = internal(models.CharField(max_length=40, blank=True))
    mode = internal(models.CharField(max_length=12, blank=True))
    off_hours = internal(models.CharField(max_length=8, blank=True))
    approval = internal(models.BooleanField(default=False))
    type_code = internal(models.CharField(max_length=16, blank=True))
    answers = internal(models.JSONField(default=dict))
    facts = resident(models.JSONField(default=dict))
    asked_together = internal(models.JSONField(default=list))
    by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    override_code = internal(models.CharField(max_length=40, blank=True))
    override_text = resident(models.CharField(max_length=500, blank=True))
    suggested_route = internal(models.CharField(max_length=8, blank=True))
    suggested_id = internal(models.CharField(max_length=40, blank=True, default="", db_default=""))

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "call", "at"], name="decisions_by_call"),
        ]

    def __str__(self) -> str:
        return f"{self.route or 'undecided'} by {self.decided_kind} {self.decided_id}"


class Approval(TenantModel):
    """A supervisor's yes that a rule wants before the call leaves the queue: who asked, who answered, and what."""

    class Answer(models.TextChoices):
        GRANTED = "granted"
        REFUSED = "refused"
        LAPSED = "lapsed"
        WITHDRAWN = "withdrawn"

    call = internal(TenantKey(Call, on_delete=models.CASCADE, related_name="approvals"))
    decision = internal(TenantKey(Decision, on_delete=models.CASCADE))
    asked_at = internal(models.DateTimeField())
    asked_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    answered_at = internal(models.DateTimeField(null=True))
    answered_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    answer = internal(models.CharField(max_length=10, blank=True, choices=Answer.choices))
    reason = resident(models.CharField(max_length=500, blank=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "call", condition=Q(answered_at__isnull=True), name="one_open_approval"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answer="") | Q(answered_at__isnull=False) & ~Q(answer=""),
                name="an_answer_has_a_time",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "call"], name="approvals_by_call"),
            models.Index(fields=["agency", "asked_at"], name="open_approvals", condition=Q(answered_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"approval {self.pk} ({self.answer or 'asked for'})"


class Note(TenantModel):
    """A line of the narrative, by a person. Struck, never deleted."""

    call = internal(TenantKey(Call, on_delete=models.CASCADE, related_name="notes"))
    text = resident(models.TextField())
    by = internal(TenantKey(Member, on_delete=models.PROTECT))
    for_unit = internal(models.CharField(max_length=20, blank=True))
    at = internal(models.DateTimeField())
    occurred_at = internal(models.DateTimeField())
    struck_at = internal(models.DateTimeField(null=True))
    struck_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))

    class Meta:
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["agency", "call", "at"], name="notes_by_call")]

    def __str__(self) -> str:
        return f"note {self.pk}"


class ExternalNumber(TenantModel):
    """The call's number in another system (sworn CAD, 311, tow log)."""

    call = internal(TenantKey(Call, on_delete=models.CASCADE, related_name="external_numbers"))
    system = internal(models.CharField(max_length=80))
    number = internal(models.CharField(max_length=60))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "call", "system", "number", name="one_external_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.number}"


class Transfer(TenantModel):
    """A call handed to sworn or another agency. Whoever read it back enters who accepted it and the number there."""

    call = internal(TenantKey(Call, on_delete=models.CASCADE, related_name="transfers"))
    to = internal(models.CharField(max_length=80))
    reason = internal(models.CharField(max_length=500, blank=True))
    danger = internal(models.BooleanField(default=False))
    requested_at = internal(models.DateTimeField())
    requested_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    accepted_by = internal(models.CharField(max_length=120, blank=True))
    external_number = internal(models.CharField(max_length=60, blank=True))
    disposition_code = internal(models.CharField(max_length=8, default="15"))
    acknowledged_at = internal(models.DateTimeField(null=True))
    acknowledged_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    ended_at = internal(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "call", condition=Q(ended_at__isnull=True), name="one_open_transfer"),
        ]

    def __str__(self) -> str:
        return f"transfer to {self.to}"
