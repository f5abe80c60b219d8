"""Conditions on one iterator as the range of its loop, where a statement stands alone.

``for i: for j: if i >= 1 and j == 0: S(i, j)   ->   for i in range(1, n): S(i, 0)``
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign, at_least
from deloop.ir.loop import Loop, Store
from deloop.ir.plan import Statement
from deloop.poly.dependence import Dependence

Assume = Callable[[Constraint, str], bool]
_REASON = "a condition cuts the loop there"
_RANGE = ("the range is not negative", "an iteration runs")


def narrow(
    statement: Statement,
    dependences: Sequence[Dependence],
    level: int,
    assume: Assume,
    least_often: int = 0,
) -> tuple[Statement, list[Dependence]]:
    """A statement that waits for nothing but itself, over the iterations at which it runs.

    There are at least so many: a gradient flows in with the first one only.
    """
    own = [d for d in dependences if d.source == d.sink == statement.name]
    for guard in statement.store.guards:
        statement = _cut(statement, guard, level, assume, least_often)
    for loop in statement.loops[level:]:
        if loop.span is None and loop.upper - loop.lower == Affine.number(1):
            statement, own = _fixed(statement, loop, own)
    return statement, own


def _cut(
    statement: Statement, guard: Constraint, level: int, assume: Assume, least_often: int
) -> Statement:
    names = {x.iterator: x for x in statement.loops[level:]}
    moving = [s for s in guard.expression.symbols if s in names]
    if len(moving) != 1 or abs(guard.expression.coefficient(moving[0])) != 1:
        return statement
    loop = names[moving[0]]
    if loop.span is not None:
        return statement
    rest, rises = guard.expression.without(moving), guard.expression.coefficient(moving[0]) == 1
    place = -rest if rises else rest
    if guard.sign is Sign.ZERO:
        inside = (at_least(place, loop.lower), at_least(loop.upper - 1, place))
        if not all(assume(c, _REASON) for c in inside):
            return statement
        return _over(statement, guard, replace(loop, lower=place, upper=place + 1))
    end = place if rises else place + 1
    gap = end - loop.lower if rises else loop.upper - end
    if not assume(at_least(gap, 0), _REASON):
        return _over(statement, guard, loop) if assume(at_least(-gap, 0), _REASON) else statement
    cut = replace(loop, lower=end) if rises else replace(loop, upper=end)
    if not assume(at_least(cut.upper - cut.lower, least_often), _RANGE[least_often]):
        return statement
    return _over(statement, guard, cut)


def _over(statement: Statement, guard: Constraint, loop: Loop) -> Statement:
    """The statement with one of its loops over another range, and without the condition."""
    loops = tuple(loop if x.iterator == loop.iterator else x for x in statement.loops)
    guards = tuple(g for g in statement.store.guards if g != guard)
    return _rebuilt(statement, loops, replace(statement.store, guards=guards))


def _fixed(
    statement: Statement, loop: Loop, dependences: list[Dependence]
) -> tuple[Statement, list[Dependence]]:
    """The statement without a loop of one iteration."""
    position = statement.loops.index(loop)
    values = {loop.iterator: loop.lower}

    def constraint(c: Constraint) -> Constraint:
        return Constraint(c.expression.substitute(values), c.sign)

    store = replace(
        statement.store,
        subscripts=tuple(scalar.substituted(s, values) for s in statement.store.subscripts),
        value=scalar.substitute_symbols(statement.store.value, values),
        guards=tuple(constraint(g) for g in statement.store.guards),
        implicit=tuple(_moved(x, values) for x in statement.store.implicit),
    )
    loops = tuple(_moved(x, values) for x in statement.loops if x is not loop)
    left = [_without(d, position, values) for d in dependences if d.level != position + 1]
    return _rebuilt(statement, loops, store), left


def _moved(loop: Loop, values: dict[str, Affine]) -> Loop:
    axis = loop.axis.substituted(values)
    return replace(loop, lower=axis.lower, upper=axis.upper, span=axis.span)


def _without(dependence: Dependence, position: int, values: dict[str, Affine]) -> Dependence:
    """A dependence of the statement on itself as it is without one of the loops."""

    accesses = [
        replace(
            access,
            subscripts=tuple(s if s is None else s.substitute(values) for s in access.subscripts),
        )
        for access in (dependence.source_access, dependence.sink_access)
    ]
    return replace(
        dependence,
        source_access=accesses[0],
        sink_access=accesses[1],
        level=dependence.level - (dependence.level > position + 1),
        distance=dependence.distance[:position] + dependence.distance[position + 1 :],
        direction=dependence.direction[:position] + dependence.direction[position + 1 :],
    )


def _rebuilt(statement: Statement, loops: tuple[Loop, ...], store: Store) -> Statement:
    ranges = (c for x in (*loops, *store.implicit) for c in x.constraints)
    return replace(statement, loops=loops, store=store, domain=(*ranges, *store.guards))
