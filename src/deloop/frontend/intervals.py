"""Between which finite numbers a Python number lies, whatever the data: interval arithmetic.

``2 * math.pi * k / n`` for k from 0 up to n lies between 0 and 2π: neither infinite nor NaN, so
``math.cos`` of it raises nothing. The method is R. E. Moore's (Interval Analysis, 1966); bounds are
not rounded outwards, since they are compared with limits far away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from deloop.dtype import RANGES, Rank, category
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop
from deloop.ops.math_functions import CONSTANTS

Interval = tuple[float, float]

_LARGEST_INT = 2.0**63
_INT = scalar.ElementType("int64", Rank.NUMBER)
_BOOL = scalar.ElementType("bool", Rank.NUMBER)
_FLOAT = scalar.ElementType("float64", Rank.NUMBER)
_LARGEST = 1e300
"""Beyond it, a result is taken for one that may overflow."""

_NEVER_WRAPS = frozenset(
    {"floor_divide", "remainder", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_right_shift"}
    | {"math.floor", "math.ceil", "math.trunc"}
)
"""Operators whose results on int64 are Python's."""


def bounds_of(value: scalar.Expression, loops: Sequence[Loop]) -> Interval | None:
    """The least and the greatest number that a value can be inside of the loops.

    None where it may be infinite or NaN, or nothing is known of it.
    """
    return _Reader(loops).read(value)


@dataclass(frozen=True)
class Bounded:
    """Bounds that hold where the `elements` and the named ints lie within the limit."""

    ends: Interval
    elements: tuple[scalar.Expression, ...]
    names: tuple[str, ...]


def bounds_within(
    value: scalar.Expression, loops: Sequence[Loop], limit: float
) -> Bounded | None:
    """The bounds of a value where the ints that it is computed from lie within ± `limit`.

    Sizes are taken to do so: a Python loop over 2^31 elements runs for an hour. None as above.
    """
    reader = _Reader(loops, limit)
    ends = reader.read(value)
    if ends is None:
        return None
    return Bounded(ends, tuple(dict.fromkeys(reader.elements)), tuple(dict.fromkeys(reader.names)))


def raises_nothing(function: str, argument: Interval | None) -> bool:
    """Whether a function of `math` raises nothing for arguments in the interval."""
    if argument is None:
        return False
    low, high = argument
    match function.rpartition(".")[2]:
        case "sin" | "cos" | "tan" | "floor" | "ceil" | "trunc":
            return True
        case "exp" | "exp2" | "expm1":
            return high <= 700
        case "sinh" | "cosh":
            return max(-low, high) <= 700
        case "sqrt":
            return low >= 0
        case "log" | "log2" | "log10":
            return low > 0
        case "log1p":
            return low > -1
        case "asin" | "acos":
            return max(-low, high) <= 1
    return False


@dataclass
class _Reader:
    """Reads bounds from expressions, and notes which ints it takes to lie within `limit`."""

    loops: Sequence[Loop]
    limit: float | None = None
    elements: list[scalar.Expression] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def read(self, value: scalar.Expression) -> Interval | None:
        """The bounds of an expression, as `bounds_of` gives them."""
        found = self._read(value)
        is_known = found is not None and all(abs(end) <= _LARGEST for end in found)
        if is_known and (self.limit is None or not self._is_wide(value, found)):
            return found
        is_exact = isinstance(value, (scalar.Load, scalar.Cast))
        is_exact |= isinstance(value, scalar.Call) and value.operator in _NEVER_WRAPS
        if self.limit is None or value.type != _INT or not is_exact:
            return None
        self.elements.append(value)
        return (-self.limit, self.limit)

    def _is_wide(self, value: scalar.Expression, ends: Interval | None) -> bool:
        """Whether an int is read from memory that may hold more than the limit."""
        assert self.limit is not None and ends is not None
        is_read = isinstance(value, (scalar.Load, scalar.Cast))
        return is_read and max(map(abs, ends)) > self.limit

    def _read(self, value: scalar.Expression) -> Interval | None:
        match value:
            case scalar.Number(bool() | int() | float() as number):
                return (float(number), float(number)) if abs(number) <= _LARGEST else None
            case scalar.Index(affine):
                return self._span(affine, self.loops)
            case scalar.Invariant(name):
                module, _, word = name.rpartition(".")
                constant = CONSTANTS.get(word) if module in ("math", "torch") else None
                is_finite = constant is not None and math.isfinite(constant)
                return (constant, constant) if is_finite and constant is not None else None
            case scalar.Load(type=kind) if category(kind.dtype) in ("bool", "int"):
                return RANGES.get(kind.dtype, (0.0, 1.0))
            case scalar.Call(type=kind) if kind == _BOOL:
                return (0.0, 1.0)
            case scalar.Cast(inner, kind) if kind == _INT and inner.type.dtype == "bool":
                return (0.0, 1.0)
            case scalar.Cast(inner, kind) if kind in (_INT, _FLOAT):
                is_read = isinstance(inner, scalar.Load)
                return self._read(inner) if is_read else self.read(inner)
            case scalar.Select(_, then, otherwise):
                sides = self.read(then), self.read(otherwise)
                return None if None in sides else _hull([end for s in sides if s for end in s])
            case scalar.Call(type=kind) if kind.rank is Rank.NUMBER:
                return self._call(value)
        return None

    def _call(self, value: scalar.Call) -> Interval | None:
        given = [self.read(a) for a in value.arguments]
        match value.operator, given:
            case ("neg", [(low, high)]):
                return (-high, -low)
            case ("positive", [(low, high)]):
                return (low, high)
            case ("abs", [(low, high)]):
                return (max(low, -high, 0.0), max(-low, high))
            case ("add", [(a, b), (c, d)]):
                return (a + c, b + d)
            case ("sub", [(a, b), (c, d)]):
                return (a - d, b - c)
            case ("mul", [(a, b), (c, d)]):
                return _hull([a * c, a * d, b * c, b * d])
            case ("div", [(a, b), (c, d)]):
                return self._quotient(value.arguments, (a, b), (c, d))
            case ("remainder", [_, (c, d)]) if c > 0:
                return (0.0, d)
            case ("bitwise_left_shift", [(a, b), (c, d)]) if c >= 0 and d < 64:
                return _hull([x * 2.0**k for x in (a, b) for k in (c, d)])
            case ("bitwise_right_shift", [(a, b), (c, _)]) if c >= 0:
                return (min(a, 0.0), max(b, 0.0))
            case ("bitwise_and", [(a, b), (c, d)]) if max(a, c) >= 0:
                return (0.0, min(end for low, end in ((a, b), (c, d)) if low >= 0))
            case (("bitwise_or" | "bitwise_xor"), [(a, b), (c, d)]) if min(a, c) >= 0:
                return (0.0, 2.0 ** int(max(b, d)).bit_length() - 1)
            case ("pow", [(a, b), (c, d)]):
                return _power((a, b), (c, d))
            case (("math.floor" | "math.ceil" | "math.trunc"), [(low, high)]):
                return (low - 1, high + 1)
            case (("math.sin" | "math.cos" | "math.tanh" | "math.erf"), [_]):
                return (-1.0, 1.0)
            case (("math.exp"), [(low, high)]) if high <= 700:
                return (math.exp(max(low, -700.0)) if low > -700 else 0.0, math.exp(high))
            case (("math.sqrt"), [(low, high)]) if low >= 0:
                return (math.sqrt(low), math.sqrt(high))
        return None

    def _quotient(
        self, arguments: tuple[scalar.Expression, ...], dividend: Interval, divisor: Interval
    ) -> Interval | None:
        """A quotient; the loop would have raised where an int divisor is zero."""
        (a, b), (c, d) = dividend, divisor
        first, second = arguments
        if isinstance(second, scalar.Index):
            is_part = isinstance(first, scalar.Index) and self._is_at_most(first, second)
            if is_part and min(a, c) >= 0:
                return (0.0, 1.0)
            size = max(abs(a), abs(b))
            return (0.0 if a >= 0 and c >= 0 else -size, size)
        if c > 0 or d < 0:
            return _hull([a / c, a / d, b / c, b / d])
        return None

    def _is_at_most(self, first: scalar.Index, second: scalar.Index) -> bool:
        """Whether an index is never above another, as ``i <= n`` for i in ``range(n)``."""
        gap = second.affine - first.affine
        for loop in reversed(self.loops):
            count = gap.coefficient(loop.iterator)
            if not count:
                continue
            rest = gap.without([loop.iterator])
            if count > 0:
                gap = rest + loop.lower * count
            elif loop.span is None:
                gap = rest + (loop.upper - 1) * count
            elif count % loop.stride == 0:
                gap = rest + (loop.span - 1) * (count // loop.stride)
            else:
                return False
        low, _ = self._span(gap, ())
        return low >= 0

    def _span(self, affine: Affine, loops: Sequence[Loop]) -> Interval:
        """The bounds of an affine expression of iterators and sizes."""
        low = high = float(affine.constant)
        around = {loop.iterator: k for k, loop in enumerate(loops)}
        for name in affine.symbols:
            factor = affine.coefficient(name)
            if name in around:
                least, most = self._iterations(loops[around[name]], loops[: around[name]])
            else:
                far = _LARGEST_INT if self.limit is None else self.limit
                is_size = name.endswith(("]", ")"))
                least, most = (0.0 if is_size else -far, far)
                if not is_size:
                    self.names.append(name)
            ends = (factor * least, factor * most)
            low, high = low + min(ends), high + max(ends)
        return (low, high)

    def _iterations(self, loop: Loop, outer: Sequence[Loop]) -> Interval:
        least = self._span(loop.lower, outer)[0]
        end = loop.upper - 1 if loop.span is None else loop.span - 1
        most = self._span(end, outer)[1] / (1 if loop.span is None else loop.stride)
        return (least, max(least, most))


def _power(base: Interval, exponent: Interval) -> Interval | None:
    """A power of a number that is not negative, or by a small whole number."""
    (a, b), (c, d) = base, exponent
    if c == d and c in (2, 3, 4):
        size = max(abs(a), abs(b))
        return (0.0 if c != 3 else -(size**c), size**c) if size < 1e70 else None
    if a < 0 or (a == 0 and c < 0):
        return None
    try:
        return _hull([x**y for x in (a, b) for y in (c, d)])
    except OverflowError:
        return None


def _hull(ends: Sequence[float]) -> Interval:
    return (min(ends), max(ends))
