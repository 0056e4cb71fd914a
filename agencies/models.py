"""The tenant, its people and their roles."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from agencies.fields import FieldClass, internal, public, safety, sensitive
from agencies.roles import Role
from agencies.scope import AgencyManager


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        user = self.model(email=email.strip().lower(), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who can sign in. What the person may do hangs on the memberships, never on the user."""

    inherited_field_classes: ClassVar[dict[str, FieldClass]] = {
        "password": FieldClass.SENSITIVE,
        "last_login": FieldClass.AGENCY,
    }

    email = internal(models.EmailField(unique=True))
    name = internal(models.CharField(max_length=120))
    language = internal(models.CharField(max_length=8, default="en"))
    is_active = internal(models.BooleanField(default=True))
    created_at = internal(models.DateTimeField(auto_now_add=True))

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Agency(models.Model):
    """A tenant: one city's CSO programme. Its settings are data, so that no city needs code of its own."""

    slug = public(models.SlugField(max_length=60, unique=True))
    name = public(models.CharField(max_length=160))
    time_zone = public(models.CharField(max_length=60))
    languages = public(ArrayField(models.CharField(max_length=8), default=list))
    round_the_clock_number = safety(models.CharField(max_length=40, blank=True))
    demonstration = public(models.BooleanField(default=False))
    hours = internal(models.JSONField(default=dict))
    authority = internal(models.JSONField(default=dict))
    clocks = internal(models.JSONField(default=dict))
    settings = internal(models.JSONField(default=dict))
    # Counts up whenever call types, rule sets or safety floors change (triggers in calls/migrations/0003): rules that
    # were read once are good for as long as this stays the same.
    rules_stamp = internal(models.BigIntegerField(default=0, db_default=0))
    created_at = internal(models.DateTimeField(auto_now_add=True))

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class TenantModel(models.Model):
    """A row that belongs to one agency and is invisible to all others."""

    inherited_field_classes: ClassVar[dict[str, FieldClass]] = {"agency": FieldClass.AGENCY}

    # Every index of a tenant table begins with the agency, so the key needs none of its own.
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = AgencyManager()

    class Meta:
        abstract = True


class TenantKey(models.ForeignKey):  # type: ignore[type-arg]
    """A reference to another tenant row: `(agency_id, x_id)` is the constraint, made by `walls.Wall`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("db_constraint", False)
        options.setdefault("related_name", "+")
        super().__init__(*args, **options)


ROLE_NAMES = {
    Role.DISPATCHER: _("dispatcher"),
    Role.OFFICER: _("officer"),
    Role.SUPERVISOR: _("supervisor"),
    Role.ADMINISTRATOR: _("administrator"),
}


class Member(TenantModel):
    """A person in an agency. Holds several roles, works as one at a time (`role`, set by whoever let the member in)."""

    user = internal(models.ForeignKey(User, on_delete=models.PROTECT, related_name="+"))
    roles = internal(ArrayField(models.CharField(max_length=16, choices=[(r.value, r.value) for r in Role])))
    badge = internal(models.CharField(max_length=20, blank=True))
    name = internal(models.CharField(max_length=120))
    email = internal(models.EmailField())
    active = internal(models.BooleanField(default=True))
    joined_at = internal(models.DateTimeField(auto_now_add=True))

    role: Role

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "user", name="one_member_per_user_and_agency"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def role_name(self) -> str:
        """What the role is called on the page."""
        return str(ROLE_NAMES[self.role])

    @property
    def held_roles(self) -> list[tuple[str, str]]:
        """The roles to choose from: code and name."""
        return [(role.value, str(ROLE_NAMES[role])) for role in Role if role in self.roles]

    def as_role(self, role: Role | str) -> "Member":
        """The same member working as `role`, which must be one of `roles`."""
        if role not in self.roles:
            raise ValueError(f"{self} does not hold the role {role}")
        self.role = Role(role)
        return self


class Qualification(TenantModel):
    """What a member is trained for, with the day it ends (None: it does not end)."""

    member = internal(TenantKey(Member, on_delete=models.CASCADE, related_name="qualifications"))
    code = internal(models.CharField(max_length=40))
    until = internal(models.DateField(null=True, blank=True))

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint("agency", "member", "code", name="one_qualification_per_member_and_code"),
        ]

    def __str__(self) -> str:
        return self.code


class Token(TenantModel):
    """An API token, kept as a hash only. It names the agency, the member and the role it works as."""

    member = internal(TenantKey(Member, on_delete=models.CASCADE, related_name="tokens"))
    role = internal(models.CharField(max_length=16, choices=[(r.value, r.value) for r in Role]))
    token_hash = sensitive(models.CharField(max_length=64, unique=True))
    label = internal(models.CharField(max_length=80, blank=True))
    created_at = internal(models.DateTimeField(auto_now_add=True))
    revoked_at = internal(models.DateTimeField(null=True, blank=True))

    def __str__(self) -> str:
        return self.label or f"token {self.pk}"
