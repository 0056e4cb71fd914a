"""How long a proof takes: the shipped templates, and 200 rules with 40 questions about 46 types."""

import random
import time
from typing import Any

from tests.bench import triage
from tests.bench.figures import Figure
from tests.bench.stage import Stage

RULES, QUESTIONS, LIMIT_S = 200, 40, 10.0
SEED = 4


def measure(stage: Stage) -> list[Figure]:
    from calls.triage import rules
    from calls.triage.prove import prove
    from tests.programmes.tables import SLUGS, floor_of, rule_set_of, vocabulary
    from tests.programmes.test_mutations import setting_of

    large = rules.parse(document(RULES, QUESTIONS), vocabulary=vocabulary("san-jose"))
    slowest = 0.0
    for slug in SLUGS:
        proof = prove(rule_set_of(slug), floor_of(slug), setting_of(slug))
        assert proof.proved, proof.failures
        slowest = max(slowest, proof.seconds)
    began = time.perf_counter()
    proof = prove(large, floor_of("san-jose"), setting_of("san-jose"))
    seconds = time.perf_counter() - began
    assert {failure.property for failure in proof.failures} <= {"dead_rule"}, proof.failures[:3]
    return [
        Figure(name="prove_template_s", what="proof of the slowest template", value=slowest, unit="s", limit=LIMIT_S),
        Figure(
            name="prove_200_rules_s", what=f"proof of {RULES} rules and {QUESTIONS} questions for 46 types",
            value=seconds, unit="s", limit=LIMIT_S,
        ),
    ]  # fmt: skip


def document(number: int, questions: int) -> dict[str, Any]:
    """San José's questions and disqualifiers, more of both, and rules about types, hours, ages, days and answers."""
    from tests.programmes.tables import floor_of, programme

    chance = random.Random(SEED)
    city = dict(programme("san-jose").rule_set)
    more = [f"matter_{n}" for n in range(questions - len(city["questions"]))]
    asked = [{"id": f"Q{n}", "codes": [code], "text": triage.WORDS, "types": ["*"]} for n, code in enumerate(more)]
    sworn = [
        {"id": f"D{n}", "when": {"field": f"answer.{code}", "is": "yes"}, "priority": 2, "because": triage.WORDS}
        for n, code in enumerate(more[:15])
    ]
    restricted = {"PARKING", "TOW", "THAZ", "ANIMAL", "CDX", "CIVIL", "PERMISS", "RUNAWAY"}
    types = [t.code for t in programme("san-jose").types if t.code not in floor_of("san-jose").never_cso | restricted]
    return city | {
        "questions": [*city["questions"], *asked],
        "disqualifiers": [*city["disqualifiers"], *sworn],
        "rules": [_rule(n, types, more, chance) for n in range(number)],
    }


def _rule(n: int, types: list[str], codes: list[str], chance: random.Random) -> dict[str, Any]:
    tests = [
        {"field": "hour", "between": sorted(chance.sample(range(24), 2))},
        {"field": "subject_age", "at_least": chance.randrange(10, 90)},
        {"field": "earlier_calls", "at_most": chance.randrange(9)},
        {"field": "elapsed_min", "above": chance.randrange(5, 5000)},
        {
            "any": [
                {"field": f"answer.{chance.choice(codes)}", "is": "yes"},
                {"field": "weekday", "in": [1, 2, 3, 4, 5]},
            ]
        },
    ]
    own = {"field": "type", "in": chance.sample(types, chance.choice([1, 3, 8]))}
    return triage.rule(n) | {
        "id": f"R{n}",
        "when": {"all": [own, *chance.sample(tests, chance.choice([1, 2, 3]))]},
        "route": chance.choice(["cso", "cso", "sworn", "referral"]),
        "priority": chance.choice([2, 3, 4]),
        "off_hours": chance.choice(["hold", "phone", "sworn"]),
        "qualification": chance.choice([None, "academy"]),
    }
