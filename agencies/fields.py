"""The class of every model field: how far its content may travel.

Redaction, logs, exports and retention read it. A field without a class fails `tests/walls/test_field_classes.py`.

>>> address = resident(models.CharField(max_length=300))
"""

from enum import StrEnum
from typing import Any, TypeVar

from django.db import models


class FieldClass(StrEnum):
    PUBLIC = "public"
    AGENCY = "agency"
    RESIDENT = "resident"
    JUVENILE = "juvenile"
    SENSITIVE = "sensitive"
    SAFETY = "safety"


Field = TypeVar("Field", bound="models.Field[Any, Any]")


def public(field: Field) -> Field:
    """May be shown to anybody."""
    return _classed(field, FieldClass.PUBLIC)


def internal(field: Field) -> Field:
    """For the agency's own members (class `agency`)."""
    return _classed(field, FieldClass.AGENCY)


def resident(field: Field) -> Field:
    """A resident's words or particulars: shown to who needs it, and reading it leaves a trace."""
    return _classed(field, FieldClass.RESIDENT)


def juvenile(field: Field) -> Field:
    """About a person under 18."""
    return _classed(field, FieldClass.JUVENILE)


def sensitive(field: Field) -> Field:
    """Secrets and hashes: never in an answer, a log or an export."""
    return _classed(field, FieldClass.SENSITIVE)


def safety(field: Field) -> Field:
    """What keeps staff safe: positions, premise flags, calls for help."""
    return _classed(field, FieldClass.SAFETY)


def _classed(field: Field, field_class: FieldClass) -> Field:
    field.field_class = field_class  # type: ignore[attr-defined]
    return field


def class_of(field: "models.Field[Any, Any]") -> FieldClass | None:
    """The class of `field` (a model field), or None where nobody declared one.

    Keys that the database hands out, and fields a model inherits from Django (listed in its
    `inherited_field_classes`), need no wrapper of their own.
    """
    declared = getattr(field, "field_class", None)
    if declared is not None:
        return FieldClass(declared)
    if getattr(field, "primary_key", False) and getattr(field, "auto_created", False):
        return FieldClass.AGENCY
    inherited: dict[str, FieldClass] = getattr(field.model, "inherited_field_classes", {})
    return inherited.get(field.name)
