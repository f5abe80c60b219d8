"""Subscripts within their tensors: proved, assumed, wrapped as Python does, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.analysis.facts import Facts
from deloop.analysis.statements import restrict
from deloop.diagnostic import Refusal
from deloop.errors import Unliftable, Unsupported
from deloop.frontend.expression import may_raise
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign, at_least
from deloop.ir.guarded import Halves, guarded, halves_of, is_guarded
from deloop.ir.loop import PRIVATE, Loop
from deloop.ir.plan import Statement
from deloop.ir.scalar import (
    Expression,
    Index,
    Load,
    Reduce,
    Scan,
    Select,
    Subscript,
    bound_axes,
)
from deloop.ir.types import Tensor
from deloop.poly.domain import Domain


def least(affine: Affine, loops: tuple[Loop, ...]) -> Affine:
    """A lower bound in parameters, reached at a corner of the loops: ``i - 1 -> lower - 1``."""
    for loop in reversed(loops):
        coefficient = affine.coefficient(loop.iterator)
        if coefficient:
            end = loop.lower if coefficient > 0 else loop.upper - 1
            affine = affine.substitute({loop.iterator: end})
    return affine


def greatest(affine: Affine, loops: tuple[Loop, ...]) -> Affine:
    """An upper bound in parameters, reached at a corner of the loops."""
    return -least(-affine, loops)


class Bounds:
    """Checks every subscript of a statement."""

    def __init__(self, arrays: Mapping[str, Tensor], locals_: frozenset[str], facts: Facts) -> None:
        self.arrays = arrays
        self.has_grad = any(t.type.requires_grad for t in arrays.values())
        self.must_run = self.has_grad
        """Whether a loop of no iterations differs from its tensor form (see `expect_to_run`)."""
        self.locals = locals_
        self.facts = facts
        self.chosen: tuple[Affine, ...] = ()
        """What is not negative where the value at hand is chosen (`ir.guarded`)."""

    def over(self, arrays: Mapping[str, Tensor], locals_: frozenset[str]) -> Bounds:
        """The same for statements over more arrays."""
        other = Bounds(arrays, locals_, self.facts)
        other.has_grad, other.must_run = self.has_grad, self.must_run
        return other

    def expect_to_run(self, statements: list[Statement]) -> None:
        """Note whether each loop must run: a gradient flows in, or an operator raises by itself.

        ``y % y`` of two 0-d integers raises in the tensor form even where no iteration runs.
        """
        self.must_run = self.has_grad or any(
            may_raise(node) for s in statements for node in scalar.walk(s.store.value)
        )

    def check(self, statement: Statement) -> Statement:
        """The statement with each subscript inside its tensor, or said to wrap.

        A read that is negative for some iterations keeps Python's meaning (counted from the end) by
        becoming an index tensor. Raises `Unliftable` where the loop raises for the sizes at hand.
        """
        store = statement.store
        subscripts = self._subscripts(statement, store.array, store.subscripts)
        value = self._expression(statement, store.value)
        return replace(statement, store=replace(store, subscripts=subscripts, value=value))

    def _expression(self, statement: Statement, expression: Expression) -> Expression:
        if isinstance(expression, Select):
            return self._choice(statement, expression)
        if isinstance(expression, (Reduce, Scan)):
            statement = _inside(statement, expression)
        expression = scalar.rebuild(expression, lambda child: self._expression(statement, child))
        if isinstance(expression, Load):
            subscripts = self._subscripts(statement, expression.array, expression.subscripts)
            return replace(expression, subscripts=subscripts)
        return expression

    def _choice(self, statement: Statement, select: Select) -> Expression:
        """A choice by place: each side is checked where it is chosen."""
        condition = self._expression(statement, select.condition)
        halves = halves_of(condition)
        then, otherwise = ((), ()) if halves is None else self._sides(statement, halves)
        before, sides = self.chosen, []
        for branch, slacks in ((select.then, then), (select.otherwise, otherwise)):
            self.chosen = (*before, *slacks)
            sides.append(self._expression(statement, branch))
            self.chosen = before
        return Select(condition, *sides)

    def _sides(
        self, statement: Statement, halves: Halves
    ) -> tuple[tuple[Affine, ...], tuple[Affine, ...]]:
        """What is not negative on each side; an end of the range is all that an equation cuts."""
        holds, fails = halves.holds, halves.fails
        if halves.around is not None:
            gap = halves.around
            above = self._proved(statement, at_least(gap, 0))
            below = self._proved(statement, at_least(-gap, 0))
            rest = (gap - 1,) if above else (-gap - 1,) if below else ()
            holds, fails = (rest, fails) if halves.swapped else (holds, rest)
        return holds, fails

    def _subscripts(
        self, statement: Statement, array: str, subscripts: tuple[Subscript, ...]
    ) -> tuple[Subscript, ...]:
        tensor = self.arrays.get(array)
        is_private = tensor is not None and tensor.storage.startswith(PRIVATE)
        if tensor is None or (array in self.locals and not is_private):
            return subscripts
        sizes = tensor.type.shape
        return tuple(
            subscript
            if is_private and size == Affine()  # an iteration's own row
            else self._subscript(statement, array, position, subscript, size)
            for position, (subscript, size) in enumerate(zip(subscripts, sizes, strict=False))
        )

    def _subscript(
        self, statement: Statement, array: str, position: int, subscript: Subscript, size: Affine
    ) -> Subscript:
        if is_guarded(subscript):
            return subscript
        if not isinstance(subscript, Affine):
            if not self._holds(statement, at_least(size, 1), f"{array} has elements to look up"):
                self._refuse(statement, array, Affine(), size)
            return subscript
        reason = f"{array} is read or written at {subscript} in dimension {position}"
        if self.chosen:
            found = self._where_chosen(statement, subscript, size, reason)
            if found is not None:
                return found
        if not self._holds(statement, at_least(size - 1, subscript), reason):
            self._refuse(statement, array, subscript, size)
        if self._proved(statement, at_least(subscript, 0)):
            return subscript
        loops = (*statement.loops, *statement.store.implicit)
        lowest, highest = least(subscript, loops), greatest(subscript, loops)
        if self.facts.holds(at_least(lowest, 0)):
            if not self.facts.assume(at_least(lowest, 0), reason):
                self._refuse(statement, array, subscript, size)
            return subscript
        if not self._holds(statement, at_least(subscript + size, 0), reason):
            self._refuse(statement, array, subscript, size)
        if highest.is_constant and highest.constant < 0:
            return subscript + size
        return Index(subscript)

    def _where_chosen(
        self, statement: Statement, subscript: Affine, size: Affine, reason: str
    ) -> Subscript | None:
        """The subscript as one that is in bounds where it is chosen; None where it is not."""
        inside = (at_least(subscript, 0), at_least(size - 1, subscript))
        if all(self._proved(statement, c) for c in inside):
            return subscript
        own = set(subscript.symbols)
        slacks = tuple(s for s in dict.fromkeys(self.chosen) if own & set(s.symbols))
        if not slacks:
            return None
        there = restrict(statement, tuple(Constraint(s) for s in slacks))
        around = (*statement.loops, *statement.store.implicit)
        names = {x.iterator for x in around}
        loops = tuple(_cut(x, slacks, names) for x in around)
        for constraint in inside:
            if self._proved(there, constraint):
                continue
            corner = at_least(least(constraint.expression, loops), 0)
            if not self.facts.assume(corner, reason, of_one_size=True):
                return None
        return guarded(subscript, slacks)

    def _proved(self, statement: Statement, constraint: Constraint) -> bool:
        """Whether it holds wherever the loops that it mentions run, even if others never do.

        A tensor operation evaluates ``x[0]`` also where an empty loop would not have read it.
        """
        if constraint.expression.is_constant:
            return self.facts.proves(Domain((), ()), constraint)
        loops = {loop.iterator: loop for loop in (*statement.loops, *statement.store.implicit)}
        needed = set(constraint.expression.symbols) & set(loops)
        queue = list(needed)
        while queue:
            for c in loops[queue.pop()].constraints:
                more = (set(c.expression.symbols) & set(loops)) - needed
                needed |= more
                queue.extend(more)
        around = [loop for name, loop in loops.items() if name in needed]
        conditions = [
            g
            for g in statement.store.guards
            if needed and set(g.expression.symbols) & set(loops) <= needed
        ]
        extra = [
            c
            for c in statement.domain
            if needed
            and set(c.expression.symbols) & set(loops) <= needed
            and set(c.expression.symbols) & needed
        ]
        constraints = (*(c for loop in around for c in loop.constraints), *conditions, *extra)
        return self.facts.proves(
            Domain(tuple(loop.iterator for loop in around), tuple(dict.fromkeys(constraints))),
            constraint,
        )

    def _holds(self, statement: Statement, constraint: Constraint, reason: str) -> bool:
        """Proved, or assumed at the corner where it is tightest."""
        if self._proved(statement, constraint):
            return True
        loops = (*statement.loops, *statement.store.implicit)
        corner = at_least(least(constraint.expression, loops), 0)
        if self.facts.assume(corner, reason, of_one_size=True):
            return True
        guards = statement.store.guards
        slacks = (*(g.expression for g in guards),
                  *(-g.expression for g in guards if g.sign is Sign.ZERO))  # fmt: skip
        names = {x.iterator for x in loops}
        for slack in slacks:  # ``if j < n`` keeps ``y[j]`` inside of a y of n elements
            gap = constraint.expression - slack
            is_size = not names & set(gap.symbols)
            if is_size and self.facts.assume(at_least(gap, 0), reason, of_one_size=True):
                return True
        cut = tuple(_cut(x, slacks, names) for x in loops)
        corner = at_least(least(constraint.expression, cut), 0)
        return cut != loops and self.facts.assume(corner, reason, of_one_size=True)

    def _refuse(self, statement: Statement, array: str, subscript: Affine, size: Affine) -> None:
        place = statement.store.place
        whole = any(s.startswith(("_d", "_r")) for s in subscript.symbols)
        at = "the end of a dimension" if whole else str(subscript)
        shown = f"{array} at {at}, and that dimension has {size} elements"
        if self.facts.value(size) is None:
            raise Unsupported(
                Refusal("VEC904", place, f"loop kept: whether {shown} enough is not known")
            )
        raise Unliftable(
            Refusal(
                "VEC904",
                place,
                f"loop kept: an iteration may reach beyond {shown}; the loop raises then",
            )
        )


def _cut(loop: Loop, slacks: tuple[Affine, ...], iterators: set[str]) -> Loop:
    """The loop over those iterations alone that leave `slacks` not negative, where one cuts it."""
    for slack in slacks:
        rest = slack.without([loop.iterator])
        if loop.span is not None or iterators & set(rest.symbols):
            continue
        match slack.coefficient(loop.iterator):
            case 1:
                loop = replace(loop, lower=-rest)
            case -1:
                loop = replace(loop, upper=rest + 1)
    return loop


def _inside(statement: Statement, combined: Reduce | Scan) -> Statement:
    """The statement as what a reduction combines sees it: the reduction's axes are loops to it."""
    store = statement.store
    axes = tuple(
        Loop(a.iterator, a.lower, a.upper, (), store.place, a.stride, a.span)
        for a in bound_axes(combined)
    )
    return replace(statement, store=replace(store, implicit=(*store.implicit, *axes)))


def check_trip_counts(statement: Statement, facts: Facts, at_least_one: bool) -> None:
    """Ask that no loop of a statement has a negative extent (``range(-3)`` runs zero times).

    With `at_least_one`, ask that it runs: a gradient flows into the result only then. Where the new
    code may have conditions of its own, it is one of them, noted for the statement.
    """
    outer: tuple[Loop, ...] = ()
    names = set(statement.iterators)
    for loop in (*statement.loops, *statement.store.implicit):
        extent = (loop.span if loop.span is not None else loop.upper - loop.lower) - int(
            at_least_one
        )
        constraint = at_least(extent, 0)
        around = _mentioned(extent, outer)
        inside = Domain(tuple(x.iterator for x in around), _constraints(around))
        if not facts.proves(inside, constraint):
            corner = least(extent, outer)
            if not facts.assume(at_least(corner, 0), "the loop runs that often"):
                written = facts.may_guard and loop in statement.loops
                if written and not around and not set(extent.symbols) & names:
                    needed = facts.sizes.setdefault(statement.name, [])
                    needed.append(at_least(extent + int(at_least_one), 1))
                    outer = (*outer, loop)
                    continue
                count = "no" if at_least_one else "fewer than no"
                sentence = (
                    f"loop kept: with these sizes it runs {count} iterations, "
                    "and tensor operations would say otherwise"
                )
                raise Unsupported(Refusal("VEC944", loop.place, sentence))
        outer = (*outer, loop)


def _mentioned(affine: Affine, loops: tuple[Loop, ...]) -> tuple[Loop, ...]:
    """The loops whose iterators an expression depends on, through their bounds too.

    Others are left out: a tensor operation is evaluated even where an outer loop runs no iteration.
    """
    needed: set[str] = set(affine.symbols)
    for loop in reversed(loops):
        if loop.iterator in needed:
            needed.update(s for c in loop.constraints for s in c.expression.symbols)
    return tuple(loop for loop in loops if loop.iterator in needed)


def _constraints(loops: tuple[Loop, ...]) -> tuple[Constraint, ...]:
    return tuple(c for loop in loops for c in loop.constraints)
