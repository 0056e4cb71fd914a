"""What a proof says, in each shipped language."""

from collections.abc import Callable, Sequence

from calls.triage.authority import CANNOT
from calls.triage.decide import decide
from calls.triage.evaluate import Case
from calls.triage.floor import NO_FLOOR
from calls.triage.phrases import say, thing
from calls.triage.programs import Guard
from calls.triage.reading import Text, words
from calls.triage.rules import Rule, RuleSet

BREAKS: Text = {
    "en": "{because} Still {rule} sends this call to {taker}.",
    "es": "{because} Aun así {rule} envía esta llamada a {taker}.",
}
UNKNOWN: Text = {
    "en": "Nobody knows {what}, and what is unknown never clears a call. Still {rule} sends it to {taker}.",
    "es": "Nadie sabe {what}, y lo que no se sabe nunca descarta un riesgo. Aun así {rule} la envía a {taker}.",
}
UNCOVERED: Text = {
    "en": "{rule} can send {type} calls to {taker}, but they are not asked {what}. "
    "Ask it of them, or have two people declare it not applicable.",
    "es": "{rule} puede enviar llamadas {type} a {taker}, pero en ellas no se pregunta {what}. "
    "Pregúntelo, o que dos personas declaren que no corresponde.",
}
FORBIDDEN: Text = {
    "en": "CSOs of this agency may not {what}. Still {rule} sends this call to a CSO.",
    "es": "Los CSO de esta agencia no pueden {what}. Aun así {rule} envía esta llamada a un CSO.",
}
UNAPPROVED: Text = {
    "en": "CSOs of this agency may {what} only after a supervisor's yes, for which {rule} does not ask.",
    "es": "Los CSO de esta agencia solo pueden {what} con la aprobación de un supervisor, que {rule} no pide.",
}
PRIORITY_1: Text = {
    "en": "A call of priority 1 would leave sworn hands.",
    "es": "Una llamada de prioridad 1 dejaría de ser atendida por agentes.",
}
NO_ROUTE: Text = {
    "en": "With everything answered, this call would still get no route.",
    "es": "Con todo respondido, esta llamada seguiría sin destino.",
}
SHADOWED: Text = {
    "en": "{rule} never decides a call: whatever it matches is decided before it by {others}.",
    "es": "{rule} nunca decide: todo lo que abarca lo decide antes {others}.",
}
IMPOSSIBLE: Text = {
    "en": "{rule} never decides a call: no call can match it.",
    "es": "{rule} nunca decide: ninguna llamada puede cumplirla.",
}
DOUBLE: Text = {"en": "The id {id} is used twice.", "es": "El identificador {id} se usa dos veces."}
ALSO: Text = {"en": "The same happens with {types}.", "es": "Lo mismo ocurre con {types}."}
AND: Text = {"en": "and", "es": "y"}
NO_TYPE: Text = {"en": "calls whose type is not known yet", "es": "llamadas cuyo tipo aún no se sabe"}
OUT_OF_TIME: Text = {
    "en": "The proof did not come to an end in time, so nothing is proved. A smaller rule set may be.",
    "es": "La prueba no terminó a tiempo, así que nada queda probado. Quizá con un conjunto de reglas más pequeño.",
}
DISAGREES: Text = {
    "en": "The proof of {what} and the decision disagree about this call. This is a fault of the console: report it.",
    "es": "La prueba de {what} y la decisión no coinciden en esta llamada. Es un fallo de la consola: informe de él.",
}
TAKERS = {
    "cso": {"en": "a CSO", "es": "un CSO"},
    "referral": {"en": "a service", "es": "un servicio"},
    "sworn": {"en": "sworn", "es": "un agente"},
}

MOST_TYPES = 12


def plain(text: Text) -> Callable[[RuleSet, Case, str], str]:
    """The text itself, whatever the call."""
    return lambda rule_set, case, language: words(text, language)


def guarded(rule_set: RuleSet, guard: Guard, case: Case, language: str) -> str:
    """Why a call must not leave sworn hands, and which rule sends it away."""
    rule, taker = _who(rule_set, case, language)
    if guard.check.value(case) is None:
        opens = dict.fromkeys(guard.check.opens(case))
        what = ", ".join(thing(name, language).rstrip(".") for name in opens)
        return say(UNKNOWN, language, what=what, rule=rule, taker=taker)
    return say(BREAKS, language, because=words(guard.because, language), rule=rule, taker=taker)


def uncovered(rule_set: RuleSet, case: Case, code: str, language: str) -> str:
    """Which question is missing where."""
    rule, taker = _who(rule_set, case, language)
    what = thing(code, language).rstrip(".")
    return say(UNCOVERED, language, rule=rule, taker=taker, type=case.type or "", what=what)


def unauthorised(rule: Rule, need: str, *, approval: bool, language: str) -> str:
    """What CSOs may not do, or not without a supervisor."""
    return say(UNAPPROVED if approval else FORBIDDEN, language, rule=rule.id, what=words(CANNOT[need], language))


def dead(rule: Rule, shadows: Sequence[str], language: str) -> str:
    """Why a rule decides nothing."""
    if shadows:
        return say(SHADOWED, language, rule=rule.id, others=listed(shadows, language))
    return say(IMPOSSIBLE, language, rule=rule.id)


def listed(names: Sequence[str], language: str) -> str:
    """Several names as one would say them."""
    *others, last = names
    return f"{', '.join(others)} {words(AND, language)} {last}" if others else last


def also(types: Sequence[str], language: str) -> str:
    """With which other types it happens."""
    shown = [name or words(NO_TYPE, language) for name in types]
    more = [f"+{len(shown) - MOST_TYPES}"] if len(shown) > MOST_TYPES else []
    return say(ALSO, language, types=", ".join([*shown[:MOST_TYPES], *more]))


def _who(rule_set: RuleSet, case: Case, language: str) -> tuple[str, str]:
    decision = decide(rule_set, NO_FLOOR, case)
    rule = decision.decided_by.id if decision.decided_by else ""
    return rule, words(TAKERS[decision.route or "sworn"], language)
