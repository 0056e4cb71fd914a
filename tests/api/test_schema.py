"""The OpenAPI document: valid, complete, public, and true whatever a client sends."""

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS

from api.docs import document, problems
from tests.api.operations import ELSEWHERE, OPERATIONS

IDS = {
    operation["operationId"]: (path, method)
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
}


def test_the_document_is_valid_and_without_a_warning() -> None:
    GENERATOR_STATS.reset()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=StringIO())
    assert document()["openapi"].startswith("3.1")


def test_every_operation_has_its_row_in_the_table_of_roles() -> None:
    assert set(IDS) == set(OPERATIONS) | ELSEWHERE


@pytest.mark.parametrize("name", IDS)
def test_an_operation_says_how_it_refuses(name: str) -> None:
    path, method = IDS[name]
    operation = document()["paths"][path][method]
    refusals = {status for status in operation["responses"] if int(status) >= 400}
    assert {"401", "429"} <= refusals
    for status in refusals:
        assert list(operation["responses"][status]["content"]) == ["application/problem+json"]
    assert operation["security"] == [{"token": []}]
    assert operation["summary"]
    if method == "post" and name != "triage_preview":
        assert {"409", "422"} <= refusals


def test_anybody_may_read_the_document_and_the_page(db: None) -> None:
    assert Client().get("/api/schema/").json() == document()
    assert b"openapi: 3.1" in Client().get("/api/schema/?format=yaml").content
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert [code for code in problems() if f'id="{code}"' not in text] == []
    assert "`" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.S)
    assert "<code>undecided</code>" in text
    for path, _ in IDS.values():
        assert path in text


def test_the_page_works_under_the_strict_policy(db: None) -> None:
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "http://" not in text.replace("http://www.w3.org", "")
    for forbidden in ("<style", " style=", "onclick=", "<script>"):
        assert forbidden not in text
