"""Programs that work for the people of the cast."""

from collections.abc import Callable
from typing import Any

import pytest

from agencies.models import Member
from tests.api.client import Api
from tests.conftest import Company

ApiFor = Callable[[Member], Api]


@pytest.fixture
def api_for(token_for: Callable[..., str]) -> ApiFor:
    """A client with a token for the member, in the role that the member works as."""
    return lambda member: Api(token_for(member, member.role))


@pytest.fixture
def requests_a_minute(settings: Any) -> Callable[[int], None]:  # noqa: ANN401 pytest-django's
    """Sets how many requests a token may make."""
    return lambda number: setattr(settings, "API_REQUESTS_PER_MINUTE", number)


@pytest.fixture
def doras(dora: Member, api_for: ApiFor) -> Api:
    """The dispatcher's program."""
    return api_for(dora)


@pytest.fixture
def coles(cole: Member, api_for: ApiFor) -> Api:
    """The officer's program."""
    return api_for(cole)


@pytest.fixture
def sues(sue: Member, api_for: ApiFor) -> Api:
    """The supervisor's program."""
    return api_for(sue)


@pytest.fixture
def adas(ada: Member, api_for: ApiFor) -> Api:
    """The administrator's program."""
    return api_for(ada)


@pytest.fixture
def rexs(theirs: Company, api_for: ApiFor) -> Api:
    """The program of the rival's dispatcher."""
    return api_for(theirs.members["rex"])
