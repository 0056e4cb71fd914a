"""Reads the tables of calls that a police commander can read, and the templates they are about."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from calls.triage import floor, rules
from calls.triage.evaluate import Case
from calls.triage.floor import Floor
from calls.triage.rules import RuleSet, Vocabulary
from cso import programmes
from cso.programmes import Programme

HERE = Path(__file__).parent
SLUGS = ("san-jose", "seattle", "virginia-beach", "eugene")
TABLES = {slug: slug for slug in SLUGS} | {"seattle-welfare": "seattle"}
"""The tables of calls and the template that each is about."""
USUAL = (
    "weapon", "violence", "suspect_present", "in_progress", "injury", "person_at_risk", "hazard", "legal_matter",
)  # fmt: skip
ROUTES = {"CSO": "cso", "sworn": "sworn", "referral": "referral"}


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    says: str
    case: Case
    route: str | None
    first_open: str
    priority: int | None
    decided_by: str


@cache
def programme(slug: str) -> Programme:
    return programmes.read(slug)


@cache
def vocabulary(slug: str) -> Vocabulary:
    city = programme(slug)
    return Vocabulary(
        types=frozenset(t.code for t in city.types),
        categories=frozenset(t.category for t in city.types),
        areas=frozenset(city.areas),
        qualifications=frozenset(q.code for q in city.qualifications),
    )


@cache
def rule_set_of(slug: str) -> RuleSet:
    return rules.parse(programme(slug).rule_set, vocabulary=vocabulary(slug))


@cache
def floor_of(slug: str) -> Floor:
    return floor.parse_floor(programme(slug).floor, vocabulary=vocabulary(slug))


def an_ordinary_case(slug: str, type_code: str | None = None, **facts: object) -> Case:
    """A call by phone at an ordinary place on a Tuesday afternoon, a CSO on duty, no question answered."""
    found = next((t for t in programme(slug).types if t.code == type_code), None)
    case = Case(
        type=type_code,
        category=found.category if found else None,
        priority=found.priority if found else None,
        source="phone",
        area=programme(slug).areas[0],
        hour=15,
        weekday=2,
        holiday=False,
        premise_flag=False,
        earlier_calls=0,
        cso_available=True,
    )
    return replace(case, **facts)  # type: ignore[arg-type]


def all_no(**others: str) -> dict[str, str]:
    return dict.fromkeys(USUAL, "no") | others


def rows(table: str) -> Iterator[Row]:
    """The lines of a table of `TABLES`."""
    slug = TABLES[table]
    for line in (HERE / f"{table.replace('-', '_')}.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"---", "What is reported"}:
            yield _row(slug, cells)


def _row(slug: str, cells: list[str]) -> Row:
    says, type_code, answers, known, taker, priority, decided_by = cells
    case = an_ordinary_case(slug, type_code or None, answers=_answers(answers))
    for fact in filter(None, known.split(", ")):
        case = _with_fact(case, fact)
    still_open = taker.removeprefix("still open: ") if taker.startswith("still open: ") else ""
    return Row(
        says=says,
        case=case,
        route=None if still_open else ROUTES[taker],
        first_open=still_open,
        priority=int(priority) if priority else None,
        decided_by=decided_by,
    )


def _answers(words: str) -> dict[str, str]:
    answers: dict[str, str] = {}
    for part in words.split(", "):
        if part == "all no":
            answers = all_no()
        elif part != "none yet":
            code, answer = part.split(" ")
            answers[code] = answer
    return {code: answer for code, answer in answers.items() if answer != "open"}


def _with_fact(case: Case, fact: str) -> Case:
    if fact.startswith("age "):
        return replace(case, subject_age=int(fact.removeprefix("age ")))
    if fact.startswith("secured by "):
        return replace(case, scene_secured_by=fact.removeprefix("secured by "))
    if fact.startswith("priority "):
        return replace(case, priority=int(fact.removeprefix("priority ")))
    known: dict[str, dict[str, object]] = {
        "flagged place": {"premise_flag": True},
        "place not looked up": {"premise_flag": None},
        "no CSO on duty": {"cso_available": False},
        "sworn request": {"source": "sworn_request", "requested_by": "Sgt. Rivera 4411"},
    }
    return replace(case, **known[fact])  # type: ignore[arg-type]
