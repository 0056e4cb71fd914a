"""The sentences that triage itself says, in each shipped language. Rules bring their own words."""

from collections.abc import Mapping

from calls.triage.reading import Text, words

NOT_DECIDED: Text = {"en": "Not decided yet.", "es": "Aún sin decidir."}
STILL_OPEN: Text = {"en": "Still open: {what}", "es": "Falta saber: {what}"}
CANNOT_SAY: Text = {"en": "The caller cannot say: {what}", "es": "La persona que llama no lo sabe: {what}"}
MORE_OPEN: Text = {"en": "{count} more may be needed after that.", "es": "Después pueden hacer falta {count} más."}
UNKNOWN_IS_SWORN: Text = {
    "en": "What nobody can say never clears a call: it goes to a sworn officer.",
    "es": "Lo que nadie sabe nunca descarta un riesgo: la llamada va a un agente de policía.",
}
SETTLED: Text = {
    "en": "No answer still open would change that.",
    "es": "Ninguna respuesta pendiente cambiaría eso.",
}
APPROVAL: Text = {"en": "A supervisor must approve it.", "es": "Un supervisor debe aprobarlo."}
OFF_HOURS: Mapping[str, Text] = {
    "hold": {
        "en": "No CSO is on duty: the call is held until one is, and the caller is told when.",
        "es": "No hay ningún CSO de servicio: la llamada espera y se le dice a la persona hasta cuándo.",
    },
    "phone": {
        "en": "No CSO is on duty: the report is taken by phone.",
        "es": "No hay ningún CSO de servicio: el informe se toma por teléfono.",
    },
    "sworn": {
        "en": "No CSO is on duty: a sworn officer takes it.",
        "es": "No hay ningún CSO de servicio: lo atiende un agente de policía.",
    },
}
PERSON_MAY: Text = {
    "en": "A person may always choose a sworn officer.",
    "es": "Una persona siempre puede elegir a un agente de policía.",
}
WITHOUT_THAT: Text = {"en": "Without that: {because}", "es": "Sin eso: {because}"}
NEVER_CSO: Text = {
    "en": "This type of call is never for a CSO.",
    "es": "Este tipo de llamada nunca es para un CSO.",
}
PRIORITY_1: Text = {
    "en": "No priority 1 call goes to a CSO.",
    "es": "Ninguna llamada de prioridad 1 va a un CSO.",
}
TYPE_NOT_IN_USE: Text = {
    "en": "This call type is not in use, so no rule can send it to a CSO.",
    "es": "Este tipo de llamada no está en uso; ninguna regla puede enviarla a un CSO.",
}
# What people and clocks did to a route.
EMERGENCY: Text = {
    "en": "Emergency: sent to sworn at once with what was known.",
    "es": "Emergencia: pasó al instante a un agente de policía con lo que se sabía.",
}
SWORN: Text = {"en": "sworn", "es": "un agente de policía"}
CHOSEN: Text = {"en": "{who} chose this route: {why}.", "es": "{who} eligió esta vía: {why}."}
SELF_INITIATED: Text = {
    "en": "Opened on scene by the unit itself.",
    "es": "La abrió la propia unidad en el lugar.",
}
ASKED: Text = {"en": "{who} asked {to} to take it.", "es": "{who} pidió que la atienda {to}."}
ASKED_IN_DANGER: Text = {
    "en": "{who} asked {to} to take it because of danger.",
    "es": "{who} pidió que la atienda {to} por peligro.",
}
HANDED_BACK: Text = {"en": "Handed back by whoever had it.", "es": "La devolvió quien la tenía."}
NOT_IN_TIME: Text = {
    "en": "No supervisor approved it in time.",
    "es": "Ningún supervisor la aprobó a tiempo.",
}
NOT_APPROVED: Text = {"en": "{who} did not approve it.", "es": "{who} no la aprobó."}

THINGS: Mapping[str, Text] = {
    "type": {"en": "what kind of call it is", "es": "qué tipo de llamada es"},
    "category": {"en": "the category of the call", "es": "la categoría de la llamada"},
    "priority": {"en": "the priority", "es": "la prioridad"},
    "source": {"en": "how the call came in", "es": "cómo llegó la llamada"},
    "area": {"en": "the area", "es": "la zona"},
    "hour": {"en": "the hour", "es": "la hora"},
    "weekday": {"en": "the day of the week", "es": "el día de la semana"},
    "holiday": {"en": "whether today is a holiday", "es": "si hoy es feriado"},
    "premise_flag": {"en": "whether the place is flagged", "es": "si el lugar tiene una advertencia"},
    "earlier_calls": {"en": "earlier calls at the place", "es": "las llamadas anteriores en el lugar"},
    "caller_age": {"en": "the caller's age", "es": "la edad de la persona que llama"},
    "subject_age": {"en": "the age of the person it is about", "es": "la edad de la persona afectada"},
    "elapsed_min": {"en": "how long ago it happened", "es": "cuánto hace que ocurrió"},
    "cso_available": {"en": "whether a CSO is on duty", "es": "si hay un CSO de servicio"},
    "scene_secured_by": {"en": "who has secured the scene", "es": "quién ha asegurado el lugar"},
    "requested_by": {"en": "which officer is asking", "es": "qué agente lo pide"},
    "weapon": {"en": "whether anyone is armed", "es": "si hay alguien armado"},
    "violence": {"en": "whether there is violence or a threat", "es": "si hay violencia o amenazas"},
    "suspect_present": {"en": "whether a suspect is there", "es": "si hay un sospechoso en el lugar"},
    "in_progress": {"en": "whether it is happening now", "es": "si está ocurriendo ahora"},
    "injury": {"en": "whether anyone is hurt or ill", "es": "si hay alguien herido o enfermo"},
    "person_at_risk": {
        "en": "whether a child or vulnerable person is at risk now",
        "es": "si un menor o una persona vulnerable corre peligro ahora",
    },
    "hazard": {
        "en": "whether there is a dangerous substance or hazard",
        "es": "si hay una sustancia o un peligro grave",
    },
    "legal_matter": {
        "en": "whether it is about a crime or a legal matter",
        "es": "si se trata de un delito o de un asunto legal",
    },
}


def say(phrase: Text, language: str, **parts: object) -> str:
    """The phrase in the language, its parts filled in."""
    return words(phrase, language).format(**parts)


def thing(name: str, language: str) -> str:
    """What an open fact or code is about, in words; an agency's own code speaks for itself."""
    if name in THINGS:
        return words(THINGS[name], language) + "."
    return name.replace("_", " ") + "."
