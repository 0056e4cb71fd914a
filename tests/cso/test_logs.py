"""The log says what happened and where, never what a resident said or is called."""

import json
import logging

import pytest
import structlog
from django.test import RequestFactory
from django.urls import resolve

from cso.logs import BEFORE, RENDER, RequestLog
from tests.fixtures import Database


class Lines(logging.Handler):
    """What would go to standard error."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=BEFORE, processors=RENDER))
        self.written: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Lines:
    handler = Lines()
    for name in ("cso.test", "cso.request", "django.request"):
        logging.getLogger(name).addHandler(handler)
    return handler


def test_an_error_keeps_its_class_and_place_and_loses_its_words(lines: Lines) -> None:
    try:
        raise ValueError("Key (phone)=(555-0100) already exists")
    except ValueError:
        logging.getLogger("cso.test").exception("could not save")
    text = json.dumps(lines.written)
    assert "ValueError" in text
    assert "test_logs.py" in text
    assert "555-0100" not in text


def test_an_error_deep_down_keeps_the_places_of_our_own_that_led_there(lines: Lines) -> None:
    def dig(depth: int) -> None:
        if not depth:
            raise ValueError
        dig(depth - 1)

    def take_call() -> None:
        dig(20)

    def framework(depth: int) -> None:
        framework(depth - 1) if depth else take_call()

    try:
        framework(20)
    except ValueError:
        logging.getLogger("cso.test").exception("could not save")
    assert "take_call" in json.dumps(lines.written)


def test_postgresql_is_told_to_log_no_rows_whatever_server_it_is(database: Database) -> None:
    with database.superuser() as superuser:
        said = superuser.execute("SELECT rolname, rolconfig FROM pg_roles WHERE rolname LIKE 'cso%%' AND rolcanlogin")
        roles = dict(said.fetchall())
    assert set(roles) == {"cso_owner", "cso_app", "cso_backup"}
    for name, settings in roles.items():
        assert {"log_error_verbosity=terse", "log_min_error_statement=panic"} <= set(settings), name
        assert {"log_parameter_max_length=0", "log_parameter_max_length_on_error=0"} <= set(settings), name


def test_an_unhandled_error_does_not_name_the_path(lines: Lines) -> None:
    logging.getLogger("django.request").error(
        "Internal Server Error: /a/x/residents/anna/", exc_info=ValueError("anna")
    )
    assert lines.written[0]["event"] == "unhandled_error"
    assert "anna" not in json.dumps(lines.written)


def test_a_request_is_logged_by_its_route_and_not_by_what_was_searched(lines: Lines) -> None:
    from django.http import HttpResponse

    request = RequestFactory().get("/accounts/login/?q=anna")
    request.resolver_match = resolve("/accounts/login/")
    RequestLog(lambda _: HttpResponse(status=204))(request)
    assert lines.written[0]["route"] == "accounts/login/"
    assert lines.written[0]["status"] == 204
    assert "anna" not in json.dumps(lines.written)
