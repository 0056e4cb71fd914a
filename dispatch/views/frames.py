"""The board page around its rows: rendered once for a viewer, filled at every request with what changes.

A frame holds nothing but what its key holds, so that whoever sees it would have been given the same. It is made again
after a while all the same.
"""

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from agencies.decorators import MemberRequest
from dispatch.shelf import Board

KEEPS_S, MOST = 60.0, 500
# Nobody can have typed this: it is another one in every process.
_MARK = secrets.token_hex(8)
_PLACES = ("calls", "units", "alarms", "after", "csrf_token", "now", "clock")
_SPLIT = re.compile(f"{_MARK}-([a-z_]+)-{_MARK}")
_frames: OrderedDict[tuple[Any, ...], tuple[float, list[str]]] = OrderedDict()


def page(request: MemberRequest, template: str, context: dict[str, Any], *, board: Board) -> HttpResponse:
    """`template` with the board, around it the viewer's frame. What is to be said to the viewer alone is rendered."""
    if len(get_messages(request)):
        return render(request, template, context | {"board": board})
    now = timezone.localtime()
    given = {
        "calls": board.calls,
        "units": board.units,
        "alarms": board.alarms,
        "after": str(board.after),
        "csrf_token": get_token(request),
        "now": now.isoformat(),
        "clock": f"{now:%H:%M}",
    }
    parts = _frame(request, template, context, board.stream_url)
    # Split, so that places and what is between them take turns: what is filled in is not looked at again.
    filled = [given[part] if index % 2 else part for index, part in enumerate(parts)]
    return HttpResponse("".join(filled))


def _frame(request: MemberRequest, template: str, context: dict[str, Any], stream_url: str) -> Sequence[str]:
    member, agency = request.member, request.member.agency
    key = (
        template, request.LANGUAGE_CODE, member.pk, member.name, member.email, member.role, *member.roles,
        agency.slug, agency.name, agency.time_zone, agency.demonstration, *sorted(context.items()),
    )  # fmt: skip
    made_at, parts = _frames.get(key, (0.0, []))
    if not parts or time.monotonic() - made_at > KEEPS_S:
        marks = {name: _mark(name) for name in _PLACES}
        board = Board(marks["calls"], marks["units"], marks["alarms"], marks["after"], stream_url)
        given = context | {"board": board, "csrf_token": marks["csrf_token"], "marks": marks}
        parts = _SPLIT.split(render_to_string(template, given, request))
        _frames[key] = (time.monotonic(), parts)
        while len(_frames) > MOST:
            _frames.popitem(last=False)
    return parts


def _mark(name: str) -> SafeString:
    return mark_safe(f"{_MARK}-{name}-{_MARK}")  # noqa: S308 letters and digits
