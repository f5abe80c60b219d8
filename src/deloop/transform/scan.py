"""Reads of an accumulating variable replaced by scans, so that nobody waits for its steps.

``for i: s = s + x[i]; out[i] = s   ->   out[i] = s + (sum over k <= i of x[k])``
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.analysis.recurrence import wider
from deloop.analysis.scan import Chain, Running, fresh_iterator, implicit_names, scan_of
from deloop.dtype import Rank, category
from deloop.frontend.expression import cast, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Statement
from deloop.ir.rows import rename_implicit
from deloop.ir.scalar import Cast, ElementType, Expression, Load, Scan, Select
from deloop.ops.reductions import find_reduction
from deloop.ops.scans import CLIPPED
from deloop.poly.dependence import Dependence, DependenceKind
from deloop.transform.exact import holds_exactly
from deloop.transform.reduce import combine, counted, reduce_over

_FROM_FIRST = ("linear", "held", *CLIPPED)
"""Kinds of which the value before the first iteration is part."""


def expand_running(
    running: Running,
    component: Sequence[Statement],
    dependences: Sequence[Dependence],
    level: int,
    start: int | float | bool | None = None,
) -> tuple[list[Statement], list[Dependence]]:
    """The component with scans for reads of the variable, and what depends on what then.

    `start` is the number that it begins with, where that is known.
    """
    changed: dict[str, Statement] = {}
    for reader in running.readers:
        value = _expanded(running, reader, start)
        changed[reader.name] = replace(reader, store=replace(reader.store, value=value))
    statements = [changed.get(s.name, s) for s in component]
    return statements, _dependences(running, dependences, level)


def _expanded(
    running: Running, reader: Statement, number_before: int | float | bool | None
) -> Expression:
    """The reader's value, the variable's value before the loop and a scan in place of reads."""
    names = implicit_names(running.statement, reader)
    store = running.statement.store
    own = next(load for load in scalar.loads(reader.store.value) if load.array == store.array)
    kind = running.accumulation.kind
    term = running.accumulation.term
    if kind in ("sum", "prod"):
        term = cast(term, ElementType(wider(own.type, term.type), term.type.rank))
    if kind == "sum":
        term = counted(term)
    if running.reduced:
        term = reduce_over(kind, term, tuple(loop.axis for loop in running.reduced))
    term = rename_implicit(term, names)
    updated = None if running.reduced else rename_implicit(store.value, names)
    skips = running.accumulation.skips_nan
    name = store.array.partition("'")[0]
    factor = running.accumulation.factor
    factor = None if factor is None else rename_implicit(factor, names)
    if kind in ("max", "min") and not _is_exact_in(own, number_before, term.type):
        term = cast(term, ElementType(wider(own.type, term.type), term.type.rank))
    kept = own.type if kind in _FROM_FIRST else term.type
    outer = running.outer if kind != "sum" else None
    inclusive = scan_of(kind, term, running.loop, kept, skips, name, factor, outer)
    behind = reader.name in running.behind
    start: Expression = own
    if number_before is not None:
        start = cast(number(number_before), own.type)
    if running.outer is not None and outer is None:
        start = combine(kind, start, _before_this_row(running, term, kept), False)

    def change(node: Expression) -> Expression:
        if node == updated:
            return cast(_joined(start, inclusive), node.type)
        if isinstance(node, Load) and node.array == store.array:
            scan = inclusive if behind else _exclusive(inclusive)
            return cast(_joined(start, scan), node.type)
        return scalar.rebuild(node, change)

    return change(reader.store.value)


def _is_exact_in(own: Expression, number_before: object, kind: ElementType) -> bool:
    """Whether what a running extreme begins with is a value of the type of its terms.

    ``torch.maximum(torch.tensor(1.5), n[i])`` is no extreme of integers.
    """
    if own.type.dtype == kind.dtype:
        return True
    return number_before is not None and holds_exactly(number_before, kind.dtype)


def _before_this_row(running: Running, term: Expression, kept: ElementType) -> Scan:
    """What all earlier iterations of the loop around have added: ``x.sum(1)``, added up."""
    assert running.outer is not None
    row = reduce_over("sum", term, (running.loop.axis,))
    return _exclusive(scan_of("sum", row, running.outer, kept, False, ""))


def _joined(start: Expression, scan: Scan) -> Expression:
    """What the variable began with, and the steps since."""
    if scan.kind in _FROM_FIRST or (scan.exclusive and scan.kind in ("last", "max", "min")):
        return replace(scan, first=start)
    if scan.kind != "last":
        return combine(scan.kind, start, scan, passes_nan(scan))
    places = {scan.axis.iterator: scan.at}
    if scan.outer is not None:
        places[scan.outer.iterator] = scan.around
    return scalar.substitute_symbols(scan.value, places)


def passes_nan(scan: Scan) -> bool:
    """Whether an extreme is NaN from the first one on, as `torch.maximum` is."""
    return category(scan.type.dtype) == "float" and not scan.skips_nan


def _exclusive(scan: Scan) -> Scan:
    """The scan before the iteration's own step; its last step is nobody's."""
    if scan.outer is not None:
        return replace(scan, exclusive=True)  # the last step is that of both loops
    axis = scan.axis
    bound = max((fresh_iterator(axis.iterator, e) for e in _moving(scan)), key=len)
    names = {axis.iterator: Affine.symbol(bound)}
    value = scalar.substitute_symbols(scan.value, names)
    factor = None if scan.factor is None else scalar.substitute_symbols(scan.factor, names)
    span = None if axis.span is None else axis.span - axis.stride
    axis = replace(axis, iterator=bound, upper=axis.upper - 1, span=span)
    return replace(scan, value=value, factor=factor, axis=axis, exclusive=True)


def _moving(scan: Scan) -> list[Expression]:
    """What of a scan moves along its own axis."""
    return [scan.value] if scan.factor is None else [scan.value, scan.factor]


def _dependences(
    running: Running, dependences: Sequence[Dependence], level: int
) -> list[Dependence]:
    """Readers take the variable's first value only, and what its term reads in its stead."""
    statement = running.statement
    name, array = statement.name, statement.store.array
    readers = {r.name for r in running.readers}
    result: list[Dependence] = []
    for d in dependences:
        pair = {d.source, d.sink}
        if d.array == array and name in pair and pair & readers:
            if d.source == name:
                d = replace(d, source=d.sink, sink=name, kind=DependenceKind.ANTI)
            result.append(replace(d, level=level + 1))
            continue
        result.append(d)
        if d.array == array:
            continue
        # At the level that is lifted, whatever loop carried it: the scan reads all at once.
        if d.sink == name and d.kind is DependenceKind.FLOW:
            result.extend(replace(d, sink=r, level=level + 1) for r in sorted(readers))
        elif d.source == name and d.kind is DependenceKind.ANTI:
            result.extend(replace(d, source=r, level=level + 1) for r in sorted(readers))
    return result


def expand_chain(chain: Chain, statement: Statement) -> Statement:
    """``out[i] = out[i - 1] + x[i]  ->  out[i] = out[lower - 1] + (sum over k <= i of x[k])``.

    Where the element before the first one is what the term would be there, the range takes it in:
    ``x[i] = x[i - 1] + x[i]`` is ``sum over k <= i of x[k]`` for all of `x`.
    """
    store, loop = statement.store, chain.loop
    first = {loop.iterator: loop.lower}
    start = scalar.substitute_symbols(chain.previous, first)
    term = chain.term
    if chain.kind in ("linear", "held"):
        at_home = replace(start.type, rank=max(start.type.rank, term.type.rank))
        scan = scan_of(chain.kind, term, loop, at_home, False, store.array, chain.factor)
        scan = replace(scan, first=start)
        return replace(statement, store=replace(store, value=scan, augmented=False))
    is_extreme = chain.kind in ("max", "min")
    if find_reduction(chain.kind).widens or (is_extreme and start.type.dtype != term.type.dtype):
        term = cast(term, ElementType(wider(start.type, term.type), term.type.rank))
    scan = scan_of(chain.kind, term, loop, term.type, chain.skips_nan, store.array)
    value = combine(chain.kind, start, scan, passes_nan(scan))
    if isinstance(value, Scan) and value.axis != scan.axis:
        grown = replace(loop, lower=value.axis.lower)
        loops = tuple(grown if x.iterator == loop.iterator else x for x in statement.loops)
        domain = tuple(
            c for c in statement.domain if c not in loop.constraints
        ) + grown.constraints
        statement = replace(statement, loops=loops, domain=domain)
    return replace(statement, store=replace(store, value=value, augmented=False))


def scans_of(expression: Expression) -> list[Scan]:
    """All scans in a value."""
    return [node for node in scalar.walk(expression) if isinstance(node, Scan)]


def without_scans(expression: Expression) -> Expression:
    """The value with each scan's own reads left out: what is read beside them."""
    if isinstance(expression, Scan):
        if expression.kind in _FROM_FIRST and expression.first is not None:
            return expression.first
        return scalar.Number(0, expression.type)
    return scalar.rebuild(expression, without_scans)


def is_late(statement: Statement) -> bool:
    """Whether a variable takes the tensor itself that another one held an iteration before."""

    def visit(value: Expression) -> bool:
        match value:
            case Select(_, then, otherwise):
                return visit(then) or visit(otherwise)
            case Cast(inner):
                return visit(inner)
        return isinstance(value, Scan) and value.kind in ("last", "held")

    cell = statement.store.cell
    return cell is not None and cell.rank is not Rank.NUMBER and visit(statement.store.value)


def steps_late(scan: Scan) -> int:
    """How many iterations late a running value's operands come: 2 for the value before the last."""
    inner = [steps_late(x) for x in scans_of(scan.value)]
    return int(scan.exclusive) + max(inner, default=0)


def scans_in_branches(expression: Expression) -> list[Scan]:
    """Scans that only some iterations use."""
    branches = [
        b
        for s in scalar.walk(expression)
        if isinstance(s, Select)
        for b in (s.then, s.otherwise)
    ]
    return [scan for b in branches for scan in scans_of(b)]

