"""A token may ask 1,200 times in a minute, and then has to wait."""

import time
from collections.abc import Callable

import pytest
from django.conf import settings

from agencies.models import Member
from tests.api.client import Api
from tests.api.conftest import ApiFor
from tests.fixtures import Valkey


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The throttle's clock, to be turned by hand."""
    hand = {"now": 1_800_000_000.0}
    monkeypatch.setattr("api.throttles.time.time", lambda: hand["now"])
    return hand


def test_as_shipped_1200_pass_in_a_minute() -> None:
    assert settings.API_REQUESTS_PER_MINUTE == 1200


def test_one_too_many_is_told_when_to_come_again_and_nothing_is_done(
    doras: Api, requests_a_minute: Callable[[int], None], clock: dict[str, float]
) -> None:
    requests_a_minute(5)
    assert [doras.get("units").status for _ in range(5)] == [200] * 5
    refused = doras.post("calls", {"emergency": True})
    assert (refused.status, refused["code"]) == (429, "throttled")
    wait = int(refused.headers["Retry-After"])
    assert 55 <= wait <= 60
    clock["now"] += wait
    assert doras.post("calls", {"emergency": True}).status == 201


def test_requests_spread_evenly_never_wait(
    doras: Api, requests_a_minute: Callable[[int], None], clock: dict[str, float]
) -> None:
    requests_a_minute(12)
    for _ in range(30):
        assert doras.get("safety-floor").status == 200
        clock["now"] += 5


def test_the_wait_is_as_long_as_the_oldest_need_to_leave(
    doras: Api, requests_a_minute: Callable[[int], None], clock: dict[str, float]
) -> None:
    requests_a_minute(3)
    doras.get("units")
    clock["now"] += 40
    doras.get("units")
    doras.get("units")
    assert 15 <= int(doras.get("units").headers["Retry-After"]) <= 20


def test_one_tokens_haste_does_not_slow_another(
    doras: Api, dora: Member, api_for: ApiFor, requests_a_minute: Callable[[int], None], clock: dict[str, float]
) -> None:
    requests_a_minute(1)
    assert [doras.get("units").status for _ in range(2)] == [200, 429]
    assert api_for(dora).get("units").status == 200


def test_with_valkey_dead_requests_pass_and_are_still_counted(
    doras: Api, requests_a_minute: Callable[[int], None], valkey: Valkey, clock: dict[str, float]
) -> None:
    requests_a_minute(3)
    valkey.stop()
    begin = time.monotonic()
    assert [doras.get("safety-floor").status for _ in range(4)] == [200, 200, 200, 429]
    assert time.monotonic() - begin < 3
