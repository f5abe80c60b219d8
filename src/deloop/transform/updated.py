"""Reads of a carried variable's new value, where forward substitution has written it out.

``out[t] = f(h, x[t]); h = f(h, x[t])   ->   h = f(h, x[t]); out[t] = h``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations

from deloop.frontend.expression import cast
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import arrays_read
from deloop.ir.plan import Statement
from deloop.ir.scalar import Call, Expression, Inlined, Load, Reduce, Select
from deloop.poly.dependence import Dependence, DependenceKind

_COMPUTED = (Call, Select, Inlined, Reduce)


def read_updated(
    component: Sequence[Statement], dependences: Sequence[Dependence]
) -> tuple[list[Statement], list[Dependence]]:
    """The component with each update of a carried variable computed once, and read behind it."""
    statements, changed = list(component), list(dependences)
    cells = [s for s in component if s.store.cell and isinstance(s.store.value, _COMPUTED)]
    # The larger value first: it may hold a smaller one.
    for cell in sorted(cells, key=lambda s: -sum(1 for _ in scalar.walk(s.store.value))):
        for position, reader in enumerate(statements):
            if reader.loops != cell.loops or not reader.schedule < cell.schedule:
                continue
            value = _rewritten(cell, reader)
            if value is None:
                continue
            moved = replace(reader, store=replace(reader.store, value=value))
            unread = arrays_read(reader.store) - arrays_read(_with_names(moved).store)
            turned = [_turned(d, cell, reader) for d in changed if not _is_gone(d, reader, unread)]
            if _has_order(statements, turned):
                statements[position] = moved
                changed = turned
    return [_with_names(s) for s in statements], changed


def _with_names(statement: Statement) -> Statement:
    """The statement with new values read by the variable's own name."""
    store = statement.store
    return replace(statement, store=replace(store, value=_unmarked(store.value)))


def _has_order(statements: Sequence[Statement], dependences: Sequence[Dependence]) -> bool:
    """Whether one iteration can run the statements one after the other."""
    left = {s.name for s in statements}
    within = [d for d in dependences if d.level == 0 and d.source != d.sink]
    while left:
        free = {n for n in left if not any(d.sink == n and d.source in left for d in within)}
        if not free:
            return False
        left -= free
    return True


def _rewritten(cell: Statement, reader: Statement) -> Expression | None:
    """The reader's value with the variable in place of its new value; None where it needs both."""
    array = cell.store.array
    if not scalar.reads(reader.store.value, array) or cell.store.guards != reader.store.guards:
        return None
    places = [s for s in reader.store.subscripts if not isinstance(s, Affine)]
    if any(scalar.reads(place, array) for place in places):
        return None
    own = next(load for load in scalar.loads(reader.store.value) if load.array == array)
    dimensions = {x.iterator for x in reader.store.implicit}
    found = 0

    def change(node: Expression) -> Expression:
        nonlocal found
        names = _names_of(node, cell)
        if names is None:
            return scalar.rebuild(node, change)
        found += 1
        new = replace(own, array=array + _NEW)
        return cast(_read_back(cell, new, names, dimensions), node.type)

    value = change(reader.store.value)
    return None if not found or scalar.reads(value, array) else value


def _names_of(node: Expression, cell: Statement) -> dict[str, Affine] | None:
    """What the dimensions of a carried row are called where a value is its new one.

    ``tanh(x[_r2])`` within a sum over ``_r2`` is ``tanh(x[_d1])`` with ``_d1`` for ``_r2``.
    """
    updated = cell.store.value
    if type(node) is not type(updated):
        return None
    node, updated = rows.bare(node), rows.bare(updated)
    own = [x.iterator for x in cell.store.implicit]
    free = rows.free_dimensions(updated)
    if set(own) != free:
        return None  # a size of 1, or a value that is the same along a dimension
    for chosen in permutations(sorted(rows.free_dimensions(node)), len(own)):
        names = dict(zip(own, map(Affine.symbol, chosen), strict=True))
        if scalar.substitute_symbols(updated, names) == node:
            return names
    return None


def _read_back(
    cell: Statement, load: Load, names: Mapping[str, Affine], dimensions: set[str]
) -> Load:
    """The read of a variable that has just been set, with its dimensions under those names."""
    if not cell.store.implicit:
        return load
    subscripts = tuple(
        s.substitute(names) if isinstance(s, Affine) else s for s in cell.store.subscripts
    )
    pairs = [(str(names[x.iterator]), x.upper) for x in cell.store.implicit]
    return replace(
        load, subscripts=subscripts, implicit=tuple(p for p in pairs if p[0] in dimensions)
    )


_NEW = "(new)"
"""Marks a variable whose new value is read, so that nobody takes it for the old one."""


def _unmarked(value: Expression) -> Expression:
    if isinstance(value, Load):
        value = replace(value, array=value.array.removesuffix(_NEW))
    return scalar.rebuild(value, _unmarked)


def _is_gone(d: Dependence, reader: Statement, unread: frozenset[str]) -> bool:
    """Whether the reader had a dependence for a read only that the new value has made for it."""
    waits = d.kind is DependenceKind.FLOW and d.sink == reader.name
    goes_first = d.kind is DependenceKind.ANTI and d.source == reader.name
    return d.array in unread and (waits or goes_first)


def _turned(d: Dependence, cell: Statement, reader: Statement) -> Dependence:
    """The reader waits for the update of its own iteration; the next one still waits for it."""
    pair = (d.source, d.sink) == (reader.name, cell.name)
    if not pair or d.array != cell.store.array or d.level:
        return d
    return replace(d, source=cell.name, sink=reader.name, kind=DependenceKind.FLOW)
