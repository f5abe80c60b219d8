"""Rows whose length moves with a lifted loop: the longest range, masked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from deloop.analysis.bounds import greatest, least
from deloop.frontend.expression import BOOL, both, cast, integer, number, select
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, at_least
from deloop.ir.axis import Axis
from deloop.ir.loop import Loop
from deloop.ir.scalar import Call, Expression, Index, Reduce, Scan
from deloop.ops.reductions import find_reduction, neutral_of


def widen_ranges(
    value: Expression,
    axes: tuple[Loop, ...],
    holds: Callable[[Constraint], bool],
    refuse: Callable[[str], NoReturn],
) -> Expression:
    """Reductions over ranges that no lifted loop moves.

    ``sum over k < i of x[k]   ->   sum over k < n - 1 of select(k < i, x[k], 0)``
    """
    names = frozenset(loop.iterator for loop in axes)

    def change(node: Expression) -> Expression:
        if isinstance(node, Scan) and names & {*node.axis.lower.symbols, *node.axis.upper.symbols}:
            return _widened(scalar.rebuild(node, change), axes, names, holds, refuse)
        if not isinstance(node, Reduce):
            return scalar.rebuild(node, change)
        inner = change(node.value)
        wide = []
        for axis in node.axes:
            if not names & {*axis.lower.symbols, *axis.upper.symbols}:
                wide.append(axis)
                continue
            neutral = find_reduction(node.kind).neutral
            if neutral is None or axis.span is not None:
                refuse(f"the {node.kind} of a row whose length moves with another loop")
            inner, axis = _shifted(inner, axis, names)
            mask: Expression = number(True)
            place = Index(Affine.symbol(axis.iterator))
            if names & set(axis.upper.symbols):
                mask = both(mask, Call("lt", (place, integer(axis.upper)), BOOL))
            if names & set(axis.lower.symbols):
                mask = both(mask, Call("ge", (place, integer(axis.lower)), BOOL))
            inner = select(mask, inner, cast(number(neutral), inner.type))
            upper, lower = greatest(axis.upper, axes), least(axis.lower, axes)
            if not holds(at_least(upper - lower, 0)):
                refuse("a range is negative for these sizes")
            wide.append(replace(axis, lower=lower, upper=upper))
        return replace(node, value=inner, axes=tuple(wide))

    return change(value)


def _widened(
    node: Expression,
    axes: tuple[Loop, ...],
    names: frozenset[str],
    holds: Callable[[Constraint], bool],
    refuse: Callable[[str], NoReturn],
) -> Scan:
    """A scan over a range that another loop moves, over the longest one.

    ``sum over i <= k <= j of x[k]   ->   sum over 0 <= k <= j of select(k >= i, x[k], 0)``: steps
    behind the iteration that is meant are in no running value, so that the end needs no mask, but
    for the gradient of what is computed there.
    """
    assert isinstance(node, Scan)
    axis, value = node.axis, node.value
    neutral = None if node.kind in ("last", "linear") else neutral_of(node.kind, node.type.dtype)
    if neutral is None or axis.span is not None:
        refuse(f"a running {node.kind} over a range that moves with another loop")
    place = Index(Affine.symbol(axis.iterator))
    mask: Expression = number(True)
    computes = any(isinstance(n, (Call, Reduce, Scan)) for n in scalar.walk(value))
    if names & set(axis.upper.symbols) and computes and scalar.requires_grad(value):
        mask = both(mask, Call("lt", (place, integer(axis.upper)), BOOL))
    if names & set(axis.lower.symbols):
        mask = both(mask, Call("ge", (place, integer(axis.lower)), BOOL))
    upper, lower = greatest(axis.upper, axes), least(axis.lower, axes)
    if not holds(at_least(upper - lower, 0)):
        refuse("a range is negative for these sizes")
    value = select(mask, value, cast(number(neutral), value.type))
    return replace(node, value=value, axis=replace(axis, lower=lower, upper=upper))


def _shifted(value: Expression, axis: Axis, names: frozenset[str]) -> tuple[Expression, Axis]:
    """An axis that starts where its row does: ``x[i + k]`` for k < n - i is ``x[k]`` from i on."""
    moving = Affine.build({s: c for s, c in axis.upper.terms if s in names}, 0)
    subscripts = [
        s for load in scalar.loads(value) for s in load.subscripts if isinstance(s, Affine)
    ]
    along = [s for s in subscripts if axis.iterator in s.symbols]
    if not any(names & set(s.symbols) for s in along):
        return value, axis
    place = Affine.symbol(axis.iterator) + moving
    shifted = scalar.substitute_symbols(value, {axis.iterator: place})
    return shifted, replace(axis, lower=axis.lower - moving, upper=axis.upper - moving)
