"""What intake and the list of calls show: plain frozen rows, and how they are made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from agencies.models import Agency
from calls import queries, routing
from calls.intake import FACTS
from calls.models import Call, CallType, Decision
from calls.states import Route, Source
from calls.triage import decide as triage
from calls.triage import retold
from calls.triage.phrases import thing
from calls.triage.questions import questions_for
from calls.triage.suggest import Suggester, Suggestible
from calls.words import FACT, LANGUAGE, MODE, ROUTE, SOURCE, STATUS, active, label, language_name, named, said

PAGE = 100


@dataclass(frozen=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True)
class OtherRoute:
    """A route that was possible besides the chosen one, and why."""

    route: str
    label: str
    because: str


@dataclass(frozen=True)
class SuggestedType:
    """A type that the narrative sounds like, and the words that made it so."""

    code: str
    label: str
    why: str


@dataclass(frozen=True)
class DecisionView:
    """A route and why. `route` is empty while undecided."""

    route: str
    route_label: str
    priority: int | None
    reasons: Sequence[str]
    open_questions: Sequence[str]
    others: Sequence[OtherRoute]
    decided_by: str
    at: datetime | None = None
    rule_set: int | None = None
    overridden: bool = False
    override_reason: str = ""
    suggested_route_label: str = ""
    mode_label: str = ""
    hold_until: datetime | None = None


@dataclass(frozen=True)
class Spoken:
    """A question in another language than the page's. `is_callers`: the language that the caller speaks."""

    language: str
    words: str
    is_callers: bool


@dataclass(frozen=True)
class QuestionView:
    """A safety question with the answer given so far (`yes`, `no`, `unknown` or empty).

    `is_idle`: not answered, and no answer to it would change the route any more. `spoken`: to be read out as it is.
    """

    id: str
    codes: Sequence[str]
    text: str
    answer: str = ""
    is_idle: bool = False
    spoken: Sequence[Spoken] = ()


@dataclass(frozen=True)
class Asking:
    """What intake asks next: ids of questions, the most decisive first, and facts as (name, label)."""

    questions: Sequence[str]
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class CallLine:
    """A line of the list of calls."""

    number: str
    href: str
    status: str
    status_label: str
    route: str
    route_label: str
    priority: int | None
    type_code: str
    type_label: str
    place: str
    received_at: datetime


@dataclass(frozen=True)
class IntakePage:
    """What the intake panel needs besides the questions and the decision."""

    save_url: str
    preview_url: str
    questions_url: str
    once: str
    types: Sequence[dict[str, Any]]
    languages: Sequence[Choice]
    override_reasons: Sequence[Choice]
    sources: Sequence[Choice]


def intake_page(agency: Agency, once: str) -> IntakePage:
    """An empty intake panel. `once` names it, so that a double click saves one call."""
    return IntakePage(
        save_url=reverse("calls", args=[agency.slug]),
        preview_url=reverse("call-preview", args=[agency.slug]),
        questions_url=reverse("call-questions", args=[agency.slug]),
        once=once,
        types=[
            _type_entry(t) for t in CallType.objects.filter(retired_at=None).exclude(code="MAYDAY").order_by("code")
        ],
        languages=languages(agency),
        override_reasons=override_reasons(agency),
        sources=[Choice(s.value, label(SOURCE, s.value)) for s in Source if s is not Source.SELF_INITIATED],
    )


def languages(agency: Agency) -> list[Choice]:
    """Languages to choose from, the agency's own first."""
    codes = dict.fromkeys([*agency.languages, *LANGUAGE])
    return [Choice(code, language_name(code)) for code in codes]


def override_reasons(agency: Agency) -> list[Choice]:
    return [Choice(code, name) for code, name in named(agency, "override_reasons").items()]


def questions(type_code: str | None, answers: dict[str, str], *, caller: str = "") -> list[QuestionView]:
    """The safety questions of a type, in order, with what was answered; `caller` is the language of the caller."""
    rule_set = queries.rules_in_force().rule_set
    return [
        QuestionView(
            q.id,
            q.codes,
            said(q.text),
            _common({answers.get(code, "") for code in q.codes}),
            spoken=_spoken(q.text, caller),
        )
        for q in questions_for(rule_set, type_code)
    ]


def _spoken(text: Mapping[str, str], caller: str) -> list[Spoken]:
    """The words in every other language there are, in one of them for the caller (es also for es-MX)."""
    theirs = next((code for code in (caller, _main(caller)) if code in text), "")
    return [Spoken(code, words, code == theirs) for code, words in text.items() if words != said(text)]


def _main(language: str) -> str:
    return language.partition("-")[0]


def questions_to_decide(call: Call) -> list[QuestionView]:
    """The questions of a call: the answered ones, then those that can change its route, the most decisive first."""
    opens = list(call.decision.open_questions) if call.decision else []
    rank = {code: place for place, code in enumerate(opens)}

    def place(question: QuestionView) -> int:
        return -1 if question.answer else min((rank[code] for code in question.codes if code in rank), default=999)

    asked = questions(call.type.code if call.type else None, call.answers, caller=call.caller_language)
    found = sorted(asked, key=place)
    return [replace(question, is_idle=place(question) == 999) for question in found]


def suggested_types(narrative: str) -> list[SuggestedType]:
    """Types that the narrative sounds like, the likeliest first. For when nobody has picked one."""
    if not narrative.strip():
        return []
    rows = {row.code: row for row in CallType.objects.filter(retired_at=None).exclude(code="MAYDAY")}
    suggester = Suggester(
        Suggestible(
            code=row.code,
            names=tuple(row.name.values()),
            synonyms=tuple(word for words in row.synonyms.values() for word in words),
            codes=(row.apco_code, *row.codes),
        )
        for row in rows.values()
    )
    found = suggester.from_narrative(narrative)
    return [SuggestedType(s.code, said(rows[s.code].name), s.why) for s in found]


def asking_of(found: routing.Preview) -> Asking:
    """What is to be asked next of a call that is being typed."""
    return Asking(found.asking, [(name, label(FACT, name)) for name in found.decision.open_questions if name in FACTS])


def preview_of(found: triage.Decision, version: int, type_code: str | None) -> DecisionView:
    """A decision that is not stored."""
    by = found.decided_by
    return DecisionView(
        route=found.route or "",
        route_label=label(ROUTE, found.route),
        priority=found.priority,
        reasons=retold.besides_open(found.reasons, active()) if found.open_questions else found.reasons,
        open_questions=open_words(found.open_questions, type_code),
        others=_others([(a.route, a.because) for a in found.alternatives], found.route),
        decided_by=f"{by.kind} {by.id}" if by else "",
        rule_set=version,
        mode_label=label(MODE, found.mode),
    )


# Decisions by a person that are no override of what the rules said.
_NO_OVERRIDE = {"emergency", "self_initiated", "upgrade", "handed_back", "not_approved"}


def decision_of(row: Decision) -> DecisionView:
    """A stored decision, with its override where a person chose."""
    by_person = row.decided_kind == "person"
    overridden = by_person and row.override_code not in _NO_OVERRIDE
    waits = row.route is None or row.override_code == routing.HANDED_BACK
    still_open = open_words(row.open_questions, row.type_code) if waits else []
    tell = _teller(row)
    reasons = retold.besides_open(row.reasons, routing.ENGLISH) if still_open else row.reasons
    return DecisionView(
        route=row.route or "",
        route_label=label(ROUTE, row.route),
        priority=row.priority,
        reasons=[tell(reason) for reason in reasons],
        open_questions=still_open,
        others=_others([(a["route"], tell(a["because"])) for a in row.alternatives], row.route),
        decided_by=str(row.by) if by_person and row.by else f"{row.decided_kind} {row.decided_id}".strip(),
        at=row.at,
        rule_set=row.rule_set.version,
        overridden=overridden,
        override_reason=row.override_text,
        suggested_route_label=label(ROUTE, row.suggested_route) if row.suggested_route != row.route else "",
        mode_label=label(MODE, row.mode),
    )


def _teller(row: Decision) -> Callable[[str], str]:
    """Says a sentence of the decision in the active language."""
    language = active()
    if language == "en":
        return str
    names = [entry["names"] for entry in row.agency.settings.get("override_reasons", [])]
    texts = retold.known(row.rule_set.document, row.floor.document, names=names)
    return lambda sentence: retold.retell(sentence, language, texts)


def open_words(codes: Sequence[str], type_code: str | None) -> list[str]:
    """Open codes and facts as the questions that would settle them, as asked of this type, each question once."""
    rule_set = queries.rules_in_force().rule_set
    of_this_type = questions_for(rule_set, type_code or None)
    asked = {code: said(q.text) for q in (*rule_set.questions, *of_this_type) for code in q.codes}
    return list(dict.fromkeys(asked.get(code) or thing(code, active()).rstrip(".") for code in codes))


def find_calls(*, q: str = "", status: str = "", route: str = "") -> QuerySet[Call]:
    """Calls that match, the latest first. `q` searches number, place, narrative and caller."""
    rows = Call.objects.select_related("type").order_by("-received_at", "-pk")
    if status:
        rows = rows.filter(status=status)
    if route:
        rows = rows.filter(route=route) if route in list(Route) else rows.filter(route=None)
    for word in q.split()[:8]:
        rows = rows.filter(
            Q(number__icontains=word)
            | Q(address__icontains=word)
            | Q(narrative__icontains=word)
            | Q(caller_name__icontains=word)
            | Q(caller_phone__icontains=word)
        )
    return rows


def call_line(call: Call, slug: str) -> CallLine:
    return CallLine(
        number=call.number,
        href=reverse("call", args=[slug, call.number]),
        status=call.status,
        status_label=label(STATUS, call.status),
        route=call.route or "",
        route_label=label(ROUTE, call.route),
        priority=call.priority,
        type_code=call.type.code if call.type else "",
        type_label=said(call.type.name) if call.type else "",
        place=place_of(call),
        received_at=call.received_at,
    )


def place_of(call: Call) -> str:
    """The place in words; the position where nobody gave any."""
    if call.address or call.lat is None or call.lon is None:
        return call.address
    return f"{call.lat:.5f}, {call.lon:.5f}"


def _type_entry(row: CallType) -> dict[str, Any]:
    words = [word for found in row.synonyms.values() for word in found] + list(row.name.values())
    return {"code": row.code, "label": said(row.name), "search": " ".join(words), "codes": [row.apco_code, *row.codes]}


def _others(possible: Sequence[tuple[str, str]], chosen: str | None) -> list[OtherRoute]:
    """Routes that were possible besides the chosen one, each once with its likeliest reason."""
    first = dict(reversed(possible))
    routes = dict.fromkeys(route for route, _ in possible)
    return [OtherRoute(route, label(ROUTE, route), first[route]) for route in routes if route != chosen]


def _common(found: set[str]) -> str:
    return found.pop() if len(found) == 1 else ""
