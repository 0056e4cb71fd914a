"""What differs between two versions of a rule set, in words."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from calls.triage.phrases import say
from calls.triage.reading import Text, words
from calls.triage.rules import Default, Disqualifier, Invariant, Question, Rule, RuleSet
from calls.triage.sentences import in_words

PARTS: Mapping[str, Text] = {
    "questions": {"en": "Question", "es": "Pregunta"},
    "disqualifiers": {"en": "Disqualifier", "es": "Descarte"},
    "rules": {"en": "Rule", "es": "Regla"},
    "invariants": {"en": "Invariant", "es": "Invariante"},
}
ADDED: Text = {"en": "{part} {id} is new: {what}.", "es": "{part} {id} es nueva: {what}."}
REMOVED: Text = {"en": "{part} {id} is gone: {what}.", "es": "{part} {id} ya no está: {what}."}
CHANGED: Text = {"en": "{part} {id}: {name} was {old} and is {new}.", "es": "{part} {id}: {name} era {old} y es {new}."}
MOVED: Text = {"en": "{part} {id} now comes {place}.", "es": "{part} {id} ahora va {place}."}
DEFAULT: Text = {
    "en": "What no rule matches: {name} was {old} and is {new}.",
    "es": "Lo que ninguna regla abarca: {name} era {old} y es {new}.",
}
FIRST: Text = {"en": "first", "es": "primero"}
AFTER: Text = {"en": "after {id}", "es": "después de {id}"}
NONE: Text = {"en": "nothing", "es": "nada"}
EVERY: Text = {"en": "every type", "es": "todos los tipos"}
NAMES: Mapping[str, Text] = {
    "asks": {"en": "the question", "es": "la pregunta"},
    "codes": {"en": "what it answers", "es": "lo que responde"},
    "types": {"en": "asked of", "es": "para los tipos"},
    "when": {"en": "the condition", "es": "la condición"},
    "route": {"en": "the route", "es": "el destino"},
    "priority": {"en": "the priority", "es": "la prioridad"},
    "qualification": {"en": "the qualification", "es": "la cualificación"},
    "mode": {"en": "the handling", "es": "el modo"},
    "off_hours": {"en": "without a CSO on duty", "es": "sin CSO de servicio"},
    "approval": {"en": "the supervisor's approval", "es": "la aprobación del supervisor"},
    "because": {"en": "the reason", "es": "el motivo"},
}

_SWORN: Text = {"en": "sworn", "es": "juramentado"}
CODED: Mapping[str, Mapping[str, Text]] = {
    "route": {"cso": {"en": "CSO", "es": "CSO"}, "referral": {"en": "referral", "es": "remisión"}, "sworn": _SWORN},
    "mode": {
        "in_person": {"en": "in person", "es": "en persona"},
        "phone": {"en": "by phone", "es": "por teléfono"},
        "appointment": {"en": "by appointment", "es": "con cita"},
    },
    "off_hours": {
        "hold": {"en": "hold until one is", "es": "esperar hasta que haya uno"},
        "phone": {"en": "take it by phone", "es": "atender por teléfono"},
        "sworn": _SWORN,
    },
    "approval": {"True": {"en": "needed", "es": "necesaria"}, "False": {"en": "not needed", "es": "no necesaria"}},
}


def changes(old: RuleSet, new: RuleSet, language: str = "en") -> tuple[str, ...]:
    """One sentence for each thing that is new, gone, changed or in another place; empty when nothing is."""
    return tuple(_changes(old, new, language))


def _changes(old: RuleSet, new: RuleSet, language: str) -> Iterator[str]:
    for part, name in PARTS.items():
        before = {item.id: item for item in getattr(old, part)}
        after = {item.id: item for item in getattr(new, part)}
        shown = words(name, language)
        for identifier in (known for known in before if known not in after):
            yield say(REMOVED, language, part=shown, id=identifier, what=_whole(before[identifier], language))
        for identifier, item in after.items():
            if identifier not in before:
                yield say(ADDED, language, part=shown, id=identifier, what=_whole(item, language))
            else:
                yield from _changed(shown, before[identifier], item, language)
        yield from _moved(shown, list(before), list(after), language)
    for key, was, now in _differing(old.default, new.default, language):
        yield say(DEFAULT, language, name=words(NAMES[key], language), old=was, new=now)


def _changed(part: str, old: Any, new: Any, language: str) -> Iterator[str]:  # noqa: ANN401 one of the four kinds
    for key, was, now in _differing(old, new, language):
        yield say(CHANGED, language, part=part, id=new.id, name=words(NAMES[key], language), old=was, new=now)


def _differing(old: Any, new: Any, language: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401
    said_before, said_now = _said(old, language), _said(new, language)
    for key, now in said_now.items():
        if said_before[key] != now:
            yield key, said_before[key], now


def _moved(part: str, before: Sequence[str], after: Sequence[str], language: str) -> Iterator[str]:
    """Items that both versions have in another order; the fewest that explain it."""
    common = [identifier for identifier in after if identifier in before]
    place = {identifier: n for n, identifier in enumerate(before)}
    kept = _longest_in_order([place[identifier] for identifier in common])
    for n, identifier in enumerate(common):
        if place[identifier] not in kept:
            where = say(AFTER, language, id=common[n - 1]) if n else words(FIRST, language)
            yield say(MOVED, language, part=part, id=identifier, place=where)


def _longest_in_order(places: Sequence[int]) -> set[int]:
    """The longest rising subsequence."""
    best: list[tuple[int, ...]] = [()]
    for place in places:
        longest = max(((len(line), line) for line in best if not line or line[-1] < place), default=(0, ()))[1]
        best.append((*longest, place))
    return set(max((len(line), line) for line in best)[1])


def _whole(item: Question | Disqualifier | Rule | Invariant, language: str) -> str:
    said = _said(item, language)
    wanted = ("asks", "types") if isinstance(item, Question) else ("when", "route")
    return "; ".join(said[key] for key in wanted if key in said)


def _said(item: Question | Disqualifier | Rule | Invariant | Default, language: str) -> dict[str, str]:
    """Every part of the item as people read it."""
    show: Mapping[str, Callable[[Any], str]] = {
        "text": lambda text: f"“{words(text, language)}”",
        "because": lambda text: f"“{words(text, language)}”",
        "when": lambda when: f"“{in_words(when, language)}”",
        "types": lambda types: ", ".join(types).replace("*", words(EVERY, language)) or words(NONE, language),
        "codes": ", ".join,
    }
    said = {}
    for key in item.__dataclass_fields__:
        if key != "id":
            value = getattr(item, key)
            coded = NONE if value is None else CODED.get(key, {}).get(str(value))
            plain = words(coded, language) if coded else str(value).replace("_", " ")
            said["asks" if key == "text" else key] = show[key](value) if key in show else plain
    return said
