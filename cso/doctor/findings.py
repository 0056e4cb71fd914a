"""What the doctor says about one part of the installation."""

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# As people have to type it here.
MANAGE = f"{'.venv/bin/' if Path(sys.prefix).name == '.venv' else ''}python manage.py"


class Level(StrEnum):
    """`WRONG` needs somebody now. `NOTE` is worth knowing and no fault."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """`part` names what was looked at, `says` what was found, `do` what to do about it (empty where it is well)."""

    part: str
    level: Level
    says: str
    do: str = ""


def ok(part: str, says: str) -> Finding:
    return Finding(part, Level.OK, says)


def note(part: str, says: str, do: str = "") -> Finding:
    return Finding(part, Level.NOTE, says, do)


def wrong(part: str, says: str, do: str) -> Finding:
    return Finding(part, Level.WRONG, says, do)


def ago(seconds: float) -> str:
    """A length of time for people, e.g. "40 s", "12 min", "3 days"."""
    for size, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"
