"""What a loop must have done before a carried variable is what the tensor form makes it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from deloop.analysis.facts import Facts
from deloop.analysis.masks import alternatives_of, comparison_of
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import both, negate, number
from deloop.ir.affine import Affine, at_least
from deloop.ir.axis import Axis
from deloop.ir.loop import Cell, Loop, Nest, Store
from deloop.ir.plan import Statement, Step, vectors
from deloop.ir.scalar import (
    UNSET,
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Load,
    Number,
    Reduce,
    Select,
    loads,
    substitute_symbols,
    walk,
)
from deloop.poly.domain import Domain, intersect, required_for_each


def require_updates(
    nest: Nest, statements: Sequence[Statement], facts: Facts, settled: frozenset[str] = frozenset()
) -> list[DataRequirement]:
    """Ask that each variable that begins unset, or as another type, is set by some iteration.

    ``s = 0.0`` is a Python float until ``s = s + x[i]`` makes a tensor of it. Returns what must
    hold of the data where every update hangs on a condition. Those that are `settled` ask for it
    themselves. Raises `Unsupported` where it does not.
    """
    needed: list[DataRequirement] = []
    changing = {c.key for c in nest.cells if c.starts_unset or c.changes_type}
    used = {load.array for s in statements for load in loads(s.store.value)} | nest.live
    for cell in nest.cells:
        if cell.starts_beyond and cell.key not in settled:
            sentence = f"loop kept: {cell.name} begins as another type than it has later"
            raise Unsupported(Refusal("VEC918", nest.place, sentence))
        is_left = cell.starts_shared and cell.key in nest.live
        changes = cell.starts_unset or cell.changes_type or is_left
        if not changes or cell.key in settled:
            continue
        own = [s for s in statements if s.store.array == cell.key]
        if not own or cell.key not in used:
            continue
        if cell.key in nest.live and any(_hands_on(s.store, cell, changing) for s in own):
            sentence = f"loop kept: {cell.name} takes the type that another variable began with"
            raise Unsupported(Refusal("VEC918", nest.place, sentence))
        depth = min(len(s.loops) for s in own) - int(cell.starts_unset)
        updates = [s for s in own if len(s.loops) > depth]
        certain = [s for s in updates if _taken(s.store.value, cell) == number(True)]
        if any(_runs(s, depth, facts) for s in certain if not s.store.guards):
            continue
        if _run_each_time(updates, cell, depth, facts):
            continue
        guard = None if depth else _guard_of(updates, cell, nest) if facts.may_guard else None
        if guard is not None and cell.key in nest.live:
            facts.guards[cell.key] = guard
            continue
        possible = [s for s in updates if not s.store.guards and _runs(s, depth, facts)]
        if certain or len(updates) != 1 or not possible or depth:
            sentence = f"loop kept: whether an iteration sets {cell.name} is not known"
            raise Unsupported(Refusal("VEC918", nest.place, sentence))
        store = possible[0].store
        reason = f"some iteration sets {cell.name}"
        condition = _taken(store.value, cell)
        needed.append(
            DataRequirement(condition, store.place, reason, every=False, avoidable=True)
        )
    return needed


def _guard_of(updates: Sequence[Statement], cell: Cell, nest: Nest) -> Expression | None:
    """The condition under which some iteration sets a variable; None where it cannot be written.

    ``if x[i] > 0: s = s + x[i]   ->   any over i of x[i] > 0``
    """
    found: Expression = number(False)
    for statement in updates:
        names = {x.iterator for x in statement.loops}
        moving = any(
            set(c.expression.symbols) & (names - {x.iterator})
            for x in statement.loops
            for c in x.constraints
        )
        taken = _taken(statement.store.value, cell)
        inside = {load.array for load in loads(taken)} & nest.locals
        if moving or inside or statement.store.guards or not statement.loops:
            return None
        condition: Expression = number(True)
        if taken == number(True):
            for loop in statement.loops:
                extent = loop.upper - loop.lower if loop.span is None else loop.span
                condition = both(condition, comparison_of(at_least(extent, 1), set()))
        else:
            condition = over("any", taken, tuple(x.axis for x in statement.loops))
        found = both(found, condition, "logical_or")
    return found


def over(kind: str, condition: Expression, axes: Sequence[Axis]) -> Expression:
    """Whether any or all iterations meet a condition; its axes are none of the loops' own."""
    renamed = {a.iterator: Affine.symbol(f"{a.iterator}'") for a in axes}
    own = tuple(replace(a, iterator=f"{a.iterator}'") for a in axes)
    return Reduce(kind, substitute_symbols(condition, renamed), own, _TRUTH)


_TRUTH = ElementType("bool", Rank.TENSOR)


def _hands_on(store: Store, cell: Cell, changing: Set[str]) -> bool:
    """Whether a value may still be the number that another variable began as: ``b = a``.

    One that begins anew in each iteration has been set by the loop inside.
    """
    depth = len(store.subscripts) - len(store.implicit)
    reads = [
        load
        for load in loads(store.value)
        if load.array != cell.key and len(load.subscripts) - len(load.implicit) <= depth
    ]
    settling = [x for x in reads if x.array not in changing and x.type.rank is not Rank.NUMBER]
    return any(x.array in changing for x in reads) and not settling


def check_decided(plan: tuple[Step, ...]) -> None:
    """Refuse a plan in which it counts at an iteration whether a variable is None still."""
    for vector in vectors(plan):
        store = vector.statement.store
        if vector.accumulation is not None and vector.accumulation.winner is not None:
            continue
        for node in walk(store.value):
            if isinstance(node, Call) and node.operator == UNSET:
                sentence = "loop kept: whether a variable is None yet changes within the loop"
                raise Unsupported(Refusal("VEC918", store.place, sentence))


_GROWING = frozenset({"add", "sub", "mul", "neg", "abs", "pow", "floor_divide"})


def check_bounded(plan: tuple[Step, ...], nest: Nest) -> None:
    """Refuse a plan that carries a Python int, which has no bound, through int64 arithmetic.

    ``s = s - x[i].item()`` beside what keeps the loop: a sum at once has been judged before.
    """
    own = {cell.key for cell in nest.cells}
    for vector in vectors(plan):
        store = vector.statement.store
        if vector.accumulation is not None or store.array not in own:
            continue
        for node in walk(store.value):
            is_int = isinstance(node, Call) and node.operator in _GROWING
            if not is_int or node.type != ElementType("int64", Rank.NUMBER):
                continue
            if any(x.array not in own and x.type.dtype == "int64" for x in loads(node)):
                sentence = "loop kept: it computes with Python ints, which have no bound"
                raise Unsupported(Refusal("VEC917", store.place, sentence))


def _taken(value: Expression, cell: Cell) -> Expression:
    """The condition under which an update brings a new value."""
    if isinstance(value, Load) and value.array == cell.key:
        return number(False)
    if isinstance(value, Select):
        taken, other = _taken(value.then, cell), _taken(value.otherwise, cell)
        if taken == other and isinstance(taken, Number):
            return taken
        return both(
            both(value.condition, taken), both(negate(value.condition), other), "logical_or"
        )
    return number(True)


def _runs(statement: Statement, depth: int, facts: Facts) -> bool:
    """Whether an instance is certain to run, in each iteration of the `depth` loops around it."""
    outer = statement.loops[:depth]
    inner = statement.loops[depth:]
    domain = _domain_of(outer)
    names = domain.iterators
    for pick_first in (True, False):
        witness: dict[str, Affine] = {}
        needed = []
        for loop in inner:
            lower, upper = loop.lower.substitute(witness), loop.upper.substitute(witness)
            needed.append(at_least(upper - lower, 1))
            witness[loop.iterator] = lower if pick_first else upper - 1
        if all(facts.proves(domain, c) for c in needed):
            return True
        if any(set(c.expression.symbols) & set(names) for c in needed):
            continue
        if all(facts.holds(c) for c in needed):
            return all(facts.assume(c, "an iteration runs") for c in needed)
    return False


def _run_each_time(
    updates: Sequence[Statement], cell: Cell, depth: int, facts: Facts
) -> bool:
    """Whether each iteration of the `depth` loops around has an update, by its place alone.

    ``for j in range(n): if j != i: s = s + x[j]``: for every i where n is 2 or more
    """
    if not updates or not depth:
        return False
    around = updates[0].loops[:depth]
    outer = _domain_of(around)
    pieces = tuple(
        intersect(_domain_of(s.loops), (*s.store.guards, *chosen))
        for s in updates
        if s.loops[:depth] == around
        for chosen in alternatives_of(_taken(s.store.value, cell))
    )
    every = (outer, *pieces)
    symbols = {name for d in every for c in d.constraints for name in c.expression.symbols}
    inside = {x for d in every for x in d.iterators}
    condition = required_for_each(outer, pieces, facts.context(sorted(symbols - inside)))
    for needed in condition or ():
        if all(facts.holds(c) for c in needed):
            return all(facts.assume(c, "an iteration runs") for c in needed)
    return False


def _domain_of(loops: Sequence[Loop]) -> Domain:
    return Domain(tuple(x.iterator for x in loops), tuple(c for x in loops for c in x.constraints))


_SMALL = frozenset({"bool", "uint8", "int8", "int16", "int32"})


def is_counted(value: Expression) -> bool:
    """Whether a Python int is so small that many of them together fit an int64."""
    match value:
        case Number(number_value):
            return isinstance(number_value, int) and abs(number_value) < 2**31
        case Index():
            return True
        case Select(_, then, otherwise):
            return is_counted(then) and is_counted(otherwise)
        case Call("add" | "sub" | "neg", arguments):
            return all(map(is_counted, arguments))
        case Cast(inner):
            return inner.type.dtype in _SMALL or is_counted(inner)
    return value.type.dtype in _SMALL
