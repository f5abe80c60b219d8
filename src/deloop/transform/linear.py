"""Linear recurrences: where a scan of logarithmic depth pays off, and what it asks of the data.

``for t: h = a * h + x[t]   ->   h[step:] += a ** step * h[:-step] for step = 1, 2, 4, …``
(W. D. Hillis and G. L. Steele, "Data parallel algorithms", CACM 1986.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from deloop.analysis.clipped import find_clipped_update
from deloop.analysis.facts import Facts
from deloop.analysis.held import find_held_update
from deloop.analysis.linear import find_linear_update
from deloop.analysis.scan import scan_of
from deloop.diagnostic import Place
from deloop.dtype import Rank, category
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import BOOL, both, integer, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.loop import Loop
from deloop.ir.plan import Statement, Step, Vector, vectors
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Invariant,
    Load,
    Number,
    Reduce,
    Scan,
    Select,
)
from deloop.ops.scans import CLIPPED
from deloop.poly.dependence import Dependence

_WIDEST = 128
"""A step of Python over a wider row costs less than its data moved once for each doubling."""
_FEW = 16
"""So few steps over whole rows are as fast as their doublings."""
_FEWEST = 10
"""So few steps over elements are as fast as their doublings."""
_SHORTEST = 4096
"""Fewer steps of Python's own arithmetic are faster than the first tensor operations."""
_GROWTH = 1e6
"""Where the factors' product may grow beyond it, rounding and overflow come in another order."""
_HUGE = {"float32": 1e25, "float64": 1e280}
"""Beyond it, sums in another order may overflow where the loop's do not."""
_TINY = 1e-12
_LEAST = {"float32": 1e-37, "float64": 1e-300}
"""A product above it is no zero, so that an infinity times it stays one."""


def pays_off(
    statement: Statement,
    loop: Loop,
    level: int,
    facts: Facts | None,
    is_light: bool = True,
    outer: Loop | None = None,
) -> bool:
    """Whether the scan is faster than a loop over whole rows, for sizes as they were seen.

    What that takes is assumed, with a guard. A loop over Python's numbers is light if it stores no
    element of a tensor. Inside of a loop that stays (`level` counts those) a recurrence of elements
    stays as well: it sweeps over its tensor again and again, and what one sweep rounds in another
    order, the next one starts from.
    """
    if facts is None or not facts.may_double or loop.span is not None:
        return False
    store = statement.store
    if level and store.cell is None:
        return False
    if store.cell is not None and store.cell.rank is Rank.NUMBER and is_light:
        steps = at_least(facts.canonical(loop.axis.extent), _SHORTEST)
        if not facts.assume_many(steps, "the loop is long"):
            return False
    beside = [
        x
        for x in (*statement.loops[level:], *store.implicit)
        if x.iterator != loop.iterator and x is not outer
    ]
    width = 1
    for other in beside:
        extent = facts.canonical(other.axis.extent)
        size = facts.value(extent)
        if other.span is not None or size is None:
            return False
        most = 1 << max(size - 1, 0).bit_length()
        width *= most
        if width > _WIDEST or not facts.assume(at_least(extent * -1 + most, 0), "rows are short"):
            return False
    extent = facts.canonical(loop.axis.extent)
    if store.implicit and not facts.assume_many(at_least(extent, _FEW), "the loop is long"):
        return False
    together = extent if outer is None else extent + facts.canonical(outer.axis.extent)
    facts.prefer(at_least(together, _FEWEST), "the loop is long")
    facts.doubles = True
    return True


def find_last(
    statement: Statement, dependences: Sequence[Dependence], level: int, facts: Facts | None
) -> Statement | None:
    """``for t: h = a[t] * h + x[t]  ->  h = the last running value``; None for no match."""
    store = statement.store
    if store.cell is None or store.guards or facts is None:
        return None
    found = find_linear_update(statement, dependences, level)
    if found is None:
        found = find_held_update(statement, dependences, level)
    if found is None:
        found = find_clipped_update(statement, dependences, level)
    if found is None:
        return None
    *around, loop = [x for x in statement.loops[level:] if x.iterator in found.iterators]
    outer = around[0] if around else None
    others = [x for x in statement.loops[level:] if x not in (loop, outer)]
    if outer is not None and not _is_nest(statement, outer, loop, facts):
        return None
    if any(loop.iterator in c.expression.symbols for x in others for c in x.constraints):
        return None
    if any(x.iterator in c.expression.symbols for x in others for c in loop.constraints):
        return None
    if not facts.assume(at_least(loop.axis.extent, 1), "the loop runs"):
        return None
    is_linear = found.kind in ("linear", *CLIPPED)
    if is_linear and not pays_off(statement, loop, level, facts, outer=outer):
        return None
    own = next(x for x in scalar.loads(store.value) if x.array == store.array)
    name = store.array.partition("'")[0]
    scan = scan_of(found.kind, found.term, loop, own.type, False, name, found.factor, outer)
    ends = Affine() if outer is None else outer.upper - 1
    value = replace(scan, first=own, at=loop.upper - 1, around=ends)
    gone = {x.iterator for x in (loop, *around)}
    loops = tuple(x for x in statement.loops if x.iterator not in gone)
    domain = tuple(c for c in statement.domain if not gone & set(c.expression.symbols))
    return replace(statement, store=replace(store, value=value), loops=loops, domain=domain)


def _is_nest(statement: Statement, outer: Loop, inner: Loop, facts: Facts) -> bool:
    """Whether one loop is right inside of another, as long in each iteration, both counting on."""
    places = [x.iterator for x in statement.loops]
    follows = places.index(inner.iterator) == places.index(outer.iterator) + 1
    moves = any(outer.iterator in c.expression.symbols for c in inner.constraints)
    strided = outer.span is not None or inner.span is not None
    runs = facts.assume(at_least(outer.axis.extent, 1), "the loop runs")
    return follows and runs and not moves and not strided


def require_tame(
    plan: tuple[Step, ...],
    at_entry: Callable[[Load | Invariant], Expression | None],
    with_grad: frozenset[str],
) -> list[DataRequirement]:
    """Ask of factors that their products neither overflow nor meet an infinity as a zero.

    A product of factors is no number of the loop's own: where it is 0, an infinity would become
    NaN, and where it is infinite, so would a zero. `at_entry` writes an element as it was read when
    the function began.
    """
    found: dict[tuple[Expression, str], DataRequirement] = {}
    written: set[str] = set()
    for vector in vectors(plan):
        store = vector.statement.store

        def first_read(read: Load | Invariant, level: int = vector.level) -> Expression | None:
            is_changed = isinstance(read, Load) and (level or read.array in written)
            return None if is_changed else at_entry(read)

        for node in scalar.walk(store.value):
            if not isinstance(node, Scan):
                continue
            asked: Iterator[DataRequirement] = iter(())
            if node.kind in CLIPPED:
                asked = _of_clipped(node, store.place, first_read)
            elif node.kind == "linear":
                asked = _requirements(node, store.place, first_read)
            elif node.kind == "prod" and category(node.type.dtype) == "float":
                is_chain = scalar.reads(store.value, store.array)
                asked = _of_product(node, store.place, first_read, is_chain, with_grad)
                starts = [x for x in scalar.loads(store.value) if x.array == store.array]
                asked = chain(asked, _of_starts(starts, node, store.place, first_read))
            for needed in asked:
                found.setdefault((needed.condition, needed.reason), needed)
        written.add(store.array)
    return list(found.values())


def _requirements(
    scan: Scan, place: Place, at_entry: Callable[[Load | Invariant], Expression | None]
) -> Iterator[DataRequirement]:
    assert scan.factor is not None and scan.first is not None
    if scan.factor.type.dtype == "bool" or category(scan.type.dtype) == "int":
        return
    literal = scalar.literal_value(scan.factor)
    is_small = isinstance(literal, (int, float)) and abs(literal) <= 1
    own = frozenset(a.iterator for a in scalar.bound_axes(scan))
    moves = bool(scalar.iterators_of(scan.factor, own))
    if not is_small:
        factor = _as_given(scan.factor, at_entry) or scan.factor
        power = _all_products(scan, factor) if moves else _power(scan, factor)
        limit = Call("le", (power, number(_GROWTH)), _bool_of(power))
        reason = "the products of the factors stay small"
        yield DataRequirement(limit, place, reason, before=factor is not scan.factor)
    parts = [_as_given(part, at_entry) for part in (scan.value, scan.first)]
    if None in parts and not moves:
        power = _power(scan, scan.factor)
        condition = Call("ge", (power, number(_LEAST[scan.type.dtype])), _bool_of(power))
        yield DataRequirement(condition, place, "no product of the factors is 0")
        return
    for part, original in zip(parts, (scan.value, scan.first), strict=True):
        small = _is_small(part or original, scan)
        if small != number(True):
            yield DataRequirement(small, place, "no value is huge", before=part is not None)


def _of_clipped(
    scan: Scan, place: Place, at_entry: Callable[[Load | Invariant], Expression | None]
) -> Iterator[DataRequirement]:
    """What is added and what bounds it must be finite: an infinity less another one is NaN."""
    for part in (scan.value, scan.factor, scan.first):
        assert part is not None
        given = _as_given(part, at_entry)
        small = _is_small(given or part, scan)
        if small != number(True):
            yield DataRequirement(small, place, "no value is huge", before=given is not None)


def _of_starts(
    starts: Sequence[Load],
    scan: Scan,
    place: Place,
    at_entry: Callable[[Load | Invariant], Expression | None],
) -> Iterator[DataRequirement]:
    """An infinity that a product starts from stays one, but for a factor that is 0."""
    for start in starts:
        given = _as_given(start, at_entry)
        small = _is_small(given or start, scan)
        if small != number(True):
            yield DataRequirement(small, place, "no value is huge", before=given is not None)


def _of_product(
    scan: Scan,
    place: Place,
    at_entry: Callable[[Load | Invariant], Expression | None],
    is_chain: bool,
    with_grad: frozenset[str],
) -> Iterator[DataRequirement]:
    """What a running product asks for.

    One that the loop multiplies to a zero it starts from must not overflow by itself. The backward
    pass of `cumprod` divides by each factor that is not 0, which loses what has underflowed.
    """
    grads = scalar.requires_grad(scan.value, with_grad)
    if not grads and not is_chain:
        return
    given = _as_given(scan.value, at_entry)
    value = given or scan.value
    power = _all_products(scan, value)
    limit = Call("le", (power, number(_HUGE["float32"])), _bool_of(power))
    yield DataRequirement(limit, place, "the products stay small", before=given is not None)
    if grads:
        kind = _bool_of(value)
        least = Call("ge", (_magnitude(value), number(_TINY)), kind)
        divides = both(Call("eq", (value, number(0)), kind), least, "logical_or")
        every = Reduce("all", divides, scalar.bound_axes(scan), kind)
        yield DataRequirement(every, place, "no factor is tiny", before=given is not None)


def _as_given(
    value: Expression, at_entry: Callable[[Load | Invariant], Expression | None]
) -> Expression | None:
    """The value in what the function was given; None where it has no such form."""
    failed = False

    def change(node: Expression) -> Expression:
        nonlocal failed
        is_plain = isinstance(node, Load) and all(isinstance(s, Affine) for s in node.subscripts)
        if isinstance(node, Invariant) or is_plain:
            assert isinstance(node, (Load, Invariant))
            found = at_entry(node)
            failed |= found is None
            return node if found is None else found
        failed |= isinstance(node, Load)
        return scalar.rebuild(node, change)

    changed = change(value)
    return None if failed else changed


def _bool_of(value: Expression) -> ElementType:
    return BOOL if value.type.rank is Rank.NUMBER else ElementType("bool", value.type.rank)


def _magnitude(value: Expression) -> Expression:
    spelling = "abs" if value.type.rank is Rank.NUMBER else ".abs"
    return Call("abs", (value,), value.type, spelling)


def _power(scan: Scan, factor: Expression) -> Expression:
    """``abs(a) ** n``: how much a factor that is always the same scales at most."""
    size = _magnitude(factor)
    power: Expression = integer(scan.axis.extent)
    if scan.outer is not None:
        power = Call("mul", (integer(scan.outer.extent), power), power.type)
    return Call("pow", (size, power), size.type)


def _all_products(scan: Scan, factor: Expression) -> Expression:
    """``prod of max(abs(a[t]), 1)``: how much the factors scale together at most."""
    size = _magnitude(factor)
    rank = size.type.rank
    kind = ElementType(size.type.dtype, Rank.SCALAR if rank is Rank.NUMBER else rank)
    least = Call("clamp", (size,), kind, ".clamp", (("min", number(1)),))
    return Reduce("prod", least, scalar.bound_axes(scan), kind)


def _is_small(part: Expression, scan: Scan) -> Expression:
    while isinstance(part, Cast) and part.value.type.rank is Rank.NUMBER:
        part = part.value
    literal = scalar.literal_value(part)
    limit = _HUGE[scan.type.dtype]
    if isinstance(literal, (bool, int, float)):
        return number(abs(literal) < limit)
    while scalar.loads(part) and isinstance(part, Cast) and part.type.rank is Rank.NUMBER:
        part = part.value
    kind = _bool_of(part)
    small = Call("lt", (_magnitude(part), number(limit)), kind)
    axes = scalar.bound_axes(scan)
    used = scalar.iterators_of(part, frozenset(a.iterator for a in axes))
    return Reduce("all", small, axes, kind) if used else small


def start_from(
    plan: tuple[Step, ...], at_entry: Callable[[Load | Invariant], Expression | None]
) -> tuple[Step, ...]:
    """The plan with recurrences that start from what is full of a number starting from that.

    Counters that start from a number are differences of positions.
    """

    def change(node: Expression, target: str) -> Expression:
        node = scalar.rebuild(node, lambda e: change(e, target))
        if not isinstance(node, Scan) or node.kind != "linear":
            return node
        if isinstance(node.first, Load) and node.first.array != target:
            found = at_entry(node.first)
            if isinstance(found, Number):
                node = replace(node, first=Cast(found, node.first.type))
        return _as_difference(node) or node

    def visit(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        result: list[Step] = []
        for step in steps:
            if isinstance(step, Vector) and not step.level:
                store = step.statement.store
                own = store.array if store.cell is None else ""
                store = replace(store, value=change(store.value, own))
                step = replace(step, statement=replace(step.statement, store=store))
            result.append(step)
        return tuple(result)

    return visit(plan)


def _as_difference(scan: Scan) -> Expression | None:
    """``count = 0 if new[t] else count + 1`` as ``t + 1 - (greatest t + 1 so far that is new)``.

    A reset that comes later has the greater position, so that `cummax` finds the last one.
    """
    assert scan.factor is not None and scan.first is not None
    start = scalar.literal_value(scan.first)
    again = _restart(scan.value, scan.factor)
    if scan.type.dtype != "int64" or scan.factor.type.dtype != "bool" or scan.exclusive:
        return None
    if scan.outer is not None:
        return None
    if type(start) is not int or again is None or again > start + 1:
        return None
    kind = ElementType("int64", Rank.NUMBER)
    ended = Affine.symbol(scan.axis.iterator) - scan.axis.lower + 1
    ends = Select(negate(scan.factor), integer(ended - again), number(-start))
    last = replace(scan, kind="max", value=ends, type=kind, first=None, factor=None)
    count = integer(scan.at - scan.axis.lower + 1)
    made = Call("sub", (count, last), kind)
    return made if scan.type == kind else Cast(made, scan.type)


def _restart(term: Expression, keeps: Expression) -> int | None:
    """What a count begins with again, where each other step adds 1; None for another term."""
    begins: Expression = term
    if isinstance(term, Select):
        pairs = {term.condition: (term.then, term.otherwise)}
        then, otherwise = pairs.get(keeps, (term.otherwise, term.then))
        if term.condition not in (keeps, negate(keeps)) or scalar.literal_value(then) != 1:
            return None
        begins = otherwise
    elif scalar.literal_value(term) != 1:
        return None
    found = scalar.literal_value(begins)
    return found if type(found) is int else None
