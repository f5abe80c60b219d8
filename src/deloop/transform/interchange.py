"""Loop interchange: the loop that carries a cycle moved outwards, over loops that carry nothing.

``for b: for t: h[b] = f(h[b], x[b, t])   ->   for t: for b: …``, where `b` becomes an axis.
(R. Allen and K. Kennedy, "Optimizing Compilers for Modern Architectures", 2001, chapter 5.2.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.ir.plan import Statement
from deloop.poly.dependence import Dependence


def move_carrier_outwards(
    component: Sequence[Statement], dependences: Sequence[Dependence], level: int
) -> tuple[list[Statement], list[Dependence]] | None:
    """The cycle with its carrying loop at `level`; None where it is there, or cannot be.

    Loops that carry no dependence may change places with any loop inside of them whose bounds do
    not mention them.
    """
    names = {s.name for s in component}
    levels = [d.level for d in dependences if {d.source, d.sink} <= names and d.level > level]
    carrier = min(levels, default=level + 1) - 1
    if carrier == level:
        return None
    around = component[0].loops[level:carrier]
    for statement in component:
        same = statement.loops[level:carrier] == around and len(statement.loops) > carrier
        if not same or statement.loops[carrier] != component[0].loops[carrier]:
            return None
    loop = component[0].loops[carrier]
    moved_over = {x.iterator for x in around}
    if any(set(c.expression.symbols) & moved_over for c in loop.constraints):
        return None
    statements = [_permuted(s, carrier, level) for s in component]
    changed = [
        replace(d, level=level + 1) if d.level == carrier + 1 and {d.source, d.sink} <= names else d
        for d in dependences
    ]
    return statements, changed


def _permuted(statement: Statement, carrier: int, level: int) -> Statement:
    """The statement with one of its loops moved outwards, in its schedule too."""
    loops = list(statement.loops)
    loops.insert(level, loops.pop(carrier))
    schedule = list(statement.schedule)
    for position, loop in enumerate(loops):
        schedule[2 * position + 1] = loop.iterator
    return replace(statement, loops=tuple(loops), schedule=tuple(schedule))
