"""What happens in the demonstration's cities: calls, invented, in published proportions. The same seed, the same calls.

The figures and their sources are in `cso/programmes/stories.json`. A story says what a caller says and how long things
take; who takes the call is left to the agency's rules.
"""

import json
import random
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from calls.intake import Intake
from calls.states import Source
from cso import programmes
from cso.programmes import Programme

# This share of the calls at the desk is of types that the city's rules give to a CSO or a service, the rest is not.
# Ours: no city publishes what its CSO desk is rung for.
OWN_SHARE = 0.78
_DANGER_SHARE = 0.05
_USUAL = (
    "weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard", "legal_matter",
)  # fmt: skip
_PAST = {"LARCENY", "VANDAL", "BURG", "FRAUD", "VEHSTLN", "MVAHR", "PROPLOST", "PROPFND"}
_ASSISTED = {"MVAINJY", "EVENT"}
_FOUND_BY_UNITS = {"VEHABND", "PARKING", "THAZ", "PUBWKS", "DISVEH"}
# Types that go another way where officers have secured the scene and ask for a CSO.
_ASSIST_CITIES = {"virginia-beach": 0.12, "seattle": 0.05}


@dataclass(frozen=True)
class Story:
    """One call to come. Times are how long each step takes; `seed` draws whatever else is left to chance."""

    intake: Intake
    own: bool
    ends: str
    note: str
    assign_after: timedelta
    acknowledge_after: timedelta
    leave_after: timedelta
    travel: timedelta
    on_scene: timedelta
    accept_after: timedelta
    is_cancelled: bool
    is_handed_over: bool
    seed: int


@cache
def figures() -> Any:  # noqa: ANN401  # a JSON document
    return json.loads((programmes.HERE / "stories.json").read_text(encoding="utf-8"))


class Teller:
    """Tells a city's stories. Every story has a seed of its own, so that story 7 is the same whatever came before."""

    def __init__(self, programme: Programme, *, seed: int = 1) -> None:
        self.programme, self.seed = programme, seed
        figures_by_type = figures()["types"]
        own = _own_types(programme)
        self._mix = {
            True: {code: f["count"] for code, f in figures_by_type.items() if code in own},
            False: {code: f["count"] for code, f in figures_by_type.items() if code not in own},
        }

    def story(self, number: int, *, code: str = "") -> Story:
        """Story `number` of this city and seed; of a given type where one is named that there are stories of."""
        chance = random.Random(f"{self.programme.slug}:{self.seed}:{number}")  # noqa: S311 - a demonstration
        assist = chance.random() < _ASSIST_CITIES.get(self.programme.slug, 0)
        own = chance.random() < OWN_SHARE
        drawn = chance.choice(sorted(_ASSISTED)) if assist else _draw(chance, self._mix[own])
        code = code if code in figures()["types"] else drawn
        told = figures()["types"][code]
        intake = self._intake(chance, code, told, assist=assist)
        minutes = float(told["minutes"])
        return Story(
            intake=intake,
            own=own or assist,
            ends=_draw(chance, told["ends"]) if told["ends"] else "02",
            note=chance.choice(told["notes"]) if told["notes"] else "",
            assign_after=_around(chance, 3.0),
            acknowledge_after=_around(chance, 0.5, most=1.6),
            leave_after=_around(chance, 0.9, most=4.0),
            travel=_around(chance, 9.0, most=28.0),
            on_scene=_around(chance, max(6.0, minutes - 14.0), most=2 * minutes),
            accept_after=_around(chance, 0.5, most=0.8),
            is_cancelled=chance.random() < float(figures()["cancelled"]) / 2,
            is_handed_over=chance.random() < 0.03,
            seed=chance.randrange(2**31),
        )

    def _intake(self, chance: random.Random, code: str, told: dict[str, Any], *, assist: bool) -> Intake:
        place = chance.choice(self.programme.places)
        anonymous = chance.random() < 0.12
        facts: dict[str, Any] = {"elapsed_min": chance.randrange(30, 2880, 15)} if code in _PAST else {}
        facts |= {"subject_age": chance.randrange(19, 88)} if code == "PERMISS" else {}
        if assist:
            officer = f"Officer {chance.randrange(2000, 4999)}"
            facts |= {"scene_secured_by": officer, "requested_by": officer}
        return Intake(
            type_code=code,
            address=f"{chance.randrange(1, 60) * 100} {chance.choice(place.streets)}",
            lat=round(place.lat + chance.uniform(-0.009, 0.009), 5),
            lon=round(place.lon + chance.uniform(-0.011, 0.011), 5),
            narrative=chance.choice(told["says"]),
            caller_name="" if anonymous or assist else chance.choice(figures()["callers"]),
            caller_phone="" if anonymous or assist else f"555-01{chance.randrange(100):02d}",
            caller_anonymous=anonymous and not assist,
            caller_language=_draw(chance, figures()["languages"]),
            answers={} if assist else _answers(chance, told),
            facts=facts,
            source=Source.SWORN_REQUEST if assist else _source(chance, code),
        )


def _own_types(programme: Programme) -> set[str]:
    """The types that some rule of the city gives to a CSO or a service."""
    found: set[str] = set()
    for rule in programme.rule_set["rules"]:
        when = rule["when"]
        if rule["route"] != "sworn" and when.get("field") == "type":
            found.update(when.get("in") or [when["is"]])
    return found


def _answers(chance: random.Random, told: dict[str, Any]) -> dict[str, str]:
    """What a caller says to the safety questions: mostly no. Sworn's own types mostly have something to them."""
    answers = dict.fromkeys(_USUAL, "no")
    if not told["ends"] or chance.random() < _DANGER_SHARE:
        answers[chance.choice(("violence", "suspect_present", "in_progress", "person_at_risk", "injury"))] = "yes"
    return answers


def _source(chance: random.Random, code: str) -> Source:
    if code in _FOUND_BY_UNITS and chance.random() < 0.2:
        return Source.SELF_INITIATED
    return Source(_draw(chance, {"phone": 84, "online": 8, "walk_in": 5, "radio": 3}))


def _draw(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _around(chance: random.Random, minutes: float, *, most: float = 0.0) -> timedelta:
    """About so many minutes, skewed as such times are: median a little below the mean, a long tail that is cut."""
    drawn = minutes * chance.lognormvariate(-0.08, 0.4)
    return timedelta(minutes=round(min(drawn, most or 3 * minutes), 2))
