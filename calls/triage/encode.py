"""Compiled conditions and programs as formulas over small finite domains, for z3.

Nothing of the rules is written a second time: leaves are asked by running the very closures that `decide` runs, once
for each value that can be told apart; only `not`, `all` and `any` and the order of `decide` are formulas. Every truth
is a pair, *surely true* and *surely false*; a condition that is neither is unknown.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from threading import Lock
from time import monotonic
from typing import Any

import z3

from calls.triage.conditions import ANSWER
from calls.triage.domains import Value, Values, case_with
from calls.triage.evaluate import Case, Compiled
from calls.triage.programs import IS_ASSIST, Program
from calls.triage.rules import Rule

Formula = Any
"""A z3 formula, or True or False where it is settled."""
Pair = tuple[Formula, Formula]


ONE_AT_A_TIME = Lock()
"""z3 is not made for several threads, and two proofs at once would only take twice as long."""
ON_DUTY = Compiled(lambda case: case.cso_available, lambda _: iter(()), reads="cso_available", says="on duty")


class OutOfTime(Exception):
    """The solver did not come to an end within the time it was given."""


def all_of(parts: Iterable[Formula]) -> Formula:
    """`and` that settles what is settled."""
    live = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            live.append(part)
    return _made(z3.Z3_mk_and, live) if live else True


def any_of(parts: Iterable[Formula]) -> Formula:
    """`or` that settles what is settled."""
    live = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            live.append(part)
    return _made(z3.Z3_mk_or, live) if live else False


def opposite(part: Formula) -> Formula:
    """`not` that settles what is settled."""
    return not part if isinstance(part, bool) else z3.BoolRef(z3.Z3_mk_not(part.ctx.ref(), part.ast), part.ctx)


def _made(make: Callable[..., Any], parts: list[z3.BoolRef]) -> z3.BoolRef:
    """z3's own `And` and `Or` ask every part for its sort, which takes ten times as long."""
    if len(parts) == 1:
        return parts[0]
    context = parts[0].ctx
    array = (z3.Ast * len(parts))(*(part.ast for part in parts))
    return z3.BoolRef(make(context.ref(), len(parts), array), context)


class Space:
    """Every call there can be: for every field that is read, the classes of values that some condition tells apart."""

    def __init__(self, checks: Iterable[Compiled], values: Values, *, until: float) -> None:
        self._context = z3.Context()
        self._solver = z3.Tactic("sat", ctx=self._context).solver()
        self._tied = z3.SolverFor("QF_FD", ctx=self._context)
        self._flags: dict[Hashable, tuple[z3.BoolRef, Formula]] = {}
        self._until = until
        self._ids: dict[Hashable, int] = {}
        self._pairs: dict[tuple[int, frozenset[str]], Pair] = {}
        leaves: dict[str, dict[int, Compiled]] = {}
        # Many types share what they are asked: each condition is looked at once.
        self._known: dict[int, int] = {}
        self._kept = {id(check): check for check in checks}
        for check in self._kept.values():
            for leaf in _leaves(check):
                leaves.setdefault(leaf.reads, {})[self.id_of(leaf)] = leaf
        self.classes = {
            name: _told_apart(name, values.get(name, (None,)), list(read.values()))
            for name, read in leaves.items()
            if name
        }
        self.literals = {name: self._literals(name, len(classes)) for name, classes in self.classes.items()}

    def id_of(self, check: Compiled) -> int:
        """The same number for conditions that are made in the same way."""
        known = self._known.get(id(check))
        if known is not None:
            return known
        if check.joins:
            key: Hashable = (check.joins, *(self.id_of(part) for part in check.parts))
        else:
            key = ("leaf", check.reads, check.says, check.value(Case()))
        number = self._ids.setdefault(key, len(self._ids))
        if id(check) in self._kept:
            self._known[id(check)] = number
        return number

    def truth(self, check: Compiled, *, blind: frozenset[str] = frozenset()) -> Pair:
        """When the condition is surely true and when surely false, for a reader whom nobody tells the `blind` codes."""
        key = (self.id_of(check), blind)
        if key not in self._pairs:
            self._pairs[key] = self._truth(check, blind)
        return self._pairs[key]

    def _truth(self, check: Compiled, blind: frozenset[str]) -> Pair:
        match check.joins:
            case "not":
                true, false = self.truth(check.parts[0], blind=blind)
                return false, true
            case "all" | "any":
                trues, falses = zip(*(self.truth(part, blind=blind) for part in check.parts), strict=True)
                return (all_of(trues), any_of(falses)) if check.joins == "all" else (any_of(trues), all_of(falses))
        if not check.reads or check.reads.removeprefix(ANSWER) in blind:
            truth = check.value(Case())
            return truth is True, truth is False
        truths = [check.value(case_with(check.reads, values[0])) for values in self.classes[check.reads]]
        pairs = list(zip(truths, self.literals[check.reads], strict=True))
        return any_of(one for truth, one in pairs if truth), any_of(one for truth, one in pairs if truth is False)

    def among(self, name: str, wanted: Iterable[Value]) -> Formula:
        """That the field has one of the values; True where no condition reads the field."""
        if name not in self.classes:
            return True
        kept = set(wanted)
        pairs = zip(self.classes[name], self.literals[name], strict=True)
        return any_of(literal for values, literal in pairs if kept & set(values))

    def is_possible(self, *formulas: Formula) -> bool:
        """Whether some call satisfies all of the formulas; `OutOfTime` where that is not known in time."""
        return self.some_call(formulas) is not None

    def some_call(self, formulas: Iterable[Formula]) -> dict[str, int] | None:
        """A call that satisfies all of the formulas, as the class of each field; None when there is none."""
        whole = all_of(formulas)
        if whole is False:
            return None
        self._solver.set("timeout", self._milliseconds())
        self._solver.push()
        try:
            if whole is not True:
                self._solver.add(whole)
            found = self._solver.check()
            if found == z3.unknown:
                raise OutOfTime
            return self._read(self._solver.model()) if found == z3.sat else None
        finally:
            self._solver.pop()

    def conflict(self, formula: Formula, named: Mapping[str, Formula]) -> frozenset[str] | None:
        """Names of formulas that no call satisfies together with the one that is given; None when a call does."""
        if self._assumed([formula, *named.values()]) == z3.sat:
            return None
        core = {flag.get_id() for flag in self._tied.unsat_core()}
        first: dict[int, str] = {}
        for name, one in named.items():
            first.setdefault(self._flag(one).get_id(), name)  # of several that say the same
        return frozenset(name for flag, name in first.items() if flag in core)

    def failing(self, formulas: Iterable[Formula], named: Mapping[str, Formula]) -> frozenset[str] | None:
        """Which of the named formulas are false of some call that satisfies all the others; None when there is no
        such call."""
        if self._assumed(formulas) != z3.sat:
            return None
        model = self._tied.model()
        return frozenset(name for name, one in named.items() if not _holds(model, one))

    def _assumed(self, formulas: Iterable[Formula]) -> z3.CheckSatResult:
        self._tied.set("timeout", self._milliseconds())
        found = self._tied.check(*(self._flag(formula) for formula in formulas))
        if found == z3.unknown:
            raise OutOfTime
        return found

    def _flag(self, formula: Formula) -> z3.BoolRef:
        """A name for the formula, for a solver that has been told it once and is asked about it often."""
        key = formula if isinstance(formula, bool) else formula.get_id()
        if key not in self._flags:
            flag = z3.Bool(f"flag#{len(self._flags)}", ctx=self._context)
            self._flags[key] = flag, formula
            self._tied.add(z3.Implies(flag, formula))
        return self._flags[key][0]

    def _milliseconds(self) -> int:
        left = self._until - monotonic()
        if left <= 0:
            raise OutOfTime
        return max(1, int(left * 1000))

    def example(self, formulas: list[Formula], *, usual: Mapping[str, Value]) -> dict[str, Value] | None:
        """A call that satisfies all of the formulas and is as usual as can be; None when there is none."""
        found = self.some_call(formulas)
        if found is None:
            return None
        held, wanted = list(formulas), self._usual_classes(usual)
        for name in sorted(wanted):
            # The usual value first, then the others in their order, as far as the one that was found.
            for number in (wanted[name], *range(found[name])):
                better = found if found[name] == number else self.some_call([*held, self.literals[name][number]])
                if better is not None:
                    found = better
                    break
            held.append(self.literals[name][found[name]])
        return self.values_of(found, usual=usual)

    def values_of(self, found: Mapping[str, int], *, usual: Mapping[str, Value]) -> dict[str, Value]:
        """A value for each field, of its class the usual one where it can be."""
        classes = {name: self.classes[name][n] for name, n in found.items()}
        return {
            name: usual[name] if name in usual and usual[name] in values else values[0]
            for name, values in classes.items()
        }

    def _usual_classes(self, usual: Mapping[str, Value]) -> dict[str, int]:
        return {
            name: next((n for n, values in enumerate(classes) if usual[name] in values), 0)
            for name, classes in self.classes.items()
            if name in usual
        }

    def _read(self, model: z3.ModelRef) -> dict[str, int]:
        return {
            name: next(n for n, one in enumerate(ones) if _holds(model, one)) for name, ones in self.literals.items()
        }

    def _literals(self, name: str, count: int) -> tuple[Formula, ...]:
        """One literal for each class, of which exactly one is true."""
        if count == 1:
            return (True,)
        if count == 2:
            one = z3.Bool(name, ctx=self._context)
            return one, z3.Not(one)
        each = tuple(z3.Bool(f"{name}#{n}", ctx=self._context) for n in range(count))
        exactly_one = z3.PbEq([(one, 1) for one in each], 1)
        self._solver.add(exactly_one)
        self._tied.add(exactly_one)
        return each


def _holds(model: z3.ModelRef, formula: Formula) -> bool:
    return formula is True or (formula is not False and z3.is_true(model.eval(formula, model_completion=True)))


def _told_apart(name: str, values: Iterable[Value], leaves: list[Compiled]) -> tuple[tuple[Value, ...], ...]:
    """The values of a field, those together that no leaf tells apart."""
    classes: dict[tuple[bool | None, ...], list[Value]] = {}
    for value in values:
        case = case_with(name, value)
        classes.setdefault(tuple(leaf.value(case) for leaf in leaves), []).append(value)
    return tuple(tuple(members) for members in classes.values())


class Encoded:
    """One program, as `decide` goes through it, without the floor's guards: the rules alone."""

    def __init__(self, space: Space, program: Program, *, blind: frozenset[str] = frozenset()) -> None:
        self._space = space
        self.program = program
        self._blind = blind
        self._truths: dict[int, Pair] = {}
        self._fired = [self.truth(check)[0] for _, check in program.disqualifiers]
        self.clear = all_of(self.truth(check)[1] for _, check in program.disqualifiers)
        self.on_duty = space.among("cso_available", [True])
        self._off_duty = space.among("cso_available", [False])

    def truth(self, check: Compiled) -> Pair:
        """As `Space.truth`; asked often, of conditions that the program keeps."""
        known = self._truths.get(id(check))
        if known is None:
            known = self._truths[id(check)] = self._space.truth(check, blind=self._blind)
        return known

    @cached_property
    def leaving(self) -> tuple[tuple[Rule, Formula], ...]:
        """For each rule that does not keep a call with sworn: the calls that it sends to a CSO or a referral.

        Every earlier rule is false, or is unknown and would handle the call in the same way.
        """
        return tuple(self._leaving())

    def _leaving(self) -> Iterator[tuple[Rule, Formula]]:
        groups: dict[tuple[object, ...], Formula] = {
            handling(rule): self.clear for rule, _ in self.program.rules if rule.route != "sworn"
        }
        for rule, check in self.program.rules:
            true, false = self.truth(check)
            own = handling(rule)
            if own in groups:
                duty = self.on_duty if _is_sworn_off_duty(rule) else True
                yield rule, all_of((groups[own], true, duty))
            for group, so_far in groups.items():
                groups[group] = all_of((so_far, opposite(true) if group == own else false))

    @cached_property
    def deciding(self) -> tuple[tuple[Rule, Formula], ...]:
        """For each rule: calls that it decides, whatever its route, with nothing left open before it."""
        return tuple(self._deciding())

    def _deciding(self) -> Iterator[tuple[Rule, Formula]]:
        quiet = all_of(opposite(fired) for fired in self._fired)
        passed: Formula = True
        for rule, check in self.program.rules:
            true, false = self.truth(check)
            here = all_of((passed, true))
            passed = all_of((passed, false))
            if rule.route == "sworn":
                yield rule, all_of((here, quiet))
            elif _is_sworn_off_duty(rule):
                yield (
                    rule,
                    all_of((here, any_of((all_of((self.on_duty, self.clear)), all_of((self._off_duty, quiet)))))),
                )
            else:
                yield rule, all_of((here, self.clear))

    def before(self, rule: Rule) -> tuple[Formula, dict[str, Formula]]:
        """The calls that the rule matches, and for each part that is read before it the calls that it leaves to the
        rule: those that are in all of them it decides."""
        earlier, truths = [], dict[str, Pair]()
        for other, check in self.program.rules:
            truths[other.id] = self.truth(check)
            if other is rule:
                break
            earlier.append(other.id)
        known_duty = any_of((self.on_duty, self._off_duty)) if _is_sworn_off_duty(rule) else True
        left = {item.id: self._spared(rule, check) for item, check in self.program.disqualifiers}
        return all_of((truths[rule.id][0], known_duty)), left | {name: truths[name][1] for name in earlier}

    def _spared(self, rule: Rule, disqualifier: Compiled) -> Formula:
        """The calls that the disqualifier leaves to the rule: what is unknown stops nothing that stays sworn."""
        true, false = self.truth(disqualifier)
        if rule.route == "sworn":
            return opposite(true)
        if _is_sworn_off_duty(rule):
            return any_of((all_of((self.on_duty, false)), all_of((self._off_duty, opposite(true)))))
        return false


def _is_sworn_off_duty(rule: Rule) -> bool:
    return rule.route == "cso" and rule.off_hours == "sworn"


def handling(rule: Rule) -> tuple[object, ...]:
    """What must not differ between rules of which it is open which one decides; as `decide` has it."""
    if rule.route == "sworn":
        return ("sworn",)
    return (rule.route, rule.qualification, rule.mode, rule.off_hours, rule.approval)


def checks_of(program: Program) -> Iterator[Compiled]:
    """Every condition of the program, whether the call is a secured assist, and whether a CSO is on duty."""
    yield IS_ASSIST
    yield ON_DUTY
    for _, check in (*program.disqualifiers, *program.rules):
        yield check
    for guard in program.guards:
        yield guard.check


def case_of(chosen: Mapping[str, Value], call_type: str | None, *, others: Mapping[str, Value]) -> Case:
    """The call that an example describes; what no condition reads is as in `others`."""
    given = {**others, **chosen}
    answers = {
        name.removeprefix(ANSWER): str(value) for name, value in given.items() if name.startswith(ANSWER) and value
    }
    facts = {name: value for name, value in given.items() if not name.startswith(ANSWER)}
    return replace(Case(**facts), type=call_type, answers=answers)  # type: ignore[arg-type]


def _leaves(check: Compiled) -> Iterator[Compiled]:
    if check.joins:
        for part in check.parts:
            yield from _leaves(part)
    else:
        yield check
