"""Scans: accumulations whose value is wanted after each of their steps.

A cycle of several statements is one where a carried variable accumulates and the others only read
it on its way (``s = s + x[i]; out[i] = s``). A statement whose instances each update what the one
before has stored (``out[i] = out[i - 1] + x[i]``) is one, too.
(G. E. Blelloch, "Prefix sums and their applications", 1990.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deloop.analysis.clipped import find_clipped_update
from deloop.analysis.held import find_held, find_held_extreme, find_held_update
from deloop.analysis.linear import find_linear, find_linear_update
from deloop.analysis.recurrence import find_accumulation, read_update, starts_plainly
from deloop.analysis.surroundings import Surroundings
from deloop.dtype import Rank, category
from deloop.frontend.expression import negate
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.loop import Loop
from deloop.ir.plan import Accumulation, Statement
from deloop.ir.scalar import Expression, Load, Scan, Select
from deloop.ops.scans import CLIPPED, find_scan
from deloop.poly.dependence import Dependence, DependenceKind


@dataclass(frozen=True)
class Running:
    """A carried variable that other statements of its cycle read on its way.

    `loop` is the one along which they see it grow, `reduced` are the loops inside of it that each
    step combines at once, `readers` the statements that read it. Those `behind` do so after the
    step of their own iteration.
    """

    statement: Statement
    accumulation: Accumulation
    loop: Loop
    reduced: tuple[Loop, ...]
    readers: tuple[Statement, ...]
    behind: frozenset[str]
    outer: Loop | None = None
    """The loop around `loop` along which a sum goes on growing."""


def find_running(
    component: Sequence[Statement],
    dependences: Sequence[Dependence],
    level: int,
    around: Surroundings,
) -> Running | None:
    """The first variable of a cycle that is a scan to the rest of it, None where there is none.

    What it accumulates must not hang on the rest of the cycle.
    """
    names = {s.name for s in component}
    within = [d for d in dependences if d.source in names and d.sink in names]
    for statement in component:
        found = _running(statement, component, within, level, around)
        if found is not None:
            return found
    return None


def _running(
    statement: Statement,
    component: Sequence[Statement],
    dependences: Sequence[Dependence],
    level: int,
    around: Surroundings,
) -> Running | None:
    store = statement.store
    if store.guards:
        return None
    readers = tuple(
        s for s in component if s is not statement and scalar.reads(s.store.value, store.array)
    )
    writers = [s for s in component if s is not statement and s.store.array == store.array]
    waits = any(
        d.sink == statement.name != d.source and d.kind is DependenceKind.FLOW for d in dependences
    )
    if not readers or writers or waits:
        return None
    found = find_accumulation(statement, dependences, level)
    if found is None:
        found = find_linear_update(statement, dependences, level)
    if found is None and not around.starts_unset(store.array):
        found = find_held_update(statement, dependences, level)
    if found is None:
        found = find_clipped_update(statement, dependences, level)
    elif found.kind in ("max", "min") and scalar.requires_grad(found.term):
        found = find_held_extreme(statement, found, level)
    if found is None or not _has_scan(found, store.dtype):
        return None
    if found.kind == "prod" and not starts_plainly(statement, found.iterators, around):
        return None
    rounds = store.cell is None and store.value.type.dtype != store.dtype
    if rounds and any(r.store.dtype not in (store.dtype, "bool") for r in readers):
        return None  # what each step rounds is seen in what is wider
    own = [loop for loop in statement.loops[level:] if loop.iterator in found.iterators]
    common = [x for x in own if all(x.iterator in r.iterators for r in readers)]
    shared = {x.iterator for x in own if any(x.iterator in r.iterators for r in readers)}
    goes_on = len(common) == 2 == len(own) and not any(x.span is not None for x in own)
    goes_on |= len(common) == 2 == len(own) and found.kind == "sum"
    goes_on &= found.kind not in CLIPPED
    if not (len(common) == 1 or goes_on) or shared != {x.iterator for x in common}:
        return None
    moving = {x.iterator for x in statement.loops[level:]}
    if found.kind in _MASKED and len(own) == 1:
        outside = statement.loops[level : statement.loops.index(own[0])]
        moving -= {x.iterator for x in outside}  # such a range is widened under a mask
    if any(set(c.expression.symbols) & (moving - {x.iterator}) for x in own for c in x.constraints):
        return None
    if not all(_is_plain_reader(r, statement, level) for r in readers):
        return None
    outer = common[0] if goes_on else None
    if outer is not None and found.kind != "sum" and not _is_plain_nest(statement, own, around):
        return None
    inner = tuple(x for x in own if x not in common)
    if inner and found.kind in ("last", "linear", "held", *CLIPPED):
        return None
    behind = frozenset(
        d.sink
        for d in dependences
        if (d.source, d.array) == (statement.name, store.array)
        and d.kind is DependenceKind.FLOW
        and d.level == 0
    )
    return Running(statement, found, common[-1], inner, readers, behind, outer)


def _is_plain_nest(
    statement: Statement, own: Sequence[Loop], around: Surroundings
) -> bool:
    """Whether two loops run one inside of the other, as long in each iteration, and at least once.
    """
    outer, inner = own
    places = [x.iterator for x in statement.loops]
    follows = places.index(inner.iterator) == places.index(outer.iterator) + 1
    if not follows or any(outer.iterator in c.expression.symbols for c in inner.constraints):
        return False
    return all(around.assume(at_least(x.axis.extent, 1), "the loop runs") for x in own)


_MASKED = frozenset({"sum", "prod", "max", "min", "any", "all"})
"""Kinds of which a term that changes nothing stands for an iteration that is not there."""


def _has_scan(found: Accumulation, dtype: str) -> bool:
    """Whether PyTorch scans with the operator, and gives the gradient that the loop gives."""
    if found.kind in ("last", "linear", "held", *CLIPPED):
        return True
    if find_scan(found.kind) is None or _rounds_each_step(found.kind, dtype):
        return False
    return found.kind in ("sum", "prod") or not scalar.requires_grad(found.term)


def _rounds_each_step(kind: str, dtype: str) -> bool:
    """Whether the loop loses digits at each step that a scan, computed wider, does not."""
    return kind in ("sum", "prod") and dtype in ("float16", "bfloat16")


def _is_plain_reader(reader: Statement, statement: Statement, level: int) -> bool:
    """Whether a statement reads the variable of its own iteration, and only in its value."""
    store = statement.store
    depth = 0
    for mine, theirs in zip(reader.loops, statement.loops, strict=False):
        if mine.iterator != theirs.iterator:
            break
        depth += 1
    if depth <= level:
        return False
    for subscript in reader.store.subscripts:
        if not isinstance(subscript, Affine) and scalar.reads(subscript, store.array):
            return False
    names = _implicit_names(statement, reader)
    if names is None:
        return False
    wanted = tuple(
        s.substitute(names) if isinstance(s, Affine) else s for s in store.subscripts
    )
    nodes = [n for n in scalar.walk(reader.store.value) if isinstance(n, Load)]
    return all(n.subscripts == wanted for n in nodes if n.array == store.array)


def _implicit_names(statement: Statement, reader: Statement) -> dict[str, Affine] | None:
    """The dimensions that a row has, as the reader names them: counted from the last one."""
    mine, theirs = statement.store.implicit, reader.store.implicit
    if len(mine) > len(theirs):
        return None
    pairs = zip(reversed(mine), reversed(theirs), strict=False)
    return {a.iterator: Affine.symbol(b.iterator) for a, b in pairs}


def implicit_names(statement: Statement, reader: Statement) -> dict[str, Affine]:
    """As `Running` was found with: the variable's dimensions in the reader's names."""
    names = _implicit_names(statement, reader)
    assert names is not None
    return names


@dataclass(frozen=True)
class Chain:
    """A statement whose instances each update what the one before has stored.

    `previous` is the element that is read, one step of `loop` behind the one that is written.
    """

    kind: str
    term: Expression
    loop: Loop
    previous: Load
    skips_nan: bool = False
    factor: Expression | None = None


def find_chain(
    statement: Statement, dependences: Sequence[Dependence], level: int
) -> Chain | None:
    """``out[i] = out[i - 1] + x[i] -> Chain(sum, x[i], i)``; None where it is not that."""
    store = statement.store
    if store.guards or store.cell is not None:
        return None
    for loop in statement.loops[level:]:
        previous = _step_behind(statement, loop)
        if previous is None or not _is_only_chain(statement, dependences, level, previous):
            continue
        others = {x.iterator for x in statement.loops[level:]} - {loop.iterator}
        if any(set(c.expression.symbols) & others for c in loop.constraints):
            continue
        marked = replace(previous, array=f"{store.array}'")
        value = scalar.replaced(store.value, {previous: marked})
        moved = replace(statement, store=replace(store, value=value))
        linear = find_linear(value, marked, store.dtype)
        if linear is not None:
            return Chain("linear", linear.term, loop, previous, factor=linear.factor)
        held = find_held(value, marked)
        if held is not None and scalar.iterators_of(held[0], frozenset({loop.iterator})):
            return Chain("held", held[1], loop, previous, factor=negate(held[0]))
        found = read_update(moved, marked)
        if found is None or found[0] == "last" or find_scan(found[0]) is None:
            continue
        kind, term = found
        if _rounds_each_step(kind, store.dtype):
            continue
        if kind not in ("sum", "prod") and scalar.requires_grad(term):
            continue
        floating = category(store.dtype) == "float"
        skips = kind in ("max", "min") and isinstance(store.value, Select) and floating
        return Chain(kind, term, loop, previous, skips)
    return None


def _step_behind(statement: Statement, loop: Loop) -> Load | None:
    """The read of the element that the iteration before has written."""
    store = statement.store
    if not all(isinstance(s, Affine) for s in store.subscripts):
        return None
    behind = {loop.iterator: Affine.symbol(loop.iterator) - 1}
    wanted = tuple(s.substitute(behind) for s in store.subscripts if isinstance(s, Affine))
    if wanted == store.subscripts:
        return None
    for load in scalar.loads(store.value):
        if load.array == store.array and load.subscripts == wanted:
            return load
    return None


def _is_only_chain(
    statement: Statement, dependences: Sequence[Dependence], level: int, previous: Load
) -> bool:
    """Whether instances wait for each other only through the element one step behind."""
    depth = len(statement.loops)
    for d in dependences:
        if not d.source == d.sink == statement.name or not level < d.level <= depth:
            continue
        if d.kind is DependenceKind.OUTPUT:
            return False
        if d.kind is DependenceKind.FLOW and d.sink_access.subscripts != previous.subscripts:
            return False
    return True


def fresh_iterator(iterator: str, value: Expression) -> str:
    """``i -> i'``, or with more strokes where a scan in the value binds that name itself."""
    bound = {a.iterator for node in scalar.walk(value) for a in scalar.bound_axes(node)}
    fresh = f"{iterator}'"
    while fresh in bound:
        fresh += "'"
    return fresh


def scan_of(
    kind: str,
    term: Expression,
    loop: Loop,
    type_: scalar.ElementType,
    skips_nan: bool,
    name: str,
    factor: Expression | None = None,
    outer: Loop | None = None,
) -> Scan:
    """The scan of a term over a loop, up to the loop's own iteration.

    With `outer` it goes on from one of that loop's iterations to the next.
    """
    if outer is not None:
        inner = scan_of(kind, term, loop, type_, skips_nan, name, factor)
        made = [e for e in (inner.value, inner.factor) if e is not None]
        bound = max((fresh_iterator(outer.iterator, e) for e in made), key=len)
        names = {outer.iterator: Affine.symbol(bound)}
        parts = [scalar.substitute_symbols(e, names) for e in made]
        return replace(
            inner, value=parts[0], factor=parts[1] if factor is not None else None,
            outer=replace(outer.axis, iterator=bound), around=Affine.symbol(outer.iterator),
        )  # fmt: skip
    bound = fresh_iterator(loop.iterator, term)
    if factor is not None and len(other := fresh_iterator(loop.iterator, factor)) > len(bound):
        bound = other
    value = scalar.substitute_symbols(term, {loop.iterator: Affine.symbol(bound)})
    if factor is not None:
        factor = scalar.substitute_symbols(factor, {loop.iterator: Affine.symbol(bound)})
    axis = replace(loop.axis, iterator=bound)
    if type_.rank is not Rank.NUMBER:
        type_ = replace(type_, rank=max(type_.rank, term.type.rank))
    at = Affine.symbol(loop.iterator)
    return Scan(kind, value, axis, at, type_, skips_nan=skips_nan, name=name, factor=factor)
