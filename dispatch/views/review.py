"""Review: what became of the rules' decisions, and the calls behind each number."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from agencies.decorators import MemberRequest, member_required
from agencies.roles import Operation
from dispatch.forms import PeriodForm
from dispatch.review_page import Period, chosen_calls, period_of, review_page
from dispatch.words import APPROVAL, WHY_NOT_SENT

FILTERS = ("what", "rule", "type", "who", "why", "answer")


@require_safe
@member_required(Operation.REVIEW)
def review(request: MemberRequest, agency: str) -> HttpResponse:
    page = review_page(request.member, _period(request))
    return render(request, "dispatch/review.html", {"here": "review", "page": page})


@require_safe
@member_required(Operation.REVIEW)
def review_calls(request: MemberRequest, agency: str) -> HttpResponse:
    """The calls behind a number; its filters live in the address."""
    period = _period(request)
    wanted = {name: request.GET[name][:80] for name in FILTERS if name in request.GET}
    rows, count = chosen_calls(request.member, period, wanted)
    context = {
        "here": "review",
        "period": period,
        "rows": rows,
        "count": count,
        "what": wanted.get("what", ""),
        "about": [wanted[name] for name in ("rule", "type", "who") if wanted.get(name)],
        "why": WHY_NOT_SENT.get(wanted.get("why", ""), "") or APPROVAL.get(wanted.get("answer", ""), ""),
    }
    return render(request, "dispatch/review_calls.html", context)


def _period(request: MemberRequest) -> Period:
    form = PeriodForm({"first": request.GET.get("from", ""), "last": request.GET.get("to", "")})
    asked = form.cleaned_data if form.is_valid() else {"first": None, "last": None}
    return period_of(request.member.agency, asked["first"], asked["last"], timezone.now())
