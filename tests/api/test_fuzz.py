"""Whatever a client makes of the document, right or wrong: never a 5xx, and only answers that the document names."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from agencies.models import Agency
from agencies.scope import agency_scope
from tests.api.client import Api
from tests.api.operations import ELSEWHERE, OPERATIONS, scene
from tests.conftest import ALL_NO, Company

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 4
FEW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_that_the_document_suggests_is_a_server_error(
    mode: GenerationMode,
    ours: Company,
    now: datetime,
    sues_token: str,
    requests_a_minute: Callable[[int], None],
) -> None:
    requests_a_minute(100_000)
    with agency_scope(ours.agency.pk):
        stage = scene(
            ours, OPERATIONS["calls_read"], unit=next(iter(ours.units.values())), asks=ours.members["sue"], now=now
        )
    real = {
        "number": stage.call.number,
        "callsign": stage.unit.callsign,
        "assignment": stage.assignment.pk,
        "note": stage.note,
        "shift": stage.shift.pk,
        "version": stage.draft,
        "change": stage.change,
    }
    known: dict[str, Any] = {
        "type": "VEHABND",
        "answers": ALL_NO,
        "unit": stage.unit.callsign,
        "callsigns": [stage.unit.callsign],
        "disposition": "02",
        "into": stage.other.number,
        "at": "2099-01-01T10:00:00Z",
    }
    described = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
    for result in described.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.definition.raw["operationId"] in ELSEWHERE:
            continue

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode))
        def send(case: schemathesis.Case) -> None:
            # Real names and codes, so that the request gets as far as the action.
            case.path_parameters = {name: real[name] for name in case.path_parameters}
            if mode is GenerationMode.POSITIVE and isinstance(case.body, dict):
                case.body |= {name: known[name] for name in known.keys() & case.body.keys()}
            answer = case.call(headers={"Authorization": f"Bearer {sues_token}"})
            case.validate_response(answer, checks=CHECKS)

        send()


@pytest.fixture
def sues_token(agency: Agency, sues: Api) -> str:
    """A supervisor may do nearly everything."""
    return sues.token
