"""A program that uses the API, and holds every answer against the OpenAPI document."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from api.docs import document
from api.problems import PROBLEM

Json = Any  # whatever a body holds


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json
    headers: Mapping[str, str]

    def __getitem__(self, name: str) -> Json:
        return self.body[name]


@dataclass
class Api:
    """One client with one token. `check=False` for requests that no document describes."""

    token: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self.send("GET", path, None, headers=headers)

    def post(self, path: str, body: Json = None, **headers: str) -> Answer:
        return self.send("POST", path, body, headers=headers)

    def patch(self, path: str, body: Json, **headers: str) -> Answer:
        return self.send("PATCH", path, body, headers=headers)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path, None)

    def send(
        self,
        method: str,
        path: str,
        body: Json,
        *,
        check: bool = True,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Sends `body` as JSON (bytes as they are) to `path` below /api/v1/."""
        given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token:
            given["authorization"] = f"Bearer {self.token}"
        raw = b"" if body is None else _encoded(body)
        response = _client().generic(method, f"/api/v1/{path}", raw, content_type, headers=given)
        is_json = "json" in response.headers.get("Content-Type", "")
        answer = Answer(response.status_code, response.json() if is_json else None, response.headers)
        if check:
            conforms(method, path, answer)
        return answer


@lru_cache(maxsize=1)
def _client() -> Client:
    """One for all: setting up the middleware takes longer than a request."""
    return Client()


def _encoded(body: Json) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def conforms(method: str, path: str, answer: Answer) -> None:
    """The answer is one of those that the document names for the operation, and has the shape it says."""
    operation = _operation(method, path.partition("?")[0])
    assert str(answer.status) in operation["responses"], (method, path, answer.status, answer.body)
    kind = PROBLEM if answer.status >= 400 else "application/json"
    assert answer.headers["Content-Type"] == kind
    schema = operation["responses"][str(answer.status)]["content"][kind]["schema"]
    errors = [f"{error.json_path}: {error.message}" for error in _validator(_key(schema)).iter_errors(answer.body)]
    assert not errors, (method, path, errors)


def _operation(method: str, path: str) -> dict[str, Any]:
    for template, methods in document()["paths"].items():
        if method.lower() in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), f"/api/v1/{path}"):
            found: dict[str, Any] = methods[method.lower()]
            return found
    raise AssertionError(f"no document describes {method} {path}")


def _key(schema: dict[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@lru_cache(maxsize=200)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator({"allOf": [json.loads(schema)], "components": document()["components"]})
