"""The decision for one call, by small and large rule sets."""

import time
from typing import Any

from tests.bench.figures import Figure, p50
from tests.bench.stage import Stage

LIMITS = {50: 100.0, 200: 50.0}  # microseconds
TYPES = ("VEHABND", "WELFARE", "NOISE", "PARKING", "LARCENY", "PROPFND", "ANIMAL", "CIVIL", "VANDAL", "FRAUD")
CODES = ("weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard", "legal_matter")
WORDS = {"en": "because", "es": "porque"}


def measure(stage: Stage) -> list[Figure]:
    return [_figure(number, limit, stage.rounds(200)) for number, limit in LIMITS.items()]


def _figure(number: int, limit: float, rounds: int) -> Figure:
    from calls.triage import decide, floor, rules

    rule_set, safe = rules.parse(document(number)), floor.parse_floor(FLOOR)
    cases = [case(decide.Case, n) for n in range(50)]
    micros = []
    for _ in range(rounds):
        began = time.perf_counter()
        for each in cases:
            decide.decide(rule_set, safe, each)
        micros.append((time.perf_counter() - began) / len(cases) * 1_000_000)
    return Figure(
        name=f"decide_{number}_rules_us", what=f"triage of one call by {number} rules", value=p50(micros), unit="µs",
        limit=limit,
    )  # fmt: skip


def case(make: type[Any], n: int) -> Any:  # noqa: ANN401
    """A call with all its answers, of any type, at any hour."""
    return make(
        type=TYPES[n % len(TYPES)], category="service", priority=1 + n % 4, source="phone", area="downtown",
        hour=n % 24, weekday=1 + n % 7, holiday=False, premise_flag=False, earlier_calls=n % 5,
        subject_age=n % 90, caller_age=40, elapsed_min=n * 10, cso_available=True, answers=dict.fromkeys(CODES, "no"),
    )  # fmt: skip


def document(number: int) -> dict[str, Any]:
    """A rule set as cities have them: eight disqualifiers, and rules about types, hours and ages."""
    return {
        "questions": [{"id": f"Q{n}", "codes": [c], "text": WORDS, "types": ["*"]} for n, c in enumerate(CODES)],
        "disqualifiers": [
            {"id": f"D{n}", "when": {"field": f"answer.{code}", "is": "yes"}, "priority": 1, "because": WORDS}
            for n, code in enumerate(CODES)
        ],
        "rules": [rule(n) for n in range(number)],
        "default": {"route": "sworn", "priority": 2, "because": WORDS},
        "invariants": [],
    }


def rule(n: int) -> dict[str, Any]:
    when: list[dict[str, Any]] = [
        {"field": "type", "in": [TYPES[n % len(TYPES)], TYPES[(n * 3 + 1) % len(TYPES)]]},
        {"field": "hour", "between": [n % 12, 12 + n % 12]},
        {"any": [{"field": "subject_age", "below": n % 60}, {"field": "elapsed_min", "at_least": 60 + n}]},
        {"not": {"field": "premise_flag", "is": True}},
    ]
    return {
        "id": f"R{n}", "when": {"all": when}, "route": ("cso", "referral", "sworn")[n % 3], "priority": 2 + n % 3,
        "qualification": None, "mode": "in_person", "off_hours": "hold", "approval": False, "because": WORDS,
    }  # fmt: skip


FLOOR: dict[str, Any] = {
    "invariants": [
        {"id": f"F{n}", "when": {"field": f"answer.{code}", "is": "yes"}, "route": "sworn", "because": WORDS}
        for n, code in enumerate(CODES)
    ],
    "never_cso": ["SUSP", "MAYDAY"],
    "not_applicable": [],
}
