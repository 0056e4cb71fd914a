"""Conditions in words, for people who read rules and do not write JSON."""

from collections.abc import Iterator, Mapping, Sequence

from calls.triage.conditions import ANSWER, FIELDS, AllOf, AnyOf, Condition, FieldTest, Not, Scalar
from calls.triage.domains import Value
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
# The usual codes where a rule names them; in English a code speaks for itself, as an agency's own does everywhere.
CODES: Mapping[str, Text] = {
    "weapon": {"en": "weapon", "es": "armas"},
    "violence": {"en": "violence", "es": "violencia"},
    "suspect_present": {"en": "suspect present", "es": "sospechoso presente"},
    "in_progress": {"en": "in progress", "es": "en curso"},
    "injury": {"en": "injury", "es": "heridos"},
    "person_at_risk": {"en": "person at risk", "es": "persona en peligro"},
    "hazard": {"en": "hazard", "es": "sustancia o peligro grave"},
    "legal_matter": {"en": "legal matter", "es": "asunto legal"},
}
SOURCES: Mapping[str, Text] = {
    "phone": {"en": "phone", "es": "el teléfono"},
    "radio": {"en": "radio", "es": "la radio"},
    "walk_in": {"en": "walk_in", "es": "quien vino en persona"},
    "online": {"en": "online", "es": "la web"},
    "open311": {"en": "open311", "es": "Open311"},
    "transfer": {"en": "transfer", "es": "otra agencia"},
    "sworn_request": {"en": "sworn_request", "es": "un pedido de un juramentado"},
    "self_initiated": {"en": "self_initiated", "es": "la propia unidad"},
}
# The categories of the programmes' types; an agency's own speak for themselves.
CATEGORIES: Mapping[str, Text] = {
    "animal": {"en": "animal", "es": "animales"},
    "danger": {"en": "danger", "es": "peligro"},
    "dispute": {"en": "dispute", "es": "disputas"},
    "missing": {"en": "missing", "es": "personas desaparecidas"},
    "nuisance": {"en": "nuisance", "es": "molestias"},
    "other": {"en": "other", "es": "otras"},
    "property": {"en": "property", "es": "bienes"},
    "public_works": {"en": "public works", "es": "obras públicas"},
    "support": {"en": "support", "es": "apoyo"},
    "traffic": {"en": "traffic", "es": "tránsito"},
    "vehicle": {"en": "vehicle", "es": "vehículos"},
    "welfare": {"en": "welfare", "es": "bienestar"},
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


UNKNOWN: Text = {"en": "{name} is not known", "es": "no se sabe {name}"}
NOT_ASKED: Text = {"en": "{name} is not asked", "es": "no se pregunta {name}"}


def one_of(field: str, values: Sequence[Value], could: Sequence[Value], *, language: str = "en") -> str:
    """That a field has one of the values, of those that it `could` have: "the hour is from 8 to 17 or is not known".

    A number that `could` leaves out is like the next smaller one that it names.
    """
    given = [value for value in values if value is not None]
    if FIELDS.get(field) and FIELDS[field].kind == "number":
        said = [_test(test, language) for test in _stretches(field, given, could)]
    elif field in FLAGS:
        said = [words(FLAGS[field][not value], language) for value in given]
    else:
        shown = given if field.startswith(ANSWER) else sorted(given, key=str)
        said = [_test(FieldTest(field, "in", tuple(shown)), language)] if given else []
    if None in values:
        unknown = NOT_ASKED if field.startswith(ANSWER) else UNKNOWN
        said.append(say(unknown, language, name=name_of(field, language)))
    return words(OR, language).join(said)


def _stretches(field: str, values: Sequence[Scalar], could: Sequence[Value]) -> Iterator[FieldTest]:
    """The numbers as stretches: up to, from and to, at least."""
    low, high = FIELDS[field].low, FIELDS[field].high
    steps = sorted(int(value) for value in could if value is not None)
    ends = dict(zip(steps, [*(after - 1 for after in steps[1:]), high], strict=True))
    runs: list[list[int]] = []
    for start in sorted(int(value) for value in values):
        if runs and runs[-1][1] + 1 == start:
            runs[-1][1] = ends[start]
        else:
            runs.append([start, ends[start]])
    for first, last in runs:
        if first == last:
            yield FieldTest(field, "is", (first,))
        elif first == low or last == high:
            yield FieldTest(field, "at_least" if last == high else "at_most", (first if last == high else last,))
        else:
            yield FieldTest(field, "between", (first, last))


def name_of(field: str, language: str = "en") -> str:
    """What people call a field; an answer by the code of its question."""
    if field.startswith(ANSWER):
        code = field.removeprefix(ANSWER)
        return words(CODES[code], language) if code in CODES else code.replace("_", " ")
    return words(NAMES.get(field) or THINGS[field], language)


def category_name(code: str, language: str = "en") -> str:
    """What people call a category."""
    return words(CATEGORIES[code], language) if code in CATEGORIES else code.replace("_", " ")


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
    values = test.values
    if test.field == "source":
        values = tuple(words(SOURCES[str(value)], language) for value in values)
    if test.field == "category":
        values = tuple(category_name(str(value), language) for value in values)
    low, high = test.values[0], test.values[-1]
    return say(COMPARED[test.operator], language, name=name, values=listed(values, language), low=low, high=high)


def _bracketed(part: Condition, language: str) -> str:
    said = in_words(part, language)
    return f"({said})" if isinstance(part, AllOf | AnyOf) else said


assert set(SOURCES) == set(FIELDS["source"].choices)
assert set(FLAGS) == {name for name, field in FIELDS.items() if field.kind == "flag"}
