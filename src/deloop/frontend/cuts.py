"""Exits under affine conditions: they only cut the range of a loop.

    for j in range(m):                     for j in range(m):
        out[i, j] = x[i, j]                    if j <= i:
        if j == i: break           ->              out[i, j] = x[i, j]
        s += x[i, j]                               if j < i: s += x[i, j]
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.cells import Carrying, CellReader
from deloop.frontend.evaluate import Environment
from deloop.frontend.exits import Exit, Unreadable, has_own_break, read_items
from deloop.frontend.header import Counted, Header
from deloop.frontend.structure import assigned_names, target_names
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal, less_than
from deloop.ir.source import SourceFunction
from deloop.ir.types import Opaque


@dataclass(frozen=True)
class Leaving:
    """The only exit of a loop, a ``break``, with the statements before and behind it."""

    exit: Exit
    before: list[ast.stmt]
    behind: list[ast.stmt]

    @property
    def ending(self) -> list[ast.stmt]:
        """What is done on the way out."""
        return list(self.exit.body)


def find_exit(node: ast.For) -> Leaving | None:
    """The exit of a loop that has exactly one."""
    if not has_own_break(node):
        return None
    try:
        items = read_items(node.body)
    except Unreadable:
        return None
    exits = [item for item in items if isinstance(item, Exit)]
    if len(exits) != 1 or not isinstance(exits[0].jump, ast.Break):
        return None
    position = items.index(exits[0])
    before, behind = _statements(items[:position]), _statements(items[position + 1 :])
    return Leaving(exits[0], before, behind)


def _statements(items: Sequence[ast.stmt | Exit]) -> list[ast.stmt]:
    return [item for item in items if not isinstance(item, Exit)]


def last_iteration(guard: Constraint, swapped: bool, iterator: str) -> Affine | None:
    """The first iteration at which a condition holds: ``j > i`` holds from ``j = i + 1`` on.

    None where it holds for early iterations and not for later ones.
    """
    coefficient = guard.expression.coefficient(iterator)
    if abs(coefficient) != 1:
        return None
    rest = guard.expression.without([iterator])
    if guard.sign is Sign.ZERO:
        return None if swapped else rest * -coefficient
    if swapped:  # not (e >= 0) is -e - 1 >= 0
        rest, coefficient = -rest - 1, -coefficient
    return -rest if coefficient == 1 else None


class CutReader(CellReader):
    """A reader of loops that some iteration known beforehand ends."""

    def __init__(
        self, function: SourceFunction, environment: Environment, carrying: Carrying | None = None
    ) -> None:
        super().__init__(function, environment, carrying)
        self.tests: dict[str, Constraint] = {}
        self.bodies: dict[int, list[ast.stmt]] = {}

    def cut(self, node: ast.For, header: Header, names: tuple[str, ...]) -> Header:
        """The header with the range cut; `body_of` is what is left of the body."""
        self.bodies.pop(id(node), None)
        leaving = find_exit(node) if len(header.loops) == 1 else None
        last = None if leaving is None else self._last(node, leaving, header, names[0])
        if leaving is None or last is None:
            return header
        if any((id(node), name) in self.carrying.cells for name in target_names(node)):
            sentence = "loop kept: break: the loop's variable is read behind it"
            self.unsupported(leaving.exit.jump, sentence, "VEC940")
        counted = header.loops[0]
        plain = not leaving.ending and not (leaving.before and leaving.behind)
        if plain and not set(last.symbols) & self.iterators:
            upper = last + 1 if leaving.before else last
            found = self._upper(counted, last, upper, leaving)
            if found is not None:
                self.bodies[id(node)] = [*leaving.before, *leaving.behind]
                return Header((replace(counted, upper=found),), header.element)
        if leaving.before or leaving.ending or _is_equation(leaving.exit.test):
            reason = "the loop does not leave before its first iteration"
            self.require(at_least(last, counted.lower), leaving.exit.test, reason)
        self.bodies[id(node)] = self._guarded(leaving, last, names[0])
        return header

    def body_of(self, node: ast.For) -> list[ast.stmt]:
        """The statements of a loop, under conditions where an exit has cut it."""
        return self.bodies.get(id(node), node.body)

    def _last(
        self, node: ast.For, leaving: Leaving, header: Header, name: str
    ) -> Affine | None:
        """The iteration in which the loop ends, if its range reaches that far."""
        environment, out, scope = dict(self.environment), self.out, self.scope_iterators
        self.out, self.scope_iterators = [], (*scope, name)
        try:
            for bound in assigned_names(node):
                self.environment[bound] = Opaque("it is set in the loop")
            self.assign(node.target, header.element((Affine.symbol(name),)), node)
            affine = self._affine_condition(leaving.exit.test)
        except RefusalError:
            return None
        finally:
            self.environment, self.out, self.scope_iterators = environment, out, scope
        if affine is None or len(affine[0]) != 1:
            return None
        return last_iteration(affine[0][0], affine[1], name)

    def _upper(
        self, counted: Counted, last: Affine, upper: Affine, leaving: Leaving
    ) -> Affine | None:
        """The end of the cut range, None where it is not known which end comes first."""
        test, text = leaving.exit.test, ast.unparse(leaving.exit.test)
        if counted.span is not None:
            return None
        for fact, found in (
            ((at_least(last, counted.lower), at_least(counted.upper, upper)), upper),
            ((at_least(last, counted.lower), at_least(upper, counted.upper)), counted.upper),
            ((at_least(counted.lower - 1, last), at_least(counted.upper, counted.lower + 1)),
             counted.upper if _is_equation(test) else
             counted.lower + 1 if leaving.before else counted.lower),
            ((at_least(counted.lower - 1, last), at_least(counted.lower, counted.upper)),
             counted.upper),
        ):  # fmt: skip
            if self.decide(fact):
                for constraint in fact:
                    self.require(constraint, test, f"{text} ends the loop where it was seen to")
                return found
        return None

    def _guarded(self, leaving: Leaving, last: Affine, name: str) -> list[ast.stmt]:
        """The body under conditions on the iterator."""
        here = Affine.symbol(name)
        body: list[ast.stmt] = list(leaving.before)
        if leaving.ending:
            body.append(self._if("eq", here, last, equal(here, last), leaving.ending, leaving))
        if leaving.behind:
            until = less_than(here, last)
            body.append(self._if("lt", here, last, until, leaving.behind, leaving))
        if leaving.before:
            body = [self._if("le", here, last, at_least(last, here), body, leaving)]
        return body

    def _if(
        self, word: str, here: Affine, last: Affine, constraint: Constraint,
        body: list[ast.stmt], leaving: Leaving,
    ) -> ast.stmt:  # fmt: skip
        """``if here < last: body``, under a name that stands for the condition."""
        test = f"{len(self.tests)} {leaving.exit.jump.lineno}"
        self.tests[test] = constraint
        sides = (build.integer(here), build.integer(last))
        self.environment[test] = scalar.Call(word, sides, build.BOOL)
        made = ast.If(ast.Name(test, ast.Load()), body, [])
        ast.copy_location(made.test, leaving.exit.test)
        return ast.copy_location(made, body[0])

    def _affine_condition(self, test: ast.expr) -> tuple[tuple[Constraint, ...], bool] | None:
        if isinstance(test, ast.Name) and test.id in self.tests:
            return (self.tests[test.id],), False
        return super()._affine_condition(test)


def _is_equation(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)
