"""Masked ranges made whole where the mask holds nothing more: triangles without a first column.

``out[:, 1:] = select(j > i, x[:, 1:], out[:, 1:])   ->   out[:] = select(j > i, x, out)``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.analysis.facts import Facts
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.loop import Loop
from deloop.ir.plan import Serial, Step, Vector
from deloop.ir.scalar import Call, Cast, Expression, Load, Number, Reduce, Scan, Select, slack_of
from deloop.ir.types import Tensor
from deloop.ops.reductions import find_reduction

Ranges = dict[str, tuple[Affine, Affine]]


def widen(
    plan: tuple[Step, ...], arrays: Mapping[str, Tensor], facts: Facts
) -> tuple[Step, ...]:
    """The plan with each masked range over the whole dimension that it is a part of."""
    result: list[Step] = []
    for step in plan:
        if isinstance(step, Serial):
            result.append(replace(step, body=widen(step.body, arrays, facts)))
        else:
            result.append(_Widening(arrays, facts).vector(step))
    return tuple(result)


class _Widening:
    def __init__(self, arrays: Mapping[str, Tensor], facts: Facts) -> None:
        self.arrays = arrays
        self.canonical = facts.canonical

    def vector(self, step: Vector) -> Vector:
        """The statement over wider axes, reductions in it too."""
        ranges = {x.iterator: (x.lower, x.upper) for x in step.axes if x.span is None}
        store = step.statement.store
        value = self._reductions(store.value, ranges)
        store = replace(store, value=value)
        statement = replace(step.statement, store=store)
        step = replace(step, statement=statement)
        if not (isinstance(value, Select) and isinstance(value.otherwise, Load)):
            return step
        old = value.otherwise
        conditional = not step.always_runs
        if (old.array, old.subscripts) != (store.array, store.subscripts) or conditional:
            return step
        target = Load(store.array, store.subscripts, old.type)
        for loop in step.statement.loops[step.level :]:
            if loop.span is None:
                wider = self._wider(loop.axis, value, target, ranges)
                ranges[loop.iterator] = wider
                step = _over(step, loop, *wider)
        return step

    def _reductions(self, value: Expression, ranges: Ranges) -> Expression:
        if not isinstance(value, Reduce):
            return scalar.rebuild(value, lambda child: self._reductions(child, ranges))
        inside = {**ranges, **{a.iterator: (a.lower, a.upper) for a in value.axes if not a.span}}
        value = replace(value, value=self._reductions(value.value, inside))
        masked, neutral = value.value, find_reduction(value.kind).neutral
        while isinstance(masked, Cast):
            masked = masked.value
        if not isinstance(masked, Select) or neutral is None:
            return value
        other = masked.otherwise
        while isinstance(other, Cast):
            other = other.value
        if not isinstance(other, Number) or other.value != neutral:
            return value
        axes = list(value.axes)
        for position, axis in enumerate(axes):
            if axis.span is None:
                lower, upper = self._wider(axis, masked, None, inside)
                inside[axis.iterator] = (lower, upper)
                axes[position] = replace(axis, lower=lower, upper=upper)
        return replace(value, axes=tuple(axes))

    def _wider(
        self, axis: Axis, value: Select, target: Load | None, ranges: Ranges
    ) -> tuple[Affine, Affine]:
        """The range from 0 to the dimension's end, if the mask is false wherever that is new."""
        lower, upper = self.canonical(axis.lower), self.canonical(axis.upper)
        size = self._size(axis, value, target)
        if size is None or (lower == Affine() and upper == size):
            return lower, upper
        if any(isinstance(n, Scan) and axis.iterator in n.at.symbols for n in scalar.walk(value)):
            return lower, upper  # a running value is read where it has been computed
        new = []
        if lower != Affine():
            new.append((Affine(), lower))
        if upper != size:
            new.append((upper, size))
        reads = [*scalar.loads(value), *([target] if target is not None else [])]
        for part in new:
            around = {**ranges, axis.iterator: part}
            if not self._is_false(value.condition, around):
                return lower, upper
        whole = {**ranges, axis.iterator: (Affine(), size)}
        if not all(self._is_inside(load, axis.iterator, whole) for load in reads):
            return lower, upper
        return Affine(), size

    def _size(self, axis: Axis, value: Select, target: Load | None) -> Affine | None:
        """The size of the dimension that the axis walks over one by one."""
        for load in (target,) if target is not None else scalar.loads(value.then):
            assert load is not None
            for subscript, size in zip(load.subscripts, self._shape(load), strict=False):
                if subscript == Affine.symbol(axis.iterator):
                    size = self.canonical(size)
                    return None if size == Affine() else size  # kept for each iteration: no end
        return None

    def _shape(self, load: Load) -> tuple[Affine, ...]:
        return self.arrays[load.array].type.shape if load.array in self.arrays else ()

    def _is_false(self, condition: Expression, ranges: Ranges) -> bool:
        """Whether an affine comparison fails everywhere in a part of the range."""
        if isinstance(condition, Call) and condition.operator == "logical_and":
            return any(self._is_false(c, ranges) for c in condition.arguments)
        slack = slack_of(condition)
        if slack is None:
            return False
        most = self._greatest(self.canonical(slack), ranges)
        return most.is_constant and most.constant < 0

    def _is_inside(self, load: Load, iterator: str, ranges: Ranges) -> bool:
        shape = self._shape(load)
        if len(shape) != len(load.subscripts):
            return False
        for subscript, size in zip(load.subscripts, shape, strict=True):
            if not isinstance(subscript, Affine):
                if scalar.iterators_of(subscript, frozenset({iterator})):
                    return False
                continue
            if iterator not in subscript.symbols:
                continue
            subscript = self.canonical(subscript)
            least = -self._greatest(-subscript, ranges)
            room = self.canonical(size) - 1 - self._greatest(subscript, ranges)
            if not all(a.is_constant and a.constant >= 0 for a in (least, room)):
                return False
        return True

    def _greatest(self, affine: Affine, ranges: Ranges) -> Affine:
        for iterator, (lower, upper) in ranges.items():
            coefficient = affine.coefficient(iterator)
            if coefficient:
                end = upper - 1 if coefficient > 0 else lower
                affine = affine.substitute({iterator: end})
        return self.canonical(affine)


def _over(step: Vector, loop: Loop, lower: Affine, upper: Affine) -> Vector:
    """The statement with one of its loops over another range."""
    if (lower, upper) == (loop.lower, loop.upper):
        return step
    wider = replace(loop, lower=lower, upper=upper)
    old = set(loop.constraints)
    domain = (*(c for c in step.statement.domain if c not in old), *wider.constraints)
    loops = tuple(wider if x is loop else x for x in step.statement.loops)
    return replace(step, statement=replace(step.statement, loops=loops, domain=domain))
