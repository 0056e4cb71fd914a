"""Conditions in words, for people who read rules and do not write JSON."""

from collections.abc import Mapping, Sequence

from calls.triage.conditions import ANSWER, FIELDS, AllOf, AnyOf, Condition, FieldTest, Not, Scalar
from calls.triage.phrases import THINGS, say
from calls.triage.reading import Text, words

NAMES: Mapping[str, Text] = {
    "type": {"en": "the type", "es": "el tipo"},
    "source": {"en": "the source", "es": "el origen"},
    "weekday": {"en": "the weekday", "es": "el día de la semana"},
    "earlier_calls": {"en": "the number of earlier calls at the place", "es": "el número de llamadas anteriores"},
    "elapsed_min": {"en": "the minutes since it happened", "es": "los minutos desde que ocurrió"},
    "scene_secured_by": {"en": "who has secured the scene", "es": "quien ha asegurado el lugar"},
    "requested_by": {"en": "the officer who asks", "es": "el agente que lo pide"},
}
FLAGS: Mapping[str, tuple[Text, Text]] = {
    "holiday": (
        {"en": "it is a holiday", "es": "es feriado"},
        {"en": "it is no holiday", "es": "no es feriado"},
    ),
    "premise_flag": (
        {"en": "the place is flagged", "es": "el lugar tiene una advertencia"},
        {"en": "the place is not flagged", "es": "el lugar no tiene advertencias"},
    ),
    "cso_available": (
        {"en": "a CSO is on duty", "es": "hay un CSO de servicio"},
        {"en": "no CSO is on duty", "es": "no hay ningún CSO de servicio"},
    ),
}
ANSWERED: Text = {"en": "{name} is answered {values}", "es": "la respuesta sobre {name} es {values}"}
ANSWERS: Mapping[str, Text] = {
    "yes": {"en": "yes", "es": "sí"},
    "no": {"en": "no", "es": "no"},
    "unknown": {"en": "unknown", "es": "no se sabe"},
}
COMPARED: Mapping[str, Text] = {
    "is": {"en": "{name} is {values}", "es": "{name} es {values}"},
    "in": {"en": "{name} is {values}", "es": "{name} es {values}"},
    "between": {"en": "{name} is from {low} to {high}", "es": "{name} va de {low} a {high}"},
    "at_least": {"en": "{name} is at least {values}", "es": "{name} es {values} o más"},
    "at_most": {"en": "{name} is at most {values}", "es": "{name} es {values} o menos"},
    "below": {"en": "{name} is below {values}", "es": "{name} es menor que {values}"},
    "above": {"en": "{name} is above {values}", "es": "{name} es mayor que {values}"},
}
OR: Text = {"en": " or ", "es": " o "}
AND: Text = {"en": " and ", "es": " y "}
NOT: Text = {"en": "not: {part}", "es": "no: {part}"}


def in_words(condition: Condition, language: str = "en") -> str:
    """The condition as (a part of) a sentence: "the type is VEHABND and the place is not flagged"."""
    match condition:
        case FieldTest():
            return _test(condition, language)
        case Not(FieldTest(field, "is", (value,))) if field in FLAGS:
            return words(FLAGS[field][bool(value)], language)
        case Not(part):
            return say(NOT, language, part=_bracketed(part, language))
        case AllOf(parts):
            return words(AND, language).join(_bracketed(part, language) for part in parts)
        case AnyOf(parts):
            return words(OR, language).join(_bracketed(part, language) for part in parts)


def name_of(field: str, language: str = "en") -> str:
    """What people call a field; an answer by the code of its question."""
    if field.startswith(ANSWER):
        return field.removeprefix(ANSWER).replace("_", " ")
    return words(NAMES.get(field) or THINGS[field], language)


def listed(values: Sequence[Scalar], language: str = "en") -> str:
    """Values joined by *or*."""
    return words(OR, language).join(str(value) for value in values)


def _test(test: FieldTest, language: str) -> str:
    name = name_of(test.field, language)
    if test.field.startswith(ANSWER):
        answers = words(OR, language).join(words(ANSWERS[str(value)], language) for value in test.values)
        return say(ANSWERED, language, name=name, values=answers)
    if test.field in FLAGS:
        return words(FLAGS[test.field][not test.values[0]], language)
    low, high = test.values[0], test.values[-1]
    return say(COMPARED[test.operator], language, name=name, values=listed(test.values, language), low=low, high=high)


def _bracketed(part: Condition, language: str) -> str:
    said = in_words(part, language)
    return f"({said})" if isinstance(part, AllOf | AnyOf) else said


assert set(FLAGS) == {name for name, field in FIELDS.items() if field.kind == "flag"}
