"""What a past call tells: perhaps one of our types, and answers that the city's own type says by its name.

A past call tells how it was filed, not what was asked: an answer that nobody gave is left open, never keyed as "no".
What came of it (an arrest, a report) was not known when it came in, and is not used.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Known:
    """`type` is empty where none of our types says the same."""

    type: str = ""
    answers: dict[str, str] = field(default_factory=dict)


def known(type_code: str = "", **answers: str) -> Known:
    return Known(type_code, answers)


ARMED = known(weapon="yes")
VIOLENT = known(violence="yes")
HURT = known(injury="yes")
BURNING = known(hazard="yes")
SOMEBODY_THERE = known(suspect_present="yes")
HAPPENING = known(in_progress="yes")
