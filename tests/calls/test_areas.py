"""A call is in the area that its place is in."""

from collections.abc import Callable
from datetime import datetime

from agencies.models import Agency, Member
from calls import areas
from calls.actions import amend_call
from calls.intake import Amendment
from calls.models import Call
from cso import programmes


def test_a_call_gets_the_area_of_its_place_and_another_when_it_moves(
    take: Callable[..., Call], dora: Member, now: datetime
) -> None:
    call = take(lat=37.3350, lon=-121.8890)
    assert call.area == "Downtown"
    moved = amend_call(call.pk, Amendment({"lat": 37.2310, "lon": -121.7780}), by=dora, now=now)
    assert moved.area == "Santa Teresa"


def test_a_call_without_a_position_or_far_away_is_in_no_area(take: Callable[..., Call], agency: Agency) -> None:
    assert take().area == ""
    assert areas.area_of(agency, 47.6, -122.3) == ""


def test_every_area_of_every_city_has_cells_of_its_own() -> None:
    for slug in programmes.slugs():
        city = programmes.read(slug)
        cells = areas.cells_around({place.area: (place.lat, place.lon) for place in city.places})
        assert set(cells) == set(city.areas) and all(cells.values())
        everything = [cell for found in cells.values() for cell in found]
        assert len(everything) == len(set(everything))
