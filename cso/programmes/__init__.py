"""Programme templates: what each city's CSO programme is, as data. Shared by the demo and by `create_agency`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from calls.triage.fitting import Template
from calls.triage.reading import Text

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class CallType:
    """A call type; its own code is the APCO 2.103.2 code. `codes` are the penal and radio codes people say for it,
    `family` what counts as the same kind when a duplicate is suspected, `welfare_min` the minutes between welfare
    checks."""

    code: str
    apco: str
    names: Text
    category: str
    family: str
    priority: int
    never_cso: bool
    welfare_min: int
    qualification: str | None
    mode: str
    juvenile: bool
    synonyms: Mapping[str, tuple[str, ...]]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposition:
    """How a call may end (APCO 1.111.2). With `authority`, only where the agency's authority has that key true."""

    code: str
    names: Text
    offered: bool
    authority: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A code and what people call it."""

    code: str
    names: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """An agency-named unit status and what it means: available, conditionally_available or not_available."""

    code: str
    primary: str
    names: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A callsign with its kind (foot or vehicle), home area, number of CSOs and what they are qualified for."""

    callsign: str
    kind: str
    area: str | None
    members: int
    qualifications: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The middle of an area, and streets in it: where the demonstration's calls come from."""

    area: str
    lat: float
    lon: float
    streets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of the programme on some weekdays (1 Monday to 7), local time as HH:MM."""

    weekdays: tuple[int, ...]
    opens: str
    closes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a rule comes from."""

    title: str
    date: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Everything a new agency starts with. `clocks` are seconds; `priorities` maps the agency's own labels to the
    classes 1 to 4; `authority` values are true, false or "approval"; `rule_set` and `floor` are documents for
    `calls.triage`; `sources` goes by the id of a question, disqualifier, rule or invariant."""

    slug: str
    name: str
    time_zone: str
    phone_24h: str
    languages: tuple[str, ...]
    positions_budgeted: int | None
    hours: tuple[Window, ...]
    authority: Mapping[str, bool | str]
    clocks: Mapping[str, int]
    priorities: Mapping[str, int]
    equipment: tuple[Named, ...]
    qualifications: tuple[Named, ...]
    override_reasons: tuple[Named, ...]
    statuses: tuple[Status, ...]
    areas: tuple[str, ...]
    places: tuple[Place, ...]
    units: tuple[Unit, ...]
    types: tuple[CallType, ...]
    dispositions: tuple[Disposition, ...]
    rule_set: Mapping[str, Any]
    floor: Mapping[str, Any]
    sources: Mapping[str, Source]


def slugs() -> tuple[str, ...]:
    """The programmes there are, by the name of their folder."""
    return tuple(sorted(path.parent.name for path in HERE.glob("*/programme.json")))


@cache
def templates() -> tuple[Template, ...]:
    """Every programme's rules, for whoever begins a draft from them."""
    return tuple(template_of(read(slug)) for slug in slugs())


def template_of(programme: Programme) -> Template:
    sources = {identifier: asdict(source) for identifier, source in programme.sources.items()}
    return Template(programme.slug, programme.name, programme.rule_set, sources)


def read(slug: str) -> Programme:
    """The programme; KeyError when there is none of that name."""
    if slug not in slugs():
        raise KeyError(slug)
    body = _json(f"{slug}/programme.json")
    return Programme(
        slug=body["slug"],
        name=body["name"],
        time_zone=body["time_zone"],
        phone_24h=body["phone_24h"],
        languages=tuple(body["languages"]),
        positions_budgeted=body["positions_budgeted"],
        hours=tuple(Window(**entry | {"weekdays": tuple(entry["weekdays"])}) for entry in body["hours"]),
        authority=body["authority"],
        clocks=body["clocks"],
        priorities=body["priorities"],
        equipment=tuple(Named(**entry) for entry in body["equipment"]),
        qualifications=tuple(Named(**entry) for entry in body["qualifications"]),
        override_reasons=tuple(Named(**entry) for entry in body["override_reasons"]),
        statuses=tuple(Status(**entry) for entry in body["statuses"]),
        areas=tuple(body["areas"]),
        places=_places(slug),
        units=tuple(Unit(**entry | {"qualifications": tuple(entry["qualifications"])}) for entry in body["units"]),
        types=_types(body["codes"]),
        dispositions=tuple(Disposition(**entry) for entry in _json("dispositions.json")),
        rule_set=_json(f"{slug}/rule_set.json"),
        floor=_json(f"{slug}/floor.json"),
        sources={identifier: Source(**source) for identifier, source in body["sources"].items()},
    )


def _places(slug: str) -> tuple[Place, ...]:
    places = _json(f"{slug}/places.json").items()
    return tuple(Place(area=area, **place | {"streets": tuple(place["streets"])}) for area, place in places)


def _types(codes: Mapping[str, list[str]]) -> tuple[CallType, ...]:
    """The shared types, with the penal and radio codes of the programme's own state."""
    return tuple(
        CallType(
            **entry
            | {
                "synonyms": {language: tuple(words) for language, words in entry["synonyms"].items()},
                "codes": tuple(codes.get(entry["code"], ())),
            }
        )
        for entry in _json("types.json")
    )


def _json(name: str) -> Any:  # noqa: ANN401  # what JSON holds is known only to its reader
    return json.loads((HERE / name).read_text(encoding="utf-8"))
