"""What a unit says by radio, dora types in one line: also what its tablet alone could say until then."""

from collections.abc import Callable

import pytest
from django.test import Client

from agencies.models import Member
from calls.models import Call
from dispatch.models import Unit
from ledger.models import Alarm, Event

SignIn = Callable[..., Client]


@pytest.fixture
def typed(dora: Member, sign_in: SignIn) -> Callable[[str], int]:
    client = sign_in(dora)

    def typed(text: str) -> int:
        return client.post(f"/a/{dora.agency.slug}/commands/", {"text": text}).status_code

    return typed


def test_a_call_for_help_by_radio_alerts_everybody(typed: Callable[[str], int], coles_unit: Unit, dora: Member) -> None:
    assert typed(f"{coles_unit.callsign.lower()} MAYDAY") == 302
    alarm = Alarm.objects.get(kind="mayday")
    assert (Call.objects.get(type__code="MAYDAY").pk, alarm.taken_by) == (alarm.call_id, None)
    raised = Event.objects.get(kind="alarm.raised")
    assert (raised.by_id, raised.unit_id) == (dora.pk, coles_unit.pk)


def test_what_a_unit_found_is_on_scene_at_once(typed: Callable[[str], int], coles_unit: Unit) -> None:
    assert typed(f"{coles_unit.callsign} found vehabnd 3rd and Main") == 302
    call = Call.objects.get(source="self_initiated")
    assert (call.status, call.type.code, call.address) == ("on_scene", "VEHABND", "3rd and Main")


def test_a_unit_goes_to_its_meal_and_an_unknown_word_does_nothing(
    typed: Callable[[str], int], coles_unit: Unit
) -> None:
    assert typed(f"{coles_unit.callsign} meal") == 302
    coles_unit.refresh_from_db()
    assert (coles_unit.primary, coles_unit.secondary) == ("conditionally_available", "meal")
    assert typed(f"{coles_unit.callsign} mayd") == 400
