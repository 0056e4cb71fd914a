"""A request that is sent again, because an answer was lost or a finger slipped, has its effect once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections

from agencies.models import Agency, Member, Token
from api import idempotency
from api.models import IdempotencyKey
from calls.models import Call, Note
from dispatch.models import Assignment, Shift, Unit
from ledger import record as ledger_record
from ledger.models import Event
from tests.api.client import Answer, Api
from tests.api.conftest import ApiFor
from tests.conftest import ALL_NO
from tests.fixtures import Database

PARKED = {"type": "VEHABND", "location": {"address": "200 E Santa Clara St"}, "answers": ALL_NO, "narrative": "blue"}
KEY = {"idempotency_key": "7f1c9e0a"}
Take = Callable[..., Call]


def at_once(*requests: Callable[[], Answer]) -> list[Answer]:
    """Sends all of them in the same moment, each from a thread with a connection of its own."""
    start = Barrier(len(requests))

    def send(request: Callable[[], Answer]) -> Answer:
        try:
            start.wait(5)
            return request()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(requests)) as pool:
        return [found.result(20) for found in [pool.submit(send, request) for request in requests]]


def test_the_same_request_again_makes_no_second_call(doras: Api) -> None:
    first = doras.post("calls", PARKED, **KEY)
    again = doras.post("calls", PARKED, **KEY)
    assert (again.status, again["number"]) == (201, first["number"])
    assert again.headers["Location"] == first.headers["Location"]
    assert Call.objects.count() == 1


def test_a_repetition_gets_the_call_as_it_is_now(doras: Api) -> None:
    number = doras.post("calls", PARKED, **KEY)["number"]
    doras.post(f"calls/{number}/cancel", {"disposition": "10", "reason": "gone"})
    again = doras.post("calls", PARKED, **KEY)
    assert (again.status, again["status"]) == (201, "cancelled")


def test_the_order_of_names_does_not_make_it_another_request(doras: Api) -> None:
    doras.post("calls", PARKED, **KEY)
    assert doras.post("calls", dict(reversed(PARKED.items())), **KEY).status == 201
    assert Call.objects.count() == 1


@pytest.mark.parametrize("path", ["calls", "triage"])
def test_the_same_key_for_something_else_is_refused(path: str, doras: Api, take: Take) -> None:
    there = path if path == "calls" else f"calls/{take().number}/triage"
    doras.post("calls", PARKED, **KEY)
    calls = Call.objects.count()
    refused = doras.post(there, {"answers": ALL_NO, "type": "VEHABND"}, **KEY)
    assert (refused.status, refused["code"]) == (422, "idempotency_mismatch")
    assert Call.objects.count() == calls


def test_keys_of_two_programs_do_not_meet(doras: Api, dora: Member, api_for: ApiFor) -> None:
    doras.post("calls", PARKED, **KEY)
    api_for(dora).post("calls", PARKED, **KEY)
    assert Call.objects.count() == 2


def test_every_post_that_makes_something_makes_it_once(
    doras: Api, sues: Api, take: Take, coles_unit: Unit, other_unit: Unit
) -> None:
    call = take()
    shift = {"name": "Early", "starts_at": "2026-12-01T08:00:00Z", "ends_at": "2026-12-01T16:00:00Z"}
    requests: list[tuple[Api, str, Any]] = [
        (doras, f"calls/{call.number}/assignments", {"unit": coles_unit.callsign}),
        (doras, f"calls/{call.number}/notes", {"text": "Blue."}),
        (doras, f"units/{other_unit.callsign}/self-initiated", {"type": "VEHABND"}),
        (doras, f"units/{coles_unit.callsign}/mayday", {}),
        (doras, f"calls/{call.number}/transfer", {"to": "sworn", "reason": "x"}),
        (doras, "radio-checks", {"callsigns": [coles_unit.callsign]}),
        (sues, "shifts", shift),
    ]
    for index, (api, path, body) in enumerate(requests):
        first = api.post(path, body, idempotency_key=f"k{index}")
        lines = Event.objects.count()
        again = api.post(path, body, idempotency_key=f"k{index}")
        assert (again.status, again.body.get("id")) == (first.status, first.body.get("id")), path
        assert Event.objects.count() == lines, path
    # The reason of the transfer is a note too.
    assert (Assignment.objects.count(), Note.objects.count(), Shift.objects.count()) == (2, 2, 2)


def test_a_repeated_mayday_that_found_the_alarm_open_opens_no_second_call_when_it_was_taken(
    doras: Api, coles_unit: Unit
) -> None:
    from ledger.models import Alarm

    there = f"units/{coles_unit.callsign}/mayday"
    first = doras.post(there, {})
    assert doras.post(there, {}, **KEY)["number"] == first["number"]
    Alarm.objects.update(taken_at="2026-01-01T00:00:00Z", settled_at="2026-01-01T00:00:00Z")
    assert doras.post(there, {}, **KEY)["number"] == first["number"]
    assert Call.objects.count() == 1


def test_a_refused_request_leaves_no_key(doras: Api, take: Take, coles_unit: Unit) -> None:
    first, second = take(), take()
    taken = doras.post(f"calls/{first.number}/assignments", {"unit": coles_unit.callsign})
    there, body = f"calls/{second.number}/assignments", {"unit": coles_unit.callsign}
    assert doras.post(there, body, **KEY)["code"] == "unit_busy"
    doras.post(f"assignments/{taken['id']}/status", {"status": "cleared"})
    assert doras.post(there, body, **KEY).status == 201


def test_eight_at_once_take_one_call(doras: Api, agency: Agency) -> None:
    answers = at_once(*[lambda: doras.post("calls", PARKED, **KEY)] * 8)
    assert {answer.status for answer in answers} == {201}
    assert len({answer["number"] for answer in answers}) == 1
    assert Call.objects.count() == 1


def test_a_double_click_sends_one_unit_and_nobody_is_refused(doras: Api, take: Take, coles_unit: Unit) -> None:
    there = f"calls/{take().number}/assignments"
    answers = at_once(*[lambda: doras.post(there, {"unit": coles_unit.callsign}, **KEY)] * 4)
    assert {(answer.status, answer["id"]) for answer in answers} == {(201, Assignment.objects.get().pk)}


def test_two_with_one_key_and_different_bodies_at_once_have_one_effect(doras: Api, agency: Agency) -> None:
    other = PARKED | {"narrative": "red"}
    answers = at_once(lambda: doras.post("calls", PARKED, **KEY), lambda: doras.post("calls", other, **KEY))
    assert sorted(answer.status for answer in answers) == [201, 422]
    assert Call.objects.count() == 1


def test_who_waits_too_long_for_the_first_is_told_to_come_again(doras: Api, dora: Member, database: Database) -> None:
    token = Token.objects.get(member=dora)
    with database.superuser() as slow:
        slow.autocommit = False
        slow.execute(
            "INSERT INTO api_idempotencykey (agency_id, token_id, key, digest, status, at)"
            " VALUES (%s, %s, '7f1c9e0a', 'x', 201, now())",
            [token.agency_id, token.pk],
        )
        refused = doras.post("calls", PARKED, **KEY)
        slow.rollback()
    assert (refused.status, refused["code"], refused.headers["Retry-After"]) == (409, "busy", "1")
    assert not Call.objects.exists()
    assert doras.post("calls", PARKED, **KEY).status == 201


def test_a_crash_before_the_commit_leaves_neither_effect_nor_key(doras: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> int:
        raise SystemError("the process dies here")

    with monkeypatch.context() as during:
        during.setattr(ledger_record.Book, "write", crash)
        with pytest.raises(SystemError):
            doras.post("calls", PARKED, **KEY)
    assert (Call.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert doras.post("calls", PARKED, **KEY).status == 201
    assert Call.objects.count() == 1


def test_a_crash_after_the_commit_leaves_both(doras: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> None:
        raise SystemError("the process dies here")

    with monkeypatch.context() as during:
        during.setattr("api.v1.calls.just_taken", crash)
        with pytest.raises(SystemError):
            doras.post("calls", PARKED, **KEY)
    again = doras.post("calls", PARKED, **KEY)
    assert (again.status, again["number"]) == (201, Call.objects.get().number)


def test_what_is_kept_holds_no_words(doras: Api, database: Database) -> None:
    doras.post("calls", PARKED | {"narrative": "a blue sedan"}, **KEY)
    with database.superuser() as superuser:
        [(row,)] = superuser.execute("SELECT k::text FROM api_idempotencykey k").fetchall()
    assert "blue" not in row
    assert "Santa Clara" not in row


def test_a_key_is_printable_and_short(doras: Api) -> None:
    for key in ("", "x" * 256, "tab\there", "é"):
        refused = doras.post("calls", PARKED, idempotency_key=key)
        assert (refused.status, list(refused["errors"])) == (400, ["Idempotency-Key"]), key


def test_keys_are_forgotten_after_three_days(doras: Api, now: datetime) -> None:
    doras.post("calls", PARKED, **KEY)
    assert idempotency.forget(now + timedelta(days=2)) == 0
    assert idempotency.forget(now + timedelta(days=4)) == 1


def test_the_site_cannot_change_a_key(doras: Api) -> None:
    from django.db import ProgrammingError

    doras.post("calls", PARKED, **KEY)
    with pytest.raises(ProgrammingError), connection.cursor() as cursor:
        cursor.execute("UPDATE api_idempotencykey SET made_id = 1")
