"""Arg-reductions lifted: each variable takes its value from the iteration that wins.

``if x[i] > best: best = x[i]; index = i   ->   index = argmax over i of x[i]; best = x[index]``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from deloop.analysis.arg_reduction import unwidened
from deloop.analysis.bounds import Bounds, greatest, least
from deloop.analysis.carried import over
from deloop.analysis.masks import comparison_of
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import BOOL, INT, both, cast, integer, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, at_least, less_than
from deloop.ir.axis import Axis
from deloop.ir.loop import Loop
from deloop.ir.plan import Vector, Winner
from deloop.ir.scalar import Call, ElementType, Expression, Index, Load, Number, Reduce, Select
from deloop.ops.reductions import neutral_of
from deloop.transform.protect import needs_guard

_POSITION = ElementType("int64", Rank.SCALAR)


def lift_winner(vector: Vector, bounds: Bounds) -> Vector:
    """The statement with the value that its variable has after all iterations."""
    return _Lifting(vector, bounds).result()


_REASONS = ("the range is not negative", "the loop runs")


class _Lifting:
    """One variable of an arg-reduction."""

    def __init__(self, vector: Vector, bounds: Bounds) -> None:
        assert vector.accumulation is not None and vector.accumulation.winner is not None
        self.vector = vector
        self.accumulation = vector.accumulation
        self.winner: Winner = vector.accumulation.winner
        self.bounds = bounds
        self.facts = bounds.facts
        self.statement = vector.statement
        self.loops = list(vector.statement.loops)
        self.mask: Expression = number(True)
        """What is left of the domain where its hull is larger."""

    @property
    def guard(self) -> Expression:
        """The condition under which a place of the rectangle takes part."""
        guard = both(self.mask, self.winner.guard)
        return both(guard, negate(self._is_nan())) if self.passes_over_nan else guard

    @property
    def passes_over_nan(self) -> bool:
        """Whether the new code leaves out NaN, as a comparison does, instead of asking for none."""
        allowed = self.facts.may_skip_nan and self.winner.is_exact
        return allowed and self.accumulation.skips_nan

    def _is_nan(self) -> Expression:
        bare = unwidened(self.winner.key)
        return Call("isnan", (bare,), ElementType("bool", bare.type.rank), "torch.isnan")

    def result(self) -> Vector:
        """The statement over the axes that are left."""
        self._hull()
        self._leave_repetitions()
        self._take_in_start()
        self._check_subscripts()
        reduced = [x for x in self.loops if x.iterator in self.accumulation.iterators]
        self._require_data(reduced)
        is_guarded = self.statement.store.array in self.facts.guards
        for loop in reduced:
            self._require_run(loop, 0 if is_guarded else 1)
        store = self.statement.store
        value = self._value(tuple(x.axis for x in reduced))
        loops = tuple(x for x in self.loops if x not in reduced)
        domain = tuple(c for x in (*loops, *store.implicit) for c in x.constraints)
        changed = replace(store, value=value, augmented=False)
        statement = replace(self.statement, store=changed, loops=loops, domain=domain)
        return Vector(statement, self.vector.level, (), self.accumulation)

    # ------------------------------------------------------------------ the range
    def _hull(self) -> None:
        """Bounds that move with another axis widened; what is beyond takes no part."""
        level = self.vector.level
        for position in range(level, len(self.loops)):
            loop = self.loops[position]
            others = tuple(self.loops[level:position])
            names = {x.iterator for x in others}
            iterator = Affine.symbol(loop.iterator)
            lower, upper = loop.lower, loop.upper
            masks: list[Constraint] = []
            if names & set(lower.symbols):
                masks.append(at_least(iterator, lower))
                lower = least(lower, others)
            if names & set(upper.symbols):
                masks.append(less_than(iterator, upper))
                upper = greatest(upper, others)
            if loop.span is not None and names & set(loop.span.symbols):
                raise self._refuse("a loop with a step whose end moves with another loop")
            for mask in masks:
                self.mask = both(self.mask, comparison_of(mask, {*names, loop.iterator}))
            self.loops[position] = replace(loop, lower=lower, upper=upper)

    def _leave_repetitions(self) -> None:
        """Loops of which each iteration compares the same: the first one wins, or the last.

        ``for i: for j: if x[j] > best: best = x[j]; at = i   ->   x.max() and the first i``
        """
        kept = {s for x in self.loops for c in x.constraints for s in c.expression.symbols
                if s != x.iterator}  # fmt: skip
        for loop in [x for x in self.loops if x.iterator in self.accumulation.iterators]:
            own = frozenset({loop.iterator})
            compared = (self.winner.key, self.guard)
            if any(scalar.iterators_of(e, own) for e in compared) or own & kept:
                continue
            self._require_run(loop)
            edge = loop.upper - 1 if self.winner.is_last else loop.lower
            term = scalar.substitute_symbols(self.accumulation.term, {loop.iterator: edge})
            rest = self.accumulation.iterators - own
            self.accumulation = replace(self.accumulation, term=term, iterators=rest)
            self.loops.remove(loop)

    def _take_in_start(self) -> None:
        """The range grown by the iteration before the first, where that is what it starts from."""
        for name, value in self.winner.start:
            for position, loop in enumerate(self.loops):
                if loop.iterator == name and loop.lower != value:
                    self.loops[position] = replace(loop, lower=value)

    def _check_subscripts(self) -> None:
        """What is compared and taken is in bounds over the whole range."""
        store = self.statement.store
        domain = tuple(c for x in (*self.loops, *store.implicit) for c in x.constraints)
        for value in (self.winner.key, self.accumulation.term, self.guard):
            probe = replace(store, value=value)
            probed = replace(self.statement, store=probe, loops=tuple(self.loops), domain=domain)
            if self.bounds.check(probed).store.value != value:
                raise self._refuse("a range that moves with another loop would wrap")

    def _require_run(self, loop: Loop, least_often: int = 1) -> None:
        """The loop runs, or its range is at least not negative, which `arange` would not take."""
        extent = loop.upper - loop.lower if loop.span is None else loop.span
        around = tuple(x for x in self.loops if x is not loop)
        corner = at_least(least(extent, around), least_often)
        if not self.facts.assume(corner, _REASONS[least_often]):
            raise self._refuse("whether there is a value to take the extreme of is not known")

    # ------------------------------------------------------------------ the data
    def _require_data(self, reduced: Sequence[Loop]) -> None:
        """No value compared is NaN, and some iteration beats the start."""
        key = self.winner.key
        narrowed = not isinstance(self.mask, Number)
        if self.accumulation.skips_nan and not self.passes_over_nan:
            harmless = negate(both(self.guard, self._is_nan()))
            if narrowed:  # the loops as they were would not do for a rectangle
                everything = tuple(x.axis for x in self.loops[self.vector.level :])
                harmless = over("all", harmless, everything)
            self._need(harmless, "no value compared is NaN")
        condition = self.winner.beats
        if condition is None and isinstance(self.guard, Number):
            return
        if condition is None:
            better = _compared(self.winner.kind, key, self._worst(key))
            condition = both(self.winner.guard, better)
        condition = both(self.mask, condition)
        reason = "some iteration beats what the search starts from"
        if self._is_guarded(condition):
            array = self.statement.store.array
            self.facts.guards[array] = over("any", condition, tuple(x.axis for x in reduced))
            return
        kept = [x for x in self.loops[self.vector.level :] if x not in reduced]
        if kept or narrowed:
            condition = over("any", condition, tuple(x.axis for x in reduced))
        self._need(condition, reason, every=bool(kept))

    def _is_guarded(self, condition: Expression) -> bool:
        """Whether the variable is set under a condition in the new code, or left as it is."""
        store = self.statement.store
        inside = {load.array for load in scalar.loads(condition)} & self.bounds.locals
        plain = not self.vector.level and store.cell is not None and not store.subscripts
        return self.facts.may_guard and self.winner.is_exact and plain and not inside

    def _need(self, condition: Expression, reason: str, every: bool = True) -> None:
        needed = DataRequirement(condition, self.winner.place, reason, every, avoidable=True)
        if needed not in self.facts.needed:
            self.facts.needed.append(needed)

    # ------------------------------------------------------------------ the value
    def _value(self, axes: tuple[Axis, ...]) -> Expression:
        """The extreme itself, or the value at the iteration that wins."""
        winner, term = self.winner, self.accumulation.term
        grad = scalar.requires_grad(term)
        # Those that lose are no part of what the loop differentiates: 0 times infinity is NaN.
        is_alone = grad and (len(axes) > 1 or needs_guard(term, scalar.requires_grad))
        if not winner.is_value or is_alone:
            return _at(term, self._places(axes, self._masked(unwidened(winner.key))))
        kept = len(self.loops) - self.vector.level > len(axes)
        bare = unwidened(term)
        if kept and scalar.requires_grad(bare) and not grad:
            bare = term  # the cast is where the gradient ends
        along_one = len(axes) == 1 and (grad or kept)
        compared = self._masked(bare)
        if winner.is_last and along_one:
            compared = scalar.substitute_symbols(compared, _turned(axes))
        kind = f"first_{winner.kind}" if along_one else winner.kind
        return Reduce(kind, compared, axes, term.type)

    def _masked(self, key: Expression) -> Expression:
        """The key where an iteration takes part, else what never wins."""
        if isinstance(self.guard, Number):
            return key
        return Select(self.guard, key, self._worst(key))

    def _worst(self, key: Expression) -> Expression:
        """What nothing that takes part is worse than."""
        neutral = neutral_of(self.winner.kind, key.type.dtype)
        assert neutral is not None
        return cast(number(neutral), key.type)

    def _places(
        self, axes: tuple[Axis, ...], key: Expression
    ) -> dict[str, tuple[Expression, int, Affine]]:
        """Each iterator where it wins, as ``position * sign + offset``."""
        if self.winner.is_last:
            key = scalar.substitute_symbols(key, _turned(axes))
        flat = Reduce(f"arg{self.winner.kind}", key, axes, _POSITION)
        places: dict[str, tuple[Expression, int, Affine]] = {}
        position: Expression = flat
        for axis in reversed(axes):
            own: Expression = position
            if len(axes) > 1:
                extent = integer(axis.extent)
                own = position if axis is axes[0] else _arithmetic("remainder", position, extent)
                position = _arithmetic("floor_divide", position, extent)
            if self.winner.is_last:
                places[axis.iterator] = (own, -1, axis.lower + axis.extent - 1)
            else:
                places[axis.iterator] = (own, 1, axis.lower)
        return places

    def _refuse(self, sentence: str) -> Unsupported:
        place = self.statement.store.place
        return Unsupported(Refusal("VEC945", place, f"loop kept: {sentence}"))


def _compared(kind: str, key: Expression, other: Expression) -> Expression:
    """``key > other`` for the greatest, ``key < other`` for the least."""
    rank = max(key.type.rank, other.type.rank)
    made = BOOL if rank is Rank.NUMBER else ElementType("bool", rank)
    return Call("gt" if kind == "max" else "lt", (key, other), made)


def _turned(axes: tuple[Axis, ...]) -> dict[str, Affine]:
    """Every axis run backwards, so that the last of equals comes first."""
    return {a.iterator: a.lower + a.upper - 1 - Affine.symbol(a.iterator) for a in axes}


def _arithmetic(word: str, left: Expression, right: Expression) -> Expression:
    return Call(word, (left, right), ElementType("int64", max(left.type.rank, right.type.rank)))


def _at(
    value: Expression, places: Mapping[str, tuple[Expression, int, Affine]]
) -> Expression:
    """The value of one iteration: each iterator replaced by where the winner is."""

    def moved(affine: Affine, as_number: bool) -> Expression | Affine:
        used = [s for s in affine.symbols if s in places]
        if not used:
            return affine
        rest = affine.without(used)
        total: Expression | None = None
        for symbol in used:
            position, sign, offset = places[symbol]
            factor = affine.coefficient(symbol) * sign
            rest = rest + offset * affine.coefficient(symbol)
            if as_number:
                position = _as_number(position)
            part = position
            if abs(factor) != 1:
                part = _arithmetic("mul", part, number(abs(factor)))
            if total is None and factor < 0:
                total, rest = _arithmetic("sub", integer(rest), part), Affine()
            elif total is None:
                total = part
            else:
                total = _arithmetic("add" if factor > 0 else "sub", total, part)
        assert total is not None
        if rest.is_constant and rest.constant == 0:
            return total
        if rest.is_constant and rest.constant < 0:
            return _arithmetic("sub", total, number(-rest.constant))
        return _arithmetic("add", total, integer(rest))

    def change(node: Expression) -> Expression:
        if isinstance(node, Index):
            found = moved(node.affine, as_number=True)
            return node if isinstance(found, Affine) else found
        if isinstance(node, Load):
            subscripts = tuple(
                moved(s, as_number=False) if isinstance(s, Affine) else change(s)
                for s in node.subscripts
            )
            return replace(node, subscripts=subscripts)
        if isinstance(node, scalar.Cast) and isinstance(node.value, Index):
            found = moved(node.value.affine, as_number=node.type.rank is Rank.NUMBER)
            return node if isinstance(found, Affine) else cast(found, node.type)
        return scalar.rebuild(node, change)

    return change(value)


def _as_number(position: Expression) -> Expression:
    """The position as a Python int: ``x.argmax().item()``."""
    if isinstance(position, Reduce):
        return replace(position, type=INT)
    if isinstance(position, Call):
        arguments = tuple(_as_number(a) for a in position.arguments)
        return replace(position, arguments=arguments, type=INT)
    return position
