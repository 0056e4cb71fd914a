"""What the console refuses and why it decided, to a dispatcher whose browser asks for Spanish."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from agencies.models import Member
from calls.models import Call
from dispatch.actions import AssignOrder, assign_unit
from dispatch.models import Unit

SignIn = Callable[..., Client]
Take = Callable[..., Call]


@pytest.fixture
def ask(dora: Member, sign_in: SignIn) -> Callable[..., str]:
    """A page as dora's Spanish browser gets it; with fields, what it says to a form."""
    client = sign_in(dora)

    def ask(path: str, *, language: str = "es-US", **fields: str) -> str:
        address, headers = f"/a/{dora.agency.slug}/{path}", {"Accept-Language": language, "HX-Request": "true"}
        answer = client.post(address, fields, headers=headers) if fields else client.get(address, headers=headers)
        return answer.content.decode()

    return ask


def test_a_refusal_is_said_in_spanish_with_the_status_in_spanish(
    take: Take, dora: Member, coles_unit: Unit, now: datetime, ask: Callable[..., str]
) -> None:
    first, second = take(), take(address="2 Oak St")
    assign_unit(first.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)

    said = ask(f"calls/{second.number}/assignments/", unit=coles_unit.callsign)

    assert f"{coles_unit.callsign}: asignada en {first.number}, la asignó Dora." in said
    english = ask(f"calls/{second.number}/assignments/", unit=coles_unit.callsign, language="en")
    assert f"{coles_unit.callsign} is assigned on {first.number}, assigned by Dora." in english


def test_a_field_that_needs_another_look_is_named_in_spanish(take: Take, ask: Callable[..., str]) -> None:
    said = ask(f"calls/{take().number}/details/", caller_phone="5" * 41, version="1")

    assert "Revise algunos campos" in said
    assert "número de contacto: " in said


def test_the_decision_and_the_units_reasons_are_read_in_spanish(
    take: Take, coles_unit: Unit, ask: Callable[..., str]
) -> None:
    call = take()
    page = ask(f"calls/{call.number}/")
    assert "Una persona siempre puede elegir" in page
    assert "distancia desconocida" in page
    assert "A person may always" not in page

    ask(f"calls/{call.number}/transfer/", to="juramentado", reason="Peligro.", danger="1")
    assert "Dora pidió que la atienda un agente de policía por peligro." in ask(f"calls/{call.number}/")
    assert "Dora asked sworn to take it because of danger." in ask(f"calls/{call.number}/", language="en")


def test_a_call_shows_its_questions_in_the_callers_language_too(take: Take, ask: Callable[..., str]) -> None:
    spoken = '<span class="spoken" lang="es">¿'
    mexican = take(answers={}, caller_language="es-MX")
    assert spoken in ask(f"calls/{mexican.number}/", language="en")
    assert spoken not in ask(f"calls/{mexican.number}/"), "the page is Spanish already"
    assert spoken not in ask(f"calls/{take(answers={}, address='2 Oak St').number}/", language="en")


@pytest.mark.parametrize(("language", "heading"), [("en", "Still open:"), ("es", "Falta saber:")])
def test_what_is_still_open_is_said_once(take: Take, ask: Callable[..., str], language: str, heading: str) -> None:
    """In one list on the call and while it is typed, also of a fact that nobody asked."""
    call = take(type_code="PERMISS", answers={})
    typed = {"type": "PERMISS", "address": "1 Elm St"}
    for said in (ask(f"calls/{call.number}/", language=language), ask("calls/preview/", language=language, **typed)):
        assert said.count(heading) == 1
        listed = said.partition('<ul class="open">')[2].partition("</ul>")[0]
        words = re.findall("<li>(.*?)</li>", listed)
        assert len(words) == len(set(words)) > 3
        assert "subject_age" not in listed
