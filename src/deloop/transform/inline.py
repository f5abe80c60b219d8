"""Values that one statement keeps and one later statement reads, put where they are read.

``s[i] = sum over j of x[i, j]; out[i] = s[i] / 2   ->   out[i] = (sum over j of x[i, j]) / 2``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.frontend.expression import cast, may_raise
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import PRIVATE, arrays_read
from deloop.ir.plan import Serial, Step, Vector, arrays_read_in, vectors
from deloop.ir.rows import rename_implicit
from deloop.ir.scalar import Call, Expression, Index, Invariant, Load, Number, bound_axes
from deloop.ir.types import Tensor
from deloop.transform.first import buries_search, is_search
from deloop.transform.reduce import fold_starts


def inline_kept(
    plan: tuple[Step, ...],
    arrays: Mapping[str, Tensor],
    locals_: frozenset[str],
    live: frozenset[str],
) -> tuple[Step, ...]:
    """The plan without kept values that are read once, or that are as short as their name.

    `live` arrays are read behind the plan, so the last statement that sets one stays.
    """
    steps = [
        Serial(s.loop, inline_kept(s.body, arrays, locals_, live | _read_outside(s, plan)))
        if isinstance(s, Serial)
        else s
        for s in plan
    ]
    position = 0
    while position < len(steps):
        step = steps[position]
        if isinstance(step, Vector) and step.statement.store.array in locals_:
            changed = _inlined(steps, position, arrays, live)
            if changed is not None:
                steps = changed
                continue
        position += 1
    return tuple(steps)


def _read_outside(serial: Serial, plan: tuple[Step, ...]) -> frozenset[str]:
    """Arrays that a loop's own iterations carry, or that other steps read."""
    inside = vectors(serial.body)
    carried = {
        v.statement.store.array
        for k, v in enumerate(inside)
        if any(v.statement.store.array in arrays_read(w.statement.store) for w in inside[: k + 1])
    }
    return arrays_read_in(s for s in plan if s is not serial) | carried


def _raises_for_data(value: Expression) -> bool:
    """Whether a value may raise, other than for a size that is 0: an array without elements."""
    return (
        isinstance(value, Call) and may_raise(value) and not isinstance(value.arguments[-1], Index)
    )


def _inlined(
    steps: list[Step], position: int, arrays: Mapping[str, Tensor], live: frozenset[str]
) -> list[Step] | None:
    """The steps with one kept value put where it is read; None where it must stay."""
    step = steps[position]
    assert isinstance(step, Vector)
    store = step.statement.store
    reads_itself = any(
        isinstance(n, Load) and n.array == store.array for n in scalar.walk(store.value)
    )
    if not step.always_runs or reads_itself:
        return None
    end = next(
        (k for k in range(position + 1, len(steps)) if redefines(steps[k], store.array, step)),
        len(steps),
    )
    readers = [
        k
        for k in range(position + 1, min(end + 1, len(steps)))
        if store.array in arrays_read_in((steps[k],))
    ]
    if arrays[store.array].storage.startswith(PRIVATE) and any(
        v.statement.store.array == store.array for v in vectors(tuple(steps[position + 1 : end]))
    ):
        return None  # what comes sets parts of it
    is_live = end == len(steps) and store.array in live
    if not readers:
        is_needed = is_live or any(map(_raises_for_data, scalar.walk(store.value)))
        return None if is_needed else [*steps[:position], *steps[position + 1 :]]
    if any(isinstance(steps[k], Serial) for k in readers):
        return None
    uses = sum(_uses(steps[k], store.array) for k in readers)
    plain = isinstance(store.value, (Number, Invariant, Index)) or (
        isinstance(store.value, scalar.Cast)
        and isinstance(store.value.value, (Number, Invariant))
    )
    element = isinstance(store.value, Load) and not step.axes and not is_live
    folded = len(readers) == 1 and not is_live and _takes_in(steps[readers[0]], step)
    if (uses > 1 or is_live) and not (plain or element or folded):
        return None
    read = {store.array, *(load.array for load in scalar.loads(store.value))}
    memory = {arrays[a].memory for a in read}
    for k in range(position + 1, readers[-1]):
        inside = vectors((steps[k],))
        written = {arrays[v.statement.store.array].memory for v in inside}
        if memory & written:
            return None
    changed = list(steps)
    for k in readers:
        reader = steps[k]
        assert isinstance(reader, Vector)
        value = with_kept_value(reader, step)
        if value is None:
            return None
        value = fold_starts(value)
        if is_search(store.value) and buries_search(value):
            return None  # reads better with its own name
        new = replace(reader.statement.store, value=value, augmented=False)
        changed[k] = replace(reader, statement=replace(reader.statement, store=new))
    if not is_live:
        del changed[position]
    return changed


def _takes_in(reader: Step, kept: Vector) -> bool:
    """Whether a reduction takes the kept value in, so that nothing is computed twice."""
    value = with_kept_value(reader, kept) if isinstance(reader, Vector) else None
    if value is None or not isinstance(reader, Vector):
        return False
    before = sum(1 for _ in scalar.walk(reader.statement.store.value))
    return sum(1 for _ in scalar.walk(fold_starts(value))) < before


def redefines(step: Step, array: str, first: Vector) -> bool:
    """Whether a step sets all of the array that an earlier statement has set."""
    return (
        isinstance(step, Vector)
        and step.statement.store.array == array
        and step.always_runs
        and len(step.axes) == len(first.axes)
        and _places(step) == _places(first)
        and all(
            (mine.lower, mine.upper, mine.span) == (theirs.lower, theirs.upper, theirs.span)
            for mine, theirs in zip(step.axes, first.axes, strict=True)
        )
    )


def _places(step: Vector) -> tuple[object, ...]:
    """Where a step stores, whatever its axes are called: ``row[i, 0]`` is not ``row[i, 1]``."""
    names = {loop.iterator: Affine.symbol(f"#{k}") for k, loop in enumerate(step.axes)}
    return tuple(
        s.substitute(names) if isinstance(s, Affine) else s for s in step.statement.store.subscripts
    )


def _uses(step: Step, array: str) -> int:
    return sum(
        load.array == array
        for v in vectors((step,))
        for load in scalar.loads(v.statement.store.value)
    )


def with_kept_value(reader: Vector, kept: Vector) -> Expression | None:
    """The reader's value with the kept one in place of its reads; None where the ranges differ."""
    store = kept.statement.store
    axes = {loop.iterator: loop.axis for loop in kept.axes}
    names: list[str] = []
    for subscript in store.subscripts:
        if not isinstance(subscript, Affine) or len(subscript.symbols) != 1:
            return None
        if subscript != Affine.symbol(subscript.symbols[0]):
            return None
        names.append(subscript.symbols[0])
    if len(set(names)) < len(names):
        return None  # a diagonal: ``row[i, i]`` is not all of the row
    if any(not isinstance(s, Affine) for s in reader.statement.store.subscripts):
        return None
    ranges = {loop.iterator: loop.axis for loop in reader.axes}
    bound_here = {a.iterator for n in scalar.walk(store.value) for a in bound_axes(n)}
    if bound_here & set(ranges):
        return None
    failed = False

    def change(node: Expression) -> Expression:
        nonlocal failed
        if bound := bound_axes(node):
            if bound_here & {a.iterator for a in bound} and scalar.reads(node, store.array):
                failed = True
            around = dict(ranges)  # an axis inside may have the name of one around it
            ranges.update({a.iterator: a for a in bound})
            changed = scalar.rebuild(node, change)
            ranges.clear()
            ranges.update(around)
            return changed
        if isinstance(node, Load) and node.array == store.array:
            values: dict[str, Affine] = {}
            for name, subscript in zip(names, node.subscripts, strict=True):
                if not isinstance(subscript, Affine):
                    failed = True
                    return node
                if name not in axes:  # a serial iterator: the same iteration
                    failed |= subscript != Affine.symbol(name)
                    continue
                symbols = [s for s in subscript.symbols if s in ranges]
                if len(symbols) != 1 or subscript != Affine.symbol(symbols[0]):
                    failed = True
                    return node
                mine, theirs = axes[name], ranges[symbols[0]]
                if (mine.lower, mine.upper, mine.span) != (theirs.lower, theirs.upper, theirs.span):
                    failed = True
                values[name] = subscript
            value = rename_implicit(store.value, values)
            return cast(value, node.type)
        return scalar.rebuild(node, change)

    result = change(reader.statement.store.value)
    return None if failed else result
