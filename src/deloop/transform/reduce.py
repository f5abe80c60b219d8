"""Accumulations as reductions: the value that all iterations together bring, and where it starts.

``s = 0; s = s + (sum over i of x[i])   ->   s = sum over i of x[i]``
"""

from __future__ import annotations

from dataclasses import replace

from deloop.dtype import Rank
from deloop.frontend.expression import BOOL, both, cast
from deloop.ir import scalar
from deloop.ir.axis import Axis
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Number, Reduce, Select
from deloop.ops.reductions import Reduction, find_reduction
from deloop.transform.first import as_questions, is_reached


def reduce_over(kind: str, term: Expression, axes: tuple[Axis, ...]) -> Expression:
    """``kind over axes of term``; counts instead of adding ones: ``sum of select(c, 1, 0)``."""
    if kind == "sum" and (counted := _counted(term)) is not None:
        term = counted
    if isinstance(term, Call) and term.operator == "neg" and kind == "sum":
        inner = reduce_over(kind, term.arguments[0], axes)
        return replace(term, arguments=(inner,), type=inner.type)
    if isinstance(term, Reduce) and term.kind == kind:
        return replace(term, axes=(*axes, *term.axes))
    return Reduce(kind, term, axes, term.type)


def _counted(term: Expression) -> Expression | None:
    """``select(c, 1, 0) -> c`` as a number; a condition that is a tensor counts as int64."""
    if not isinstance(term, Select) or term.is_mixed:
        return None
    values = []
    for branch in (term.then, term.otherwise):
        while isinstance(branch, Cast):
            branch = branch.value
        values.append(branch.value if isinstance(branch, Number) else None)
    if values == [1, 0] and term.type.dtype != "bool":
        return Cast(term.condition, term.type)
    return None


def combine(kind: str, start: Expression, reduced: Expression) -> Expression:
    """``start (+) reduced``; the reduction alone where `start` changes nothing.

    An extreme keeps `start` unless the reduction is beyond it; where `start` is an element next to
    those reduced over, the range takes it in: ``max(x[0], max of x[1:]) -> max of x``.
    """
    reduction = find_reduction(kind)
    if _is_neutral(start, reduction):
        return cast(reduced, _joined(start, reduced)) if start.type != reduced.type else reduced
    if reduction.comparison:
        if is_reached(reduced, start):
            return reduced
        grown = _taken_in(start, reduced)
        if grown is not None:
            return grown
        condition = Call(reduction.comparison, (reduced, start), _condition_type(start, reduced))
        return Select(condition, reduced, cast(start, reduced.type))
    if kind in ("any", "all"):
        return both(start, reduced, reduction.operator)
    if isinstance(reduced, Call) and reduced.operator == "neg":
        return Call("sub", (start, reduced.arguments[0]), _joined(start, reduced))
    return Call(reduction.operator, (start, reduced), _joined(start, reduced))


def _joined(start: Expression, reduced: Expression) -> ElementType:
    return ElementType(start.type.dtype, max(start.type.rank, reduced.type.rank))


def _condition_type(start: Expression, reduced: Expression) -> ElementType:
    rank = max(start.type.rank, reduced.type.rank)
    return BOOL if rank is Rank.NUMBER else ElementType("bool", rank)


def _is_neutral(start: Expression, reduction: Reduction) -> bool:
    while isinstance(start, Cast):
        start = start.value
    if not isinstance(start, Number) or isinstance(start.value, complex):
        return False
    if reduction.comparison:
        return start.value == (float("-inf") if reduction.name == "max" else float("inf"))
    return reduction.neutral is not None and start.value == reduction.neutral


def _taken_in(start: Expression, reduced: Expression) -> Expression | None:
    """The extreme over a range that includes the element it started from."""
    if not isinstance(reduced, Reduce) or len(reduced.axes) != 1:
        return None
    axis = reduced.axes[0]
    if axis.span is not None:
        return None
    first = scalar.substitute_symbols(reduced.value, {axis.iterator: axis.lower - 1})
    if _same(first, start):
        return replace(reduced, axes=(replace(axis, lower=axis.lower - 1),))
    for inside in (axis.lower, axis.upper - 1):
        if _same(scalar.substitute_symbols(reduced.value, {axis.iterator: inside}), start):
            return reduced
    return None


def _same(first: Expression, second: Expression) -> bool:
    while isinstance(second, Cast) and second.type == second.value.type:
        second = second.value
    return first == second


def fold_starts(value: Expression) -> Expression:
    """Combinations simplified once it is known what they start from: ``0 + sum -> sum``."""

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        match node:
            case Call(
                "add" | "mul" | "logical_or" | "logical_and" as word, (start, reduced), _, ""
            ):
                kind = _kind_of(reduced)
                if kind is not None and find_reduction(kind).operator == word:
                    made = combine(kind, start, reduced)
                    return node if made.type != node.type else made
            case Select(Call("gt" | "lt", (reduced, start)), then, _) if (
                then == reduced and isinstance(reduced, Reduce)
            ):
                if find_reduction(reduced.kind).comparison == node.condition.operator:  # type: ignore[union-attr]
                    made = combine(reduced.kind, start, reduced)
                    return node if made.type != node.type else made
        return node

    return as_questions(change(value))


def _kind_of(value: Expression) -> str | None:
    while isinstance(value, Cast):
        value = value.value
    if isinstance(value, Call) and value.operator == "neg":
        return None
    return value.kind if isinstance(value, Reduce) else None
