"""One installation for all tests of bad days; each gets it whole."""

from collections.abc import Iterator

import pytest

from tests.database import room
from tests.faults.installation import Installation


@pytest.fixture(scope="session")
def _installation() -> Iterator[Installation]:
    made = Installation.make(room)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def city(_installation: Installation) -> Installation:
    """San José's console, everything at work; dora's program and her browser are signed in."""
    _installation.make_whole()
    return _installation
