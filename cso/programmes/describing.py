"""The tables of docs/triage.md, made from what the code reads and what is shipped.

`python -m cso.programmes.describing` writes them between their marks; a test holds the file to them.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from calls.triage import rules
from calls.triage.authority import CANNOT, NEEDS, TRAFFIC
from calls.triage.conditions import FIELDS, OPERATORS, Field
from calls.triage.floor import Floor, parse_floor
from calls.triage.phrases import THINGS
from calls.triage.questions import questions_for
from calls.triage.rules import RuleSet
from calls.triage.sentences import in_words
from cso import programmes
from cso.programmes import Programme

PAGE = Path(__file__).parents[2] / "docs" / "triage.md"
MARKS = ("fields", "authority", "templates")


def written(page: str) -> str:
    """The page with every table anew."""
    tables = {"fields": _fields(), "authority": _authority(), "templates": _templates()}
    for mark in MARKS:
        begin, end = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
        head, _, rest = page.partition(begin)
        _, _, tail = rest.partition(end)
        page = head + begin + "\n" + tables[mark] + "\n" + end + tail
    return page


def _fields() -> str:
    rows = [(f"`{name}`", _values(field), _comparisons(field), _what(name)) for name, field in FIELDS.items()]
    answer = ("`answer.<code>`", "`yes`, `no`, `unknown`", "`is`, `in`", "the answer to a question's code")
    return _table(("field", "values", "comparisons", "what it is"), [*rows, answer])


def _what(name: str) -> str:
    return THINGS[name]["en"]


def _values(field: Field) -> str:
    if field.kind == "number":
        return f"{field.low:,} to {field.high:,}"
    if field.choices:
        return ", ".join(f"`{choice}`" for choice in field.choices)
    return (
        "`true`, `false`"
        if field.kind == "flag"
        else f"the agency's {field.vocabulary}"
        if field.vocabulary
        else "text"
    )


def _comparisons(field: Field) -> str:
    return ", ".join(f"`{operator}`" for operator in OPERATORS[field.kind])


def _authority() -> str:
    keys = dict.fromkeys(NEEDS.values())
    rows = [
        (f"`{key}`", CANNOT[key]["en"], ", ".join(code for code, need in NEEDS.items() if need == key)) for key in keys
    ]
    assists = ("`direct_traffic`", "the same, or what the type needs", f"secured assists at {', '.join(TRAFFIC)}")
    return _table(("authority", "without it a CSO may not", "types"), [*rows, assists])


def _templates() -> str:
    return "\n".join(_template(programmes.read(slug)) for slug in programmes.slugs())


def _template(city: Programme) -> str:
    rule_set, floor = rules.parse(city.rule_set), parse_floor(city.floor)
    parts = [
        f"### {city.name}\n",
        "Disqualifiers, each of them an invariant of the floor too:\n",
        _table(
            ("disqualifier", "when", "priority", "because"),
            [(d.id, in_words(d.when), str(d.priority), d.because["en"]) for d in rule_set.disqualifiers],
        ),
        "Rules, the first that matches decides:\n",
        _table(
            ("rule", "when", "who takes it", "priority", "qualification", "without a CSO on duty"), _rules(rule_set)
        ),
        "Who is asked what:\n",
        _table(("types", "questions", "declared not applicable"), _asked(city, rule_set, floor)),
        f"Never for a CSO: {', '.join(sorted(floor.never_cso))}.\n",
    ]
    return "\n".join(parts)


def _rules(rule_set: RuleSet) -> Iterator[Sequence[str]]:
    for rule in rule_set.rules:
        taker = rule.route + (", after a supervisor's yes" if rule.approval else "")
        off_hours = rule.off_hours if rule.route == "cso" else ""
        when = in_words(rule.when).replace("nobody or no one or none or no or false or not secured or n/a or nadie or "
                                           "ninguno", "nobody")  # fmt: skip
        yield rule.id, when, taker, str(rule.priority), rule.qualification or "", off_hours
    yield "default", "nothing above", "sworn", str(rule_set.default.priority), "", ""


def _asked(city: Programme, rule_set: RuleSet, floor: Floor) -> Iterator[Sequence[str]]:
    """Types that are asked the same, together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for known in city.types:
        asked = ", ".join(question.id for question in questions_for(rule_set, known.code))
        spared = ", ".join(sorted(entry.code for entry in floor.not_applicable if entry.type == known.code))
        alike.setdefault((asked, spared), []).append(known.code)
    for (asked, spared), types in alike.items():
        yield ", ".join(types), asked, spared


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [names, ["---"] * len(names), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
