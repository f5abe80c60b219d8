"""Between which finite numbers a Python number lies, whatever the data: interval arithmetic.

``2 * math.pi * k / n`` for k from 0 up to n lies between 0 and 2π: neither infinite nor NaN, so
``math.cos`` of it raises nothing. The method is R. E. Moore's (Interval Analysis, 1966); bounds are
not rounded outwards, since they are compared with limits far away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from deloop.dtype import RANGES, Rank, category
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop
from deloop.ops.math_functions import CONSTANTS

Interval = tuple[float, float]
Known = Mapping[scalar.Expression, Interval]

_LARGEST_INT = 2.0**63
SMALL = 2.0**31
"""What Python ints made of data are asked to be within where they are computed with."""
LARGE = 2.0**62 * 1.5
"""Where an int is near to what 64 bits hold, bounds not being rounded outwards."""
_LARGEST = 1e300
"""Beyond it, a result is taken for one that may overflow."""


def bounds_of(
    value: scalar.Expression, loops: Sequence[Loop], known: Known | None = None
) -> Interval | None:
    """The least and the greatest number that a value can be inside of the loops.

    None where it may be infinite or NaN, or nothing is known of it. Of parts it may be `known`.
    """
    found = _bounds(value, loops, known or {})
    if found is None or not all(abs(end) <= _LARGEST for end in found):
        return None
    return found


def find_unlimited(
    value: scalar.Expression, bounds: Callable[[scalar.Expression], Interval | None]
) -> dict[scalar.Expression, scalar.Expression]:
    """The Python ints made of data in a value that may be large, and what each is made of."""
    origin = _origin(value)
    if origin is not None:
        found = bounds(value)
        is_small = found is not None and max(map(abs, found)) <= SMALL
        return {} if is_small else {value: origin}
    parts: dict[scalar.Expression, scalar.Expression] = {}
    for child in scalar.children(value):
        parts.update(find_unlimited(child, bounds))
    return parts


def _origin(value: scalar.Expression) -> scalar.Expression | None:
    """The data of which a Python int is made; None where it is not made of data just there."""
    if value.type.rank is not Rank.NUMBER or value.type.dtype != "int64":
        return None
    match value:
        case scalar.Cast(inner):
            is_data = inner.type.rank is not Rank.NUMBER or category(inner.type.dtype) == "float"
            return inner if is_data else None
        case scalar.Call("math.floor" | "math.ceil" | "math.trunc", (inner,)):
            return inner
    return None


def raises_nothing(function: str, argument: Interval | None) -> bool:
    """Whether a function of `math` raises nothing for arguments in the interval."""
    if argument is None:
        return False
    low, high = argument
    match function.rpartition(".")[2]:
        case "sin" | "cos" | "tan":
            return True
        case "floor" | "ceil" | "trunc":  # an int, which must be an int64
            return max(-low, high) < _LARGEST_INT
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


def _bounds(
    value: scalar.Expression, loops: Sequence[Loop], known: Known
) -> Interval | None:
    if value in known:
        return known[value]
    match value:
        case scalar.Number(bool() | int() | float() as number):
            return (float(number), float(number)) if abs(number) <= _LARGEST else None
        case scalar.Index(affine):
            return _span(affine, loops)
        case scalar.Invariant(name):
            module, _, word = name.rpartition(".")
            constant = CONSTANTS.get(word) if module in ("math", "torch") else None
            is_finite = constant is not None and math.isfinite(constant)
            return (constant, constant) if is_finite and constant is not None else None
        case scalar.Load(type=kind) if category(kind.dtype) in ("bool", "int"):
            return RANGES.get(kind.dtype, (0.0, 1.0))
        case scalar.Call(type=kind) if kind.rank is Rank.NUMBER and kind.dtype == "bool":
            return (0.0, 1.0)
        case scalar.Cast(inner, kind) if kind.dtype == "int64" and inner.type.dtype == "bool":
            return (0.0, 1.0)
        case scalar.Cast(inner, kind) if kind.dtype in ("float64", "int64"):
            is_number = kind.rank is Rank.NUMBER
            return bounds_of(inner, loops, known) if is_number else None
        case scalar.Select(_, then, otherwise):
            sides = bounds_of(then, loops, known), bounds_of(otherwise, loops, known)
            return None if None in sides else _hull([end for s in sides if s for end in s])
        case scalar.Call(type=kind) if kind.rank is Rank.NUMBER:
            return _call(value, loops, known)
    return None


def _call(value: scalar.Call, loops: Sequence[Loop], known: Known) -> Interval | None:
    given = [bounds_of(a, loops, known) for a in value.arguments]
    match value.operator, given:
        case ("neg", [(low, high)]):
            return (-high, -low)
        case ("positive", [(low, high)]):
            return (low, high)
        case ("add", [(a, b), (c, d)]):
            return (a + c, b + d)
        case ("sub", [(a, b), (c, d)]):
            return (a - d, b - c)
        case ("mul", [(a, b), (c, d)]):
            return _hull([a * c, a * d, b * c, b * d])
        case ("div", [(a, b), (c, d)]):
            return _quotient(value.arguments, (a, b), (c, d), loops)
        case ("pow", [(a, b), (c, d)]):
            return _power((a, b), (c, d))
        case (("bitwise_or" | "bitwise_xor"), [(a, b), (c, d)]) if min(a, c) >= 0:
            return (0.0, 2.0 ** int(max(b, d)).bit_length() - 1)
        case ("bitwise_and", [(a, b), (c, d)]) if min(a, c) >= 0:
            return (0.0, min(b, d))
        case ("bitwise_left_shift", [(a, b), (c, d)]) if c >= 0 and d < 64:
            return _hull([x * 2.0**k for x in (a, b) for k in (c, d)])
        case ("bitwise_right_shift", [(a, b), (c, _)]) if c >= 0:
            return (min(a, 0.0), max(b, 0.0))
        case ("remainder", [_, (c, d)]) if c > 0:
            return (0.0, d)
        case (("math.sin" | "math.cos" | "math.tanh" | "math.erf"), [_]):
            return (-1.0, 1.0)
        case (("math.exp"), [(low, high)]) if high <= 700:
            return (math.exp(max(low, -700.0)) if low > -700 else 0.0, math.exp(high))
        case (("math.sqrt"), [(low, high)]) if low >= 0:
            return (math.sqrt(low), math.sqrt(high))
    return None


def _quotient(
    arguments: tuple[scalar.Expression, ...],
    dividend: Interval,
    divisor: Interval,
    loops: Sequence[Loop],
) -> Interval | None:
    """A quotient; the loop would have raised where an int divisor is zero."""
    (a, b), (c, d) = dividend, divisor
    first, second = arguments
    if isinstance(second, scalar.Index):
        if isinstance(first, scalar.Index) and min(a, c) >= 0 and _is_at_most(first, second, loops):
            return (0.0, 1.0)
        size = max(abs(a), abs(b))
        return (0.0 if a >= 0 and c >= 0 else -size, size)
    if c > 0 or d < 0:
        return _hull([a / c, a / d, b / c, b / d])
    return None


def _power(base: Interval, exponent: Interval) -> Interval | None:
    """A power of a number that is not negative, or an even power."""
    (a, b), (c, d) = base, exponent
    if c == d and c in (2, 4):
        size = max(abs(a), abs(b))
        return (0.0, size**c) if size < 1e70 else None
    if a < 0 or (a == 0 and c < 0):
        return None
    try:
        return _hull([x**y for x in (a, b) for y in (c, d)])
    except OverflowError:
        return None


def _is_at_most(first: scalar.Index, second: scalar.Index, loops: Sequence[Loop]) -> bool:
    """Whether an index is never above another, as ``i <= n`` for i in ``range(n)``."""
    gap = second.affine - first.affine
    for loop in reversed(loops):
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
    low, _ = _span(gap, ())
    return low >= 0


def _span(affine: Affine, loops: Sequence[Loop]) -> Interval:
    """The bounds of an affine expression of iterators and sizes."""
    low = high = float(affine.constant)
    around = {loop.iterator: k for k, loop in enumerate(loops)}
    for name in affine.symbols:
        factor = affine.coefficient(name)
        if name in around:
            least, most = _iterations(loops[around[name]], loops[: around[name]])
        else:
            is_size = name.endswith(("]", ")"))
            least, most = (0.0 if is_size else -_LARGEST_INT, _LARGEST_INT)
        ends = (factor * least, factor * most)
        low, high = low + min(ends), high + max(ends)
    return (low, high)


def _iterations(loop: Loop, outer: Sequence[Loop]) -> Interval:
    least = _span(loop.lower, outer)[0]
    end = loop.upper - 1 if loop.span is None else loop.span - 1
    most = _span(end, outer)[1] / (1 if loop.span is None else loop.stride)
    return (least, max(least, most))


def _hull(ends: Sequence[float]) -> Interval:
    return (min(ends), max(ends))
