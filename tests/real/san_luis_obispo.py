"""The public police log of San Luis Obispo: the city's types, and how a row becomes a call.

Times are minutes of a local day with a year of two digits. Blocks stand for addresses; some entries have none, and no
number to call back either.
"""

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from tests.real.known import ARMED, BURNING, HAPPENING, HURT, SOMEBODY_THERE, VIOLENT, Known, known
from tests.real.replay import PastCall, Rejected, Row

FILE = "calls/slo_slopd_2021-09_2021-12_deidentified.csv.gz"
ZONE = ZoneInfo("America/Los_Angeles")

NO_REQUEST = {
    "Traffic Stop": "a vehicle stop of an officer's own", "Communications": "an entry of the communications centre",
    "Test": "a test of the system", "POSTING VEHS": "patrol that posts notices",
    "POSTING CAMPS": "patrol that posts notices",
    "Warrant": "a warrant of an officer's own", "PARTY REG": "a party registered in advance",
}  # fmt: skip

KNOWN: dict[str, Known] = {
    "ABAND VEHICLE": known("VEHABND"), "Parking Problem": known("PARKING"), "Towed Vehicle": known("TOW"),
    "Traffic Hazard": known("THAZ"), "COLL NON INJ": known("MVA", injury="no"), "COLL HIT AND RU": known("MVAHR"),
    "COLL INJ": known("MVAINJY"), "COLL EXTRICATIO": known("MVAINJY"), "Theft": known("LARCENY"),
    "THEFT": known("LARCENY"), "ATTEMPT THEFT": known("LARCENY"), "BURG VEHICLE": known("LARCENY"),
    "Theft-Vehicle": known("VEHSTLN"), "Recovered Veh": known("VEHREC"), "Vandalism": known("VANDAL"),
    "GRAFFITI": known("VANDAL"), "Property Damage": known("VANDAL"), "VANDALISM IP": known("VANDAL", in_progress="yes"),
    "BURG RES": known("BURG"), "BURG COM": known("BURG"), "BURGLARY IP": known("BURG", in_progress="yes"),
    "Fraud": known("FRAUD"), "Forgery": known("FRAUD"), "Embezzlement": known("FRAUD"),
    "Found Property": known("PROPFND"), "Lost Property": known("PROPLOST"), "LOST PROPERTY": known("PROPLOST"),
    "Missing Person": known("PERMISS"), "Attempt-Locate": known("PERMISS"), "Welfare Check": known("WELFARE"),
    "Assist Req": known("CITASST"), "Public Assist": known("CITASST"), "Citizen Dispute": known("CDX"),
    "Custodial Int.": known("CIVIL"), "Keep the Peace": known("STDBY"), "Noise Party": known("NOISE"),
    "Noise Other": known("NOISE"), "NOISE POLICE": known("NOISE"), "NOISE 2ND RESP": known("NOISE"),
    "Animal Problem": known("ANIMAL"), "Loitering": known("PHANDLE"), "MC-LOITERING": known("PHANDLE"),
    "MC-PANHANDLING": known("PHANDLE"), "MC-SOLICITING": known("PHANDLE"), "Fireworks": known("FIREWRKS"),
    "Public Works": known("PUBWKS"), "Littering": known("PUBWKS"), "Information": known("INFO"),
    "Assist O Info": known("INFO"), "PROTEST": known("EVENT"), "Suspicious": known("SUSP"),
    "Alarm Audible": known("SUSP"), "Alarm Silent": known("SUSP"), "Prowler": known("SUSP", suspect_present="yes"),
    "MENTAL SUBJ": known("MNTL"), "Suicide Attempt": known("MNTL", injury="yes"), "Trespassing": known("TRESPASS"),
    "Juvenile Prob": known("JUV"), "Child Abuse": known("ABUSE"), "Elder Abuse/Neg": known("NEGLECT"),
    "Threatening": known("HARR", violence="yes"), "Weapon Offense": ARMED, "Assault": VIOLENT, "Robbery": VIOLENT,
    "ROBBERY IP": VIOLENT, "Domestic Viol": VIOLENT, "DOMESTIC VIO IP": VIOLENT, "Resisting": VIOLENT,
    "Sex Offense": VIOLENT, "Medical": HURT, "Medical Non-Em": HURT, "Medical Arrest": HURT, "Deceased Subj": HURT,
    "Fire Structure": BURNING, "Fire Wildland": BURNING, "Fire Wildland L": BURNING, "Fire Vehicle": BURNING,
    "Fire Flames": BURNING, "Fire Sm Trash": BURNING, "Fire Lg Trash": BURNING, "Fire Electrical": BURNING,
    "Fire Ill Burn": BURNING, "Alarm Fire": BURNING, "Smoke Check Out": BURNING, "Electrical Haz": BURNING,
    "Arson": BURNING, "Bomb Threat": BURNING, "Controlled Narc": SOMEBODY_THERE, "Alcohol Offense": SOMEBODY_THERE,
    "MC-ALCOHOL": SOMEBODY_THERE, "DUI": HAPPENING, "Traffic Offense": HAPPENING, "IN PROGRESS": HAPPENING,
}  # fmt: skip


def read(rows: Iterator[Row]) -> Iterator[PastCall | Rejected]:
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        number, name = row["case_number"], row["type"].strip()
        if number in seen:
            yield Rejected(line, f"the number {number} came before")
        elif name in NO_REQUEST:
            yield Rejected(line, f"nobody asked for anything: {NO_REQUEST[name]}")
        else:
            told = KNOWN.get(name, Known())
            at = datetime.strptime(f"{row['date']} {row['received']}", "%m/%d/%y %H:%M").replace(tzinfo=ZONE)
            yield PastCall(line, number, at, told.type, name, row["address_block"].strip(), dict(told.answers))
        seen.add(number)
