"""The board page is put together from what stands drawn already, and is right all the same."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from agencies.models import Agency, Member
from calls.models import Call
from dispatch import pictures
from dispatch.actions import UnitStatusOrder, add_note, set_unit_status
from dispatch.models import Shift, Unit
from dispatch.views import frames

SignIn = Callable[..., Client]
Take = Callable[..., Call]


def page(client: Client, agency: Agency, **headers: str) -> str:
    answer = client.get(f"/a/{agency.slug}/board/", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def without_what_passes(html: str) -> str:
    """The page without tokens and times, which differ from request to request."""
    html = re.sub(r'(X-CSRFToken": "|csrfmiddlewaretoken" value=")[A-Za-z0-9]+', r"\1", html)
    return re.sub(r'(data-now|datetime)="[^"]*"', r"\1", re.sub(r">\d\d:\d\d</time>", ">", html))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the rows that were drawn."""
    seen: list[str] = []
    draw = render_to_string

    def count(template: str, context: dict[str, pictures.Row]) -> str:
        [(noun, row)] = context.items()
        seen.append(f"{noun} {getattr(row, 'number', '') or getattr(row, 'callsign', '')}")
        return str(draw(template, context))

    monkeypatch.setattr(pictures, "render_to_string", count)
    return seen


def test_a_row_is_drawn_once_for_all_who_look(
    agency: Agency, dora: Member, sue: Member, take: Take, sign_in: SignIn, drawn: list[str]
) -> None:
    take()
    first, second = sign_in(dora), sign_in(sue)
    page(first, agency)
    assert drawn
    drawn.clear()
    assert "200 E Santa Clara St" in page(second, agency)
    assert "200 E Santa Clara St" in page(first, agency)
    assert drawn == []


def test_a_change_draws_what_it_changed(
    agency: Agency, dora: Member, take: Take, sign_in: SignIn, drawn: list[str], other_unit: Unit, now: datetime
) -> None:
    take()
    client = sign_in(dora)
    page(client, agency)
    drawn.clear()
    call = take(address="9 New St")
    assert "9 New St" in page(client, agency)
    assert drawn == [f"row {call.number}"]
    drawn.clear()
    set_unit_status(other_unit.callsign, UnitStatusOrder("meal"), by=dora, now=now)
    page(client, agency)
    assert drawn == [f"unit {other_unit.callsign}"]


def test_a_board_that_stands_costs_as_much_with_many_calls(
    agency: Agency, dora: Member, take: Take, sign_in: SignIn
) -> None:
    client, counts = sign_in(dora), []
    for _ in range(2):
        for _ in range(4):
            take()
        page(client, agency)
        with CaptureQueriesContext(connection) as asked:
            page(client, agency)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 7, "five let dora in, one asks whether anything happened, one leaves the scope"


def test_a_shift_that_ends_takes_its_units_off_the_board(agency: Agency, dora: Member, sign_in: SignIn) -> None:
    client = sign_in(dora)
    assert 'class="unit-row"' in page(client, agency)
    Shift.objects.update(ends_at=timezone.now())
    assert 'class="unit-row"' not in page(client, agency)


def test_a_shift_that_begins_brings_its_units(agency: Agency, dora: Member, sign_in: SignIn, now: datetime) -> None:
    Shift.objects.update(starts_at=now + timedelta(hours=1))
    client = sign_in(dora)
    assert 'class="unit-row"' not in page(client, agency)
    Shift.objects.update(starts_at=timezone.now())
    assert 'class="unit-row"' in page(client, agency)


def test_everybody_has_the_own_frame(
    agency: Agency, dora: Member, cole: Member, sue: Member, ada: Member, sign_in: SignIn
) -> None:
    clients = {member: sign_in(member) for member in (dora, cole, sue, ada)}
    for _ in range(2):
        for member, client in clients.items():
            shown = page(client, agency)
            assert f'<p class="soft">{member.email}</p>' in shown
            assert ("?open=new" in shown) is (member in (dora, sue))


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_kept_frame_is_the_page_as_it_would_be_rendered(
    agency: Agency, dora: Member, take: Take, sign_in: SignIn, language: str
) -> None:
    take()
    client = sign_in(dora)
    page(client, agency, accept_language=language)
    kept = page(client, agency, accept_language=language)
    frames._frames.clear()
    assert without_what_passes(kept) == without_what_passes(page(client, agency, accept_language=language))
    assert f'<html lang="{language}"' in kept
    assert frames._MARK not in kept


def test_a_name_that_changes_is_on_the_next_page(agency: Agency, dora: Member, sign_in: SignIn) -> None:
    client = sign_in(dora)
    page(client, agency)
    Member.objects.filter(pk=dora.pk).update(name="Dora <Diaz>")
    assert "Dora &lt;Diaz&gt;" in page(client, agency)


def test_the_token_in_a_kept_frame_is_the_own_browsers(
    agency: Agency, dora: Member, take: Take, sign_in: SignIn, now: datetime
) -> None:
    call = take()
    page(sign_in(dora), agency)
    client = sign_in(dora)
    client.handler.enforce_csrf_checks = True
    token = re.search(r'"X-CSRFToken": "(\w+)"', page(client, agency))
    assert token
    path = f"/a/{agency.slug}/calls/{call.number}/notes/"
    assert client.post(path, {"text": "Red."}).status_code == 403
    assert client.post(path, {"text": "Red."}, headers={"X-CSRFToken": token.group(1)}).status_code == 303


def test_what_is_typed_is_escaped_and_never_taken_for_a_place(
    agency: Agency, dora: Member, take: Take, sign_in: SignIn, now: datetime
) -> None:
    call = take(address=f"<b>1</b> {frames._MARK}-csrf_token-{frames._MARK} St")
    add_note(call.pk, "x", by=dora, now=now)
    client = sign_in(dora)
    page(client, agency)
    shown = page(client, agency)
    assert "<b>1</b>" not in shown
    assert f"{frames._MARK}-csrf_token-{frames._MARK} St" in shown
