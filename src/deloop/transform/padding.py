"""Reads that a condition keeps inside of a tensor, as reads of the tensor with a margin.

``sum of select(0 <= i + a - r < n, x[i + a - r] * w[a], 0)`` is the sum of ``p[i + a] * w[a]``,
where `p` is ``pad(x, (r, r))``: what is read in windows then is windows, or a convolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from deloop.analysis.facts import Facts
from deloop.diagnostic import Place
from deloop.dtype import Rank, category
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import both, is_number
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.axis import Axis
from deloop.ir.guarded import is_guarded
from deloop.ir.plan import Serial, Step, vectors
from deloop.ir.polynomial import Polynomial, number, polynomial_of
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Load, Reduce, Select, Subscript
from deloop.ir.types import Tensor
from deloop.transform.choices import conjuncts

_Ranges = Mapping[str, Axis]
_Margins = list[tuple[Affine, Affine]]


def pad_reads(
    plan: tuple[Step, ...], arrays: Mapping[str, Tensor], facts: Facts, steps: dict[int, Affine]
) -> tuple[tuple[Step, ...], dict[str, Tensor]]:
    """The plan with masked windows as windows of padded tensors, and those tensors.

    A factor that is no number where there is nothing to multiply it by must be finite; a size that
    a place is multiplied by is asked to be what it was, and noted in `steps`.
    """
    written = {v.statement.store.array for v in vectors(plan)}
    padding = _Padding({k: t for k, t in arrays.items() if k not in written}, facts, steps)
    return padding.steps_of(plan), padding.made


def without_margins(
    requirement: DataRequirement, arrays: Mapping[str, Tensor]
) -> DataRequirement:
    """What is asked of every window of a padded tensor, asked of the tensor itself."""
    condition = requirement.condition
    loads = scalar.loads(condition)
    tensor = arrays.get(loads[0].array) if len(loads) == 1 else None
    if tensor is None or not tensor.padding:
        return requirement
    if not isinstance(condition, Reduce) or condition.kind != "all":
        return requirement
    own = next(k for k, t in arrays.items() if t.name == tensor.name and not t.padding)
    whole, axes = _whole(replace(loads[0], array=own), arrays[own])
    value = scalar.replaced(condition.value, {loads[0]: whole})
    return replace(requirement, condition=replace(condition, value=value, axes=axes))


def _whole(load: Load, tensor: Tensor) -> tuple[Load, tuple[Axis, ...]]:
    """All of the tensor that a read is of, with axes of its own."""
    names = [f"_r9_{k}" for k in range(tensor.type.rank)]
    axes = tuple(Axis(n, Affine(), s) for n, s in zip(names, tensor.type.shape, strict=True))
    rank = Rank.TENSOR if axes else Rank.SCALAR
    whole = tuple(map(Affine.symbol, names))
    return Load(load.array, whole, replace(load.type, rank=rank)), axes


def _bool(value: Expression) -> ElementType:
    return ElementType("bool", value.type.rank)


@dataclass
class _Padding:
    arrays: Mapping[str, Tensor]
    facts: Facts
    steps: dict[int, Affine]
    made: dict[str, Tensor] = field(default_factory=dict)

    def steps_of(self, plan: tuple[Step, ...]) -> tuple[Step, ...]:
        """The plan, every statement changed."""
        found: list[Step] = []
        for step in plan:
            if isinstance(step, Serial):
                found.append(replace(step, body=self.steps_of(step.body)))
                continue
            store = step.statement.store
            ranges = {x.iterator: x.axis for x in step.axes if x.span is None}
            value = self.value(store.value, ranges, store.place)
            statement = replace(step.statement, store=replace(store, value=value))
            found.append(replace(step, statement=statement))
        return tuple(found)

    def value(self, value: Expression, ranges: _Ranges, place: Place) -> Expression:
        """The value, its combinations of windows changed."""
        inside = {**ranges, **{a.iterator: a for a in scalar.bound_axes(value) if a.span is None}}
        value = scalar.rebuild(value, lambda child: self.value(child, inside, place))
        if not isinstance(value, Reduce):
            return value
        masked = value.value
        while isinstance(masked, Cast):
            masked = masked.value
        changed = self._unmasked(value.kind, masked, inside, place)
        if changed is None:
            return value
        return replace(value, value=scalar.replaced(value.value, {masked: changed}))

    # ------------------------------------------------------------------ one combination
    def _unmasked(
        self, kind: str, masked: Expression, ranges: _Ranges, place: Place
    ) -> Expression | None:
        form = _masked_form(masked)
        if form is None:
            return None
        tests, taken, otherwise, fill = form
        found = [self._margins(load, tests, ranges) for load in _looked_up(taken)]
        if not found or None in found:
            return None
        used = {test for margins in found if margins is not None for test in margins.tests}
        bare = taken
        while isinstance(bare, Cast):
            bare = bare.value
        padded = {m.load for m in found if m is not None}
        if not all(_holds(fill, load.type.dtype) for load in padded):
            return None
        if bare not in padded:
            others = _others(taken, padded)
            if kind != "sum" or fill != 0 or others is None:
                return None
            if not all(self._are_finite(load, place) for load in others):
                return None
        changes: dict[Expression, Expression] = {
            m.load: self._padded(m, fill) for m in found if m is not None
        }
        then = scalar.replaced(taken, changes)
        left = [test for test in tests if test not in used]
        if not left:
            return then
        condition = left[0]
        for test in left[1:]:
            condition = both(condition, test)
        return Select(condition, then, otherwise)

    def _are_finite(self, load: Load, place: Place) -> bool:
        """Ask that all elements of a factor are finite: nothing times infinity is NaN."""
        tensor = self.arrays.get(load.array)
        if category(load.type.dtype) not in ("float", "complex"):
            return True
        if tensor is None or not self.facts.is_known_at_entry(load.array):
            return False
        whole, axes = _whole(load, tensor)
        value: Expression = Call("isfinite", (whole,), _bool(whole), "torch.isfinite")
        if axes:
            value = Reduce("all", value, axes, ElementType("bool", Rank.SCALAR))
        needed = DataRequirement(value, place, f"{load.array} is finite")
        if needed not in self.facts.needed:
            self.facts.needed.append(needed)
        return True

    def _padded(self, found: _Found, fill: int | float | bool) -> Load:
        """The read of the tensor with a margin."""
        tensor = self.arrays[found.load.array]
        shape = tuple(
            before + size + behind
            for size, (before, behind) in zip(tensor.type.shape, found.margins, strict=True)
        )
        kind = replace(tensor.type, shape=shape, contiguous=True)
        made = replace(tensor, type=kind, padding=tuple(found.margins), around=fill)
        fresh = f"{found.load.array}.padded[{len(self.made)}]"
        key = next((k for k, t in self.made.items() if t == made), fresh)
        self.made[key] = made
        return replace(found.load, array=key, subscripts=found.subscripts)

    # ------------------------------------------------------------------ one read
    def _margins(
        self, load: Load, tests: Sequence[Expression], ranges: _Ranges
    ) -> _Found | None:
        """How far a read goes beyond its tensor, which the tests say it never does."""
        tensor = self.arrays.get(load.array)
        if tensor is None or tensor.splits or tensor.padding:
            return None
        read = partial(polynomial_of, known={}, canonical=self.facts.canonical)
        slacks = {test: _slack(test, read) for test in tests}
        margins: _Margins = []
        subscripts: list[Subscript] = []
        used: list[Expression] = []
        for subscript, size in zip(load.subscripts, tensor.type.shape, strict=True):
            bare = subscript
            if isinstance(bare, Call) and is_guarded(bare):
                bare = bare.arguments[0]
            place, extent = read(bare), read(size)
            if place is None or extent is None:
                return None
            below = [t for t, slack in slacks.items() if slack == place]
            room = extent + number(-1) + place * number(-1)
            above = [t for t, slack in slacks.items() if slack == room]
            if not below and not above:
                if not isinstance(subscript, Affine):
                    return None
                subscripts.append(subscript)
                margins.append((Affine(), Affine()))
                continue
            moved = self._settled(place, ranges)
            ends = None if moved is None else _ends(moved, ranges)
            if moved is None or ends is None:
                return None
            # where another condition keeps reads inside of one end, there is a margin all the same
            before = self._margin(-ends[0])
            behind = self._margin(ends[1] + 1 - size)
            if not (self._is_margin(before) and self._is_margin(behind)):
                return None
            steps = [abs(factor) for name, factor in moved.terms if name in ranges]
            if above and self._may_widen(behind, before, max(steps, default=1)):
                behind = before
            margins.append((before, behind))
            subscripts.append(moved + before)
            used.extend((*below, *above))
        return _Found(load, tuple(subscripts), margins, used)

    def _margin(self, size: Affine) -> Affine:
        """How many elements there are beside a tensor: none where it is read further in."""
        size = self.facts.canonical(size)
        return Affine() if size.is_constant and size.constant < 0 else size

    def _is_margin(self, size: Affine) -> bool:
        """Whether a number of elements is none that would be cut off, for these sizes at least."""
        if size.is_constant:
            return True
        return self.facts.assume(at_least(size, 0), "windows reach as far as they did")

    def _may_widen(self, behind: Affine, before: Affine, step: int) -> bool:
        """Whether as much is to be there behind as in front, for no more windows."""
        gap = self.facts.value(before - behind)
        if before == behind or gap is None or not 0 <= gap < step:
            return False
        return self.facts.assume(at_least(before, behind), "windows are centred")

    def _settled(self, place: Polynomial, ranges: _Ranges) -> Affine | None:
        """A place as affine in the iterators, sizes that they are multiplied by as they are."""
        found = place.coefficients(ranges.keys())
        rest = None if found is None else found[1].affine()
        if found is None or rest is None:
            return None
        for name, factor in found[0].items():
            size = factor.affine()
            if size is None:
                return None
            seen = self.facts.value(size)
            if seen is None or not self.facts.assume(equal(size, seen), "a step is as it was seen"):
                return None
            if not size.is_constant:
                self.steps[seen] = size
            rest = rest + Affine.symbol(name) * seen
        return rest


@dataclass(frozen=True)
class _Found:
    """A read, where it is in the padded tensor, the margins, and the tests that they stand for."""

    load: Load
    subscripts: tuple[Subscript, ...]
    margins: _Margins
    tests: list[Expression]


def _holds(fill: int | float | bool, dtype: str) -> bool:
    """Whether a margin of that dtype can hold a number, told by a float64 in between."""
    match category(dtype):
        case "bool":
            return fill in (0, 1)
        case "int":
            least, most = _RANGES[dtype]
            return isinstance(fill, int) and least <= fill <= most
    return fill in (0, 1) or fill - fill != 0


_RANGES = {
    "uint8": (0, 255), "int8": (-128, 127), "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**53),
}  # fmt: skip


def _looked_up(value: Expression) -> list[Load]:
    """The reads that are in bounds under a condition alone."""
    return [
        load
        for load in dict.fromkeys(scalar.loads(value))
        if not all(isinstance(s, Affine) for s in load.subscripts)
    ]


_Form = tuple[list[Expression], Expression, Expression, "int | float | bool"]


def _masked_form(value: Expression) -> _Form | None:
    """The tests under which a value counts, it, and the number elsewhere, also as a literal.

    ``select(a, 0, select(b, v, 0))   ->   ([not a, b], v, 0)``
    """
    if not isinstance(value, Select):
        return None
    for holds, taken, other in (
        (True, value.then, value.otherwise),
        (False, value.otherwise, value.then),
    ):
        literal = scalar.literal_of(other)
        if literal is None or isinstance(literal.value, complex):
            continue
        tests = conjuncts(value.condition, holds)
        inner = _masked_form(taken)
        if inner is None:
            return tests, taken, other, literal.value
        if inner[3] == literal.value and inner[2].type == other.type:
            return [*tests, *inner[0]], *inner[1:]
    return None


def _slack(test: Expression, read: partial[Polynomial | None]) -> Polynomial | None:
    """What is not negative exactly where a comparison of places holds."""
    if not isinstance(test, Call) or test.operator not in ("gt", "ge", "lt", "le"):
        return None
    sides = [read(a) for a in test.arguments]
    left, right = sides if test.operator in ("gt", "ge") else sides[::-1]
    if left is None or right is None:
        return None
    return left + right * number(-1) + number(-(test.operator in ("gt", "lt")))


def _others(value: Expression, padded: set[Load]) -> list[Load] | None:
    """What else is multiplied where a padded read is 0; None where the value is not 0 there."""
    match value:
        case Load() if value in padded:
            return []
        case Cast(inner) | Call("neg" | "abs", (inner,)):
            return _others(inner, padded)
        case Call("mul", (first, second), keywords=()):
            for zero, factor in ((first, second), (second, first)):
                found, more = _others(zero, padded), _factor(factor, padded)
                if found is not None and more is not None:
                    return [*found, *more]
    return None


def _factor(value: Expression, padded: set[Load]) -> list[Load] | None:
    """The reads that a factor is made of, which is finite where they are; None for any other."""
    match value:
        case Load():
            return [] if value in padded else [value]
        case Cast(inner) if value.type.dtype == inner.type.dtype:
            return _factor(inner, padded)
        case Call("neg" | "abs", (inner,)):
            return _factor(inner, padded)
        case scalar.Number(found) if is_number(value) and not isinstance(found, complex):
            return [] if found - found == 0 else None
    return None


def _ends(place: Affine, ranges: _Ranges) -> tuple[Affine, Affine] | None:
    """The least and the greatest place over all iterations; None where this is not told."""
    least = most = place
    for name, factor in place.terms:
        if name in ranges:
            first, last = ranges[name].lower, ranges[name].upper - 1
            low, high = (first, last) if factor > 0 else (last, first)
            least, most = least.substitute({name: low}), most.substitute({name: high})
    return None if (set(least.symbols) | set(most.symbols)) & ranges.keys() else (least, most)
