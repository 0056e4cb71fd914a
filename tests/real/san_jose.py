"""San José police calls for service: the city's codes, and how a row becomes a call.

The time a call came in is `OFFENSE_DATE` with `OFFENSE_TIME`, local. Codes that end in EMS went to police and medics
together: a medical emergency was known.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.real.known import ARMED, BURNING, HAPPENING, HURT, SOMEBODY_THERE, VIOLENT, Known, known
from tests.real.replay import PastCall, Rejected, Row

FILE = "calls/sanjose_sjpd_2022_sample5000.csv.gz"
ZONE = ZoneInfo("America/Los_Angeles")
MEDICS = "EMS"

NO_REQUEST = {
    "1195": "a vehicle stop of an officer's own", "1195X": "a vehicle stop of an officer's own",
    "1196": "a vehicle stop of an officer's own", "1095": "a pedestrian stop of an officer's own",
    "1095X": "a pedestrian stop of an officer's own", "1095C": "a pedestrian stop of an officer's own",
    "1096": "a pedestrian stop of an officer's own", "CPM": "a community meeting", "CPS": "a school visit",
    "CPB": "a bicycle patrol", "CPO": "office hours", "290": "a registration at the counter",
}  # fmt: skip

KNOWN: dict[str, Known] = {
    "1124": known("VEHABND"), "22500": known("PARKING"), "22507": known("PARKING"), "1125": known("THAZ"),
    "1184": known("THAZ"), "10851": known("VEHSTLN"), "10851R": known("VEHREC"),
    "1182": known("MVA", injury="no"), "1183": known("MVA", injury="unknown"), "20002": known("MVAHR", injury="no"),
    "1179": known("MVAINJY"), "1180": known("MVAINJY"), "1181": known("MVAINJY"), "20001": known("MVAINJY"),
    "484": known("LARCENY"), "484BOL": known("LARCENY"), "484R": known("LARCENY"), "487": known("LARCENY"),
    "488": known("LARCENY"), "THEFT": known("LARCENY"), "459VEH": known("LARCENY"), "594": known("VANDAL"),
    "459": known("BURG"), "459R": known("BURG", in_progress="no", suspect_present="no"),
    "470": known("FRAUD"), "476A": known("FRAUD"), "503": known("FRAUD"), "FNDPRP": known("PROPFND"),
    "1065": known("PERMISS"), "1065X": known("PERMISS"), "1065MH": known("PERMISS", person_at_risk="yes"),
    "1065J": known("RUNAWAY"), "1065JX": known("RUNAWAY"), "1065F": known("PERFND"),
    "WELCK": known("WELFARE"), "1062": known("CITASST"), "AID": known("CITASST"), "CPC": known("CITASST"),
    "CIVIL": known("CIVIL"), "415N": known("CDX"), "415M": known("NOISE"), "415MC": known("NOISE"),
    "415FC": known("FIREWRKS"), "647": known("PHANDLE"), "1058": known("PUBWKS"), "1091": known("ANIMAL"),
    "1091C": known("ANIMAL"), "1091D": known("ANIMAL"), "1091A": known("ANIMAL", hazard="yes"),
    "1154": known("VEHSUSP"), "10852": known("VEHSUSP"), "1066": known("PERSUSP"), "1066X": known("PERSUSP"),
    "SUSCIR": known("SUSP"), "1066P": known("SUSP"), "1034": known("SUSP"), "1035": known("SUSP"),
    "1033": known("SUSP"), "1033A": known("SUSP"), "1033S": known("SUSP"), "1033L": known("SUSP"),
    "1033B": known("SUSP"), "1070": known("SUSP", suspect_present="yes"), "5150": known("EDP"), "5150X": known("EDP"),
    "415J": known("JUV"), "602PC": known("TRESPASS"), "602N": known("TRESPASS"), "653M": known("HARR"),
    "646.9": known("HARR"), "422": known("HARR", violence="yes"), "DVRO": known("HARR", legal_matter="yes"),
    "273A": known("ABUSE"), "273D": known("ABUSE"), "368": known("ABUSE"),
    "417": ARMED, "415W": ARMED, "1066W": ARMED, "245": ARMED, "12020": ARMED, "12020G": ARMED, "12025": ARMED,
    "246": ARMED, "1057": ARMED, "1071": ARMED, "1072": ARMED, "211A": ARMED,
    "240": VIOLENT, "241": VIOLENT, "242": VIOLENT, "415A": VIOLENT, "211": VIOLENT, "211SA": VIOLENT,
    "211PS": VIOLENT, "148": VIOLENT, "1067": VIOLENT, "1067X": VIOLENT, "422.6": VIOLENT,
    "1045": HURT, "1046": HURT, "1055": HURT, "451": BURNING, "904": BURNING, "1080": BURNING, "CODE10": BURNING,
    "314": SOMEBODY_THERE, "6F": SOMEBODY_THERE, "6M": SOMEBODY_THERE, "23103": HAPPENING, "23152": HAPPENING,
    "415": Known(), "415F": Known(), "415UNK": Known(), "911UNK": Known(), "FDAID": Known(), "11300": Known(),
}  # fmt: skip


def read(rows: Iterator[Row]) -> Iterator[PastCall | Rejected]:
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        number, code = row["CALL_NUMBER"], row["CALLTYPE_CODE"]
        if number in seen:
            yield Rejected(line, f"the number {number} came before")
        elif code in NO_REQUEST:
            yield Rejected(line, f"nobody asked for anything: {NO_REQUEST[code]}")
        else:
            yield _call(line, row, code)
        seen.add(number)


def _call(line: int, row: Row, code: str) -> PastCall:
    day = datetime.strptime(row["OFFENSE_DATE"], "%m/%d/%Y %I:%M:%S %p")  # noqa: DTZ007 - local, its zone is put below
    hours, minutes, seconds = (int(part) for part in row["OFFENSE_TIME"].split(":"))
    told = KNOWN.get(code) or KNOWN.get(code.removesuffix(MEDICS), Known())
    answers = told.answers | ({"injury": "yes"} if code.endswith(MEDICS) else {})
    received = (day + timedelta(hours=hours, minutes=minutes, seconds=seconds)).replace(tzinfo=ZONE)
    return PastCall(line, row["CALL_NUMBER"], received, told.type, row["CALL_TYPE"], row["ADDRESS"].strip(), answers)
