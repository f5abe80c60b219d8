"""Values written plainly: what is the same whatever the operands are, and reads better.

``select(not c, a, b) -> select(c, b, a)``; ``sum over i of x[n - 1 - i] -> sum over i of x[i]``;
``x[i].item() > 2`` compares as ``x[i] > 2``.
"""

from __future__ import annotations

from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend.expression import cast, needs_its_condition, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Invariant,
    Load,
    Number,
    Reduce,
    Select,
    slack_of,
)
from deloop.ops.reductions import find_reduction
from deloop.transform.choices import as_its_condition, as_one_choice
from deloop.transform.exact import EXACT_IN_DOUBLE, holds_exactly
from deloop.transform.symmetry import merged

_COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


def tidy(value: Expression) -> Expression:
    """The value with every part of it written plainly; all of its elements stay what they were."""
    value = scalar.rebuild(value, tidy)
    match value:
        case Select(_, _, Invariant("")):
            return value  # what a scatter does not store has no value
        case Select(Call("logical_not", (condition,)), then, otherwise):
            return Select(condition, otherwise, then)
        case Select():
            return as_one_choice(merged(value))
        case Reduce():
            return _squared(_forwards(value))
        case Call("logical_and" | "logical_or" as word, (first, second), kind):
            return _undecided(word, first, second, kind) or value
        case Call("bitwise_or" | "bitwise_xor", (Number(int(0)), other), kind) if (
            other.type == kind and kind.dtype == "int64"
        ):
            return other
        case Call(operator, (first, second), _, "", ()) if operator in _COMPARISONS:
            first, second = _undoubled(first, second), _undoubled(second, first)
            return as_its_condition(replace(value, arguments=_as_read(first, second)))
    return value


# ---------------------------------------------------------------------- logic
def _undecided(
    word: str, first: Expression, second: Expression, kind: ElementType
) -> Expression | None:
    """``True and c -> c``, ``False or c -> c``, of bools; None where both sides count."""
    for known, other in ((first, second), (second, first)):
        literal = scalar.literal_value(known)
        if literal is None or {known.type.dtype, other.type.dtype, kind.dtype} != {"bool"}:
            continue
        if bool(literal) == (word == "logical_and") and not isinstance(other, Select):
            return cast(other, kind)
    return None


def as_logic(value: Expression) -> Expression:
    """``select(c, True, b) -> b | c``, where b is a tensor of the loop's."""
    value = scalar.rebuild(value, as_logic)
    if not isinstance(value, Select) or slack_of(value.condition) is not None:
        return value  # a triangle is its own plain form
    condition, then, otherwise = value.condition, value.then, value.otherwise
    if {then.type.dtype, otherwise.type.dtype} != {"bool"}:
        return value
    decided = [scalar.literal_value(then), scalar.literal_value(otherwise)]
    if decided in ([True, False], [False, True]) and condition.type.dtype == "bool":
        return cast(condition if decided[0] else negate(condition), then.type)
    for branch, known, other in ((0, then, otherwise), (1, otherwise, then)):
        plain = isinstance(other, (Load, Call)) and other.type.rank is not Rank.NUMBER
        plain = plain and not needs_its_condition(other)
        if scalar.literal_value(known) is None or not plain or other.type.dtype != "bool":
            continue
        taken = bool(scalar.literal_value(known))
        word = "bitwise_or" if taken else "bitwise_and"
        # True, or False, where the condition holds, or where it does not.
        chosen = condition if taken == (branch == 0) else negate(condition)
        return Call(word, (other, chosen), other.type)
    return value


def as_stored(value: Expression, dtype: str) -> Expression:
    """``select(c, 1, 0) -> select(c, True, False)``, where bools are stored."""
    match value:
        case Select(_, then, otherwise) if dtype == "bool":
            return replace(
                value, then=as_stored(then, dtype), otherwise=as_stored(otherwise, dtype)
            )
        case Number(int() | float() as literal) if dtype == "bool":
            return number(bool(literal))
    return value


# ---------------------------------------------------------------------- comparisons
def _undoubled(value: Expression, other: Expression) -> Expression:
    """``x.double()`` beside a literal as `x`, where the dtype of `x` holds the literal exactly."""
    if not (isinstance(value, Cast) and isinstance(other, Number)):
        return value
    inner = value.value
    number_of = "int64" if inner.type.dtype in EXACT_IN_DOUBLE else "float64"
    if value.type.rank is not Rank.NUMBER or value.type.dtype not in ("float64", number_of):
        return value
    if inner.type.rank is Rank.NUMBER or not holds_exactly(other.value, inner.type.dtype):
        return value
    return inner


def _as_read(first: Expression, second: Expression) -> tuple[Expression, Expression]:
    """The operands, a whole float beside an integer tensor as the int that it is."""
    pair = [first, second]
    for k, (mine, other) in enumerate(((first, second), (second, first))):
        whole = isinstance(mine, Number) and isinstance(mine.value, float)
        if whole and other.type.rank is not Rank.NUMBER and other.type.dtype in EXACT_IN_DOUBLE:
            assert isinstance(mine, Number) and isinstance(mine.value, float)
            if holds_exactly(mine.value, other.type.dtype):
                pair[k] = number(int(mine.value))
    return pair[0], pair[1]


# ---------------------------------------------------------------------- squares
def _squared(node: Reduce) -> Reduce:
    """``sum of (x - y) * (x - y) -> sum of (x - y) ** 2``; the dot product of a tensor stays."""
    match node.value:
        case Call("mul", (first, second), kind, "", ()) if (
            first == second and isinstance(first, Call) and category(kind.dtype) == "float"
        ):
            if node.kind == "sum" and kind.rank is not Rank.NUMBER:
                return replace(node, value=Call("pow", (first, number(2)), kind))
    return node


# ---------------------------------------------------------------------- directions
def _forwards(node: Reduce) -> Reduce:
    """The reduction with axes turned round that everything read runs along backwards.

    One that tells where its value was, or keeps its axis, has an order of its own.
    """
    if node.kind.startswith(("arg", "first_")) or find_reduction(node.kind).keeps_axis:
        return node
    for axis in node.axes:
        if axis.span is None and _runs_backwards(node.value, axis):
            turned = {axis.iterator: axis.lower + axis.upper - 1 - Affine.symbol(axis.iterator)}
            node = replace(node, value=scalar.substitute_symbols(node.value, turned))
    return node


def _runs_backwards(value: Expression, axis: Axis) -> bool:
    signs = [a.coefficient(axis.iterator) for a in _positions(value)]
    moving = [s for s in signs if s]
    return bool(moving) and all(s < 0 for s in moving)


def _positions(value: Expression) -> list[Affine]:
    """Every affine subscript and index of a value."""
    found: list[Affine] = []
    for node in scalar.walk(value):
        if isinstance(node, Index):
            found.append(node.affine)
        elif isinstance(node, Load):
            found.extend(s for s in node.subscripts if isinstance(s, Affine))
    return found
