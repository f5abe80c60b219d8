"""Reads of a carried variable's new value, where forward substitution has written it out.

``out[t] = f(h, x[t]); h = f(h, x[t])   ->   h = f(h, x[t]); out[t] = h``
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.analysis.scan import implicit_names, is_plain_reader
from deloop.frontend.expression import cast
from deloop.ir import scalar
from deloop.ir.loop import expressions_of
from deloop.ir.plan import Statement
from deloop.ir.rows import rename_implicit
from deloop.ir.scalar import Call, Expression, Inlined, Load, Select
from deloop.poly.dependence import Dependence, DependenceKind


def read_updated(
    component: Sequence[Statement], dependences: Sequence[Dependence], level: int
) -> tuple[list[Statement], list[Dependence]]:
    """The component with each update of a carried variable computed once, and read behind it."""
    statements, changed = list(component), list(dependences)
    for cell in component:
        if cell.store.cell is None or not isinstance(cell.store.value, (Call, Select, Inlined)):
            continue
        for position, reader in enumerate(statements):
            if reader.name == cell.name or reader.loops != cell.loops:
                continue
            value = _rewritten(cell, reader, level)
            if value is None:
                continue
            moved = replace(reader, store=replace(reader.store, value=value))
            unread = _arrays_read(reader) - _arrays_read(moved)
            turned = [_turned(d, cell, reader) for d in changed if not _is_gone(d, reader, unread)]
            if _has_order(statements, turned):
                statements[position] = moved
                changed = turned
    return statements, changed


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


def _rewritten(cell: Statement, reader: Statement, level: int) -> Expression | None:
    """The reader's value with the variable in place of its new value; None where it needs both."""
    array = cell.store.array
    if not any(load.array == array for load in scalar.loads(reader.store.value)):
        return None
    if not is_plain_reader(reader, cell, level) or cell.store.guards != reader.store.guards:
        return None
    names = implicit_names(cell, reader)
    updated = rename_implicit(cell.store.value, names)
    own = next(load for load in scalar.loads(reader.store.value) if load.array == array)
    found = 0

    def change(node: Expression) -> Expression:
        nonlocal found
        if node == updated:
            found += 1
            return cast(replace(own, array=_NEW), node.type)
        return scalar.rebuild(node, change)

    value = change(reader.store.value)
    if not found or any(load.array == array for load in scalar.loads(value)):
        return None
    return _renamed(value, array)


_NEW = "new value"


def _renamed(value: Expression, array: str) -> Expression:
    if isinstance(value, Load) and value.array == _NEW:
        return replace(value, array=array)
    return scalar.rebuild(value, lambda child: _renamed(child, array))


def _arrays_read(statement: Statement) -> frozenset[str]:
    """What a statement reads in its value or its subscripts."""
    return frozenset(x.array for e in expressions_of(statement.store) for x in scalar.loads(e))


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
