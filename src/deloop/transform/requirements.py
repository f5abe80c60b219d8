"""Conditions on data in terms of the arguments: values that the loop kept for itself written out.

``no d[i, c] is NaN; d[i, c] = sum over k of …   ->   no sum over k of … is NaN``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from deloop.diagnostic import Place
from deloop.frontend.apply import DataRequirement
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Loop, Nest, Store
from deloop.ir.plan import Statement, Step, Vector
from deloop.ir.scalar import Expression
from deloop.transform.inline import inline_kept

_NEEDED = "_needed"


def write_out(
    needed: Sequence[DataRequirement], plan: tuple[Step, ...], loops: Sequence[Loop], nest: Nest
) -> list[DataRequirement]:
    """The requirements with each kept value replaced by what the plan computes it from.

    Where that is not a single statement a value, the requirement stays as it is.
    """
    by_name = {x.iterator: x for x in loops}
    return [_written_out(r, plan, by_name, nest) for r in needed]


def _written_out(
    needed: DataRequirement, plan: tuple[Step, ...], loops: Mapping[str, Loop], nest: Nest
) -> DataRequirement:
    wanted = _locals_in(needed.condition, nest)
    if not wanted:
        return needed
    while True:
        sources = [
            s for s in plan if isinstance(s, Vector) and s.statement.store.array in wanted
        ]
        more = {a for s in sources for a in _locals_in(s.statement.store.value, nest)} - wanted
        if not more:
            break
        wanted |= more
    used = scalar.iterators_of(needed.condition, frozenset(loops))
    around = tuple(x for name, x in loops.items() if name in used)
    assert isinstance(needed.place, Place)
    subscripts = tuple(Affine.symbol(x.iterator) for x in around)
    store = Store(_NEEDED, subscripts, needed.condition, "bool", needed.place, local=True)
    domain = tuple(c for x in around for c in x.constraints)
    reader = Vector(Statement(_NEEDED, store, around, (), domain), 0)
    inlined = inline_kept((*sources, reader), nest.arrays, nest.locals, frozenset({_NEEDED}))
    last = inlined[-1]
    assert isinstance(last, Vector)
    return replace(needed, condition=last.statement.store.value)


def _locals_in(value: Expression, nest: Nest) -> set[str]:
    return {load.array for load in scalar.loads(value) if load.array in nest.locals}
