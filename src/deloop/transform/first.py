"""The first iteration that meets a condition, as the least of their numbers.

``min over k < m of select(c[k], k, m)`` is the first `k` with ``c[k]``, or `m` where there is none.
"""

from __future__ import annotations

from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import Call, Cast, Expression, Index, Number, Reduce, Select


def is_reached(reduced: Expression, start: Expression) -> bool:
    """Whether a search never goes beyond what it starts from: its own bound."""
    found = _search_of(reduced)
    return found is not None and _affine_of(start) == found[1]


def as_questions(node: Expression) -> Expression:
    """``first k with c[k] < m -> any over k of c[k]``."""
    node = scalar.rebuild(node, as_questions)
    match node:
        case Call("lt", (reduced, bound), kind):
            found = _search_of(reduced)
            if found is not None and _affine_of(bound) == found[1]:
                assert isinstance(found[0], Reduce)
                condition = found[0].value
                assert isinstance(condition, Select)
                return replace(found[0], kind="any", value=condition.condition, type=kind)
    return node


def is_search(value: Expression) -> bool:
    """Whether a value is the number of the first iteration that meets a condition."""
    return _search_of(value) is not None


def buries_search(value: Expression) -> bool:
    """Whether a search is a part of a larger value."""
    while isinstance(value, Cast):
        value = value.value
    return not is_search(value) and any(map(is_search, scalar.walk(value)))


def _search_of(value: Expression) -> tuple[Expression, Affine] | None:
    """A reduction that finds the first iteration, and the number that means none."""
    while isinstance(value, Cast):
        value = value.value
    if not (isinstance(value, Reduce) and value.kind == "min" and len(value.axes) == 1):
        return None
    axis = value.axes[0]
    match value.value:
        case Select(_, Index(affine), otherwise) if axis.span is None and axis.lower == Affine():
            bound = _affine_of(otherwise)
            if affine == Affine.symbol(axis.iterator) and bound is not None:
                return (value, bound) if axis.upper == bound else None
    return None


def _affine_of(value: Expression) -> Affine | None:
    while isinstance(value, Cast) and not scalar.loads(value):
        value = value.value
    if isinstance(value, Index):
        return value.affine
    if isinstance(value, Number) and type(value.value) is int:
        return Affine.number(value.value)
    return None
