"""Long lists as cursor pages: `{"next", "previous", "results"}`, stable while rows are added."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from rest_framework import exceptions, pagination, serializers
from rest_framework.request import Request
from rest_framework.response import Response


class ByTime(pagination.CursorPagination):
    """Newest first, by the time a call was received."""

    ordering: Any = ("-received_at", "-id")
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:  # noqa: ANN401 REST framework's Cursor or None
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                self.check(str(cursor.position))
        except (exceptions.NotFound, ValueError) as error:
            raise exceptions.ValidationError({"cursor": ["This does not lead anywhere."]}) from error
        return cursor

    def check(self, position: str) -> None:
        """`ValueError` for a position that this order does not have."""
        if parse_datetime(position) is None:
            raise ValueError(position)


class ByNumber(ByTime):
    """By a whole number that rows of the list have only once."""

    def __init__(self, ordering: str, *, page_size: int = 50) -> None:
        self.ordering, self.page_size = (ordering,), page_size

    def check(self, position: str) -> None:
        if not 0 <= int(position) < 2**63:
            raise ValueError(position)


def page(rows: QuerySet[Any], request: Request, *, order: ByTime) -> tuple[list[Any], dict[str, Any]]:
    """The rows of the page that was asked for, and its links."""
    found = order.paginate_queryset(rows, request) or []
    return list(found), {"next": order.get_next_link(), "previous": order.get_previous_link()}


def rendered(shape: type[serializers.BaseSerializer[Any]], rows: Sequence[Any]) -> list[Any]:
    """The rows of a list in their shape."""
    many: Any = shape
    return list(many(rows, many=True).data)


def whole(results: Sequence[Any]) -> Response:
    """A list that is always short, in the same shape."""
    return Response({"next": None, "previous": None, "results": results})
