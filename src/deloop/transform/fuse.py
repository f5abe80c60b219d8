"""Statements that change what the one before has just set, as one statement.

``out[i] = sum over j of x[i, j]; out[i] = out[i] / m   ->   out[i] = (sum over j of x[i, j]) / m``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import arrays_read
from deloop.ir.plan import Serial, Step, Vector, arrays_read_in, vectors
from deloop.ir.types import Tensor
from deloop.transform.inline import with_kept_value
from deloop.transform.reduce import fold_starts


def fuse_updates(
    plan: tuple[Step, ...], arrays: Mapping[str, Tensor], with_grad: frozenset[str]
) -> tuple[Step, ...]:
    """The plan with each update written into the statement that sets the same elements before."""
    steps = [
        replace(step, body=fuse_updates(step.body, arrays, with_grad))
        if isinstance(step, Serial)
        else step
        for step in plan
    ]
    position = 0
    while position < len(steps):
        fused = _fused(steps, position, arrays, with_grad)
        if fused is None:
            position += 1
        else:
            steps = fused
    return tuple(steps)


def _fused(
    steps: list[Step],
    position: int,
    arrays: Mapping[str, Tensor],
    with_grad: frozenset[str],
) -> list[Step] | None:
    """The steps with one statement put into the update that follows; None where none does."""
    first = steps[position]
    if not isinstance(first, Vector) or not first.always_runs:
        return None
    if first.statement.store.cell is not None:
        return None
    store = first.statement.store
    name, storage = store.array, arrays[store.array].memory
    own = [load for load in scalar.loads(store.value) if load.array == name]
    if store.augmented and not arrays[name].fresh:
        return None  # each of them changes the caller's tensor where it is
    if store.local or any(load.subscripts != store.subscripts for load in own):
        return None
    read = {arrays[a].memory for a in arrays_read(store) if a in arrays} - {storage}
    for later in range(position + 1, len(steps)):
        inside = vectors((steps[later],))
        stored = {v.statement.store.array for v in inside}
        looked = arrays_read_in((steps[later],))
        if name in stored | looked:
            changed = _updated(first, steps[later], with_grad)
            if changed is None:
                return None
            return [*steps[:position], *steps[position + 1 : later], changed, *steps[later + 1 :]]
        if isinstance(steps[later], Serial) or storage in {arrays[a].memory for a in looked}:
            return None
        if (read | {storage}) & {arrays[a].memory for a in stored}:
            return None
    return None


def _updated(first: Vector, step: Step, with_grad: frozenset[str]) -> Vector | None:
    """The update with the value of the statement before in place of the element it reads."""
    if not isinstance(step, Vector) or not step.always_runs:
        return None
    store = step.statement.store
    if store.array != first.statement.store.array:
        return None
    own = [load for load in scalar.loads(store.value) if load.array == store.array]
    same = len(own) == 1 and own[0].subscripts == store.subscripts
    if not same or not _walks_the_same(first, step):
        return None
    value = with_kept_value(step, first)
    if value is None:
        return None
    recorded = scalar.requires_grad(first.statement.store.value, with_grad)
    if recorded and not scalar.requires_grad(value, with_grad):
        return None  # the first store is what makes the tensor require grad
    changed = replace(store, value=fold_starts(value), augmented=False)
    statement = replace(step.statement, name=first.statement.name, store=changed)
    return replace(step, statement=statement, accumulation=first.accumulation)


def _walks_the_same(first: Vector, second: Vector) -> bool:
    """Whether both statements write the same elements, each dimension by an axis of its own."""
    ranges: list[list[object]] = []
    for vector in (first, second):
        axes = {loop.iterator: loop for loop in vector.axes}
        found: list[object] = []
        for subscript in vector.statement.store.subscripts:
            if not isinstance(subscript, Affine) or len(subscript.symbols) != 1:
                return False
            if subscript != Affine.symbol(subscript.symbols[0]):
                return False
            loop = axes.get(subscript.symbols[0])
            found.append((loop.lower, loop.upper, loop.span) if loop else subscript)
        if len(axes) != len(found):
            return False
        ranges.append(found)
    return ranges[0] == ranges[1]
