"""Positions that several statements use, found once; stores that nobody sees, left out.

``a = p[x.argmax()]; b = q[x.argmax()]   ->   index = x.argmax(); a = p[index]; b = q[index]``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.dtype import Rank
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Nest, Store, arrays_read
from deloop.ir.plan import Serial, Statement, Step, Vector, arrays_read_in, vectors
from deloop.ir.scalar import Cast, ElementType, Expression, Load, Reduce
from deloop.ir.types import Tensor, TensorType


def name_winners(plan: tuple[Step, ...], nest: Nest, taken: frozenset[str]) -> tuple[Step, ...]:
    """The plan with each position that is needed more than once kept under a name.

    A variable that holds it anyway gives the name. `taken` are the function's own names.
    """
    steps = list(plan)
    for k, step in enumerate(steps):
        if isinstance(step, Serial):
            steps[k] = Serial(step.loop, name_winners(step.body, nest, taken))
    for position in _positions(steps):
        steps = _named(steps, position, nest, taken)
    return tuple(steps)


def drop_overwritten(plan: tuple[Step, ...]) -> tuple[Step, ...]:
    """The plan without stores to all that an arg-reduction then sets, where nobody reads them.

    ``values[:] = x[:, 0]; values[:] = x.max(1).values   ->   values[:] = x.max(1).values``
    """
    steps = [
        Serial(s.loop, drop_overwritten(s.body)) if isinstance(s, Serial) else s for s in plan
    ]
    for later in [s for s in steps if isinstance(s, Vector)]:
        if later.accumulation is None or later.accumulation.winner is None:
            continue
        for k in range(steps.index(later) - 1, -1, -1):
            if later.statement.store.array in arrays_read_in((steps[k],)):
                break
            first = steps[k]
            if isinstance(first, Vector) and _covers(later, first):
                del steps[k]
    return tuple(steps)


def _covers(later: Vector, first: Vector) -> bool:
    mine, theirs = later.statement.store, first.statement.store
    return (
        (mine.array, mine.subscripts) == (theirs.array, theirs.subscripts)
        and not first.conditions
        and later.always_runs
        and mine.array not in arrays_read(later.statement.store)
        and {x.axis for x in first.axes} <= {x.axis for x in later.axes}
    )


def _positions(steps: list[Step]) -> list[Reduce]:
    """Positions that occur more than once among the statements of one block."""
    counts: dict[Reduce, int] = {}
    for step in steps:
        if isinstance(step, Vector):
            for node in scalar.walk(step.statement.store.value):
                bare = _bare(node)
                if bare is not None:
                    counts[bare] = counts.get(bare, 0) + 1
    return [node for node, count in counts.items() if count > 1]


def _bare(node: Expression) -> Reduce | None:
    """A position, whether as a number or as a tensor."""
    if isinstance(node, Reduce) and node.kind in ("argmax", "argmin"):
        kind = ElementType("int64", Rank.SCALAR)
        return replace(node, type=kind)
    return None


def _named(steps: list[Step], position: Reduce, nest: Nest, taken: frozenset[str]) -> list[Step]:
    users = [
        k
        for k, s in enumerate(steps)
        if isinstance(s, Vector)
        and any(_bare(n) == position for n in scalar.walk(s.statement.store.value))
    ]
    first = steps[users[0]]
    assert isinstance(first, Vector)
    own = first.statement.store
    if any(not _same_axes(first, steps[k]) for k in users):
        return steps
    read = {load.array for load in scalar.loads(position)}
    written = {v.statement.store.array for s in steps[users[0] : users[-1]] for v in vectors((s,))}
    if read & written:
        return steps
    name, subscripts, kind = own.array, own.subscripts, position.type
    rest = users
    if own.cell is not None and _bare(own.value) == position:
        rest, kind = users[1:], own.cell
        if own.array in {
            v.statement.store.array
            for s in steps[users[0] + 1 : users[-1] + 1]
            for v in vectors((s,))
        }:
            return steps
        made: list[Step] = []
    else:
        name = _free_name(nest, taken)
        subscripts = tuple(Affine.symbol(x.iterator) for x in first.statement.loops)
        nest.arrays[name] = _array(name, len(subscripts))
        store = Store(name, subscripts, position, "int64", own.place, local=True)
        made = [_vector(first, store)]
    index = Load(name, subscripts, kind)

    def change(node: Expression) -> Expression:
        if _bare(node) == position:
            return index if node.type == kind else Cast(index, node.type)
        return scalar.rebuild(node, change)

    changed = list(steps)
    for k in rest:
        step = steps[k]
        assert isinstance(step, Vector)
        store = replace(step.statement.store, value=change(step.statement.store.value))
        changed[k] = replace(step, statement=replace(step.statement, store=store))
    return [*changed[: users[0]], *made, *changed[users[0] :]]


def _same_axes(first: Vector, other: Step) -> bool:
    return isinstance(other, Vector) and (
        other.statement.loops == first.statement.loops
        and other.level == first.level
        and not other.conditions
        and other.when == first.when
    )


def _vector(first: Vector, store: Store) -> Vector:
    statement = first.statement
    domain = tuple(c for loop in statement.loops for c in loop.constraints)
    named = Statement(f"{statement.name}'", store, statement.loops, statement.schedule, domain)
    return Vector(named, first.level, when=first.when)


def _array(name: str, rank: int) -> Tensor:
    kind = TensorType("int64", tuple(Affine() for _ in range(rank)))
    return Tensor(name, kind, f"local:{name}", fresh=True)


def _free_name(nest: Nest, taken: frozenset[str]) -> str:
    names: Mapping[str, Tensor] = nest.arrays
    used = {*taken, *(t.name for t in names.values()), *names}
    unique, count = "index", 1
    while unique in used:
        count += 1
        unique = f"index_{count}"
    return unique
