"""Pages of rule sets and of the safety floor: find, allow, parse, act, answer."""

import json
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.decorators import MemberRequest, member_required
from agencies.errors import Forbidden, Invalid
from agencies.permissions import require
from agencies.roles import Operation, Role
from agencies.views import see
from calls import floor_pages, floors, past, presence, rule_pages, rulesets
from calls.forms import DraftForm, FloorDraftForm, FloorForm, NewDraftForm, PublicationForm, TrialForm, answers_by_code
from calls.models import SafetyFloor
from calls.pages import Choice
from calls.proving import UnsafeRuleSet
from calls.queries import floor_in_force, rules_in_force
from calls.triage import rules
from calls.triage.rules import MAX_BYTES, arranged
from calls.words import active

READ, EDIT = Operation.READ_RULE_SETS, Operation.EDIT_RULE_SETS


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(READ)
def rule_sets(request: MemberRequest, agency: str) -> HttpResponse:
    """All versions; a POST begins a draft: from a version, from a programme's template, or from a file."""
    if request.method == "POST":
        return _begin(request, agency)
    _refuse_officers(request)
    context = {
        "here": "rules",
        "versions": rule_pages.version_rows(),
        "may_edit": request.member.role is Role.ADMINISTRATOR,
        "templates": [Choice(template.slug, template.name) for template in rulesets.templates()],
    }
    return render(request, "calls/rule_sets.html", context)


def _begin(request: MemberRequest, agency: str) -> HttpResponse:
    now, file = timezone.now(), request.FILES.get("file")
    if file is not None:
        if (file.size or 0) > MAX_BYTES:
            raise Invalid(errors={"file": [_("This file is larger than %(most)s bytes.") % {"most": f"{MAX_BYTES:,}"}]})
        row = rulesets.import_rule_set(file.read(), by=request.member, now=now)
    elif "template" in request.POST:
        row = rulesets.begin_from_template(request.POST["template"], by=request.member, now=now)
    else:
        earlier = rulesets.rule_set(NewDraftForm.read(request)["version"])
        row = (
            rulesets.save_draft(earlier.document, by=request.member, now=now, origin=rulesets.sources_of(earlier))
            if earlier.version == rules_in_force().row.version
            else rulesets.roll_back(earlier.version, by=request.member, now=now)
        )
    return see(request, reverse("rule-set", args=[agency, row.version]))


@require_safe
@member_required(READ)
def rule_set(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """One version as sentences; a draft of one's own agency can be changed here."""
    _refuse_officers(request)
    page = rule_pages.rules_page(rulesets.rule_set(version), viewer=request.member)
    template = "calls/rule_set.html#document" if request.htmx else "calls/rule_set.html"
    return render(request, template, {"here": "rules", "page": page})


@require_POST
@member_required(EDIT)
def document(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """Saves a draft as it is typed. Answers the version as sentences, or 400 with the path of what is wrong."""
    given = DraftForm.read(request)
    row = rulesets.save_draft(
        _object(given["document"]),
        by=request.member,
        now=timezone.now(),
        version=version,
        if_revision=given["revision"],
    )
    page = rule_pages.rules_page(rulesets.rule_set(row.version), viewer=request.member)
    return render(request, "calls/rule_set.html#document", {"page": page})


def _object(text: str) -> dict[str, Any]:
    try:
        found = rules.read_json(text)
    except rules.RuleSetFault as fault:
        raise Invalid(errors={"document": [fault.said(active())]}) from fault
    if not isinstance(found, dict):
        raise Invalid(errors={"document": [_("A rule set is a JSON object.")]})
    return found


@require_safe
@member_required(Operation.PROVE_RULE_SETS)
def proof(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """What the proof says of a version now."""
    row = rulesets.rule_set(version)
    found = rulesets.prove_document(row.document, by=request.member, language=request.LANGUAGE_CODE)
    context = {"proof": found, "failures": rule_pages.failures(found)}
    return render(request, "calls/rule_set_parts.html#proof", context)


@require_POST
@member_required(READ)
def trial(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """A call that is made up, through this version. Nothing is stored."""
    row = rulesets.rule_set(version)
    given = TrialForm.read(request) | {"answers": answers_by_code(request.POST, rules.parse(row.document))}
    found = rule_pages.trial(request.member.agency, row, given)
    return render(request, "calls/rule_set_parts.html#trial", {"trial": found})


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(READ)
def differences(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """What this version changes against another (`?against=`), else against the one in force; what a posted document
    would change in it."""
    if request.method == "POST":
        given = _object(DraftForm.read(request)["document"])
        found = rulesets.differences_of(given, version, by=request.member, language=request.LANGUAGE_CODE)
        return render(request, "calls/rule_set_parts.html#differences", {"differences": found})
    asked = request.GET.get("against", "")
    against = int(asked) if asked.isdigit() else rules_in_force().row.version
    found = rulesets.differences(version, against, by=request.member, language=request.LANGUAGE_CODE)
    context = {"differences": found, "against": against, "version": version}
    return render(request, "calls/rule_set_parts.html#differences", context)


@require_safe
@member_required(Operation.PROVE_RULE_SETS)
def preview(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """What this version would have changed for the agency's own latest calls."""
    found = past.preview(request.member.agency, rules.parse(rulesets.rule_set(version).document))
    context = {
        "preview": found,
        "most": max(found.by_hour, default=0),
        "is_reader": request.member.role is not Role.ADMINISTRATOR,
    }
    return render(request, "calls/rule_set_parts.html#preview", context)


@require_safe
@member_required(EDIT)
def editors(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """Who else has the draft open, which revision it is at, and what was published since it was begun."""
    row = rulesets.rule_set(version)
    others = presence.look_in(f"draft:{row.pk}", request.member, roles=[Role.ADMINISTRATOR])
    overtaken = rulesets.overtaken_by(row)
    state = {"revision": row.revision, "status": row.status, "overtaken": overtaken.version if overtaken else 0}
    return JsonResponse({"others": others, **state})


@require_POST
@member_required(Operation.PUBLISH_RULE_SETS)
def publication(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """Proves and publishes. Where it cannot be, the page says why: a call that breaks it, or what somebody else did."""
    given = PublicationForm.read(request)
    since = given["effective_from"]
    try:
        rulesets.publish(
            version, by=request.member, now=timezone.now(), effective_from=since, replaces=given["replaces"]
        )
    except (rulesets.Superseded, UnsafeRuleSet) as refused:
        context = {"here": "rules", "refused": refused, "version": version, "more": rule_pages.refusal(refused.more)}
        context["effective_from"] = request.POST.get("effective_from", "")
        return render(request, "calls/rule_set_refused.html", context, status=refused.status)
    return see(request, reverse("rule-sets", args=[agency]))


@require_POST
@member_required(EDIT)
def retirement(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    rulesets.retire(version, by=request.member, now=timezone.now())
    return see(request, reverse("rule-sets", args=[agency]))


@require_safe
@member_required(READ)
def file(request: MemberRequest, agency: str, version: int) -> HttpResponse:
    """The version as one JSON file."""
    _refuse_officers(request)
    text = rulesets.export_rule_set(version, by=request.member)
    name = f"{agency}-rules-{version}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(READ)
def safety_floor(request: MemberRequest, agency: str) -> HttpResponse:
    """The floor in force and what is proposed; a POST proposes a change, which another member approves."""
    if request.method == "POST":
        given = FloorForm.read(request)
        change = floors.FloorChange(**_lists(given["document"]), reason=given["reason"])
        floors.propose_floor(change, by=request.member, now=timezone.now(), if_version=given["version"])
        return redirect("safety-floor", agency)
    _refuse_officers(request)
    current, viewer = floor_in_force(), request.member
    changes = SafetyFloor.objects.filter(version__gt=1).select_related("proposed_by").order_by("-version")
    waiting = changes.filter(approved_by=None, withdrawn_at=None)
    context = {
        "here": "rules",
        "page": floor_pages.floor_page(current, viewer=viewer),
        "form": floor_pages.floor_form(current, viewer=viewer),
        "document": json.dumps(arranged(current.document), ensure_ascii=False, indent=2),
        "waiting": [floor_pages.floor_change(row, current, viewer=viewer) for row in waiting],
        "proposals": changes.count(),
        "may_approve": viewer.role in (Role.ADMINISTRATOR, Role.SUPERVISOR),
    }
    return render(request, "calls/safety_floor.html", context)


@require_POST
@member_required(Operation.CHANGE_FLOOR)
def floor_draft(request: MemberRequest, agency: str) -> HttpResponse:
    """A floor that is being written, as sentences, or 400 with the path of what is wrong. Nothing is stored."""
    current = floor_in_force()
    change = floors.FloorChange(**_lists(FloorDraftForm.read(request)["document"]))
    drafted = floors.drafted_floor(change, current, by=request.member)
    page = floor_pages.floor_page(current, viewer=request.member, document=drafted)
    return render(request, "calls/safety_floor.html#drafted", {"page": page})


@require_safe
@member_required(READ)
def floor_proof(request: MemberRequest, agency: str, floor_id: int) -> HttpResponse:
    """Whether the rules in force hold what is proposed."""
    row = floors.floor_change(floor_id)
    require(request.member, Operation.PROVE_RULE_SETS)
    found = floors.satisfied_by_rules_in_force(row, agency=request.member.agency, language=request.LANGUAGE_CODE)
    context = {"proof": found, "failures": rule_pages.failures(found)}
    return render(request, "calls/safety_floor.html#held", context)


@require_POST
@member_required(Operation.APPROVE_FLOOR)
def floor_approval(request: MemberRequest, agency: str, floor_id: int) -> HttpResponse:
    floors.approve_floor(floor_id, by=request.member, now=timezone.now())
    return redirect("safety-floor", agency)


@require_POST
@member_required(Operation.CHANGE_FLOOR)
def floor_withdrawal(request: MemberRequest, agency: str, floor_id: int) -> HttpResponse:
    floors.withdraw_floor(floor_id, by=request.member, now=timezone.now())
    return redirect("safety-floor", agency)


def _lists(text: str) -> dict[str, Any]:
    found = _object(text)
    strangers = set(found) - set(floors.PARTS)
    if strangers:
        words = _("A floor has %(parts)s; not %(strangers)s.")
        said = words % {"parts": ", ".join(floors.PARTS), "strangers": ", ".join(sorted(strangers))}
        raise Invalid(errors={"document": [said]})
    return found


def _refuse_officers(request: MemberRequest) -> None:
    require(request.member, READ)
    if request.member.role is Role.OFFICER:
        raise Forbidden(_("Officers read the published rules through the calls they decide."))
