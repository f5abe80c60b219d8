"""Choices whose branches are one value: the two halves of a symmetric matrix.

``select(i > j, a[i] * a[j], select(j > i, a[j] * a[i], 0)) -> select(i == j, 0, a[i] * a[j])``
"""

from __future__ import annotations

from dataclasses import replace

from deloop.dtype import category
from deloop.frontend.expression import BOOL, integer
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.rows import rebound
from deloop.ir.scalar import Call, Expression, Number, Reduce, Scan, Select, slack_of

_COMMUTATIVE = frozenset({"add", "mul", "eq", "ne", "maximum", "minimum"})


def merged(value: Select) -> Expression:
    """The choice without a branch that is the value of the next choice anyway.

    Both conditions are on places alone, and leave nothing between them, or one diagonal.
    """
    inner = value.otherwise
    if not isinstance(inner, Select) or value.type != inner.type:
        return value
    first, second = slack_of(value.condition), slack_of(inner.condition)
    if first is None or second is None or not _is_same(value.then, inner.then):
        return value
    both = first + second
    if not both.is_constant:
        return value
    if both.constant >= -1:
        return value.then
    if both.constant == -2:  # neither holds where i - j - 1 is -1
        left, right = (first + 1).sides
        constant = (first + 1).constant
        diagonal = Call("eq", (integer(left + constant), integer(right)), BOOL)
        return Select(diagonal, inner.otherwise, value.then)
    return value


def is_symmetric(value: Expression, first: str, second: str) -> bool:
    """Whether a value stays what it is when two iterators change places: ``a[i] * a[j]``."""
    symbols = {first: Affine.symbol(second), second: Affine.symbol(first)}
    return _is_same(value, scalar.substitute_symbols(value, symbols))


def _is_same(first: Expression, second: Expression) -> bool:
    """Whether two values are equal bit for bit, since they differ in the order of operands only."""
    return first == second or _ordered(first, "") == _ordered(second, "")


def _ordered(value: Expression, depth: str) -> Expression:
    """The value in an order of operands of its own, axes that it binds under names of its own."""
    if isinstance(value, (Reduce, Scan)):
        axes = scalar.bound_axes(value)
        value = rebound(value, {a.iterator: f"{depth}'{k}" for k, a in enumerate(axes)})
    value = scalar.rebuild(value, lambda child: _ordered(child, f"{depth}'"))
    match value:
        case Call(operator, (_, _), keywords=()) if operator in _COMMUTATIVE:
            return value if category(value.type.dtype) == "complex" else _sorted(value)
        case Call("pow", (Call("sub", (_, _)) as base, Number(2) as power)):
            return replace(value, arguments=(_sorted(base), power))
        case Call("abs", (Call("sub", (_, _)) as base,)):
            return replace(value, arguments=(_sorted(base),))
        case Reduce(kind="norm", value=Call("sub", (_, _)) as base):
            return replace(value, value=_sorted(base))
    return value


def _sorted(call: Call) -> Call:
    return replace(call, arguments=tuple(sorted(call.arguments, key=repr)))
