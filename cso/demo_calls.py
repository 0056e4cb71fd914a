"""A morning's calls for the demonstration, invented, taken through the same actions as any other call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agencies.models import Member
from calls.actions import take_call
from calls.intake import Intake
from calls.states import Source
from dispatch.actions import (
    Acceptance,
    AssignOrder,
    CloseOrder,
    StatusOrder,
    acknowledge_transfer,
    add_note,
    assign_unit,
    close_call,
    move_assignment,
    schedule_call,
)
from dispatch.models import Unit
from dispatch.states import AssignmentStatus

_HARMLESS = dict.fromkeys(
    ("weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard", "legal_matter"), "no"
)
_STEPS = (AssignmentStatus.ACKNOWLEDGED, AssignmentStatus.EN_ROUTE, AssignmentStatus.ON_SCENE)


@dataclass(frozen=True)
class Scene:
    """One call: how long ago it came in, what was said, and how far it has come.

    `unit` is the place in the list of units that went; `closed` the disposition it ended with; `ahead` the minutes
    until the appointment it was set aside for.
    """

    ago_min: int
    type_code: str
    address: str
    at: tuple[float, float]
    narrative: str
    caller: str
    phone: str
    language: str = ""
    unit: int | None = None
    closed: str = ""
    note: str = ""
    ahead_min: int = 0
    facts: Mapping[str, int] = field(default_factory=dict)


SCENES: dict[str, tuple[Scene, ...]] = {
    "san-jose": (
        Scene(205, "VEHABND", "1480 Alum Rock Ave", (37.3521, -121.8497), "Grey sedan on blocks since last week.",
              "Marta Ruiz", "408-555-0134", "es", unit=2, closed="01", note="Tagged, photos taken."),
        Scene(172, "LARCENY", "875 Blossom Hill Rd", (37.2497, -121.8572), "Packages taken from the porch overnight.",
              "Dan Whitfield", "408-555-0171", unit=3, closed="01", facts={"elapsed_min": 540}),
        Scene(150, "PROPFND", "180 Woz Way", (37.3276, -121.8926), "Found a wallet by the museum steps.",
              "Priya Nair", "408-555-0108", unit=4, closed="12"),
        Scene(118, "VANDAL", "30 Race St", (37.3236, -121.9107), "Paint on the shop's shutters, nobody about.",
              "Henry Cho", "408-555-0162", unit=3, closed="01", note="Owner has camera footage."),
        Scene(96, "PARKING", "410 S 3rd St", (37.3309, -121.8831), "Van across the driveway.",
              "Lucia Perez", "408-555-0190", unit=2, closed="14"),
        Scene(41, "VEHABND", "990 Story Rd", (37.3331, -121.8561), "Truck without plates, flat tyres.",
              "Tom Alvarez", "408-555-0119", "es", unit=5),
        Scene(22, "VANDAL", "2100 Monterey Hwy", (37.3053, -121.8627), "Bus shelter glass broken, swept aside.",
              "Route supervisor", "408-555-0145"),
        Scene(9, "VEHABND", "55 Great Oaks Blvd", (37.2318, -121.7768), "Caravan parked for a month.",
              "Ann Becker", "408-555-0127"),
        Scene(64, "PROPLOST", "65 Notre Dame Ave", (37.3362, -121.8951), "Lost keys and a bag, wants to come by.",
              "Wei Zhang", "408-555-0155", "zh", ahead_min=190),
    ),
    "seattle": (
        Scene(198, "CITASST", "1900 5th Ave", (47.6130, -122.3384), "Needs a shelter bed tonight, has a small dog.",
              "Renee Fox", "206-555-0134", unit=2, closed="15", note="Bed confirmed until Friday."),
        Scene(160, "CDX", "4200 Rainier Ave S", (47.5658, -122.2867), "Neighbours argue over a shared fence.",
              "Amir Said", "206-555-0171", "so", unit=3, closed="18"),
        Scene(133, "NOISE", "901 E Pine St", (47.6152, -122.3201), "Music from the yard since noon.",
              "Kim Larsen", "206-555-0108", unit=4, closed="18"),
        Scene(101, "WELFARE", "8500 14th Ave NW", (47.6915, -122.3735), "Has not seen the neighbour upstairs for days.",
              "Odd Berg", "206-555-0162", unit=3, closed="29", note="He is well; phone was broken."),
        Scene(38, "CIVIL", "2700 California Ave SW", (47.5796, -122.3866), "Landlord changed the laundry-room lock.",
              "Sofia Marin", "206-555-0119", "es", unit=5),
        Scene(47, "VEHABND", "3600 Stone Way N", (47.6511, -122.3422), "Car with a soaped window, a month there.",
              "Pat O'Neil", "206-555-0190"),
        Scene(20, "NOISE", "5020 California Ave SW", (47.5571, -122.3870), "Leaf blowers before seven every day.",
              "June Abe", "206-555-0145"),
        Scene(8, "CITASST", "600 4th Ave", (47.6038, -122.3301), "Elderly man cannot find his bus home.",
              "Lobby desk", "206-555-0127"),
        Scene(70, "CDX", "12000 Lake City Way NE", (47.7163, -122.2960), "Wants a talk with both families, next visit.",
              "Grace Oduya", "206-555-0155", ahead_min=160),
    ),
}  # fmt: skip


def play(slug: str, *, dora: Member, now: datetime) -> None:
    """Takes the agency's calls in order of time, as Dora would have."""
    units = list(Unit.objects.order_by("callsign"))
    for scene in sorted(SCENES.get(slug, ()), key=lambda s: -s.ago_min):
        _play(scene, units, dora, now)


def _play(scene: Scene, units: list[Unit], dora: Member, now: datetime) -> None:
    start = now - timedelta(minutes=scene.ago_min)
    call = take_call(_intake(scene), by=dora, now=start)
    if scene.ahead_min:
        schedule_call(call.pk, at=now + timedelta(minutes=scene.ahead_min), by=dora, now=start + timedelta(minutes=3))
        return
    if call.route == "sworn":
        acceptance = Acceptance("Sworn desk, position 4", f"P{scene.ago_min:05d}")
        acknowledge_transfer(call.pk, acceptance, by=dora, now=start + timedelta(minutes=2))
    if scene.unit is None or call.route != "cso":
        return
    order = AssignOrder(units[scene.unit % len(units)].callsign)
    moment = start + timedelta(minutes=2)
    assignment = assign_unit(call.pk, order, by=dora, now=moment)
    for step in _STEPS if scene.closed else _STEPS[:2]:
        moment += timedelta(minutes=4)
        move_assignment(assignment.pk, StatusOrder(step), by=dora, now=moment)
    if scene.note:
        add_note(call.pk, scene.note, by=dora, for_unit=order.unit, now=moment + timedelta(minutes=6))
    if scene.closed:
        close_call(call.pk, CloseOrder(scene.closed), by=dora, now=moment + timedelta(minutes=15))


def _intake(scene: Scene) -> Intake:
    return Intake(
        type_code=scene.type_code,
        address=scene.address,
        lat=scene.at[0],
        lon=scene.at[1],
        narrative=scene.narrative,
        caller_name=scene.caller,
        caller_phone=scene.phone,
        caller_language=scene.language or "en",
        answers=_HARMLESS,
        facts=scene.facts,
        source=Source.PHONE,
    )
