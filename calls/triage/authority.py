"""What a CSO may not do where the agency gives no authority for it: which types of call need which authority.

The agency's authority is data (`{"tow": false, "animal_work": "approval", ...}`); what a type of call asks of the
person who takes it hangs on its APCO 2.103.2 code. A key that the agency does not name is not given.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from calls.triage.reading import Text

Authority = Mapping[str, bool | str]
APPROVAL = "approval"

NEEDS: Mapping[str, str] = {
    **dict.fromkeys(("LARCENY", "VANDAL", "BURG", "FRAUD", "PROPLOST", "PROPSTLN"), "take_reports"),
    **dict.fromkeys(("VEHSTLN", "VEHREC", "VEHABND", "MVA", "MVCP", "MVAHR"), "take_reports"),
    **dict.fromkeys(("PERMISS", "RUNAWAY", "PERFND"), "take_reports"),
    "PARKING": "cite_parking",
    "TOW": "tow",
    "THAZ": "direct_traffic",
    "PROPFND": "found_property",
    "ANIMAL": "animal_work",
    **dict.fromkeys(("CDX", "CIVIL"), "mediate"),
}
"""APCO code -> the authority that its calls need. Types that are not named here need none: a CSO may always listen,
help, and call for somebody else."""

TRAFFIC = ("MVAINJY", "MVA", "MVCP", "MVAHR", "THAZ")
"""Where a sworn officer asks at a secured scene, triage reads that instead of the incident: such an assist needs no
authority but, at these types, to direct traffic or what the type needs anyway."""

CANNOT: Mapping[str, Text] = {
    "take_reports": {"en": "take reports", "es": "tomar informes"},
    "cite_parking": {"en": "cite parked vehicles", "es": "multar vehículos estacionados"},
    "tow": {"en": "have vehicles towed", "es": "ordenar que la grúa se lleve un vehículo"},
    "direct_traffic": {"en": "direct traffic", "es": "dirigir el tráfico"},
    "found_property": {"en": "take in found property", "es": "recibir objetos encontrados"},
    "animal_work": {"en": "handle animals", "es": "ocuparse de animales"},
    "mediate": {"en": "mediate", "es": "mediar"},
}


@dataclass(frozen=True, slots=True)
class KnownType:
    """What a proof has to know of a call type besides its code: its APCO code, category and usual priority."""

    code: str
    apco: str
    category: str
    priority: int = 3


@dataclass(frozen=True, slots=True)
class Setting:
    """The agency that a rule set is for. `authority` None: not checked."""

    types: tuple[KnownType, ...] = ()
    authority: Authority | None = None

    def known(self, code: str | None) -> KnownType | None:
        """The type with that code."""
        return next((known for known in self.types if known.code == code), None)


NOWHERE = Setting()
"""No agency: types, categories and authority are not checked."""


def needed(known: KnownType | None, *, assist: bool) -> tuple[str, ...]:
    """The authorities of which one is needed for calls of the type; empty when none is."""
    own = NEEDS.get(known.apco) if known else None
    if assist:
        wanted = {"direct_traffic": None, own: None} if known and known.apco in TRAFFIC else {}
        return tuple(key for key in wanted if key)
    return (own,) if own else ()


def granted(authority: Authority, keys: tuple[str, ...]) -> bool | str:
    """Whether the agency gives one of the authorities: True, False, or "approval" (after a supervisor's yes)."""
    given = [authority.get(key, False) for key in keys]
    return True if True in given or not keys else APPROVAL if APPROVAL in given else False
