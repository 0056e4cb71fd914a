"""Where the parts of a rule set come from, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from calls.models import RuleSet
from calls.rulesets import sources_of
from calls.triage import fitting

# What the templates say of what is theirs; the titles of documents stand as they are.
OURS = {
    "Shipped as an example; the city confirms or changes it": gettext_lazy(
        "Shipped as an example; the city confirms or changes it"
    ),
    "Usual disqualifiers of civilian response, shipped as the floor": gettext_lazy(
        "Usual disqualifiers of civilian response, shipped as the floor"
    ),
}


@dataclass(frozen=True)
class PartSource:
    """Where a part comes from. `is_as_it_was`: nobody changed the part since."""

    title: str
    date: str
    url: str
    is_as_it_was: bool


def sources_by_part(row: RuleSet) -> dict[str, PartSource]:
    """By the id of a part."""
    marks = {part["id"]: fitting.mark_of(part) for name in fitting.PARTS for part in row.document[name]}
    return {
        key: PartSource(
            title=str(OURS.get(found["title"], found["title"])),
            date=found["date"],
            url=found["url"] or "",
            is_as_it_was=found.get("mark") in (None, marks[key]),
        )
        for key, found in sources_of(row)["sources"].items()
        if key in marks
    }


MISSING = {
    ("types", "narrowed"): gettext_lazy(
        "%(parts)s: the type %(code)s, which is not in use here, is not named any more."
    ),
    ("types", "left_out"): gettext_lazy(
        "%(parts)s: left out, being about the type %(code)s, which is not in use here."
    ),
    ("categories", "narrowed"): gettext_lazy(
        "%(parts)s: the category %(code)s, which no type here has, is not named any more."
    ),
    ("categories", "left_out"): gettext_lazy(
        "%(parts)s: left out, being about the category %(code)s, which no type here has."
    ),
    ("areas", "narrowed"): gettext_lazy("%(parts)s: the area %(code)s, which is not here, is not named any more."),
    ("areas", "left_out"): gettext_lazy("%(parts)s: left out, being about the area %(code)s, which is not here."),
    ("qualifications", "narrowed"): gettext_lazy(
        "%(parts)s: the qualification %(code)s, which nobody has here, is not wanted any more."
    ),
    ("qualifications", "asks"): gettext_lazy(
        "%(parts)s: nobody here has the qualification %(code)s. A supervisor is asked first, until another is chosen."
    ),
}


def missing_words(missing: Iterable[Mapping[str, str]]) -> list[str]:
    """What a template named that the agency does not have, a sentence for each code and what became of it."""
    parts: dict[tuple[str, str, str], list[str]] = {}
    for entry in missing:
        parts.setdefault((entry["kind"], entry["became"], entry["code"]), []).append(entry["part"])
    return [
        str(MISSING[kind, became]) % {"parts": ", ".join(found), "code": code}
        for (kind, became, code), found in parts.items()
    ]
