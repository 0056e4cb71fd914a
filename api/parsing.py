"""JSON as the standard has it, and nothing else: UTF-8, no NaN, no double names, bounded in size and depth.

Text that cannot be kept (NUL and other control characters, half of a surrogate pair) is refused here, once for every
field of every operation.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import IO, Any

from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError
from rest_framework.parsers import BaseParser

from api.problems import FIELD_OF_ALL, TooLarge

MOST_BYTES = 1_000_000
DEEPEST = 40
LONGEST_NUMBER = 40
UNKEEPABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
CANNOT_BE_KEPT = "This has control characters that cannot be kept."


class StrictJSON(BaseParser):
    """`application/json`: 400 `malformed` for what is not JSON, 400 `invalid` with the path of text not to be kept."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 whatever the JSON holds
        _, parameters = parse_header_parameters(media_type or "")
        if parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(media_type or "", "JSON is sent as UTF-8.")
        raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise TooLarge(f"The body is longer than {MOST_BYTES:,} bytes.")
        value = read(raw)
        faults: dict[str, list[str]] = {}
        _inspect(value, "", 0, faults)
        if faults:
            raise ValidationError(faults)
        return value


def read(raw: bytes) -> Any:  # noqa: ANN401 whatever the JSON holds
    """The value that `raw` holds; `ParseError` says what is wrong with it."""
    try:
        return json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except UnicodeDecodeError as error:
        raise ParseError(_("This is not UTF-8: byte %(n)s is wrong.") % {"n": error.start + 1}) from error
    except json.JSONDecodeError as error:
        where = {"why": error.msg, "line": error.lineno, "column": error.colno}
        raise ParseError(_("This is not JSON: %(why)s, line %(line)s, column %(column)s.") % where) from error
    except RecursionError as error:
        raise ParseError(_("This is nested too deeply.")) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ParseError(_("A name stands twice in the same object."))
    return found


def _constant(name: str) -> float:
    raise ParseError(f"{name} is not JSON.")


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ParseError(_("A number is too large."))
    return number


def _int(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ParseError(_("A number is too long."))
    return int(text)


def _inspect(value: object, path: str, depth: int, faults: dict[str, list[str]]) -> None:
    """Collects the paths of texts that cannot be kept; refuses what is nested too deeply."""
    if depth > DEEPEST:
        raise ParseError(_("This is nested too deeply."))
    match value:
        case str() if UNKEEPABLE.search(value):
            faults[path or FIELD_OF_ALL] = [CANNOT_BE_KEPT]
        case dict():
            if any(UNKEEPABLE.search(name) for name in value):
                faults[path or FIELD_OF_ALL] = [CANNOT_BE_KEPT]
                return
            for name, inner in value.items():
                _inspect(inner, f"{path}.{name}" if path else name, depth + 1, faults)
        case list():
            for index, inner in enumerate(value):
                _inspect(inner, f"{path}.{index}" if path else str(index), depth + 1, faults)
