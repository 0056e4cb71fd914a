"""What clients send by mistake or in bad faith: told which field is wrong, nothing half-saved, never a 5xx."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from agencies.models import Agency, Member
from calls.models import Call
from ledger.models import Event
from tests.api.client import Api

PLACE = {"location": {"address": "1 Main St"}}

BAD: dict[str, tuple[Any, str]] = {
    "neither a place nor a call-back number": ({"narrative": "help"}, "location"),
    "nothing at all": ({}, "location"),
    "blank place and number": ({"location": {"address": "  "}, "caller": {"phone": " "}}, "location"),
    "no object": ([1, 2], "body"),
    "a string": ("call", "body"),
    "nothing but null": (None, "body"),
    "an unknown field": (PLACE | {"adress": "x"}, "adress"),
    "an unknown field inside": ({"location": {"address": "x", "zip": "1"}}, "location.zip"),
    "an unknown type": (PLACE | {"type": "NOSUCH"}, "type"),
    "a type that is a number": (PLACE | {"type": 5}, "type"),
    "an unknown answer code": (PLACE | {"answers": {"colour": "yes"}}, "answers.colour"),
    "an answer that is none": (PLACE | {"answers": {"weapon": "maybe"}}, "answers.weapon"),
    "an answer that is true": (PLACE | {"answers": {"weapon": True}}, "answers.weapon"),
    "answers as a list": (PLACE | {"answers": ["weapon"]}, "answers"),
    "an unknown fact": (PLACE | {"facts": {"height": 3}}, "facts.height"),
    "an age as text": (PLACE | {"facts": {"subject_age": "12"}}, "facts.subject_age"),
    "an age as truth": (PLACE | {"facts": {"subject_age": True}}, "facts.subject_age"),
    "an age with a fraction": (PLACE | {"facts": {"subject_age": 12.5}}, "facts.subject_age"),
    "a negative age": (PLACE | {"facts": {"caller_age": -1}}, "facts.caller_age"),
    "an age of a tree": (PLACE | {"facts": {"caller_age": 1000}}, "facts.caller_age"),
    "a huge number": (PLACE | {"facts": {"elapsed_min": 10**30}}, "facts.elapsed_min"),
    "a latitude beyond the pole": ({"location": {"lat": 91, "lon": 0}}, "location.lat"),
    "a longitude beyond the date line": ({"location": {"lat": 0, "lon": -181}}, "location.lon"),
    "half a position": ({"location": {"lat": 37.3}}, "location"),
    "a position as text": ({"location": {"lat": "37.3", "lon": "-121.9"}}, "location.lat"),
    "a narrative of 20,001 characters": (PLACE | {"narrative": "x" * 20_001}, "narrative"),
    "a phone of 41 characters": ({"caller": {"phone": "5" * 41}}, "caller.phone"),
    "a phone as a number": ({"caller": {"phone": 5551234}}, "caller.phone"),
    "a NUL": (PLACE | {"narrative": "a\x00b"}, "narrative"),
    "a bell": (PLACE | {"narrative": "a\x07b"}, "narrative"),
    "half a surrogate pair": (PLACE | {"narrative": "a\ud83d"}, "narrative"),
    "a NUL in a name": (PLACE | {"answers": {"we\x00apon": "yes"}}, "answers"),
    "a NUL in an external number": (PLACE | {"external": [{"system": "cad", "number": "1\x00"}]}, "external.0.number"),
    "an external number without a system": (PLACE | {"external": [{"number": "1"}]}, "external.0.system"),
    "an external number that is null": (PLACE | {"external": [None]}, "external.0"),
    "a source that is none": (PLACE | {"source": "pigeon"}, "source"),
    "a self-initiated call by a desk": (PLACE | {"source": "self_initiated"}, "source"),
    "an emergency that is 1": ({"emergency": 1}, "emergency"),
    "a priority beyond the classes": (PLACE | {"priority": 5}, "priority"),
    "a time that is none": (PLACE | {"occurred_at": "yesterday"}, "occurred_at"),
    "a time as a number": (PLACE | {"occurred_at": 1700000000}, "occurred_at"),
    "the year 0001": (PLACE | {"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
    "the year 9999": (PLACE | {"occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at"),
    "three years ago": (PLACE | {"occurred_at": "2021-01-01T00:00:00Z"}, "occurred_at"),
    "the 31st of February": (PLACE | {"occurred_at": "2026-02-31T00:00:00Z"}, "occurred_at"),
}

BROKEN: dict[str, bytes] = {
    "cut off": b'{"narrative": "a',
    "NaN": b'{"location": {"lat": NaN, "lon": 1}}',
    "Infinity": b'{"location": {"lat": -Infinity, "lon": 1}}',
    "a number beyond numbers": b'{"location": {"lat": 1e999, "lon": 1}}',
    "a number of 5,000 digits": b'{"priority": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"narrative": "a", "narrative": "b"}',
    "Latin-1": '{"narrative": "café"}'.encode("latin-1"),
    "UTF-16": '{"narrative": "x"}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "nested 100 deep": b'{"a":' * 100 + b"1" + b"}" * 100,
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "no JSON": b"narrative=x",
    "a single quote": b"{'narrative': 'x'}",
}


def test_a_bad_field_is_named_and_nothing_is_saved(doras: Api) -> None:
    for what, (body, field) in BAD.items():
        raw = json.dumps(body).encode()
        answer = doras.post("calls", raw)
        assert (answer.status, answer["code"]) == (400, "invalid"), (what, answer)
        assert field in answer["errors"], (what, answer)
        assert all(messages for messages in answer["errors"].values()), what
        assert doras.post("triage", raw).status in (200, 400), what
    assert (Call.objects.count(), Event.objects.filter(kind="call.taken").count()) == (0, 0)


def test_a_yes_is_true_and_nothing_like_it(sues: Api, take: Callable[..., Call]) -> None:
    for nearly in ("yes", "true", 1, "1", None):
        answer = sues.post(f"calls/{take().number}/approval", {"approved": nearly})
        assert (answer.status, list(answer["errors"])) == (400, ["approved"]), nearly


def test_broken_json_is_a_problem_and_not_a_crash(doras: Api) -> None:
    for what, raw in BROKEN.items():
        answer = doras.post("calls", raw)
        assert (answer.status, answer["code"]) == (400, "malformed"), (what, answer)
    assert not Call.objects.exists()


def test_another_content_type_is_415(doras: Api) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"):
        answer = doras.send("POST", "calls", b'{"emergency": true}', content_type=kind)
        assert (answer.status, answer["code"]) == (415, "unsupported_media_type"), kind


def test_another_charset_is_415(doras: Api) -> None:
    answer = doras.send("POST", "calls", b"{}", content_type="application/json; charset=utf-16")
    assert answer.status == 415


def test_a_body_of_a_megabyte_and_more_is_413(doras: Api) -> None:
    answer = doras.post("calls", PLACE | {"narrative": "x" * 1_100_000})
    assert (answer.status, answer["code"]) == (413, "too_large")


def test_every_fault_is_told_at_once(doras: Api) -> None:
    answer = doras.post("calls", {"location": {"lat": 91, "lon": 181}, "source": "pigeon", "colour": 1})
    assert set(answer["errors"]) == {"location.lat", "location.lon", "source", "colour"}


ODD = (
    "🚗 caf\u00e9 \u202eRTL\u202c مرحبا \u05e9\u05dc\u05d5\u05dd",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "'; DROP TABLE calls_call; --",
    "  two spaces,\ttab,\r\nlines  ",
    "e\u0301 is not é",
    "{{ 7 * 7 }} %s %(x)s \\u0000 ${x}",
)


def test_odd_but_legal_text_is_kept_letter_for_letter(doras: Api) -> None:
    for text in ODD:
        caller = {"name": text, "phone": " (408) 555-0100 ext. 7 "}
        number = doras.post("calls", {"location": {"address": text}, "narrative": text, "caller": caller})["number"]
        call = doras.get(f"calls/{number}")
        assert (call["location"]["address"], call["narrative"], call["caller"]["name"]) == (text, text, text)
        assert call["caller"]["phone"] == " (408) 555-0100 ext. 7 "
        assert number in {row["number"] for row in doras.get("calls?q=555-0100")["results"]}


BAD_QUERIES = (
    "calls?status=asleep",
    "calls?route=left",
    "calls?since=yesterday",
    "calls?q=%00",
    "calls?cursor=x",
    "calls?cursor=cD0lMDA=",
    "calls?cursor=é",
    "calls?cursor=W10",
    "calls?cursor=W2ZhbHNlLCAiMjAyNi0wMS0wMSIsIDFd",
    "shifts?cursor=W2ZhbHNlLCAtMV0",
    "rule-sets?cursor=W2ZhbHNlLCA5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OV0",
    "calls?limit=0",
    "calls?limit=-1",
    "calls?limit=many",
)


def test_a_bad_filter_or_cursor_is_400(doras: Api) -> None:
    for path in BAD_QUERIES:
        answer = doras.get(path)
        assert (answer.status, answer["code"]) == (400, "invalid"), path


NOT_THERE = (
    "calls/26-999999",
    "calls/%00",
    "calls/..%2f..",
    "calls/26-000001'--",
    "calls/" + "9" * 3000,
    "shifts/99999999999999999999",
    "rule-sets/99999999999999999999",
    "rule-sets/0",
    "",
    "nowhere",
    "calls/",
    "units/C11",
    "shifts/x",
)


def test_what_is_not_there_is_404(doras: Api) -> None:
    for path in NOT_THERE:
        answer = doras.send("GET", path, None, check=False)
        assert (answer.status, answer["code"]) == (404, "not_found"), path
        assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_method_that_is_not_there_is_405(doras: Api) -> None:
    answer = doras.send("DELETE", "calls", None, check=False)
    assert (answer.status, answer["code"], answer.headers["Allow"]) == (405, "method_not_allowed", "GET, HEAD, POST")


def test_a_host_that_is_not_ours_is_told_so_and_not_that_its_json_is_wrong(doras: Api) -> None:
    answer = doras.send("GET", "calls", None, check=False, headers={"host": "evil.example"})
    assert (answer.status, answer["code"]) == (400, "bad_request")
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_without_a_good_token_nobody_comes_in(agency: Agency) -> None:
    for token in ("", "cso_wrong", "é", "x" * 5000):
        answer = Api(token).get("calls")
        assert (answer.status, answer["code"]) == (401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
        assert ("unknown or was revoked" in answer["detail"]) is bool(token), token


def test_a_browser_session_is_no_token(sign_in: Callable[..., Client], dora: Member) -> None:
    browser = sign_in(dora)
    assert browser.get("/api/v1/calls").status_code == 401
    assert browser.post("/api/v1/calls", {}, content_type="application/json").status_code == 401


def test_a_revoked_token_and_a_role_that_was_taken_away_are_strangers(doras: Api, dora: Member) -> None:
    dora.roles = ["officer"]
    dora.save()
    assert doras.get("calls").status == 401
    dora.roles = ["dispatcher"]
    dora.save()
    assert doras.get("calls").status == 200
    dora.active = False
    dora.save()
    assert doras.get("calls").status == 401
    dora.active = True
    dora.save()
    assert doras.get("calls").status == 200
    dora.tokens.update(revoked_at="2026-01-01T00:00:00Z")
    assert doras.get("calls").status == 401


def test_an_unexpected_error_says_nothing_about_its_cause(doras: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyError("408-555-0100")

    monkeypatch.setattr("api.v1.units.queries.units_now", fail)
    client = Client(headers={"authorization": f"Bearer {doras.token}"}, raise_request_exception=False)
    answer = client.get("/api/v1/units")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert "408" not in answer.content.decode()
