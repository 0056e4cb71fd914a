"""Pages of call types."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agencies.decorators import MemberRequest, member_required
from agencies.errors import Forbidden
from agencies.permissions import may
from agencies.roles import Operation, Role
from calls import types
from calls.forms import NewTypeForm, TypeForm
from calls.models import CallType
from calls.pages import Choice
from calls.queries import rules_in_force
from calls.rule_pages import type_page
from calls.triage.rules import MODES
from calls.triage.sentences import category_name
from calls.words import MODE, active, label, named, said

READ = Operation.READ_RULE_SETS


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(READ)
def call_types(request: MemberRequest, agency: str) -> HttpResponse:
    """All types, those in use first; a POST adds one."""
    if request.method == "POST":
        given = NewTypeForm.read(request, languages=request.member.agency.languages)
        code = given["code"].strip().upper()
        types.add_type(code, given["order"], by=request.member, now=timezone.now())
        return redirect("call-type", agency, code)
    _refuse_officers(request)
    rows = sorted(CallType.objects.all(), key=lambda t: (t.retired_at is not None, t.code))
    asked = rules_in_force().rule_set.questions
    qualified = named(request.member.agency, "qualifications")
    listed = [
        {
            "code": row.code,
            "name": said(row.name),
            "apco": row.apco_code,
            "category": category_name(row.category, active()),
            "mode": label(MODE, row.mode),
            "qualification": label(qualified, row.qualification),
            "never_cso": row.never_cso,
            "retired": row.retired_at is not None,
            "questions": sum(question.asked_of(row.code) for question in asked),
        }
        for row in rows
    ]
    may_edit = may(request.member, Operation.EDIT_RULE_SETS)
    return render(request, "calls/call_types.html", {"here": "rules", "types": listed, "may_edit": may_edit})


@require_safe
@member_required(Operation.EDIT_RULE_SETS)
def new_type(request: MemberRequest, agency: str) -> HttpResponse:
    """A form for a type that is not there yet."""
    return _form(request, CallType(category="other"))


@require_http_methods(["GET", "HEAD", "POST"])
@member_required(READ)
def call_type(request: MemberRequest, agency: str, code: str) -> HttpResponse:
    """One type; a POST writes it anew."""
    row = types.call_type(code)
    if request.method == "POST":
        languages = request.member.agency.languages
        given = TypeForm.read(request, languages=languages)
        types.change_type(row.code, given["order"], by=request.member, now=timezone.now(), seen=given["seen"])
        return redirect("call-types", agency)
    _refuse_officers(request)
    return _form(request, row)


def _form(request: MemberRequest, row: CallType) -> HttpResponse:
    others = list(CallType.objects.order_by("apco_code", "code"))
    context = {
        "here": "rules",
        "type": type_page(row, request.member.agency),
        "mark": types.mark_of(row),
        "may_edit": may(request.member, Operation.EDIT_RULE_SETS),
        "modes": [Choice(mode, label(MODE, mode)) for mode in MODES],
        "qualifications": [Choice(*pair) for pair in named(request.member.agency, "qualifications").items()],
        "priorities": (1, 2, 3, 4),
        "apcos": [Choice(code, name) for code, name in {row.apco_code: said(row.name) for row in others}.items()],
        "categories": [
            Choice(code, category_name(code, active())) for code in sorted({row.category for row in others} | {"other"})
        ],
    }
    return render(request, "calls/call_type.html", context)


@require_POST
@member_required(Operation.EDIT_RULE_SETS)
def retirement(request: MemberRequest, agency: str, code: str) -> HttpResponse:
    """Out of use, or back into it."""
    is_retired = request.POST.get("retired") == "1"
    types.retire_type(types.call_type(code).code, is_retired=is_retired, by=request.member, now=timezone.now())
    return redirect("call-types", agency)


def _refuse_officers(request: MemberRequest) -> None:
    if request.member.role is Role.OFFICER:
        raise Forbidden(_("Officers read the published rules through the calls they decide."))
