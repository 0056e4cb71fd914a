"""Fields and documents that take what they say and nothing that merely looks like it: "3" is no number, 1 is no yes.

Text is kept letter for letter. A field that is not known is an error of that field, so that a misspelt one is not lost.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request

from agencies.hours import EARLIEST, LATEST


class Text(serializers.CharField):
    """Text as it was given, spaces included. Empty is allowed unless it is required."""

    def __init__(self, **options: Any) -> None:
        if not options.get("read_only"):
            options.setdefault("allow_blank", not options.get("required", True))
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Whole(serializers.IntegerField):
    """A whole number."""

    def to_internal_value(self, data: object) -> int:
        if isinstance(data, float) and data.is_integer():
            return int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class Number(serializers.FloatField):
    """A number with or without a fraction."""

    def to_internal_value(self, data: object) -> float:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        return float(data)


class YesNo(serializers.BooleanField):
    """true or false."""

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A time in ISO 8601; without an offset it is UTC. Given back in UTC, with Z."""

    default_error_messages = {"absurd": gettext_lazy("This must be a time between the years 2000 and 2100.")}

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_internal_value(self, value: object) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="2026-01-31T14:05:00Z")
        moment: datetime = super().to_internal_value(value)
        if not EARLIEST <= moment < LATEST:
            self.fail("absurd")
        return moment


class Body(serializers.Serializer[Any]):
    """A document that comes in. Names it does not know are refused."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:  # noqa: ANN401 whatever was sent
        faults: dict[str, Any] = {}
        if isinstance(data, Mapping):
            strangers = sorted(set(data) - {name for name, field in self.fields.items() if not field.read_only})
            faults = {name: ["There is no such field."] for name in strangers}
        try:
            values: dict[str, Any] = super().to_internal_value(data)
        except serializers.ValidationError as error:
            found = error.detail if isinstance(error.detail, dict) else {"non_field_errors": error.detail}
            raise serializers.ValidationError(faults | found) from error
        if faults:
            raise serializers.ValidationError(faults)
        return values


def parse(form: type[Body], request: Request) -> dict[str, Any]:
    """What `form` makes of the request's body; every fault of it at once otherwise."""
    return _validated(form, request.data)


def parse_query(form: type[Body], request: Request) -> dict[str, Any]:
    """The filters in the address. Names that `form` does not know are left alone: addresses carry all sorts of them."""
    known = {name: value for name, value in request.query_params.items() if name in _ready(form).fields}
    return _validated(form, known)


def _validated(form: type[Body], data: Any) -> dict[str, Any]:  # noqa: ANN401 whatever was sent
    values: dict[str, Any] = _ready(form).run_validation(data)
    return values


@lru_cache
def _ready(form: type[Body]) -> Body:
    """One instance of each, since making its fields takes longer than using them. It keeps nothing of what it reads."""
    made = form()
    made._writable_fields  # noqa: B018 its fields are made when they are first asked for, by one thread and not by two
    return made
