"""Triage is asked with every key that Dora presses. `make bench` measures what it costs; this only guards."""

import time

from calls.triage import rules
from calls.triage.decide import decide
from calls.triage.floor import Floor
from tests.calls.triage.documents import a_document, a_rule
from tests.calls.triage.test_decide import a_case


def test_two_hundred_rules_are_decided_in_far_less_than_a_millisecond() -> None:
    document = a_document(
        rules=[
            a_rule(
                f"R{n}",
                {"all": [{"field": "type", "in": ["CAR", f"T{n}"]}, {"field": "subject_age", "is": n % 150},
                         {"not": {"field": "premise_flag", "is": True}}]},
            )
            for n in range(199)
        ]
        + [a_rule("R199", {"field": "type", "is": "CAR"})]
    )  # fmt: skip
    rule_set, floor = rules.parse(document), Floor()
    case = a_case(type="CAR", subject_age=150)
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        decision = decide(rule_set, floor, case)
        best = min(best, time.perf_counter() - started)

    assert decision.decided_by is not None
    assert decision.decided_by.id == "R199"
    print(f"decide with 200 rules of one type: {best * 1e6:.0f} µs")
    assert best < 0.0005
