"""What a unit says by radio, dora types in one line: also what its tablet alone could say until then."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agencies.models import Agency, Member
from calls.models import Call, Note
from dispatch import board, distress
from dispatch.actions import AssignOrder, assign_unit, send_mayday
from dispatch.models import Shift, Unit
from ledger.models import Alarm, Event

SignIn = Callable[..., Client]
Take = Callable[..., Call]


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


def test_the_banner_names_who_is_in_danger_and_only_then_who_noted_it(
    typed: Callable[[str], int], coles_unit: Unit, agency: Agency, take: Take, dora: Member, now: datetime
) -> None:
    assign_unit(take().pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    typed(f"{coles_unit.callsign} mayday")
    [row] = board.alarm_rows(agency, distress.open_alarms())
    assert row.title == f"MAYDAY {coles_unit.callsign}"
    assert row.detail == "Cole, 200 E Santa Clara St, noted by Dora"


def test_an_officers_own_call_for_help_names_the_officer_once_also_after_the_shift(
    cole: Member, coles_unit: Unit, agency: Agency, now: datetime
) -> None:
    Shift.objects.update(starts_at=now - timedelta(hours=9), ends_at=now - timedelta(hours=1))
    send_mayday(coles_unit.callsign, by=cole, now=now)
    [row] = board.alarm_rows(agency, distress.open_alarms())
    assert row.detail == "Cole"


def test_many_calls_for_help_cost_no_more_queries_than_one(agency: Agency, dora: Member, now: datetime) -> None:
    counts = []
    for callsign in Unit.objects.values_list("callsign", flat=True)[:3]:
        send_mayday(callsign, by=dora, now=now)
        with CaptureQueriesContext(connection) as asked:
            board.alarm_rows(agency, distress.open_alarms())
        counts.append(len(asked))
    assert len(counts) == 3
    assert len(set(counts)) == 1


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


@pytest.mark.parametrize(
    ("words", "status"),
    [("er", "en_route"), ("camino", "en_route"), ("En camino", "en_route"), ("lugar", "on_scene"), ("os", "on_scene")],
)
def test_a_unit_on_a_call_is_told_of_in_either_language(
    typed: Callable[[str], int], take: Take, coles_unit: Unit, dora: Member, now: datetime, words: str, status: str
) -> None:
    assignment = assign_unit(take().pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    assert typed(f"{coles_unit.callsign} {words}") == 302
    assignment.refresh_from_db()
    assert assignment.status == status


def test_the_other_commands_are_understood_in_spanish_as_well(
    typed: Callable[[str], int], take: Take, coles_unit: Unit, other_unit: Unit
) -> None:
    number, sign = take().number, coles_unit.callsign
    assert typed(f"nota {number} Coche azul") == 302
    assert Note.objects.get().text == "Coche azul"
    assert typed(f"{sign} halló vehabnd Calle 3 y Main") == 302
    assert typed(f"{sign} bien") == 302
    assert typed(f"control {sign} {other_unit.callsign}") == 302
    assert typed(f"{sign} auxilio") == 302
    kinds = list(Event.objects.order_by("seq").values_list("kind", flat=True))
    assert {"welfare.answered", "unit.radio_check", "alarm.raised"} <= set(kinds)
    assert Call.objects.get(source="self_initiated").address == "Calle 3 y Main"


@pytest.mark.parametrize(("words", "code"), [("Capacitación", "training"), ("Fuera de servicio", "out_of_service")])
def test_a_status_is_known_by_its_name_in_every_language_of_the_agency(
    typed: Callable[[str], int], agency: Agency, coles_unit: Unit, words: str, code: str
) -> None:
    names = {"en": code.replace("_", " "), "es": words}
    agency.settings["statuses"] = [{"code": code, "primary": "not_available", "names": names}]
    agency.save()
    for said in (code, *names.values()):
        assert typed(f"{coles_unit.callsign} {said}") == 302, said
        coles_unit.refresh_from_db()
        assert coles_unit.secondary == code


def test_words_after_a_call_number_are_no_status(typed: Callable[[str], int], take: Take, coles_unit: Unit) -> None:
    assert typed(f"{coles_unit.callsign} {take().number} meal") == 400


def test_what_a_call_for_help_says_is_understood_in_every_language(
    take: Take, coles_unit: Unit, cole: Member, dora: Member, now: datetime
) -> None:
    call = take()
    assign_unit(call.pk, AssignOrder(coles_unit.callsign), by=dora, now=now)
    mayday = send_mayday(coles_unit.callsign, by=cole, now=now)
    assert mayday.narrative == f"{coles_unit.callsign}: MAYDAY, {call.number}."


@pytest.mark.parametrize("words", ["{sign} mayday man with a knife", "MAYDAY {sign} man with a knife"])
def test_a_mayday_is_understood_with_what_else_was_heard_and_in_either_order(
    typed: Callable[[str], int], coles_unit: Unit, words: str
) -> None:
    assert typed(words.format(sign=coles_unit.callsign)) == 302
    assert Alarm.objects.get(kind="mayday").unit_id == coles_unit.pk
    assert Note.objects.get(call__type__code="MAYDAY").text == "man with a knife"
