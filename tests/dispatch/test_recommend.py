"""Which unit should go: free, trained, nearest, and the reasons a dispatcher reads beside it."""

from dataclasses import replace

import pytest

from dispatch.recommend import BUSY, Candidate, Need, Words, rank

NEED = Need(lat=47.61, lon=-122.33, area="North", qualification="mediation")
NEAR = Candidate(
    callsign="S1", kind="vehicle", on_duty=True, primary="available", secondary="available",
    qualifications=frozenset({"mediation"}), lat=47.62, lon=-122.33, position_age_s=20.0,
)  # fmt: skip
FAR = replace(NEAR, callsign="S2", lat=47.70)


def order(*units: Candidate) -> list[str]:
    return [found.unit for found in rank(NEED, units)[0]]


def reasons(unit: Candidate) -> list[str]:
    (found,), _ = rank(NEED, [unit])
    return list(found.reasons)


def test_of_two_free_and_trained_units_the_nearer_goes() -> None:
    assert order(FAR, NEAR) == ["S1", "S2"]
    assert reasons(NEAR) == ["free", "qualified: mediation", "1.1 km in a straight line"]


def test_who_is_on_foot_takes_longer_and_it_says_so() -> None:
    walker = replace(NEAR, callsign="S3", kind="foot")
    assert order(walker, replace(FAR, lat=47.65)) == ["S2", "S3"]
    assert reasons(walker)[-1] == "on foot"
    assert reasons(replace(walker, kind="bicycle"))[-1] == "by bicycle"


def test_an_old_position_is_called_old() -> None:
    assert reasons(replace(NEAR, position_age_s=601.0))[-1] == "1.1 km in a straight line, position is old"


def test_the_area_counts_and_calls_that_wait_count_against_a_unit() -> None:
    own = replace(NEAR, callsign="S4", area="North")
    assert order(NEAR, own) == ["S4", "S1"]
    assert order(replace(own, stacked=2), NEAR) == ["S1", "S4"]


def test_without_a_position_nobody_is_left_out() -> None:
    lost = replace(NEAR, callsign="S5", lat=None, lon=None)
    assert order(lost, NEAR) == ["S1", "S5"]
    assert "distance unknown: the unit has no position" in reasons(lost)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"on_duty": False}, "not on duty"),
        ({"busy_with": Words(BUSY, status="on_scene", number="26-000001")}, "on scene on 26-000001"),
        ({"primary": "not_available", "secondary": "court"}, "not available: court"),
        ({"qualifications": frozenset({"parking"})}, "not qualified: mediation"),
    ],
)
def test_who_cannot_go_is_named_with_the_reason(change: dict[str, object], why: str) -> None:
    found, short = rank(NEED, [replace(NEAR, **change)])  # type: ignore[arg-type]
    assert found == []
    assert [(each.unit, each.reason) for each in short] == [("S1", why)]
