"""A board in the browser keeps itself right: frames, pulses, and what happens when something goes away."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from agencies.models import Agency, Member
from calls.models import Call
from dispatch.board import board_view
from ledger.models import Event, Heartbeat
from tests.fixtures import Database, Valkey, Web
from tests.live.listening import Listening, listening

Take = Callable[..., Call]
SignIn = Callable[..., Client]


def last_seq() -> int:
    return Event.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def stream_of(agency: Agency) -> str:
    return board_view(agency, timezone.now()).stream_url


@pytest.fixture
def console(dora: Member, sign_in: SignIn) -> Client:
    return sign_in(dora)


def settled(stream: Listening) -> None:
    """The stream is there: it has shown its first sign of life."""
    stream.until(lambda frame: frame.event == "pulse")


def test_a_call_reaches_a_board_that_is_open(web: Web, agency: Agency, console: Client, take: Take) -> None:
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=console) as stream:
        assert stream.status == 200
        settled(stream)
        began = time.monotonic()
        call = take()
        frame = stream.next()
        assert time.monotonic() - began < 2
    row = f"call-{call.number}"
    assert [patch["id"] for patch in frame.data["patches"]] == [row]
    assert f'id="{row}"' in frame.data["patches"][0]["html"]
    assert frame.id == frame.data["seq"] == last_seq()
    assert {event["kind"] for event in frame.data["events"]} >= {"call.taken", "call.decided"}


def test_a_stranger_is_sent_to_sign_in(web: Web, agency: Agency) -> None:
    with listening(web, stream_of(agency)) as stream:
        assert stream.status == 302


def test_rex_finds_no_such_stream(web: Web, agency: Agency, rex: Member, sign_in: SignIn) -> None:
    with listening(web, stream_of(agency), client=sign_in(rex)) as stream:
        assert stream.status == 404


def test_a_frame_holds_no_words_of_residents(web: Web, agency: Agency, console: Client, take: Take) -> None:
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=console) as stream:
        settled(stream)
        take(caller_name="Zebulon Q", caller_phone="408-555-0123", narrative="my son did it")
        said = str(stream.next().data)
    for words in ("Zebulon", "555-0123", "my son"):
        assert words not in said


def test_an_officers_frame_does_not_say_that_something_was_decided(
    web: Web, agency: Agency, cole: Member, sign_in: SignIn, take: Take
) -> None:
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=sign_in(cole)) as stream:
        settled(stream)
        take()
        kinds = [event["kind"] for event in stream.next().data["events"]]
    assert "call.taken" in kinds
    assert "" in kinds
    assert "call.decided" not in kinds


def test_a_board_that_is_behind_is_given_what_it_lacks(web: Web, agency: Agency, console: Client, take: Take) -> None:
    path = stream_of(agency)
    start = last_seq()
    with listening(web, f"{path}?after={start}", client=console) as keeping_the_painter:
        settled(keeping_the_painter)
        first = take()
        seen = keeping_the_painter.next()
        second = take()
        keeping_the_painter.next()
        with listening(web, f"{path}?after={seen.id}", client=console) as late:
            frame = late.next()
    assert not frame.data["whole"]
    assert [patch["id"] for patch in frame.data["patches"]] == [f"call-{second.number}"]
    assert first.number != second.number


def test_a_board_that_is_too_far_behind_is_given_the_whole(
    web: Web, agency: Agency, console: Client, take: Take
) -> None:
    numbers = {take().number for _ in range(3)}
    with listening(web, f"{stream_of(agency)}?after=1", client=console) as stream:
        frame = stream.next()
    assert frame.data["whole"]
    assert frame.id == last_seq()
    assert {f"call-{number}" for number in numbers} <= {patch["id"] for patch in frame.data["patches"]}


def test_many_streams_take_no_connections_and_no_threads(
    web: Web, agency: Agency, console: Client, take: Take, database: Database
) -> None:
    path = f"{stream_of(agency)}?after={last_seq()}"
    streams = [Listening(web.port, path, _cookie(console)) for _ in range(60)]
    try:
        for stream in streams:
            settled(stream)
        with open(f"/proc/{web.process.pid}/status") as status:
            threads = int(next(line for line in status if line.startswith("Threads")).split()[1])
        with database.superuser() as server:
            [(connections,)] = server.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cso_app'"
            ).fetchall()
        assert threads < 45
        assert connections < 15
        began = time.monotonic()
        take()
        for stream in streams:
            assert stream.next().data["patches"]
        assert max(stream.frames[-1].at for stream in streams) - began < 2
    finally:
        for stream in streams:
            stream.close()


def _cookie(client: Client) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={cookie.value}" for name, cookie in client.cookies.items())}


def test_it_says_within_seconds_that_nothing_watches_the_clocks_and_that_something_does(
    web: Web, agency: Agency, console: Client
) -> None:
    def beat(at_ago_s: int) -> None:
        for name in ("clock", "worker"):
            Heartbeat.objects.update_or_create(name=name, defaults={"at": timezone.now() - timedelta(seconds=at_ago_s)})

    beat(0)
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=console) as stream:
        stream.until(lambda frame: frame.event == "pulse" and frame.data["watched"])
        beat(20)
        stream.until(lambda frame: frame.event == "pulse" and not frame.data["watched"], seconds=6)
        beat(0)
        stream.until(lambda frame: frame.event == "pulse" and frame.data["watched"], seconds=6)


def test_a_sign_of_life_every_few_seconds(web: Web, agency: Agency, console: Client) -> None:
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=console) as stream:
        settled(stream)
        first = time.monotonic()
        settled(stream)
        assert time.monotonic() - first < 9


@pytest.mark.parametrize("how", ["removed", "signed out"])
def test_a_member_who_may_look_no_more_sees_no_more(
    web: Web, agency: Agency, console: Client, dora: Member, how: str
) -> None:
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=console) as stream:
        settled(stream)
        if how == "removed":
            Member.objects.filter(pk=dora.pk).update(active=False)
        else:
            console.session.flush()
        assert stream.ended.wait(15)


def test_a_member_who_may_look_no_more_is_not_shown_what_happens_next(
    web: Web, agency: Agency, console: Client, dora: Member, sue: Member, sign_in: SignIn, take: Take
) -> None:
    path = f"{stream_of(agency)}?after={last_seq()}"
    with listening(web, path, client=console) as doras, listening(web, path, client=sign_in(sue)) as sues:
        settled(doras)
        settled(sues)
        Member.objects.filter(pk=dora.pk).update(active=False)
        take()
        assert sues.next().data["patches"]
        assert doras.ended.wait(15)
        assert [frame for frame in doras.rest() if not frame.event] == []


def test_with_valkey_killed_a_change_is_seen_a_few_seconds_later(
    web: Web, agency: Agency, console: Client, take: Take, valkey: Valkey
) -> None:
    with listening(web, f"{stream_of(agency)}?after={last_seq()}", client=console) as stream:
        settled(stream)
        valkey.stop()
        for _ in range(3):
            began = time.monotonic()
            call = take()
            assert stream.next().data["patches"][0]["id"] == f"call-{call.number}"
            assert time.monotonic() - began < 6
