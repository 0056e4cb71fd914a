"""Describes operations for the OpenAPI document. What an operation answers is written beside it, once."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers

from api.fields import Body
from api.idempotency import HEADER
from api.problems import PROBLEM

Method = TypeVar("Method", bound=Callable[..., Any])
Shape = type[serializers.BaseSerializer[Any]]


class ProblemShape(serializers.Serializer[Any]):
    """A problem document (RFC 9457). Some codes bring further members, for example `changed` with `stale`."""

    type = serializers.CharField(help_text="Leads to what the code means.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable; programs go by it.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), help_text="Messages by field, `location.lat`."
    )


class Bearer(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.auth.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "Names the agency, the member and the role."}


class StrictBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """A body refuses names it does not know, and its schema says so."""

    target_class = Body
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:
        mapped = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # type: ignore[no-untyped-call]
        return {**mapped, "additionalProperties": False}


KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Up to 255 printable ASCII characters. The same key and body have their effect once.",
)
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of what was read; 412 where it has changed since."
)
CURSOR = (
    OpenApiParameter("cursor", str, description="From `next` or `previous`."),
    OpenApiParameter("limit", int, description="Rows a page, at most 200."),
)
_READING = (401, 403, 404, 429, 503)
_WRITING = (400, *_READING, 409, 413, 415)


def describes(
    name: str,
    *,
    tag: str,
    answers: dict[Any, Any],
    body: type[Body] | None = None,
    writes: bool = False,
    problems: Sequence[int] = (),
    parameters: Sequence[OpenApiParameter | type[Body]] = (),
) -> Callable[[Method], Method]:
    """`name` is the operation's id. Its docstring becomes its summary and description."""
    repeatable = [KEY] if writes else []
    refusals = {*(_WRITING if body or writes else _READING), *problems, *([422] if writes else [])}

    def decorate(method: Method) -> Method:
        summary, _, rest = (method.__doc__ or "").strip().partition("\n")
        described: Method = extend_schema(
            operation_id=name,
            summary=summary.rstrip("."),
            description=" ".join(rest.split()),
            tags=[tag],
            request=body,
            parameters=[*parameters, *repeatable],
            responses={
                **answers,
                **{(status, PROBLEM): ProblemShape for status in sorted(refusals)},
            },
        )(method)
        return described

    return decorate


def page_of(shape: Shape) -> Any:  # noqa: ANN401 a serializer made on the fly
    """The shape of a cursor page of `shape`."""
    name = shape.__name__.removesuffix("Shape")
    links = {
        side: serializers.URLField(allow_null=True, help_text=f"The {side} page.") for side in ("next", "previous")
    }
    return inline_serializer(f"{name}Page", {**links, "results": shape(many=True)})
