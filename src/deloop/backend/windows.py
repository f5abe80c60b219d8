"""Reads that go round or overlap: ``x[(i - 1) % n]`` is a roll, ``x[i + k]`` an unfold."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import permutations

from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, at_least, equal
from deloop.ir.axis import Axis
from deloop.ir.polynomial import as_polynomial, spelled_product
from deloop.ir.scalar import Call, Cast, Index, Number


@dataclass(frozen=True)
class Rolled:
    """A dimension read once around from another start: `shift` places to the right."""

    axis: str
    shift: Affine


@dataclass(frozen=True)
class Window:
    """A dimension read in windows: `inner` within each of them, `outer` from window to window.

    `stop` is where the last window ends, None where all that fits is read. A window that is
    `turned` is read backwards.
    """

    outer: str
    inner: str
    start: Affine
    stop: Affine | None
    size: Affine
    step: Affine
    turned: bool = False


def find_roll(
    subscript: scalar.Subscript,
    size: Affine,
    axes: Mapping[str, Axis],
    canonical: Callable[[Affine], Affine],
) -> Rolled | None:
    """``x[i - 1]`` that counts from the end at 0, or ``x[(i + k) % n]``, for all n of i."""
    if isinstance(subscript, Affine):
        return None
    while isinstance(subscript, Cast) and subscript.type.dtype == subscript.value.type.dtype:
        subscript = subscript.value
    wraps = isinstance(subscript, Index)
    if isinstance(subscript, Call) and subscript.operator == "remainder" and not subscript.keywords:
        subscript, divisor = subscript.arguments
        if not isinstance(divisor, Index) or canonical(divisor.affine) != size:
            return None
    if not isinstance(subscript, Index):
        return None
    affine = canonical(subscript.affine)
    moving = [s for s in affine.symbols if s in axes]
    if len(moving) != 1 or affine.coefficient(moving[0]) != 1:
        return None
    axis = axes[moving[0]]
    lower, upper = canonical(axis.lower), canonical(axis.upper)
    if axis.span is not None or lower != Affine() or upper != size:
        return None
    offset = affine.without(moving)
    if wraps and not (offset.is_constant and offset.constant <= 0):
        return None
    if (offset - size).is_constant:
        offset = offset - size
    return Rolled(moving[0], -offset)


def find_repeats(
    subscript: scalar.Subscript,
    size: Affine,
    axes: Mapping[str, Axis],
    canonical: Callable[[Affine], Affine],
    assume: Callable[[Constraint, str], bool],
) -> tuple[str, Affine] | None:
    """The axis of ``x[i // s]``, and s, where each element of a dimension is read s times."""
    match subscript:
        case Call("floor_divide", (Index(moving), Index(count)), keywords=()):
            pass
        case Call("floor_divide", (Index(moving), Number(int() as number)), keywords=()):
            count = Affine.number(number)
        case _:
            return None
    name = moving.symbols[0] if moving.symbols else ""
    if name not in axes or moving != Affine.symbol(name) or set(count.symbols) & axes.keys():
        return None
    axis = axes[name]
    if axis.span is not None or canonical(axis.lower) != Affine():
        return None
    whole = [as_polynomial(e, canonical) for e in (axis.upper, size, count)]
    if whole[0] != whole[1] * whole[2]:
        gap = equal(axis.upper, spelled_product((size, count)))
        if not assume(gap, "each element is read as often"):
            return None
    if not assume(at_least(count, 1), "an element is read"):
        return None
    return name, count


def find_window(
    subscript: scalar.Subscript,
    size: Affine,
    axes: Mapping[str, Axis],
    canonical: Callable[[Affine], Affine],
    assume: Callable[[Constraint, str], bool],
    settled: Callable[[Affine], Affine],
) -> Window | None:
    """``x[i * hop + k]`` as windows of as many elements as k takes values, `hop` apart."""
    form = _linear(subscript, axes, canonical)
    if form is None or len(form[1]) != 2:
        return None
    start, factors = form
    pairs = [
        (inner, outer)
        for inner, outer in permutations([a for a in axes if a in factors])
        if abs(_constant(factors[inner])) == 1
        and not (factors[outer].is_constant and factors[outer].constant < 1)
    ]
    if not pairs:
        return None
    inner, outer = pairs[-1]
    window, along, step = axes[inner], axes[outer], factors[outer]
    if window.span is not None:
        return None
    if along.span is not None and (not isinstance(subscript, Affine) or step.constant < 0):
        return None  # what data may ask for is not known to lie inside
    first = canonical(along.lower)
    if first != Affine():
        if not step.is_constant:
            return None
        start = start + first * step.constant
    length, count = canonical(window.extent), canonical(along.extent)
    turned = _constant(factors[inner]) < 0
    start = start + (canonical(window.upper) * -1 + 1 if turned else canonical(window.lower))
    if not assume(at_least(step, 1), "the windows move forwards"):
        return None
    if not assume(at_least(count, 1), "there is a window"):
        return None
    if not assume(at_least(start, 0), "a slice counts from the end where it starts below 0"):
        return None
    stop: Affine | None = None
    if along.span is not None:
        if step != Affine.number(along.stride):
            return None
        stop = start + canonical(along.span) - 1 + length  # at most a step behind the last one
        beyond = stop - size
        if start == Affine() and (beyond == Affine() or beyond == length - 1):
            stop = None
    elif start != Affine() or not (
        _is_all_that_fits(count, length, step, size)
        or _is_all_that_fits(count, length, settled(step), size)
    ):
        if not step.is_constant:
            return None
        stop = start + (count - 1) * step.constant + length
        if not assume(at_least(size - stop, 0), "a slice ends where its tensor does"):
            return None
    return Window(outer, inner, start, stop, length, step, turned)


def _constant(affine: Affine) -> int:
    return affine.constant if affine.is_constant else 0


def _linear(
    subscript: scalar.Subscript, axes: Mapping[str, Axis], canonical: Callable[[Affine], Affine]
) -> tuple[Affine, dict[str, Affine]] | None:
    """A subscript as a start and a factor of each axis; None where it is not that."""
    match subscript:
        case Affine():
            affine = canonical(subscript)
            moving = [s for s in affine.symbols if s in axes]
            factors = {s: Affine.number(affine.coefficient(s)) for s in moving}
            return affine.without(moving), factors
        case Index(affine):
            return _linear(affine, axes, canonical)
        case Number(int() as value):
            return Affine.number(value), {}
        case Call("add", (first, second), _, "", ()):
            left, right = (_linear(e, axes, canonical) for e in (first, second))
            if left is None or right is None or left[1].keys() & right[1].keys():
                return None
            return left[0] + right[0], {**left[1], **right[1]}
        case Call("mul", (first, second), _, "", ()):
            left, right = (_linear(e, axes, canonical) for e in (first, second))
            if left is None or right is None:
                return None
            if left[1]:
                left, right = right, left
            if left[1] or len(right[1]) != 1 or right[0] != Affine():
                return None
            ((axis, factor),) = right[1].items()
            return (Affine(), {axis: left[0]}) if factor == Affine.number(1) else None
    return None


def _is_all_that_fits(count: Affine, length: Affine, step: Affine, size: Affine) -> bool:
    """Whether there are as many windows as ``unfold`` finds in a dimension."""
    if step == Affine.number(1):
        return count == size - length + 1
    fitting = [(size - length, count - 1)]
    if length == step:
        fitting.append((size, count))
    return any(_is_quotient(quotient, total, step) for total, quotient in fitting)


def _is_quotient(affine: Affine, total: Affine, divisor: Affine) -> bool:
    """``total // divisor``, which is a symbol that is spelled so."""
    if len(affine.terms) != 1 or affine != Affine.symbol(affine.symbols[0]):
        return False
    spelled = ast.parse(f"({total}) // ({divisor})", mode="eval")
    return ast.dump(ast.parse(affine.symbols[0], mode="eval")) == ast.dump(spelled)
