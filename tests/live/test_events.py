"""Programs follow the ledger: every number once, in order, without a gap."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.conf import settings
from redis import Redis

from agencies.models import Agency, Member, Token
from agencies.roles import Role
from agencies.scope import agency_scope
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call
from dispatch.actions import AssignOrder, assign_unit
from dispatch.models import Unit
from ledger import tail, wake
from ledger.models import Event
from tests.conftest import Company
from tests.cso.console import wait_until
from tests.fixtures import Database, Valkey, Web
from tests.live.listening import Listening, listening

EVENTS = "/api/v1/events"
Take = Callable[..., Call]
TokenFor = Callable[[Member, Role], str]


def last_seq() -> int:
    return Event.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def begun(stream: Listening) -> None:
    """It knows after which number it tells: the second sign of life, the first is its answer."""
    for _ in range(2):
        stream.until(lambda frame: frame.event == "comment")


@pytest.fixture
def token(dora: Member, token_for: TokenFor) -> str:
    return token_for(dora, Role.DISPATCHER)


def test_a_stranger_is_told_to_bring_a_token(web: Web, agency: Agency) -> None:
    with listening(web, EVENTS) as stream:
        assert stream.status == 401
        assert stream.headers["Content-Type"] == "application/problem+json"


def test_who_knows_more_than_a_restored_ledger_is_told_and_does_not_wait_for_ever(
    web: Web, take: Take, token: str
) -> None:
    take()
    with listening(web, f"{EVENTS}?after={last_seq()}", token=token) as stream:
        assert stream.status == 200
    with listening(web, f"{EVENTS}?after={last_seq() + 1}", token=token) as stream:
        assert stream.status == 409
        assert stream.headers["Content-Type"] == "application/problem+json"


def test_from_the_beginning_every_number_comes_once_and_in_order(web: Web, take: Take, token: str) -> None:
    take()
    with listening(web, f"{EVENTS}?after=0", token=token) as stream:
        assert stream.status == 200
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        seen = stream.take(last_seq())
        take()
        seen += stream.take(last_seq() - len(seen))
    assert [frame.id for frame in seen] == list(range(1, last_seq() + 1))
    assert all(frame.data["seq"] == frame.id for frame in seen)


def test_a_frame_says_what_happened_and_to_what(
    web: Web, take: Take, token: str, dora: Member, coles_unit: Unit, now: datetime
) -> None:
    call = take()
    with listening(web, f"{EVENTS}?after={last_seq()}", token=token) as stream:
        assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
        frame = stream.next()
    assert frame.data["kind"] == "assignment.made"
    assert frame.data["about"] == {"call": call.number, "unit": coles_unit.callsign}
    assert frame.data["data"]["to"] == "assigned"
    assert datetime.fromisoformat(frame.data["at"]) == now


def test_without_a_number_it_starts_now(web: Web, take: Take, token: str) -> None:
    take()
    before = last_seq()
    with listening(web, EVENTS, token=token) as stream:
        begun(stream)
        take()
        assert stream.next().id == before + 1


def test_a_listener_that_comes_back_says_where_it_was(web: Web, take: Take, token: str) -> None:
    take()
    take()
    with listening(web, EVENTS, token=token, last=3) as stream:
        assert [frame.id for frame in stream.take(last_seq() - 3)] == list(range(4, last_seq() + 1))


def test_a_number_that_is_none_is_a_problem(web: Web, token: str) -> None:
    with listening(web, f"{EVENTS}?after=yesterday", token=token) as stream:
        assert stream.status == 400


def test_an_officer_gets_what_the_role_may_not_see_as_its_number_alone(
    web: Web, take: Take, cole: Member, token_for: TokenFor
) -> None:
    take()
    with listening(web, f"{EVENTS}?after=0", token=token_for(cole, Role.OFFICER)) as stream:
        seen = stream.take(last_seq())
    kinds = dict(Event.objects.values_list("seq", "kind"))
    for frame in seen:
        if kinds[frame.id or 0] == "call.decided":
            assert frame.data == {"seq": frame.id}
        elif kinds[frame.id or 0] == "call.taken":
            assert frame.data["kind"] == "call.taken"
    assert "call.decided" in kinds.values()


def test_rex_hears_nothing_of_us(
    web: Web, take: Take, rex: Member, theirs: Company, token_for: TokenFor, agency: Agency, now: datetime
) -> None:
    ours = take(), take()
    with listening(web, f"{EVENTS}?after=0", token=token_for(rex, Role.DISPATCHER)) as stream:
        with agency_scope(theirs.agency.pk):
            seen = stream.take(last_seq())
        take()
        with agency_scope(theirs.agency.pk):
            take_call(Intake(type_code="WELFARE", address="2 Rival Way"), by=rex, now=now)
            seen += stream.take(last_seq() - len(seen))
            own = set(Call.objects.values_list("number", flat=True))
            told = dict(Event.objects.values_list("seq", "kind"))
    assert {frame.id: frame.data["kind"] for frame in seen} == told, "his own, and nothing in between"
    assert {frame.data["about"].get("call") for frame in seen} == {None, *own}
    assert last_seq() > len(seen)
    assert own == {call.number for call in ours}, "the numbers are the same, the calls are not"


def test_a_slow_listener_is_served_from_the_ledger_and_misses_nothing(web: Web, take: Take, token: str) -> None:
    with listening(web, EVENTS, token=token) as first:
        first.until(lambda frame: frame.event == "comment")
        for _ in range(200):
            take()
    total = last_seq()
    assert total > 600
    with listening(web, f"{EVENTS}?after=5", token=token) as stream:
        assert [frame.id for frame in stream.take(total - 5)] == list(range(6, total + 1))


@pytest.mark.parametrize("how", ["removed", "other role", "revoked"])
def test_a_member_who_is_removed_hears_no_more(web: Web, token: str, dora: Member, take: Take, how: str) -> None:
    with listening(web, EVENTS, token=token) as stream:
        begun(stream)
        began = time.monotonic()
        if how == "removed":
            Member.objects.filter(pk=dora.pk).update(active=False)
        elif how == "other role":
            Member.objects.filter(pk=dora.pk).update(roles=[Role.OFFICER.value])
        else:
            Token.objects.update(revoked_at=dora.joined_at)
        assert stream.ended.wait(15)
        assert time.monotonic() - began < 15


def is_heard(agency: Agency) -> bool:
    """Somebody would be told of a new event."""
    with Redis.from_url(settings.REDIS_URL) as client:
        return bool(client.pubsub_numsub(wake.channel(agency.pk))[0][1])


def test_with_valkey_dead_events_come_a_little_later(
    web: Web, valkey: Valkey, agency: Agency, take: Take, token: str
) -> None:
    with listening(web, f"{EVENTS}?after=0", token=token) as stream:
        take()
        seen = stream.take(last_seq())
        valkey.stop()
        began = time.monotonic()
        take()
        seen += stream.take(last_seq() - len(seen))
        assert time.monotonic() - began < 6
        valkey.start()
        wait_until(lambda: is_heard(agency), what="the reader listens to Valkey again", seconds=20)
        wake.try_again()  # who takes the call found Valkey dead a moment ago, and leaves it alone for two seconds
        began = time.monotonic()
        take()
        seen += stream.take(last_seq() - len(seen))
        assert time.monotonic() - began < 2
    assert [frame.id for frame in seen] == list(range(1, last_seq() + 1))


def test_a_listener_outlives_the_readers_connection(web: Web, take: Take, token: str, database: Database) -> None:
    with listening(web, f"{EVENTS}?after=0", token=token) as stream:
        take()
        seen = stream.take(last_seq())
        with database.superuser() as server:
            ended = server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND usename = 'cso_app' AND application_name = 'cso ledger reader'"
            ).fetchall()
        assert ended
        take()
        seen += stream.take(last_seq() - len(seen))
    assert [frame.id for frame in seen] == list(range(1, last_seq() + 1))


def test_a_number_that_is_not_of_this_ledger_is_forgotten_after_one_look(agency: Agency, valkey: Valkey) -> None:
    async def told_nonsense() -> int:
        with tail.reading(agency.pk) as ledger:
            while ledger.last is None:
                await ledger.bell.wait()
            while not ledger.heard:
                wake.ring(agency.pk, 10**9)
                await asyncio.sleep(0)
            while ledger.heard:
                await asyncio.sleep(0.01)
            return ledger.last

    async def in_time() -> int:
        return await asyncio.wait_for(told_nonsense(), 5)

    with ThreadPoolExecutor(1) as elsewhere:  # the browser's tests leave a loop running on this thread
        assert elsewhere.submit(asyncio.run, in_time()).result() == last_seq()
