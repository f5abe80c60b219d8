"""Sums up to where the iteration stands, as one running sum.

``sum over j < n of select(j <= i, x[j], 0)``, for i from 0 up to n   ->   the running sum of x at i

The sums of all rows of a triangle cost the square of what the running sum costs, in time and in
memory (Blelloch, Prefix Sums and Their Applications, 1990).
"""

from __future__ import annotations

from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop
from deloop.ir.plan import Serial, Step
from deloop.ir.scalar import Expression, Reduce, Scan, Select, slack_of


def find_running_sums(plan: tuple[Step, ...]) -> tuple[Step, ...]:
    """The plan with sums over triangles written as running sums where they are."""
    result: list[Step] = []
    for step in plan:
        if isinstance(step, Serial):
            result.append(Serial(step.loop, find_running_sums(step.body)))
            continue
        store = step.statement.store
        loops = (*step.statement.loops[step.level :], *store.implicit)
        changed = replace(store, value=_running(store.value, loops))
        result.append(replace(step, statement=replace(step.statement, store=changed)))
    return tuple(result)


def _running(value: Expression, loops: tuple[Loop, ...]) -> Expression:
    value = scalar.rebuild(value, lambda child: _running(child, loops))
    match value:
        case Reduce("sum", Select(condition, term, nothing), (axis,), options=(), implicit=()) if (
            scalar.literal_value(nothing) == 0 and axis.stride == 1 and axis.span is None
        ):
            slack = slack_of(condition)
            for loop in loops:
                whole = (loop.lower, loop.upper) == (axis.lower, axis.upper)
                if not whole or loop.stride != 1 or loop.span is not None:
                    continue
                if scalar.iterators_of(term, frozenset({loop.iterator})):
                    continue
                mine, other = Affine.symbol(loop.iterator), Affine.symbol(axis.iterator)
                if slack == mine - other:
                    return Scan("sum", term, axis, mine, value.type, name="total")
                if slack == other - mine:  # from here to the end: from behind
                    ends = axis.lower + axis.upper - 1
                    turned = scalar.substitute_symbols(term, {axis.iterator: ends - other})
                    return Scan("sum", turned, axis, ends - mine, value.type, name="total")
    return value
