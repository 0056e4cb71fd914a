"""What the pages of rules show: versions, one version as sentences, a trial, the proof."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agencies.models import Agency, Member
from agencies.permissions import may
from agencies.roles import Operation
from calls import pages, queries
from calls.models import CallType, RuleSet
from calls.pages import Choice, DecisionView
from calls.rule_origins import PartSource, missing_words, sources_by_part
from calls.rulesets import overtaken_by
from calls.triage import rules
from calls.triage.conditions import FIELDS, OPERATORS, SOURCES
from calls.triage.decide import Case, decide, explain
from calls.triage.proofs import Proof
from calls.triage.questions import questions_for
from calls.triage.reading import words
from calls.triage.sentences import ANSWERS, in_words, name_of
from calls.words import FACT, MODE, PROPERTY, ROUTE, active, label, language_name, named, said

PARTS = ("disqualifier", "rule", "invariant")
COMPARED = {
    "is": gettext_lazy("is"),
    "in": gettext_lazy("is one of"),
    "between": gettext_lazy("is from … to"),
    "at_least": gettext_lazy("is at least"),
    "at_most": gettext_lazy("is at most"),
    "below": gettext_lazy("is below"),
    "above": gettext_lazy("is above"),
}
OFF_HOURS = {
    "hold": gettext_lazy("hold until one is"),
    "phone": gettext_lazy("take it by phone"),
    "sworn": gettext_lazy("sworn"),
}


@dataclass(frozen=True)
class VersionRow:
    version: int
    status: str
    status_label: str
    drafted_by: str
    edited_at: datetime | None
    published_by: str
    since: datetime | None
    restored_from: int | None
    based_on: int | None
    is_in_force: bool


@dataclass(frozen=True)
class Part:
    """A disqualifier, a rule or an invariant as a sentence: *when*, *then*, *because*. `state`: "new", "changed" or
    "struck" where that is proposed."""

    id: str
    when: str
    then: str
    because: str
    route: str = ""
    state: str = ""
    source: PartSource | None = None


@dataclass(frozen=True)
class Asked:
    id: str
    text: str
    other: str
    codes: str
    types: str
    source: PartSource | None = None


@dataclass(frozen=True)
class RulesPage:
    """One version. `may` holds what this member may do with it as it stands."""

    row: VersionRow
    revision: int
    document: dict[str, Any]
    questions: Sequence[Asked]
    disqualifiers: Sequence[Part]
    rules: Sequence[Part]
    invariants: Sequence[Part]
    default: Part
    may: frozenset[str]
    choices: dict[str, Any]
    types: Sequence[Choice]
    in_force: int
    others: Sequence[int]
    overtaken_by: VersionRow | None = None
    begun_from: str = ""
    missing: Sequence[str] = ()

    @property
    def against(self) -> int:
        """The version that it is compared with, and would take the place of."""
        return self.overtaken_by.version if self.overtaken_by else self.in_force

    @property
    def may_edit(self) -> bool:
        return "edit" in self.may

    @property
    def may_order(self) -> bool:
        return self.may_edit


@dataclass(frozen=True)
class Heard:
    """What one part says of a call that is tried."""

    id: str
    kind: str
    verdict: str
    opens: str
    is_part: bool


@dataclass(frozen=True)
class Trial:
    decision: DecisionView
    verdicts: Sequence[Heard]
    silent: Sequence[str]
    asked: Sequence[str]


@dataclass(frozen=True)
class Shown:
    """A failed property: of which parts, in words, and the call that shows it."""

    property: str
    because: str
    parts: str
    types: str
    example: dict[str, Any] | None = field(default=None)


STATUS = {"draft": gettext_lazy("draft"), "published": gettext_lazy("published"), "retired": gettext_lazy("retired")}


def version_rows() -> list[VersionRow]:
    """All versions, the latest first."""
    rows = RuleSet.objects.select_related("drafted_by", "published_by").defer("document", "origin").order_by("-version")
    in_force = queries.rules_in_force().row.version
    return [_version(row, in_force) for row in rows]


def rules_page(row: RuleSet, *, viewer: Member) -> RulesPage:
    """One version as `viewer` may see and change it."""
    found, language = rules.parse(row.document), active()
    in_force = queries.rules_in_force().row.version
    version = _version(row, in_force)
    types = CallType.objects.filter(retired_at=None).order_by("code")
    qualified = named(viewer.agency, "qualifications")
    sources = sources_by_part(row)
    is_draft, origin = row.status == RuleSet.Status.DRAFT, row.origin or {}
    return RulesPage(
        row=version,
        revision=row.revision,
        document=row.document,
        questions=[replace(_asked(q, language), source=sources.get(q.id)) for q in found.questions],
        disqualifiers=[
            Part(
                d.id,
                in_words(d.when, language),
                _sworn(d.priority),
                words(d.because, language),
                "sworn",
                source=sources.get(d.id),
            )
            for d in found.disqualifiers
        ],
        rules=[
            Part(
                r.id,
                in_words(r.when, language),
                _then(r, qualified),
                words(r.because, language),
                r.route,
                source=sources.get(r.id),
            )
            for r in found.rules
        ],
        invariants=[replace(invariant(i, language), source=sources.get(i.id)) for i in found.invariants],
        default=Part("default", "", _sworn(found.default.priority), words(found.default.because, language), "sworn"),
        may=_permitted(row, version, viewer),
        choices=choices(viewer.agency, found.codes),
        types=[Choice(t.code, said(t.name)) for t in types],
        in_force=in_force,
        others=list(RuleSet.objects.exclude(pk=row.pk).order_by("-version").values_list("version", flat=True)),
        overtaken_by=_version(overtaken, in_force) if (overtaken := overtaken_by(row)) else None,
        begun_from=origin.get("name", "") if is_draft else "",
        missing=missing_words(origin.get("missing", [])) if is_draft else [],
    )


def invariant(item: rules.Invariant, language: str, state: str = "") -> Part:
    """What is always sworn, as a sentence."""
    return Part(item.id, in_words(item.when, language), _("sworn"), words(item.because, language), "sworn", state)


def choices(agency: Agency, codes: Iterable[str]) -> dict[str, Any]:
    """What the editor of conditions may offer: fields with their kind and comparisons, and the codes in use."""
    language = active()
    types = list(CallType.objects.filter(retired_at=None).order_by("code"))
    listed: dict[str, list[str]] = {
        "type": [t.code for t in types],
        "category": sorted({t.category for t in types}),
        "area": list(agency.settings.get("areas", [])),
        "source": list(SOURCES),
    }
    fields = {
        name: {"kind": kind.kind, "label": name_of(name, language), "values": listed.get(name, [])}
        for name, kind in FIELDS.items()
    }
    for name in (f"answer.{code}" for code in sorted(codes)):
        fields[name] = {"kind": "answer", "label": name_of(name, language), "values": ["yes", "no", "unknown"]}
    qualifications = named(agency, "qualifications")
    return {"fields": fields, "operators": {kind: list(ops) for kind, ops in OPERATORS.items()},
            "comparisons": {word: str(said_so) for word, said_so in COMPARED.items()},
            "answers": {answer: words(text, language) for answer, text in ANSWERS.items()},
            "qualifications": qualifications, "languages": list(agency.languages)}  # fmt: skip


def trial(agency: Agency, row: RuleSet, given: dict[str, Any]) -> Trial:
    """A call of a type with answers, through a version and the floor in force; each part's own verdict beside it."""
    found, floor, language = rules.parse(row.document), queries.rules_in_force().floor, active()
    kind = CallType.objects.filter(code=given.get("type"), retired_at=None).first()
    case = Case(
        type=kind.code if kind else None,
        category=kind.category if kind else None,
        source="phone",
        premise_flag=bool(given.get("premise_flag")),
        earlier_calls=0,
        holiday=False,
        cso_available=not given.get("off_duty"),
        answers=given["answers"],
        hour=given.get("hour"),
        weekday=given.get("weekday"),
        subject_age=given.get("subject_age"),
        elapsed_min=given.get("elapsed_min"),
        priority=given.get("priority") or (kind.priority if kind else None),
    )
    decision = decide(found, floor, case, language=language)
    told = explain(found, floor, case)
    heard = {True: _("yes"), False: _("no"), None: _("open")}
    return Trial(
        decision=pages.preview_of(decision, row.version, case.type),
        verdicts=[
            Heard(v.id, label(PROPERTY, v.kind), heard[v.holds], ", ".join(map(_open, v.open)), v.kind in PARTS)
            for v in told
            if v.holds is not False
        ],
        silent=[v.id for v in told if v.holds is False],
        asked=[q.id for q in questions_for(found, case.type)],
    )


def failures(proof: Proof) -> list[Shown]:
    """What a proof found, ready to be read."""
    return [
        Shown(
            property=label(PROPERTY, failure.property),
            because=failure.because,
            parts=" ".join(dict.fromkeys([failure.id, *failure.rules])),
            types=", ".join(failure.types),
            example=failure.counter_example.as_dict() if failure.counter_example else None,
        )
        for failure in proof.failures
    ]


def refusal(more: Mapping[str, Any]) -> dict[str, Any]:
    """Why a draft was not published, its properties in words."""
    found = [failure | {"property": label(PROPERTY, failure["property"])} for failure in more.get("failures", ())]
    return {**more, "failures": found}


@dataclass(frozen=True)
class TypePage:
    code: str
    row: CallType
    name: str
    names: Sequence[tuple[str, str, str, str]]
    codes: str
    questions: Sequence[Asked]


def type_page(row: CallType, agency: Agency) -> TypePage:
    """A type with what is asked of it, in order. `names`: language, what it is called, name, synonyms one on a line."""
    language = active()
    asked = questions_for(queries.rules_in_force().rule_set, row.code)
    return TypePage(
        code=row.code,
        row=row,
        name=said(row.name),
        names=[
            (code, language_name(code), str(row.name.get(code, "")), "\n".join(row.synonyms.get(code, [])))
            for code in dict.fromkeys(["en", *agency.languages])
        ],
        codes=", ".join(row.codes),
        questions=[_asked(question, language) for question in asked],
    )


def _permitted(row: RuleSet, version: VersionRow, viewer: Member) -> frozenset[str]:
    draft, edits = row.status == RuleSet.Status.DRAFT, may(viewer, Operation.EDIT_RULE_SETS)
    own = viewer.pk in {*row.authors, row.drafted_by_id}
    ahead = row.status == RuleSet.Status.PUBLISHED and row.since is not None and row.since > timezone.now()
    sensible = {
        "edit": draft and edits,
        "publish": draft and may(viewer, Operation.PUBLISH_RULE_SETS) and not own,
        "own": draft and own,
        "prove": may(viewer, Operation.PROVE_RULE_SETS),
        "retire": edits and (draft or ahead),
        "restore": edits and row.published_at is not None and not version.is_in_force,
        "begin": edits and version.is_in_force,
    }
    return frozenset(name for name, sense in sensible.items() if sense)


def _version(row: RuleSet, in_force: int) -> VersionRow:
    status = str(row.status_at(timezone.now()))
    return VersionRow(
        version=row.version,
        status=status,
        status_label=str(STATUS[status]),
        drafted_by=row.drafted_by.name if row.drafted_by else "",
        edited_at=row.edited_at or row.drafted_at,
        published_by=row.published_by.name if row.published_by else "",
        since=row.since,
        restored_from=row.restored_from,
        based_on=row.based_on,
        is_in_force=row.version == in_force,
    )


def _then(rule: rules.Rule, qualified: Mapping[str, str]) -> str:
    """Everything that follows from a rule, in one line. `qualified`: the agency's names of qualifications."""
    parts = [label(ROUTE, rule.route), _("priority %(n)s") % {"n": rule.priority}]
    if rule.route != "sworn":
        parts.append(label(MODE, rule.mode))
    if rule.qualification:
        parts.append(_("needs %(what)s") % {"what": label(qualified, rule.qualification)})
    if rule.route == "cso":
        parts.append(_("without a CSO on duty: %(what)s") % {"what": OFF_HOURS[rule.off_hours]})
    if rule.approval:
        parts.append(_("after a supervisor's yes"))
    return ", ".join(parts)


def _sworn(priority: int) -> str:
    return _("sworn, priority %(n)s") % {"n": priority}


def _asked(question: rules.Question, language: str) -> Asked:
    other = next((text for code, text in question.text.items() if code != language), "")
    types = _("every type") if rules.EVERY_TYPE in question.types else ", ".join(question.types) or _("no type")
    return Asked(question.id, words(question.text, language), other, ", ".join(question.codes), types)


def _open(name: str) -> str:
    return label(FACT, name) if name in FACT else name.replace("_", " ")
