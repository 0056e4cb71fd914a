"""What happened, what is due, who must be told.

Events, deliveries and deadlines hold ids and codes, never residents' words: words live in rows that can be redacted.
The ledger stands below calls and units, so it refers to them by number: `call_id`, `unit_id`, `assignment_id`.
"""

import uuid
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from agencies.fields import internal, public, safety
from agencies.models import Agency, Member, TenantKey, TenantModel


class Cursor(models.Model):
    """The agency's last event number. Updated last in a transaction: that makes the numbers an order without gaps."""

    agency = internal(models.OneToOneField(Agency, on_delete=models.PROTECT, primary_key=True, related_name="+"))
    last_seq = internal(models.BigIntegerField(default=0))

    def __str__(self) -> str:
        return f"cursor of agency {self.agency_id} at {self.last_seq}"


class Event(TenantModel):
    """One line of the ledger. Append-only: the database refuses any change."""

    pk = models.CompositePrimaryKey("agency", "seq")
    seq = internal(models.BigIntegerField())
    kind = internal(models.CharField(max_length=40))
    at = internal(models.DateTimeField())
    occurred_at = internal(models.DateTimeField())
    by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    call_id = internal(models.BigIntegerField(null=True))
    unit_id = internal(models.BigIntegerField(null=True))
    about = internal(models.JSONField(default=dict))
    data = internal(models.JSONField(default=dict))

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "call_id", "seq"], name="event_by_call", condition=Q(call_id__isnull=False)),
            models.Index(fields=["agency", "at"], name="event_by_time"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class Deadline(TenantModel):
    """What must have happened by when. Rows, not broker messages, are the truth."""

    class State(models.TextChoices):
        ARMED = "armed"
        FIRED = "fired"
        DISARMED = "disarmed"

    kind = internal(models.CharField(max_length=40))
    call_id = internal(models.BigIntegerField(null=True))
    unit_id = internal(models.BigIntegerField(null=True))
    assignment_id = internal(models.BigIntegerField(null=True))
    shift_id = internal(models.BigIntegerField(null=True))
    armed_at = internal(models.DateTimeField())
    due_at = internal(models.DateTimeField())
    state = internal(models.CharField(max_length=10, choices=State.choices, default=State.ARMED))
    settled_at = internal(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["agency", "kind", "call_id", "unit_id", "assignment_id", "shift_id"],
                condition=Q(state="armed"),
                nulls_distinct=False,
                name="one_armed_deadline_of_a_kind",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at", "agency"], name="deadline_due", condition=Q(state="armed")),
            models.Index(fields=["agency", "call_id"], name="deadline_by_call"),
            models.Index(fields=["agency", "assignment_id"], name="deadline_by_assignment", condition=Q(state="armed")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.due_at:%Y-%m-%d %H:%M:%S}Z ({self.state})"


class Alarm(TenantModel):
    """A missed alert: a row until someone takes it, or until its cause is gone. MAYDAY is one too."""

    class Level(models.TextChoices):
        DISPATCHER = "dispatcher"
        SUPERVISOR = "supervisor"
        EVERYONE = "everyone"

    kind = internal(models.CharField(max_length=40))
    level = internal(models.CharField(max_length=12, choices=Level.choices))
    call_id = internal(models.BigIntegerField(null=True))
    unit_id = internal(models.BigIntegerField(null=True))
    assignment_id = internal(models.BigIntegerField(null=True))
    about = internal(models.JSONField(default=dict))
    due_at = internal(models.DateTimeField(null=True))
    raised_at = internal(models.DateTimeField())
    raised_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    taken_at = internal(models.DateTimeField(null=True))
    taken_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    settled_at = internal(models.DateTimeField(null=True))
    nobody_on_duty = internal(models.BooleanField(default=False))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["agency", "kind", "call_id", "unit_id", "assignment_id"],
                condition=Q(taken_at__isnull=True, settled_at__isnull=True),
                nulls_distinct=False,
                name="one_open_alarm_of_a_kind",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["agency", "raised_at"],
                name="open_alarms",
                condition=Q(taken_at__isnull=True, settled_at__isnull=True),
            ),
            models.Index(
                fields=["agency", "raised_at"],
                name="alarms_for_everyone",
                condition=Q(level="everyone", settled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.level}"


class Delivery(TenantModel):
    """Somebody outside must be told. Claimed with a lease, attempted, marked; never sent in a transaction."""

    class State(models.TextChoices):
        WAITING = "waiting"
        LEASED = "leased"
        SENT = "sent"
        FAILED = "failed"

    id = internal(models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False))
    event_seq = internal(models.BigIntegerField(null=True))
    channel = internal(models.CharField(max_length=16))
    address = internal(models.CharField(max_length=254))
    message = internal(models.CharField(max_length=40))
    data = internal(models.JSONField(default=dict))
    state = internal(models.CharField(max_length=10, choices=State.choices, default=State.WAITING))
    next_at = internal(models.DateTimeField())
    attempts = internal(models.PositiveSmallIntegerField(default=0))
    lease_until = internal(models.DateTimeField(null=True))
    sent_at = internal(models.DateTimeField(null=True))
    fault = internal(models.CharField(max_length=120, blank=True))

    class Meta:
        verbose_name_plural = "deliveries"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["next_at"], name="delivery_due", condition=Q(state__in=["waiting", "leased"])),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.message} ({self.state})"


class Access(TenantModel):
    """Who read a resident's record, when, and where. A log of its own: reading is not an event of the call."""

    member = internal(TenantKey(Member, on_delete=models.PROTECT))
    call_id = safety(models.BigIntegerField())
    at = internal(models.DateTimeField())
    where = internal(models.CharField(max_length=20))

    class Meta:
        verbose_name_plural = "accesses"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "call_id", "at"], name="access_by_call"),
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"member {self.member_id} read call {self.call_id}"


class Heartbeat(models.Model):
    """When a part of the machinery last showed life. Belongs to the installation, not to an agency."""

    name = public(models.CharField(max_length=20, primary_key=True))
    at = public(models.DateTimeField())

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}Z"
