"""Whole columns of calls, and conditions read over all of them at once with three values.

A truth is a pair of masks, where it is true and where it is false; where it is neither it is unknown. A mask that is
the same for every call is a plain bool, so that what does not matter costs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any, NamedTuple

import polars as pl

from calls.triage.conditions import ANSWER, ANSWERS, FIELDS, AllOf, AnyOf, Condition, FieldTest, Not
from calls.triage.evaluate import NOT_GIVEN, Case, tidy

Mask = pl.Series | bool
"""Of booleans without a null."""
FREE_TEXT = ("scene_secured_by", "requested_by")
WORDS = pl.String()


class Tri(NamedTuple):
    """Where something is true, and where it is false."""

    yes: Mask
    no: Mask

    @property
    def unknown(self) -> Mask:
        return invert(either(self.yes, self.no))


def both(a: Mask, b: Mask) -> Mask:
    if isinstance(a, bool):
        return b if a else False
    if isinstance(b, bool):
        return a if b else False
    return a & b


def either(a: Mask, b: Mask) -> Mask:
    if isinstance(a, bool):
        return True if a else b
    if isinstance(b, bool):
        return True if b else a
    return a | b


def invert(a: Mask) -> Mask:
    return not a if isinstance(a, bool) else ~a


def invert_truth(truth: Tri) -> Tri:
    return Tri(truth.no, truth.yes)


def any_of(masks: Iterable[Mask]) -> Mask:
    nowhere: Mask = False
    return reduce(either, masks, nowhere)


def without(a: Mask, b: Mask) -> Mask:
    return both(a, invert(b))


def frame_of(cases: Iterable[Case]) -> pl.DataFrame:
    """Cases as columns: one for each field of a case, and `answer.<code>` for each code that anybody answered."""
    rows = list(cases)
    codes = sorted({code for case in rows for code in case.answers})
    columns: dict[str, pl.Series] = {name: _column(name, [getattr(case, name) for case in rows]) for name in FIELDS}
    for code in codes:
        columns[ANSWER + code] = pl.Series([case.answers.get(code) for case in rows], dtype=WORDS)
    return pl.DataFrame(columns)


def _column(name: str, values: list[Any]) -> pl.Series:
    kinds: Mapping[str, pl.DataType] = {"number": pl.Int64(), "flag": pl.Boolean()}
    return pl.Series(name, values, dtype=kinds.get(FIELDS[name].kind, WORDS))


class Words:
    """A column of words: where it says what. An enumerated column is compared by its small numbers."""

    def __init__(self, column: pl.Series) -> None:
        self._enum = column.dtype if isinstance(column.dtype, pl.Enum) else None
        self._column = column.to_physical() if self._enum else column
        self._places = {word: n for n, word in enumerate(self._enum.categories)} if self._enum else {}
        self.missing: Mask = column.is_null() if column.null_count() else False
        self.says: Callable[[str], Mask] = cache(self._says)

    def _says(self, word: str) -> Mask:
        if self._enum and word not in self._places:
            return False
        found = self._column == (self._places[word] if self._enum else word)
        if not found.any():
            return False
        return found.fill_null(value=False) if self.missing is not False else found


@dataclass(frozen=True)
class Looks:
    """How a condition sees the calls: where a code that nobody answered counts as unknown; else it is *not asked*."""

    is_open: Callable[[str], Mask]


class Columns:
    """The calls. `types`: the call types that the rules can tell apart, every other one being the same to them.

    `frame` has the fields of a case as columns, by name (`type`, `hour`, ...), and answers (`yes`, `no`, `unknown` or
    null) as `answer.<code>`; a column that is missing is null throughout. Words are strings or enumerated.
    """

    def __init__(self, frame: pl.DataFrame, types: frozenset[str]) -> None:
        self.frame, self.types = frame, types
        self.words: Callable[[str], Words] = cache(lambda name: Words(self.column(name)))
        self._facts: Callable[[FieldTest], Tri] = cache(self._fact)

    @property
    def height(self) -> int:
        return self.frame.height

    def column(self, name: str) -> pl.Series:
        if name in self.frame.columns:
            return self.frame[name]
        kind = FIELDS[name].kind if name in FIELDS else "answer"
        dtype = {"number": pl.Int64(), "flag": pl.Boolean()}.get(kind, WORDS)
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, self.height)

    def truth(self, condition: Condition, looks: Looks) -> Tri:
        """Where the condition is true, false, or neither."""
        match condition:
            case AllOf(parts):
                return self._all(parts, looks)
            case AnyOf(parts):
                return invert_truth(self._all(tuple(Not(part) for part in parts), looks))
            case Not(part):
                return invert_truth(self.truth(part, looks))
            case FieldTest(field) if field.startswith(ANSWER):
                return self._answer(condition, looks)
            case FieldTest():
                return self._facts(condition)

    def _all(self, parts: tuple[Condition, ...], looks: Looks) -> Tri:
        yes, no = True, False  # type: tuple[Mask, Mask]
        for part in parts:
            found = self.truth(part, looks)
            yes, no = both(yes, found.yes), either(no, found.no)
            if no is True:
                return Tri(yes=False, no=True)
        return Tri(yes, no)

    def _answer(self, test: FieldTest, looks: Looks) -> Tri:
        given, code = self.words(test.field), test.field.removeprefix(ANSWER)
        opens = both(given.missing, looks.is_open(code))
        yes = any_of(given.says(str(value)) for value in test.values)
        unknown = False if "unknown" in test.values else given.says("unknown")
        if len(set(test.values)) == len(ANSWERS):
            yes = either(yes, opens)
        else:
            unknown = either(unknown, opens)
        return Tri(yes, invert(either(yes, unknown)))

    def _fact(self, test: FieldTest) -> Tri:
        if self.column(test.field).null_count() == self.height:
            return Tri(yes=False, no=False)
        if test.field == "type":
            return self._words(test, [str(value) for value in test.values if value in self.types])
        if test.field in FREE_TEXT:
            return self._free_text(test)
        if FIELDS[test.field].kind in ("text", "choice"):
            return self._words(test, [str(value) for value in test.values])
        column = self.column(test.field)
        found = _flag(column, test) if FIELDS[test.field].kind == "flag" else _number(column, test)
        if not found.null_count():
            return Tri(found, ~found)
        yes = found.fill_null(value=False)
        return Tri(yes, invert(either(yes, found.is_null())))

    def _words(self, test: FieldTest, values: list[str]) -> Tri:
        given = self.words(test.field)
        yes = any_of(given.says(value) for value in values)
        return Tri(yes, invert(either(yes, given.missing)))

    def _free_text(self, test: FieldTest) -> Tri:
        said = Words(self.column(test.field).cast(WORDS).str.strip_chars().str.to_lowercase())
        missing = either(said.missing, any_of(said.says(word) for word in sorted(NOT_GIVEN)))
        yes = without(any_of(said.says(tidy(str(value))) for value in test.values), missing)
        return Tri(yes, invert(either(yes, missing)))


def _flag(column: pl.Series, test: FieldTest) -> pl.Series:
    return column if test.values[0] else ~column


def _number(column: pl.Series, test: FieldTest) -> pl.Series:
    given: Any = column.fill_nan(None) if column.dtype.is_float() else column
    values: tuple[Any, ...] = test.values
    compared: Mapping[str, Callable[[], Any]] = {
        "is": lambda: given == values[0],
        "in": lambda: reduce(lambda a, b: a | b, (given == value for value in values)),
        "between": lambda: (given >= values[0]) & (given <= values[1]),
        "at_least": lambda: given >= values[0],
        "at_most": lambda: given <= values[0],
        "below": lambda: given < values[0],
        "above": lambda: given > values[0],
    }
    found: pl.Series = compared[test.operator]()
    return found
