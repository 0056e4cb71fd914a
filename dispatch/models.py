"""Units, shifts, assignments, and the numbers of a shift."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from agencies.fields import internal, safety
from agencies.models import Member, TenantKey, TenantModel
from calls.models import Call, Disposition
from dispatch.states import AssignmentStatus, UnitStatus


class Unit(TenantModel):
    """One or two CSOs on duty under a callsign. On calls, its board status is derived from its assignments."""

    callsign = internal(models.CharField(max_length=20))
    kind = internal(models.CharField(max_length=16, default="vehicle"))
    equipment = internal(models.JSONField(default=list))
    area = internal(models.CharField(max_length=60, blank=True))
    primary = internal(
        models.CharField(
            max_length=24, choices=[(s.value, s.value) for s in UnitStatus], default=UnitStatus.AVAILABLE.value
        )
    )
    secondary = internal(models.CharField(max_length=24, default="available"))
    since = internal(models.DateTimeField())
    lat = safety(models.FloatField(null=True))
    lon = safety(models.FloatField(null=True))
    position_at = safety(models.DateTimeField(null=True))
    retired_at = internal(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "callsign", name="one_unit_per_callsign"),
        ]

    def __str__(self) -> str:
        return self.callsign


class Shift(TenantModel):
    """A planned period with a roster. Shifts overlap."""

    name = internal(models.CharField(max_length=60))
    starts_at = internal(models.DateTimeField())
    ends_at = internal(models.DateTimeField())
    planned_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    signed_off_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    signed_off_at = internal(models.DateTimeField(null=True))
    sign_off_note = internal(models.CharField(max_length=2000, blank=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_it_starts"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "starts_at", "ends_at"], name="shifts_by_time"),
        ]

    def __str__(self) -> str:
        return self.name


class Duty(TenantModel):
    """A line of a roster: a member in a unit during a shift."""

    shift = internal(TenantKey(Shift, on_delete=models.CASCADE, related_name="duties"))
    unit = internal(TenantKey(Unit, null=True, on_delete=models.PROTECT, related_name="duties"))
    member = internal(TenantKey(Member, on_delete=models.PROTECT, related_name="duties"))
    role = internal(models.CharField(max_length=16))

    class Meta:
        verbose_name_plural = "duties"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "shift", "member", name="one_duty_per_shift_and_member"),
        ]

    def __str__(self) -> str:
        return f"duty {self.pk}"


class Assignment(TenantModel):
    """A unit on a call, with its own status. One open active assignment per unit is the database's last word."""

    call = internal(TenantKey(Call, on_delete=models.CASCADE, related_name="assignments"))
    unit = internal(TenantKey(Unit, on_delete=models.PROTECT, related_name="assignments"))
    status = internal(models.CharField(max_length=12, choices=[(s.value, s.value) for s in AssignmentStatus]))
    primary = internal(models.BooleanField(default=False))
    stack_order = internal(models.PositiveIntegerField(default=0))
    since = internal(models.DateTimeField())
    assigned_by = internal(TenantKey(Member, null=True, on_delete=models.PROTECT))
    override_reason = internal(models.CharField(max_length=500, blank=True))
    assigned_at = internal(models.DateTimeField(null=True))
    acknowledged_at = internal(models.DateTimeField(null=True))
    en_route_at = internal(models.DateTimeField(null=True))
    on_scene_at = internal(models.DateTimeField(null=True))
    ended_at = internal(models.DateTimeField(null=True))
    end_reason = internal(models.CharField(max_length=500, blank=True))
    disposition = internal(TenantKey(Disposition, null=True, on_delete=models.PROTECT))
    welfare_answered_at = safety(models.DateTimeField(null=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                "agency",
                "unit",
                condition=Q(status__in=["assigned", "acknowledged", "en_route", "on_scene"]),
                name="one_active_assignment_per_unit",
            ),
            models.UniqueConstraint(
                "agency",
                "call",
                "unit",
                condition=~Q(status__in=["cleared", "cancelled", "declined"]),
                name="one_open_assignment_per_call_and_unit",
            ),
            models.UniqueConstraint(
                "agency",
                "call",
                condition=Q(primary=True) & ~Q(status__in=["cleared", "cancelled", "declined"]),
                name="one_primary_per_call",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "call"], name="assignments_by_call"),
            models.Index(
                fields=["agency", "unit"],
                name="open_assignments_by_unit",
                condition=~Q(status__in=["cleared", "cancelled", "declined"]),
            ),
        ]

    def __str__(self) -> str:
        return f"assignment {self.pk} ({self.status})"


class Rollup(TenantModel):
    """The numbers of one shift, as counted at its end. A recount from the ledger must give the same."""

    shift = internal(TenantKey(Shift, on_delete=models.PROTECT, related_name="rollups"))
    computed_at = internal(models.DateTimeField())
    up_to_seq = internal(models.BigIntegerField())
    figures = internal(models.JSONField())

    class Meta:
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["agency", "shift", "-computed_at"], name="rollups_by_shift"),
        ]

    def __str__(self) -> str:
        return f"rollup of shift {self.shift_id}"
