"""Long lists as cursor pages: `{"next", "previous", "results"}`.

A cursor holds the place of the row it follows, so that rows that come in meanwhile move nothing, and the thousandth
page costs what the first does.
"""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

MOST_ROWS = 200


def moment(text: object) -> datetime:
    """A time as it stands in a cursor; `ValueError` for anything else."""
    found = datetime.fromisoformat(str(text))
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def number(text: object) -> int:
    """A whole number that a column can hold; `ValueError` for anything else."""
    found = int(str(text))
    if not 0 <= found < 2**63:
        raise ValueError(text)
    return found


@dataclass(frozen=True)
class Order:
    """How a list is ordered: fields that together are unique, each with what reads it from a cursor."""

    fields: dict[str, Callable[[object], Any]]
    descending: bool = True
    rows: int = 50


CALLS = Order({"received_at": moment, "id": number})


@dataclass(frozen=True)
class _Cursor:
    """Where the page begins: after, or before, the row with these values."""

    back: bool
    key: tuple[Any, ...]


def page(rows: QuerySet[Any], request: Request, *, order: Order) -> tuple[list[Any], dict[str, str | None]]:
    """The rows of the page that was asked for, and its links."""
    limit = _limit(request, order)
    cursor = _cursor(request, order)
    back = cursor is not None and cursor.back
    descending = order.descending is not back
    if cursor is not None:
        rows = rows.filter(_beyond(list(zip(order.fields, cursor.key, strict=True)), "lt" if descending else "gt"))
    sign = "-" if descending else ""
    found = list(rows.order_by(*(f"{sign}{name}" for name in order.fields))[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if back:
        found.reverse()
    return found, {
        "next": _link(request, order, found[-1:], back=False) if more or back else None,
        "previous": _link(request, order, found[:1], back=True) if (more if back else cursor is not None) else None,
    }


def whole(results: Sequence[Any]) -> Response:
    """A list that is always short, in the same shape."""
    return Response({"next": None, "previous": None, "results": results})


def _beyond(key: list[tuple[str, Any]], side: str) -> Q:
    """Rows that come after the key's in the order of all its fields."""
    (name, value), rest = key[0], key[1:]
    beyond = Q(**{f"{name}__{side}": value})
    return beyond | Q(**{name: value}) & _beyond(rest, side) if rest else beyond


def _limit(request: Request, order: Order) -> int:
    given = request.query_params.get("limit") or str(order.rows)
    if not (given.isascii() and given.isdigit() and int(given[:9])):
        raise ValidationError({"limit": ["This is a whole number from 1."]})
    return min(int(given[:9]), MOST_ROWS)


def _cursor(request: Request, order: Order) -> _Cursor | None:
    given = request.query_params.get("cursor")
    if not given:
        return None
    try:
        back, *key = json.loads(base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)))
        read = [read(text) for read, text in zip(order.fields.values(), key, strict=True)]
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationError({"cursor": ["This does not lead anywhere."]}) from error
    return _Cursor(bool(back), tuple(read))


def _link(request: Request, order: Order, row: list[Any], *, back: bool) -> str | None:
    if not row:
        return None
    values = [getattr(row[0], name) for name in order.fields]
    key = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    cursor = base64.urlsafe_b64encode(json.dumps([back, *key]).encode()).decode().rstrip("=")
    return replace_query_param(request.build_absolute_uri(), "cursor", cursor)
