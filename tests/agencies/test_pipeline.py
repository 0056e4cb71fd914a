"""Statements that do not wait for each other: what they answer, and what becomes of the others when one fails."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from agencies.models import Agency
from agencies.pipeline import ask, send, snapshot, together
from agencies.prepared import Prepared
from agencies.scope import agency_scope
from calls.models import Call
from tests.fixtures import Database

Take = Callable[..., Call]


def test_what_was_asked_together_is_fetched_in_any_order_also_afterwards(agency: Agency, take: Take) -> None:
    call = take()
    with together():
        first, second = ask("SELECT 1", ()), ask("SELECT number FROM calls_call WHERE id = %s", [call.pk])
        third = ask("SELECT 3", ())
        assert third() == [(3,)]
    assert (second(), first()) == ([(call.number,)], [(1,)])


def rename_and_fail(call: Call) -> None:
    with transaction.atomic(), together():
        send("UPDATE calls_call SET address = 'here' WHERE id = %s", [call.pk])
        send("SELECT 1 / 0", ())
        send("UPDATE calls_call SET address = 'there' WHERE id = %s", [call.pk])
        connection.connection.commit()


def test_where_one_fails_none_of_them_is_done_and_the_connection_goes_on(agency: Agency, take: Take) -> None:
    call = take()
    with pytest.raises(DatabaseError, match="division by zero"):
        rename_and_fail(call)
    assert Call.objects.get().address == call.address


def test_what_is_asked_together_is_of_one_moment(agency: Agency, take: Take, database: Database) -> None:
    calls = Prepared(lambda: Call.objects.order_by("pk"))
    first = take()
    with snapshot():
        before = calls.ask()
        assert before() == [first]
        with database.superuser() as meanwhile:
            meanwhile.execute("UPDATE calls_call SET address = 'somewhere else'")
        again, others = calls.ask(), calls.ask()
        assert [call.address for call in [*again(), *others()]] == [first.address] * 2
    assert [call.address for call in calls()] == ["somewhere else"]


def divide_by_zero() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")
        cursor.fetchall()


def test_a_question_that_failed_costs_the_connection_and_nothing_else(agency: Agency, take: Take) -> None:
    call = take()
    with pytest.raises(DatabaseError, match="division by zero"), snapshot():
        divide_by_zero()
    assert not connection.in_atomic_block
    with agency_scope(agency.pk):
        assert list(Call.objects.all()) == [call]
