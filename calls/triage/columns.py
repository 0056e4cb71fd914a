"""Whole columns of calls, and conditions read over all of them at once with three values.

A truth is a pair of masks, where it is true and where it may be; between the two it is unknown. Where nothing is
missing they are one and the same mask, made once. A mask that is the same for every call is a plain bool, so that what
does not matter costs nothing.
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
    """Where something is true, and where it is true or unknown: the same object where it is never unknown."""

    yes: Mask
    may: Mask

    @property
    def no(self) -> Mask:
        return invert(self.may)

    @property
    def unknown(self) -> Mask:
        return False if self.may is self.yes else without(self.may, self.yes)


def sure(mask: Mask) -> Tri:
    """What is nowhere unknown."""
    return Tri(mask, mask)


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
    if truth.may is truth.yes:
        return sure(invert(truth.yes))
    return Tri(invert(truth.may), invert(truth.yes))


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


class Numbers:
    """A column of numbers: where they are at least so much, or just that. A comparison with what is beyond all of them
    needs no look; whole numbers are looked at in as few bytes as they fit in."""

    def __init__(self, column: pl.Series) -> None:
        whole = not column.dtype.is_float()
        self._column = column.shrink_dtype() if whole else column.fill_nan(None)
        self._step = 1 if whole else 0
        self._least: Any = self._column.min()
        self._most: Any = self._column.max()
        self.missing: Mask = self._column.is_null() if self._column.null_count() else False
        self.given = invert(self.missing)
        self.at_least: Callable[[Any], Mask] = cache(self._at_least)
        self.just: Callable[[Any], Mask] = cache(self._just)

    def above(self, value: Any) -> Mask:  # noqa: ANN401 a number
        return self.at_least(value + 1) if self._step else without(self.at_least(value), self.just(value))

    def not_in(self, found: Mask) -> Mask:
        return without(self.given, found)

    def _at_least(self, value: Any) -> Mask:  # noqa: ANN401 a number
        if value <= self._least:
            return self.given
        return False if value > self._most else self._whole(self._column >= value)

    def _just(self, value: Any) -> Mask:  # noqa: ANN401 a number
        return self._whole(self._column == value) if self._least <= value <= self._most else False

    def _whole(self, found: pl.Series) -> pl.Series:
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
        self.numbers: Callable[[str], Numbers] = cache(lambda name: Numbers(self.column(name)))
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
                return self._whole(parts, looks, join=both, settled=False)
            case AnyOf(parts):
                return self._whole(parts, looks, join=either, settled=True)
            case Not(part):
                return invert_truth(self.truth(part, looks))
            case FieldTest(field) if field.startswith(ANSWER):
                return self._answer(condition, looks)
            case FieldTest():
                return self._facts(condition)

    def _whole(
        self, parts: tuple[Condition, ...], looks: Looks, *, join: Callable[[Mask, Mask], Mask], settled: bool
    ) -> Tri:
        """`all` (settled by a False) and `any` (settled by a True) are one thing seen from two sides."""
        whole = sure(not settled)
        for part in parts:
            found = self.truth(part, looks)
            yes, never_unknown = join(whole.yes, found.yes), whole.may is whole.yes and found.may is found.yes
            whole = sure(yes) if never_unknown else Tri(yes, join(whole.may, found.may))
            if whole.yes is settled and whole.may is settled:
                break
        return whole

    def _answer(self, test: FieldTest, looks: Looks) -> Tri:
        given, code = self.words(test.field), test.field.removeprefix(ANSWER)
        opens = both(given.missing, looks.is_open(code))
        yes = any_of(given.says(str(value)) for value in test.values)
        unknown = False if "unknown" in test.values else given.says("unknown")
        if len(set(test.values)) == len(ANSWERS):
            yes = either(yes, opens)
        else:
            unknown = either(unknown, opens)
        return _doubted(yes, unknown)

    def _fact(self, test: FieldTest) -> Tri:
        if self.column(test.field).null_count() == self.height:
            return Tri(yes=False, may=True)
        if test.field == "type":
            return self._words(test, [str(value) for value in test.values if value in self.types])
        if test.field in FREE_TEXT:
            return self._free_text(test)
        if FIELDS[test.field].kind in ("text", "choice"):
            return self._words(test, [str(value) for value in test.values])
        if FIELDS[test.field].kind == "flag":
            return _flag(self.column(test.field), test)
        numbers = self.numbers(test.field)
        return _doubted(_number(numbers, test), numbers.missing)

    def _words(self, test: FieldTest, values: list[str]) -> Tri:
        given = self.words(test.field)
        yes = any_of(given.says(value) for value in values)
        return _doubted(yes, given.missing)

    def _free_text(self, test: FieldTest) -> Tri:
        said = Words(self.column(test.field).cast(WORDS).str.strip_chars().str.to_lowercase())
        missing = either(said.missing, any_of(said.says(word) for word in sorted(NOT_GIVEN)))
        yes = without(any_of(said.says(tidy(str(value))) for value in test.values), missing)
        return _doubted(yes, missing)


def _doubted(yes: Mask, unknown: Mask) -> Tri:
    return sure(yes) if unknown is False else Tri(yes, either(yes, unknown))


def _flag(column: pl.Series, test: FieldTest) -> Tri:
    found = column if test.values[0] else ~column
    return Tri(found.fill_null(value=False), found.fill_null(value=True)) if found.null_count() else sure(found)


def _number(numbers: Numbers, test: FieldTest) -> Mask:
    values: tuple[Any, ...] = test.values
    match test.operator:
        case "is" | "in":
            return any_of(numbers.just(value) for value in values)
        case "between":
            return without(numbers.at_least(values[0]), numbers.above(values[1]))
        case "at_least":
            return numbers.at_least(values[0])
        case "at_most":
            return numbers.not_in(numbers.above(values[0]))
        case "below":
            return numbers.not_in(numbers.at_least(values[0]))
        case "above":
            return numbers.above(values[0])
    raise LookupError(test.operator)
