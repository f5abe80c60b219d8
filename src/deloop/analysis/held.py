"""Held values: each step leaves what was there, or sets it anew from what it reads elsewhere.

``if new[t]: cur = x[t]`` with `cur` read at each step takes `x` from the last iteration so far that
has set it: where that is, is a running maximum of positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.analysis.recurrence import find_updated, is_own
from deloop.dtype import Rank
from deloop.frontend.expression import both, cast, needs_its_condition, negate, number, select
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Accumulation, Statement
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Inlined,
    Load,
    Number,
    Scan,
    Select,
)
from deloop.poly.dependence import Dependence


def find_held_update(
    statement: Statement, dependences: Sequence[Dependence], level: int
) -> Accumulation | None:
    """``h = x[t] if c[t] else h -> Accumulation(held, x[t], {t}, factor=not c[t])``, or None."""
    store = statement.store
    place = find_updated(statement, dependences, level)
    if place is None or len(place[1]) > 2:
        return None
    own, iterators = place
    form = find_held(store.value, own)
    if form is None or not scalar.iterators_of(form[0], iterators):
        return None
    return Accumulation("held", form[1], iterators, factor=negate(form[0]))


def find_held(value: Expression, own: Load) -> tuple[Expression, Expression] | None:
    """The condition under which a value replaces `own`, and what it replaces it by, or None."""
    form = _read(value, own)
    sets, taken = form or (number(False), None)
    if taken is None or isinstance(sets, Number):
        return None
    if not _is_harmless(taken):
        taken = Select(sets, taken, cast(number(0), taken.type))
    return sets, taken


def find_held_extreme(
    statement: Statement, found: Accumulation, level: int
) -> Accumulation | None:
    """A running extreme as the value of the iteration that has set it, for its gradient's sake.

    ``if x[t] > best: best = x[t]``: each step's gradient goes to one element, of equals to that
    which the comparison says, so it is read where `best` was set last.
    """
    store = statement.store
    loops = [x for x in statement.loops[level:] if x.iterator in found.iterators]
    if len(loops) != 1 or not found.skips_nan or not isinstance(store.value, Select):
        return None
    loop, select_ = loops[0], store.value
    own = next((x for x in scalar.loads(select_.condition) if x.array == store.array), None)
    if own is None or store.cell is None or own.type.dtype != found.term.type.dtype:
        return None
    bound = f"{loop.iterator}'"
    if any(a.iterator.startswith(loop.iterator) for n in scalar.walk(select_)
           for a in scalar.bound_axes(n)):  # fmt: skip
        return None
    term = scalar.substitute_symbols(found.term, {loop.iterator: Affine.symbol(bound)})
    span = None if loop.span is None else loop.span - loop.stride
    axis = replace(loop.axis, iterator=bound, upper=loop.upper - 1, span=span)
    before = Scan(
        found.kind, term, axis, Affine.symbol(loop.iterator), own.type, exclusive=True,
        skips_nan=True, name=store.array.partition("'")[0], first=own,
    )  # fmt: skip
    condition = scalar.replaced(select_.condition, {own: before})
    sides = _read(select_.then, own), _read(select_.otherwise, own)
    form = _chosen(condition, *sides)
    if form is None or form[1] is None:
        return None
    return Accumulation("held", form[1], found.iterators, factor=negate(form[0]))


_Form = tuple[Expression, Expression | None]
"""The condition under which the value is set, and what to."""


def _read(value: Expression, own: Load) -> _Form | None:
    if is_own(value, own):
        return number(False), None
    if not scalar.reads(value, own.array):
        settled = value.type.dtype == own.type.dtype
        is_number = value.type.rank is Rank.NUMBER
        if not settled and not is_number:
            return None  # rounded on the way
        kind = ElementType(own.type.dtype, value.type.rank)
        return number(True), value if settled else cast(value, kind)
    match value:
        case Inlined(body=body):
            return _read(body, own)
        case Cast(inner, kind) if inner.type.dtype == kind.dtype == own.type.dtype:
            return _read(inner, own)
        case Select(condition, then, otherwise) if not scalar.reads(condition, own.array):
            return _chosen(condition, _read(then, own), _read(otherwise, own))
    return None


def _chosen(condition: Expression, then: _Form | None, otherwise: _Form | None) -> _Form | None:
    if then is None or otherwise is None:
        return None
    (first, mine), (second, other) = then, otherwise
    if first == number(True):
        sets = both(condition, second, "logical_or")
    elif second == number(True):
        sets = both(negate(condition), first, "logical_or")
    else:
        sets = both(both(condition, first), both(negate(condition), second), "logical_or")
    if mine is None or other is None:
        return sets, mine or other
    if mine.type != other.type:
        return None
    return sets, select(condition, mine, other)


_LINEAR = frozenset({"add", "sub", "neg"})


def _is_harmless(value: Expression) -> bool:
    """Whether a value may be computed in all iterations, those that do not set anything included.

    It does not raise, and its derivative makes no NaN of the zero that those get.
    """
    return not needs_its_condition(value) and not any(
        isinstance(n, (Inlined, scalar.Reduce, scalar.Scan))
        or (isinstance(n, Call) and n.operator not in _LINEAR and scalar.requires_grad(n))
        for n in scalar.walk(value)
    )
