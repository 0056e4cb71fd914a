"""The ways in which somebody outside is told. Each takes one message and says whether a failure is permanent.

A channel is asked outside of any transaction. `uid` is the same for every attempt at the same delivery, so that a
provider can tell a repetition from a second message.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class Message:
    """What to say to whom. `kind` names the text; `data` holds ids and codes, never residents' words."""

    uid: UUID
    address: str
    kind: str
    data: Mapping[str, Any]
    agency: str
    number: str = ""
    language: str = "en"


class Fault(Exception):
    """The message was not delivered. `code` is short and holds nothing of the message."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code[:120]


class Permanent(Fault):
    """It never will be: the address is wrong, or the provider refuses it for good."""


class Passing(Fault):
    """It may be later: nobody answered, or the provider asked us to wait."""


Send = Callable[[Message], None]
