"""A call that is taken is written in one piece, its number in the same breath as its lines."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import IntegrityError

from agencies.models import Agency, Member
from calls.actions import take_call
from calls.intake import Intake
from calls.models import Call, CallCounter, Decision, Transfer
from ledger.models import Deadline, Event
from tests.conftest import ALL_NO

Take = Callable[..., Call]


def test_every_line_about_a_call_names_its_number(take: Take) -> None:
    call = take()
    lines = Event.objects.filter(call_id=call.pk).order_by("seq")
    assert [line.kind for line in lines] == ["call.taken", "call.decided", "call.moved"]
    assert {line.about["call"] for line in lines} == {call.number} == {Call.objects.get().number}


@pytest.mark.parametrize("answers", [{}, ALL_NO, ALL_NO | {"weapon": "yes"}])
def test_lines_name_the_rows_that_came_with_them(
    agency: Agency, dora: Member, now: datetime, answers: dict[str, str]
) -> None:
    call = take_call(Intake(type_code="WELFARE", address="9 Pine St", answers=answers), by=dora, now=now)
    lines = {line.kind: line.data for line in Event.objects.filter(call_id=call.pk)}
    assert lines["call.decided"]["decision"] == Decision.objects.get().pk == Call.objects.get().decision_id
    sent = [transfer.pk for transfer in Transfer.objects.all()]
    assert sent == [data["transfer"] for kind, data in lines.items() if kind == "transfer.requested"]
    assert set(Deadline.objects.filter(shift_id=None).values_list("call_id", flat=True)) <= {call.pk}


def test_the_millionth_call_of_a_year_has_one_figure_more(agency: Agency, take: Take, now: datetime) -> None:
    first = take()
    CallCounter.objects.update(last=999_999)
    assert (first.number, take().number) == (f"{now:%y}-000001", f"{now:%y}-1000000")


def test_what_cannot_be_written_leaves_no_number_and_no_line(take: Take) -> None:
    first = take()
    CallCounter.objects.update(last=0)  # the next call would be another with that number
    with pytest.raises(IntegrityError):
        take()
    assert (CallCounter.objects.get().last, Call.objects.get()) == (0, first)
    assert set(Event.objects.exclude(call_id=None).values_list("call_id", flat=True)) == {first.pk}
    assert set(Decision.objects.values_list("call_id", flat=True)) == {first.pk}
