"""The OpenAPI document, and a page that people can read. Both are the same for everybody and hold no data."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from agencies.errors import Refused
from api.problems import TITLES


@dataclass(frozen=True)
class Parameter:
    """What an address or a header may hold. `values`: the words it may be, where there are only so many."""

    name: str
    place: str
    description: SafeString
    values: list[str]


@dataclass(frozen=True)
class Shown:
    """An operation as the page shows it. Bodies are JSON Schema, as text."""

    id: str
    method: str
    path: str
    summary: SafeString
    description: SafeString
    parameters: list[Parameter]
    body: str
    answers: list[tuple[str, str]]
    problems: str


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document; made once a process."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@require_safe
@cache_control(max_age=300)
def schema(request: HttpRequest) -> HttpResponse:
    """JSON, or YAML for `?format=yaml`."""
    if request.GET.get("format") == "yaml":
        return HttpResponse(_yaml(), content_type="application/yaml")
    return HttpResponse(_json(document()), content_type="application/json")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation with what it takes, what it answers and how it refuses; every problem code."""
    groups: dict[str, list[Shown]] = {}
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_shown(path, method, operation))
    return render(request, "api/docs.html", {"groups": groups, "problems": problems(), "version": "3.1"})


def problems() -> dict[str, str]:
    """Every code that a problem document may have, with its title."""
    refusals = {kind.code: str(kind.title) for kind in _kin(Refused) if kind is not Refused}
    return dict(sorted((code, str(title)) for code, title in (TITLES | refusals).items()))


def _kin(kind: type[Refused]) -> set[type[Refused]]:
    return {kind}.union(*(_kin(child) for child in kind.__subclasses__()))


def _shown(path: str, method: str, operation: dict[str, Any]) -> Shown:
    answers = operation["responses"]
    good = [(status, _content(answer)) for status, answer in answers.items() if int(status) < 400]
    return Shown(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=_marked(operation.get("summary", "")),
        description=_marked(operation.get("description", "")),
        parameters=[_parameter(given) for given in operation.get("parameters", [])],
        body=_content(operation.get("requestBody", {})),
        answers=good,
        problems=", ".join(status for status in answers if int(status) >= 400),
    )


def _parameter(given: dict[str, Any]) -> Parameter:
    values = _resolved(given.get("schema", {}), set()).get("enum", [])
    return Parameter(given["name"], given["in"], _marked(given.get("description", "")), values)


def _marked(text: str) -> SafeString:
    """Text in which what stands between backticks is code."""
    parts = enumerate(text.split("`"))
    return format_html_join("", "{}", ((format_html("<code>{}</code>", p) if n % 2 else p,) for n, p in parts))


def _content(part: dict[str, Any]) -> str:
    """The JSON Schema of a body or an answer, with the named parts it refers to written out one level deep."""
    found = part.get("content", {}).get("application/json", {}).get("schema")
    return _json(_resolved(found, set())) if found else ""


def _resolved(value: Any, seen: set[str]) -> Any:  # noqa: ANN401 a piece of JSON Schema
    if isinstance(value, list):
        return [_resolved(entry, seen) for entry in value]
    if not isinstance(value, dict):
        return value
    name = value.get("$ref", "").removeprefix("#/components/schemas/")
    if name and name not in seen:
        return _resolved(document()["components"]["schemas"][name], seen | {name})
    return {key: _resolved(entry, seen) for key, entry in value.items()}


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def _yaml() -> bytes:
    made: bytes = OpenApiYamlRenderer().render(document())  # type: ignore[no-untyped-call]
    return made
