"""What happened this morning in each demo city, invented."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scene:
    """One call: how long ago it came in, what was said, and how far it has come.

    `unit` is the place in the list of units that went; `closed` the disposition it ended with; `ahead_min` the minutes
    until the appointment it was set aside for; `is_assist` where `caller` is the officer who asks for a CSO.
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
    is_assist: bool = False


SCENES: dict[str, tuple[Scene, ...]] = {
    "san-jose": (
        Scene(205, "VEHABND", "1480 Alum Rock Ave", (37.3521, -121.8497), "Grey sedan on blocks since last week.",
              "Marta Ruiz", "408-555-0134", "es", unit=0, closed="01", note="Tagged, photos taken."),
        Scene(172, "LARCENY", "875 Blossom Hill Rd", (37.2497, -121.8572), "Packages taken from the porch overnight.",
              "Dan Whitfield", "408-555-0171", unit=1, closed="01", facts={"elapsed_min": 540}),
        Scene(150, "PROPFND", "180 Woz Way", (37.3276, -121.8926), "Found a wallet by the museum steps.",
              "Priya Nair", "408-555-0108", unit=0, closed="12"),
        Scene(118, "VANDAL", "30 Race St", (37.3236, -121.9107), "Paint on the shop's shutters, nobody about.",
              "Henry Cho", "408-555-0162", unit=1, closed="01", note="Owner has camera footage."),
        Scene(96, "PARKING", "410 S 3rd St", (37.3309, -121.8831), "Van across the driveway.",
              "Lucia Perez", "408-555-0190", unit=0, closed="14"),
        Scene(41, "VEHABND", "990 Story Rd", (37.3331, -121.8561), "Truck without plates, flat tyres.",
              "Tom Alvarez", "408-555-0119", "es", unit=2),
        Scene(22, "VANDAL", "2100 Monterey Hwy", (37.3053, -121.8627), "Bus shelter glass broken, swept aside.",
              "Route supervisor", "408-555-0145"),
        Scene(9, "VEHABND", "55 Great Oaks Blvd", (37.2318, -121.7768), "Caravan parked for a month.",
              "Ann Becker", "408-555-0127"),
        Scene(64, "PROPLOST", "65 Notre Dame Ave", (37.3362, -121.8951), "Lost keys and a bag, wants to come by.",
              "Wei Zhang", "408-555-0155", "zh", ahead_min=190),
    ),
    "seattle": (
        Scene(198, "CITASST", "1900 5th Ave", (47.6130, -122.3384), "Needs a shelter bed tonight, has a small dog.",
              "Renee Fox", "206-555-0134", unit=0, closed="15", note="Bed confirmed until Friday."),
        Scene(160, "CDX", "4200 Rainier Ave S", (47.5658, -122.2867), "Neighbours argue over a shared fence.",
              "Amir Said", "206-555-0171", "so", unit=1, closed="18"),
        Scene(133, "NOISE", "901 E Pine St", (47.6152, -122.3201), "Music from the yard since noon.",
              "Kim Larsen", "206-555-0108", unit=0, closed="18"),
        Scene(101, "WELFARE", "8500 14th Ave NW", (47.6915, -122.3735), "Has not seen the neighbour upstairs for days.",
              "Odd Berg", "206-555-0162", unit=1, closed="29", note="He is well; phone was broken."),
        Scene(38, "CIVIL", "2700 California Ave SW", (47.5796, -122.3866), "Landlord changed the laundry-room lock.",
              "Sofia Marin", "206-555-0119", "es", unit=2),
        Scene(47, "VEHABND", "3600 Stone Way N", (47.6511, -122.3422), "Car with a soaped window, a month there.",
              "Pat O'Neil", "206-555-0190"),
        Scene(20, "NOISE", "5020 California Ave SW", (47.5571, -122.3870), "Leaf blowers before seven every day.",
              "June Abe", "206-555-0145"),
        Scene(8, "CITASST", "600 4th Ave", (47.6038, -122.3301), "Elderly man cannot find his bus home.",
              "Lobby desk", "206-555-0127"),
        Scene(70, "CDX", "12000 Lake City Way NE", (47.7163, -122.2960), "Wants a talk with both families, next visit.",
              "Grace Oduya", "206-555-0155", ahead_min=160),
    ),
    "virginia-beach": (
        Scene(211, "PARKING", "2100 Atlantic Ave", (36.8506, -75.9762), "Car across the beach access ramp.",
              "Lifeguard stand 21", "757-555-0134", unit=0, closed="18", note="Owner moved it."),
        Scene(177, "MVAINJY", "4300 Virginia Beach Blvd", (36.8421, -76.1302), "Two lanes closed, tow is on the way.",
              "Officer 2214", "", unit=1, closed="29", note="Lanes open again.", is_assist=True),
        Scene(140, "VEHASST", "700 Lynnhaven Pkwy", (36.8225, -76.0688), "Needs a jump start by the mall.",
              "Dee Hanson", "757-555-0171", unit=0, closed="29"),
        Scene(104, "DISVEH", "5700 Shore Dr", (36.9076, -76.1391), "Stalled in the right lane, hazards on.",
              "Marco Diaz", "757-555-0162", "es", unit=1, closed="29", note="Pushed to the shoulder, tow is coming."),
        Scene(83, "PUBWKS", "1900 Princess Anne Rd", (36.7571, -76.0531), "Water comes up through the sidewalk.",
              "Anita Bose", "757-555-0180"),
        Scene(26, "THAZ", "3600 Holland Rd", (36.8069, -76.0912), "Ladder fell off a truck, one lane.",
              "Bus operator", "757-555-0119", unit=2),
        Scene(19, "PARKING", "300 21st St", (36.8484, -75.9795), "Blocks the loading zone.",
              "Hotel desk", "757-555-0145"),
        Scene(8, "VEHABND", "900 Kempsville Rd", (36.8118, -76.1573), "Boat trailer on the verge for a month.",
              "Lou Jarvis", "757-555-0127"),
        Scene(66, "EVENT", "3100 Pacific Ave", (36.8590, -75.9806), "Beach run needs the crossing held.",
              "Run office", "757-555-0155", ahead_min=170),
    ),
    "eugene": (
        Scene(208, "BURG", "2400 Willamette St", (44.0301, -123.0925), "Back door forced while they were away.",
              "Hana Lind", "541-555-0134", unit=0, closed="01", note="Prints lifted from the frame.",
              facts={"elapsed_min": 1600}),
        Scene(169, "LARCENY", "800 E 13th Ave", (44.0450, -123.0790), "Bicycle gone from the rack.",
              "Ty Morrow", "541-555-0171", unit=1, closed="01", facts={"elapsed_min": 300}),
        Scene(146, "PROPFND", "100 W Broadway", (44.0507, -123.0938), "A phone was left on the bench.",
              "Cafe counter", "541-555-0108", unit=0, closed="12"),
        Scene(112, "PERMISS", "3900 Barger Dr", (44.0834, -123.1713), "Brother did not come home, does not answer.",
              "Rosa Tellez", "541-555-0162", "es", unit=1, closed="18", note="He rang home: he is well.",
              facts={"subject_age": 34}),
        Scene(79, "ANIMAL", "700 River Rd", (44.0765, -123.1231), "A dog runs loose along the road.",
              "Gil Arnett", "541-555-0180"),
        Scene(36, "VANDAL", "1900 Franklin Blvd", (44.0441, -123.0611), "Paint on the garage door.",
              "Mel Okada", "541-555-0119", unit=2),
        Scene(21, "VEHABND", "600 Irving Rd", (44.1102, -123.1275), "Trailer without plates.",
              "Bo Sutter", "541-555-0145"),
        Scene(9, "BURG", "2700 Coburg Rd", (44.0850, -123.0650), "Storage unit opened some time last week.",
              "Ana Whit", "541-555-0127", facts={"elapsed_min": 5000}),
        Scene(61, "PROPFND", "4000 Donald St", (44.0059, -123.0838), "Box of tools, will be home later.",
              "Cy Rowe", "541-555-0155", ahead_min=150),
    ),
}  # fmt: skip
