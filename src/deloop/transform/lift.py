"""Iterators to axes: what each lifted statement ranges over, as slices where that is possible.

A condition on one iterator narrows its range; an equation fixes it; a condition on several of them
(``j > i``) becomes a mask over the rectangular hull, where everything that is read is in bounds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from deloop.analysis.bounds import Bounds, greatest, least
from deloop.analysis.facts import Facts
from deloop.analysis.masks import comparison_of
from deloop.analysis.recurrence import wider
from deloop.analysis.scatter import masked, unmasked
from deloop.diagnostic import Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unsupported
from deloop.frontend.expression import both, cast, number
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign, at_least, less_than
from deloop.ir.axis import Axis
from deloop.ir.loop import Loop
from deloop.ir.plan import Accumulation, Serial, Statement, Step, Vector
from deloop.ir.scalar import ElementType, Expression, Load, Scan, Select
from deloop.ops.reductions import find_reduction, neutral_of
from deloop.poly.domain import Domain
from deloop.transform.ranges import widen_ranges
from deloop.transform.reduce import combine, leave_out_nan, reduce_over, without_nan
from deloop.transform.scan import scans_of, steps_late, without_scans
from deloop.transform.scatter import settle_scatter
from deloop.transform.winner import lift_winner


def lift(plan: tuple[Step, ...], bounds: Bounds, outer: tuple[Loop, ...] = ()) -> tuple[Step, ...]:
    """The plan with each statement's axes settled, accumulations written as reductions.

    ``for i: for j: if j > i: out[i, j] = 1   ->   out[:, 1:] = select(j > i, 1, out[:, 1:])``;
    ``for i: for j: out[i] = out[i] + x[i, j]   ->   out[:] = out[:] + sum over j of x[:, j]``
    """
    result: list[Step] = []
    for step in plan:
        if isinstance(step, Serial):
            result.append(Serial(step.loop, lift(step.body, bounds, (*outer, step.loop))))
        elif step.accumulation is not None and step.accumulation.winner is not None:
            result.append(lift_winner(step, bounds))
        else:
            result.append(_Lifting(step, bounds, outer).result())
    return tuple(result)


def _left(axis: Axis, count: int) -> Affine:
    """What is not negative where an axis has so many values, and its slices have their ends."""
    if axis.span is None:
        return axis.extent - count
    return axis.span - min(count, 1) - max(count - 1, 0) * axis.stride


class _Lifting:
    """One statement on its way from iterators to axes."""

    def __init__(self, vector: Vector, bounds: Bounds, outer: tuple[Loop, ...]) -> None:
        self.statement = vector.statement
        self.accumulation = vector.accumulation
        self.level = vector.level
        self.facts: Facts = bounds.facts
        self.bounds = bounds
        self.outer = outer
        self.axes = list(vector.axes)
        self.fixed: dict[str, Affine] = {}
        self.masks: list[Constraint] = []
        self.conditions: list[Constraint] = []

    def result(self) -> Vector:
        """The statement over rectangular axes."""
        if self.accumulation is None or self.accumulation.kind in ("last", "only"):
            self._fix_last()
        self._hull()
        pending = [self._canonical(g) for g in self.statement.store.guards]
        pending.sort(key=lambda g: g.sign is not Sign.ZERO)
        for guard in pending:
            left = self._substituted(guard)
            if left == guard or not self._is_met(left):
                self._apply(left)
        self._fix_single()
        narrowed = bool(self.statement.store.guards) or bool(self.masks)
        store = self.statement.store
        values = dict(self.fixed)
        subscripts = tuple(
            scalar.substituted(s, values) for s in store.subscripts
        )
        found = self.accumulation
        combines = found is not None and (found.scattered or found.kind != "last")
        value = found.term if found is not None and combines else store.value
        value = scalar.substitute_symbols(value, values)
        subscripts, value = self._turn(subscripts, value)
        if self.facts.may_skip_nan and not self.bounds.has_grad:
            value = leave_out_nan(value)
        plain = value
        bare, value = value, widen_ranges(value, tuple(self.axes), self._is_settled, self._raise)
        is_widened = value != bare
        narrowed = narrowed or is_widened
        implicit = tuple(x for x in self.axes if x.iterator in {m.iterator for m in store.implicit})
        explicit = tuple(x for x in self.axes if x not in implicit)
        if store.cell is not None and not store.guards:
            # Outside of the domain nobody reads the cell, so any value will do there.
            gone = found.iterators if found is not None else frozenset()
            self.masks = [m for m in self.masks if set(m.expression.symbols) & gone]
        if self.masks and found is not None and found.scattered:
            value = masked(self._mask(), value)
        elif self.masks and found is not None and combines:
            value = self._neutralised(value, found)
        elif self.masks:
            value = Select(self._mask(), value, self._old(store.array, subscripts, store.dtype))
        changed = replace(
            store, subscripts=subscripts, value=value, implicit=implicit, guards=(),
            augmented=store.augmented and not self.masks,
        )  # fmt: skip
        if store.local and self.masks:
            changed = replace(changed, value=plain)
        serial = self.statement.loops[: self.level]
        loops = (*serial, *explicit)
        constraints = tuple(c for x in (*loops, *implicit) for c in x.constraints)
        statement = Statement(
            self.statement.name,
            changed,
            loops,
            self.statement.schedule,
            (*constraints, *self.conditions),
        )
        if self.conditions and self.bounds.has_grad:
            raise self._refuse("a gradient flows in only where a condition holds")
        scans = scans_of(value)
        if scans:
            self._check_scans(scans, statement)
        if narrowed:
            self._check_extents(serial)
            if not scans:
                statement = self.bounds.check(statement)
            elif is_widened and self.bounds.check(statement).store.value != value:
                raise self._refuse("a running value reads beyond where its range is cut")
        if found is not None and found.scattered:
            vector = Vector(statement, self.level, tuple(self.conditions), found)
            return settle_scatter(vector, self.bounds.arrays, self.facts)
        if found is not None and combines:
            statement = self._combined(statement, found)
        return Vector(statement, self.level, tuple(self.conditions), found)

    def _check_scans(self, scans: list[Scan], statement: Statement) -> None:
        """Ask what scans need: what is read beside them in bounds, something to leave out."""
        for scan in scans:
            # A gradient comes with the second iteration only, or later still.
            least_count = steps_late(scan) if scalar.requires_grad(scan.value) else 0
            axes = scalar.bound_axes(scan)
            least_count = min(least_count, 1) if len(axes) > 1 else least_count
            if scan.exclusive and not all(self._holds(_left(a, least_count)) for a in axes):
                raise self._refuse("whether an iteration runs is not known")
        beside = without_scans(statement.store.value)
        plain = replace(statement, store=replace(statement.store, value=beside))
        if self.bounds.check(plain).store.value != beside:
            raise self._refuse("what a running value starts from wraps around")

    def _holds(self, extent: Affine) -> bool:
        """Whether an extent is not negative, in all iterations of the loops that stay."""
        domain = Domain(
            tuple(x.iterator for x in self.outer),
            tuple(c for x in self.outer for c in x.constraints),
        )
        if self.facts.proves(domain, at_least(extent, 0)):
            return True
        corner = at_least(least(self.facts.canonical(extent), self.outer), 0)
        return self.facts.assume(corner, "the loop runs")

    def _fix_last(self) -> None:
        """Where a loop does not move the target, its last instance counts, if there is one.

        ``for i: t = x[i]   ->   t = x[n - 1]``
        """
        explicit = self.statement.loops[self.level :]
        names = frozenset(x.iterator for x in explicit)
        used: set[str] = set()
        for subscript in self.statement.store.subscripts:
            if isinstance(subscript, Affine):
                used.update(subscript.symbols)
            else:
                used |= scalar.iterators_of(subscript, names)
        still = [x for x in reversed(explicit) if x.iterator not in used]
        found = self.accumulation
        is_masked = found is not None and unmasked(found.term)[0] is not None
        if still and (self.statement.store.guards or is_masked):
            raise self._refuse("the last iteration that sets it depends on a condition")
        for loop in still:
            last = loop.upper - 1
            if not self._known_to_run(loop):
                raise self._refuse("whether an iteration sets it is not known")
            fixing = {loop.iterator: last}
            self.fixed = {k: v.substitute(fixing) for k, v in self.fixed.items()} | fixing
            self.axes.remove(loop)

    def _known_to_run(self, loop: Loop) -> bool:
        extent = at_least(loop.upper - loop.lower, 1)
        if self._lifted(extent.expression):
            return False  # where no iteration of the other loop runs, nothing is known
        if self.statement.store.array in self.facts.guards:
            return True  # or it is left alone
        around = self.statement.loops[: self.level]
        domain = Domain(
            tuple(x.iterator for x in around), tuple(c for x in around for c in x.constraints)
        )
        if self.facts.proves(domain, extent):
            return True
        corner = at_least(least(extent.expression, around), 0)
        return self.facts.assume(corner, "the loop runs")

    def _neutralised(self, term: Expression, found: Accumulation) -> Expression:
        """The term where the mask holds, else what changes nothing."""
        neutral = neutral_of(found.kind, term.type.dtype)
        if neutral is None:
            raise self._refuse("an extreme over a range that moves with another loop")
        return Select(self._mask(), term, cast(number(neutral), term.type))

    def _combined(self, statement: Statement, found: Accumulation) -> Statement:
        """``own (+) reduction``, its loops no longer among the statement's."""
        store = statement.store
        reduction = find_reduction(found.kind)
        loops = tuple(x for x in statement.loops if x.iterator not in found.iterators)
        axes = tuple(x.axis for x in statement.loops if x.iterator in found.iterators)
        moved = scalar.iterators_of(store.value, found.iterators)
        # A loop that changes nothing counts by its extent; 0 times an infinity would be NaN.
        exact = category(store.value.type.dtype) in ("int", "bool") or found.kind == "prod"
        counted = reduction.widens and exact
        needed = [
            x
            for x in statement.loops
            if x.iterator in found.iterators
            and (reduction.needs_values or (x.iterator not in moved and not counted))
        ]
        if not all(map(self._known_to_run, needed)):
            raise self._refuse("whether there is a value to take the extreme of is not known")
        own = self._own(store.array, store.subscripts)
        term = store.value
        if reduction.widens:  # the loop adds in the wider dtype from the first step on
            term = cast(term, ElementType(wider(own.type, term.type), term.type.rank))
        passes_nan = category(store.dtype) == "float" and not found.skips_nan
        leaves_out = found.skips_nan and self.facts.may_skip_nan and not self.bounds.has_grad
        if leaves_out:
            term = without_nan(term, found.kind)
        reduced = reduce_over(found.kind, term, axes, found.skips_nan and not leaves_out)
        value = combine(found.kind, own, reduced, passes_nan)
        domain = tuple(
            c for c in statement.domain if not set(c.expression.symbols) & found.iterators
        )
        return replace(statement, store=replace(store, value=value), loops=loops, domain=domain)

    def _own(self, array: str, subscripts: tuple[scalar.Subscript, ...]) -> Load:
        """The element as the loop reads it."""
        original = self.statement.store
        for load in scalar.loads(original.value):
            if load.array == array and load.subscripts == original.subscripts:
                return replace(load, subscripts=subscripts)
        raise AssertionError("an accumulation reads what it updates")

    def _turn(
        self, subscripts: tuple[scalar.Subscript, ...], value: Expression
    ) -> tuple[tuple[scalar.Subscript, ...], Expression]:
        """Axes along which the target runs backwards turned round: ``out[n - 1 - k] -> out[k]``."""
        turned: dict[str, Affine] = {}
        moving = [s for a in subscripts if isinstance(a, Affine) for s in a.symbols]
        for subscript in subscripts:
            lifted = self._lifted(subscript) if isinstance(subscript, Affine) else []
            if len(lifted) == 1 and isinstance(subscript, Affine) and lifted[0].span is None:
                loop = lifted[0]
                if subscript.coefficient(loop.iterator) < 0 and moving.count(loop.iterator) == 1:
                    turned[loop.iterator] = (
                        loop.lower + loop.upper - 1 - Affine.symbol(loop.iterator)
                    )
        if not turned:
            return subscripts, value
        self.masks = [Constraint(m.expression.substitute(turned), m.sign) for m in self.masks]
        return (
            tuple(
                s.substitute(turned)
                if isinstance(s, Affine)
                else scalar.substitute_symbols(s, turned)
                for s in subscripts
            ),
            scalar.substitute_symbols(value, turned),
        )

    def _canonical(self, constraint: Constraint) -> Constraint:
        return Constraint(self.facts.canonical(constraint.expression), constraint.sign)

    def _substituted(self, constraint: Constraint) -> Constraint:
        return Constraint(constraint.expression.substitute(self.fixed), constraint.sign)

    def _lifted(self, affine: Affine) -> list[Loop]:
        return [x for x in self.axes if x.iterator in affine.symbols]

    def _hull(self) -> None:
        """Bounds that mention another axis widened to the hull, the bound itself kept as a mask."""
        for position, loop in enumerate(self.axes):
            others = tuple(self.axes[:position])
            iterator = Affine.symbol(loop.iterator)
            lower, upper = loop.lower, loop.upper
            if any(s in loop.lower.symbols for s in (o.iterator for o in others)):
                self.masks.append(at_least(iterator, lower))
                lower = least(lower, others)
            if any(s in loop.upper.symbols for s in (o.iterator for o in others)):
                self.masks.append(less_than(iterator, upper))
                upper = greatest(upper, others)
            if loop.span is not None and self._lifted(loop.span):
                raise self._refuse("a loop with a step whose end moves with another loop")
            self.axes[position] = replace(loop, lower=lower, upper=upper)

    def _apply(self, guard: Constraint) -> None:
        lifted = self._lifted(guard.expression)
        if guard.expression.is_constant:
            holds = (
                guard.expression.constant == 0
                if guard.sign is Sign.ZERO
                else guard.expression.constant >= 0
            )
            if not holds:
                self.masks.append(guard)
        elif not lifted:
            self.conditions.append(guard)
        elif guard.sign is Sign.ZERO:
            self._fix(guard, lifted)
        elif len(lifted) == 1 and abs(guard.expression.coefficient(lifted[0].iterator)) == 1:
            self._narrow(guard, lifted[0])
        else:
            self.masks.append(guard)

    def _fix_single(self) -> None:
        """A range that conditions cut down to one iteration as that one: ``out[0]``, not `[:1]`."""
        if self.accumulation is not None or self.masks:
            return
        whole = {x.iterator: x for x in self.statement.loops[self.level :]}
        for loop in list(self.axes):
            extent = self.facts.canonical(loop.upper - loop.lower)
            plain = loop.span is None and loop.iterator in whole
            if plain and extent == Affine.number(1) and whole[loop.iterator] != loop:
                self.axes.remove(loop)
                fixing = {loop.iterator: loop.lower}
                self.fixed = {k: v.substitute(fixing) for k, v in self.fixed.items()} | fixing

    def _is_met(self, guard: Constraint) -> bool:
        """Whether what an equation leaves of a condition, of sizes alone, holds as seen."""
        symbols = set(guard.expression.symbols)
        if not symbols or symbols & {x.iterator for x in (*self.outer, *self.axes)}:
            return False
        return self.facts.assume(guard, "the condition is met by some iteration")

    def _fix(self, guard: Constraint, lifted: list[Loop]) -> None:
        """``i = e``: the axis disappears, its range becomes a condition on ``e``."""
        for loop in reversed(lifted):
            coefficient = guard.expression.coefficient(loop.iterator)
            if abs(coefficient) != 1 or loop in self.statement.store.implicit:
                continue
            value = guard.expression.without([loop.iterator]) * -coefficient
            self.axes.remove(loop)
            fixing = {loop.iterator: value}
            self.fixed = {k: v.substitute(fixing) for k, v in self.fixed.items()} | fixing
            self.masks = [Constraint(m.expression.substitute(fixing), m.sign) for m in self.masks]
            for constraint in loop.constraints:
                self._within(Constraint(constraint.expression.substitute(fixing), constraint.sign))
            masks, self.masks = self.masks, []
            for mask in masks:
                self._within(mask)
            return
        raise self._refuse("an equation between iterators has no integer form")

    def _within(self, constraint: Constraint) -> None:
        """A condition that a fixed iterator leaves behind."""
        constraint = self._canonical(constraint)
        lifted = self._lifted(constraint.expression)
        if lifted:
            if not self.facts.proves(self._domain(), constraint):
                self._apply(constraint)
            return
        if self.facts.proves(self._domain(), constraint):
            return
        if any(x.iterator in constraint.expression.symbols for x in self.outer):
            self.conditions.append(constraint)
        elif not self.facts.assume(constraint, "the condition is met by some iteration"):
            raise self._refuse("no iteration meets a condition for these sizes")

    def _narrow(self, guard: Constraint, loop: Loop) -> None:
        """``i >= e`` or ``i < e``: the tighter bound, where it is known which one that is."""
        if loop.span is not None:
            self.masks.append(guard)
            return
        rest = guard.expression.without([loop.iterator])
        rises = guard.expression.coefficient(loop.iterator) == 1
        new = -rest if rises else rest + 1  # i >= new, or i < new
        old = loop.lower if rises else loop.upper
        gap = at_least(new - old, 0) if rises else at_least(old - new, 0)
        tighter = self._known(gap)
        if tighter is None:
            self.masks.append(guard)
        elif tighter:
            position = self.axes.index(loop)
            changed = replace(loop, lower=new) if rises else replace(loop, upper=new)
            self.axes[position] = changed

    def _known(self, constraint: Constraint) -> bool | None:
        """Whether a condition holds: proved, refuted, or assumed as seen."""
        constraint = self._canonical(constraint)
        opposite = Constraint(-constraint.expression, constraint.sign)
        domain = Domain(
            tuple(x.iterator for x in self.outer),
            tuple(c for x in self.outer for c in x.constraints),
        )
        if self.facts.proves(domain, constraint):
            return True
        if self.facts.proves(domain, opposite):
            return False
        if any(x.iterator in constraint.expression.symbols for x in self.outer):
            return None
        if self.facts.assume(constraint, "a condition cuts the loop there"):
            return True
        return (
            False
            if self.facts.assume(opposite, "a condition does not cut the loop there")
            else None
        )

    def _domain(self) -> Domain:
        loops = (*self.outer, *self.axes)
        return Domain(
            tuple(x.iterator for x in loops), tuple(c for x in loops for c in x.constraints)
        )

    def _check_extents(self, serial: tuple[Loop, ...]) -> None:
        domain = Domain(
            tuple(x.iterator for x in self.outer),
            (*(c for x in self.outer for c in x.constraints), *self.conditions),
        )
        for loop in self.axes:
            least_count = int(self.bounds.must_run)
            extent = at_least(
                loop.upper - loop.lower if loop.span is None else loop.span, least_count
            )
            if not self.facts.proves(domain, extent):
                corner = at_least(least(self.facts.canonical(extent.expression), self.outer), 0)
                if not self.facts.assume(corner, "the range is not negative"):
                    raise self._refuse("a range is negative for these sizes")

    def _mask(self) -> Expression:
        condition: Expression = number(True)
        for mask in self.masks:
            condition = both(condition, comparison_of(mask, {x.iterator for x in self.axes}))
        return condition

    def _old(self, array: str, subscripts: tuple[scalar.Subscript, ...], dtype: str) -> Expression:
        store = self.statement.store
        rank = Rank.TENSOR if store.implicit else Rank.SCALAR
        rank = store.cell.rank if store.cell is not None else rank
        implicit = tuple((x.iterator, x.upper) for x in store.implicit)
        grad = self.bounds.arrays[array].type.requires_grad
        return Load(array, subscripts, ElementType(dtype, rank), implicit, grad)

    def _is_settled(self, constraint: Constraint) -> bool:
        """Whether a condition on a range holds in every iteration of the loops that stay."""
        constraint = self._canonical(constraint)
        corner = at_least(least(constraint.expression, self.outer), 0)
        return self.facts.assume(corner, "the range is not negative")

    def _raise(self, sentence: str) -> NoReturn:
        raise self._refuse(sentence)

    def _refuse(self, sentence: str) -> Unsupported:
        return Unsupported(Refusal("VEC945", self.statement.store.place, f"loop kept: {sentence}"))

