"""Every error of the API as a problem document (RFC 9457, `application/problem+json`).

    {"type": "/api/docs/#unit_busy", "title": ..., "status": 409, "detail": ..., "code": "unit_busy", "errors": {}}

`errors` maps a field (`location.lat`) to its messages. This is the one place in which refusals, the framework's errors
and everything unexpected become answers; what is unexpected says nothing about its cause.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions as drf
from rest_framework.response import Response

from agencies.errors import Busy, Refused

PROBLEM = "application/problem+json"
FIELD_OF_ALL = "body"  # where a fault is of the document and not of one field

# code -> title, for what is not one of our own refusals
TITLES: dict[str, str | Promise] = {
    "malformed": gettext_lazy("This is not JSON as it should be"),
    "bad_request": gettext_lazy("This request cannot be understood"),
    "invalid": gettext_lazy("Some fields need another look"),
    "unauthenticated": gettext_lazy("A valid bearer token is needed"),
    "forbidden": gettext_lazy("Your role does not allow this"),
    "not_found": gettext_lazy("Not found"),
    "method_not_allowed": gettext_lazy("That method is not possible here"),
    "not_acceptable": gettext_lazy("Answers are JSON"),
    "too_large": gettext_lazy("That is too much at once"),
    "unsupported_media_type": gettext_lazy("Send application/json"),
    "throttled": gettext_lazy("Too many requests"),
    "unavailable": gettext_lazy("The console cannot answer just now"),
    "error": gettext_lazy("Something went wrong here"),
}
_CODES = {
    HTTPStatus.BAD_REQUEST: "malformed",
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.NOT_ACCEPTABLE: "not_acceptable",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}


class TooLarge(drf.APIException):
    """The body is longer than the API reads."""

    status_code = 413
    default_detail = gettext_lazy("The body is too long.")
    default_code = "too_large"


class Mismatch(Refused):
    """The idempotency key was used for something else."""

    code, status, title = "idempotency_mismatch", 422, gettext_lazy("That key belongs to another request")


def document(status: int, code: str, *, title: str = "", detail: str = "", **more: Any) -> dict[str, Any]:
    """The problem as it is sent. `more` are members beside the standard ones, `errors` among them."""
    title = title or str(TITLES.get(code, TITLES["error"]))
    return {
        **more,
        "type": f"/api/docs/#{code}",
        "title": title,
        "status": int(status),
        "detail": detail or title,
        "code": code,
        "errors": more.get("errors", {}),
    }


def answer(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """REST framework's handler. None lets the error through: it is logged, and `ProblemMiddleware` answers 500."""
    headers: dict[str, str] = {}
    match error:
        case Refused():
            body = document(
                error.status, error.code, title=str(error.title), detail=error.detail, errors=error.errors, **error.more
            )
            headers = {"Retry-After": "1"} if type(error) is Busy else {}
        case drf.ValidationError():
            body = document(400, "invalid", errors=dict(flattened(error.detail)))
        case Http404():
            body = document(404, "not_found")
        case PermissionDenied():
            body = document(403, "forbidden")
        case drf.APIException():
            body = document(error.status_code, code_of(error.status_code), detail=str(error.detail))
            headers = _headers(error)
        case OperationalError() | InterfaceError():
            body = document(503, "unavailable", detail=_("The database does not answer. Try again in a few seconds."))
            headers = {"Retry-After": "5"}
        case _:
            return None
    return Response(body, status=body["status"], headers=headers, content_type=PROBLEM)


def code_of(status: int) -> str:
    """The code of a problem that has no better one than its status."""
    return _CODES.get(HTTPStatus(status), "malformed" if status < 500 else "error")


def flattened(detail: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:  # noqa: ANN401 nested lists and dicts
    """REST framework's nested messages as (`location.lat`, messages)."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            own = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from flattened(inner, own)
    elif isinstance(detail, list) and any(isinstance(entry, Mapping | list) for entry in detail):
        for index, inner in enumerate(detail):
            if inner:
                yield from flattened(inner, f"{path}.{index}" if path else str(index))
    else:
        yield path or FIELD_OF_ALL, [str(entry) for entry in (detail if isinstance(detail, list) else [detail])]


class ProblemMiddleware:
    """Whatever answers an error under /api/, Django's own pages for it included, answers a problem document."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path_info.startswith("/api/"):
            return response
        if response.headers.get("Content-Type", "") == PROBLEM:
            return response
        # What Django itself refuses was not read as JSON yet: a name that this host has not got, too many fields.
        code = "bad_request" if response.status_code == 400 else code_of(response.status_code)
        body = document(response.status_code, code)
        problem = HttpResponse(json.dumps(body), status=response.status_code, content_type=PROBLEM)
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if name in response.headers:
                problem.headers[name] = response.headers[name]
        return problem


def _headers(error: drf.APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    wait: float | None = getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    return headers
