"""Giving rows out in their shape, by one instance of each shape: making one takes longer than using it."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from rest_framework import serializers

Shape = type[serializers.Serializer[Any]]


def given_out(shape: Shape, row: object) -> dict[str, Any]:
    """The row in its shape."""
    return dict(_ready(shape).to_representation(row))


def rendered(shape: Shape, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of a list in their shape."""
    return [given_out(shape, row) for row in rows]


@lru_cache
def _ready(shape: Shape) -> serializers.Serializer[Any]:
    made = shape()
    made._readable_fields  # noqa: B018 its fields are made when they are first asked for, by one thread and not by two
    return made
