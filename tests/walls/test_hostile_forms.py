"""Whatever is sent to a page's address, it is an answer and never a fault, and nothing is half-saved."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django import forms
from django.http import HttpResponseBase
from django.test import Client

import agencies.forms
import calls.forms
import dispatch.forms
from agencies.models import Agency, Member
from agencies.scope import agency_scope
from calls.models import Call
from tests.walls.test_every_url_refuses_rex import PAGES, STREAMS, _address, things  # noqa: F401 a fixture

NAMES = {
    name
    for module in (agencies.forms, calls.forms, dispatch.forms)
    for _, found in inspect.getmembers(module, inspect.isclass)
    if issubclass(found, forms.BaseForm)
    for name in getattr(found, "base_fields", {})
} | {"q", "status", "route", "type", "unit", "since", "before", "after", "from", "to", "days", "page", "question_Q1"}
HOSTILE = {
    "NUL and control characters": "a\x00b\x1b[2J\x07",
    "a lone surrogate": "\udce9",
    "NaN": "NaN",
    "a huge number": "-" + "9" * 400,
    "a long text": "x" * 2_500,
    "an absurd time": "9999-12-31T23:59:59+99:99",
    "code of all kinds": "'; DROP TABLE calls_call; --<script>alert(1)</script>%s {0} {{ settings.SECRET_KEY }}\u202e",
    "nothing": "",
}


def post(client: Client, address: str, value: str) -> HttpResponseBase:
    answer: HttpResponseBase = client.post(
        address, every_field(value), content_type="application/x-www-form-urlencoded"
    )
    return answer


@cache
def every_field(value: str) -> str:
    """A form in which every field that any form has holds the value."""
    quoted = _quoted(value)
    return "&".join(f"{name}={quoted}" for name in sorted(NAMES))


def _quoted(value: str) -> str:
    return "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("what", HOSTILE)
def test_no_form_and_no_filter_falls_over(
    what: str,
    dora: Member,
    sue: Member,
    agency: Agency,
    things: dict[str, Any],  # noqa: F811
    sign_in: Callable[..., Client],
) -> None:
    doras, sues = sign_in(dora), sign_in(sue)
    doras.raise_request_exception = sues.raise_request_exception = False
    query = every_field(HOSTILE[what][:500])
    for name in PAGES:
        if name in STREAMS:
            continue
        address = _address(name, agency.slug, things)
        answer = post(doras, address, HOSTILE[what])
        if answer.status_code == 403:
            answer = post(sues, address, HOSTILE[what])
        assert answer.status_code < 500, name
        if answer.status_code == 405:
            assert sues.get(f"{address}?{query}").status_code < 500, name
    with agency_scope(agency.pk):
        assert not Call.objects.filter(decision=None).exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--x\r\nContent-Disposition: form-data; name=", "multipart/form-data; boundary=x"),
        (b"\xff\xfe\x00", "multipart/form-data"),
        (b'{"address": ', "application/json"),
        (b"&".join(b"a%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    ],
)
def test_a_broken_body_is_refused_and_takes_no_call(
    body: bytes, content_type: str, dora: Member, agency: Agency, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(dora)
    client.raise_request_exception = False
    answer = client.post(f"/a/{agency.slug}/calls/", body, content_type=content_type)
    assert 400 <= answer.status_code < 500
    with agency_scope(agency.pk):
        assert not Call.objects.exists()


def test_a_narrative_that_is_too_long_is_said_to_be_and_stays_in_the_form(
    dora: Member, agency: Agency, sign_in: Callable[..., Client]
) -> None:
    answer = sign_in(dora).post(f"/a/{agency.slug}/calls/", {"address": "1 Elm St", "narrative": "x" * 20_001})
    assert answer.status_code == 400
    with agency_scope(agency.pk):
        assert not Call.objects.exists()


@pytest.mark.parametrize("at", ["9999-12-31T23:59", "9999-12-31T23:59:59-14:00", "2100-01-02T00:00"])
def test_a_call_set_aside_for_a_time_that_cannot_be_kept_does_not_take_the_board_away(
    at: str, dora: Member, agency: Agency, take: Callable[..., Call], sign_in: Callable[..., Client]
) -> None:
    call, doras = take(), sign_in(dora)
    assert doras.post(f"/a/{agency.slug}/calls/{call.number}/schedule/", {"at": at}).status_code == 400
    doras.raise_request_exception = False
    assert doras.get(f"/a/{agency.slug}/board/").status_code == 200


@pytest.mark.parametrize("days", ["from=9999-12-31", "to=9999-12-31", "to=0001-01-01", "from=0001-01-01&to=9999-12-31"])
def test_a_review_of_the_end_of_time_is_one_of_the_latest_days(
    days: str, sue: Member, agency: Agency, sign_in: Callable[..., Client]
) -> None:
    sues = sign_in(sue)
    sues.raise_request_exception = False
    for page in ("review/", "review/calls/"):
        assert sues.get(f"/a/{agency.slug}/{page}?{days}").status_code == 200


def test_a_nul_in_an_address_is_the_name_of_nothing(
    dora: Member, agency: Agency, sign_in: Callable[..., Client]
) -> None:
    doras = sign_in(dora)
    doras.raise_request_exception = False
    for query in ("board/?open=%00", "board/?open=26-000001%00", "calls/?q=%00"):
        assert doras.get(f"/a/{agency.slug}/{query}").status_code == 404, query


@pytest.mark.parametrize("number", ["26-999999", "%00", "..%2f..", "💥", "9" * 300, "26-000001%0a"])
def test_a_number_that_is_none_is_not_found(
    number: str, dora: Member, agency: Agency, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(dora)
    client.raise_request_exception = False
    assert client.get(f"/a/{agency.slug}/calls/{number}/").status_code == 404
