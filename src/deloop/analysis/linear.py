"""Linear recurrences: each step scales what the last one left, and adds to it.

``h = a[t] * h + x[t]`` is read off the value, whatever its spelling was: the value as a polynomial
of degree one in the element that it updates. A reset, ``h = x[t] if new[t] else h + x[t]``, is one
whose factor is a condition. (G. E. Blelloch, "Prefix sums and their applications", 1990.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deloop.analysis.carried import is_counted
from deloop.analysis.recurrence import find_updated, is_own
from deloop.dtype import Rank, category
from deloop.frontend.expression import cast, negate, number, select
from deloop.ir import scalar
from deloop.ir.plan import Accumulation, Statement
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Inlined, Load, Select
from deloop.poly.dependence import Dependence

_EXACT_IN = ("float32", "float64")


@dataclass(frozen=True)
class Linear:
    """``factor * own + term``; a condition as the factor says where `own` is kept, not scaled."""

    factor: Expression
    term: Expression


@dataclass(frozen=True)
class _Form:
    """``factor * own + term``: 1 or 0 for a factor that is no expression, None for no term."""

    factor: Expression | int
    term: Expression | None


def find_linear(value: Expression, own: Load, dtype: str) -> Linear | None:
    """``0.5 * own + x[t] -> Linear(0.5, x[t])``; None where the value has another form.

    A factor of 1 is a sum, and no term a product: those are found as what they are.
    """
    if dtype not in _EXACT_IN and category(dtype) != "int":
        return None  # the loop rounds each step to few digits
    form = _read(_settled(_decided(value, {}), dtype), own, dtype)
    if form is None or isinstance(form.factor, int) or form.term is None:
        return None
    kept = _as_condition(form.factor)
    if kept is not None:
        return None if isinstance(kept, scalar.Number) else Linear(kept, form.term)
    if category(dtype) == "int" and form.factor.type.rank is Rank.NUMBER:
        return None  # a power of it need not fit
    if form.factor.type.rank is not Rank.NUMBER:
        kind = ElementType(dtype, form.factor.type.rank)
        return Linear(cast(form.factor, kind), form.term)
    return Linear(form.factor, form.term)


def read_shift(value: Expression, own: Load, dtype: str) -> Expression | None:
    """``own + x[t] -> x[t]``; None where the value has another form."""
    form = _read(value, own, dtype)
    if form is None or form.factor != 1 or not isinstance(form.factor, int):
        return None
    return form.term


def _decided(value: Expression, known: Mapping[Expression, bool]) -> Expression:
    """Choices within a choice on the same condition: ``select(c, select(c, a, b), d)``."""
    if not isinstance(value, Select):
        return value
    if value.condition in known:
        taken = value.then if known[value.condition] else value.otherwise
        return _decided(taken, known)
    then = _decided(value.then, {**known, value.condition: True})
    return Select(
        value.condition, then, _decided(value.otherwise, {**known, value.condition: False})
    )


def _settled(value: Expression, dtype: str) -> Expression:
    """A choice between an element and a number as the store makes it: both of its dtype."""
    if not isinstance(value, Select) or not value.is_mixed:
        return value
    sides = [_settled(side, dtype) for side in (value.then, value.otherwise)]
    kind = ElementType(dtype, Rank.SCALAR)
    sides = [cast(s, kind) if scalar.literal_of(s) is not None else s for s in sides]
    return Select(value.condition, sides[0], sides[1])


def find_linear_update(
    statement: Statement, dependences: Sequence[Dependence], level: int
) -> Accumulation | None:
    """``h = a[t] * h + x[t] -> Accumulation(linear, x[t], {t}, factor=a[t])``, or None."""
    store = statement.store
    place = find_updated(statement, dependences, level)
    if place is None or len(place[1]) > 2:
        return None
    own, iterators = place
    found = find_linear(store.value, own, store.dtype)
    if found is None:
        return None
    is_number = store.cell is not None and store.cell.rank is Rank.NUMBER
    if is_number and category(store.dtype) == "int" and not is_counted(found.term):
        return None  # Python ints have no bound, a tensor's have
    return Accumulation("linear", found.term, iterators, factor=found.factor)


def _read(value: Expression, own: Load, dtype: str) -> _Form | None:
    if not any(load.array == own.array for load in scalar.loads(value)):
        is_zero = scalar.literal_value(value) == 0
        return _Form(0, None if is_zero else value)
    if is_own(value, own):
        return _Form(1, None)
    if value.type.dtype != dtype:
        return None  # rounded to another dtype on the way
    match value:
        case Inlined(body=body):
            return _read(body, own, dtype)
        case Cast(inner, kind) if inner.type.dtype == dtype and kind.rank == inner.type.rank:
            return _read(inner, own, dtype)
        case Call("add" | "sub" as word, (left, right), _, _, ()):
            return _added(word, _read(left, own, dtype), _read(right, own, dtype), value.type)
        case Call("mul", (left, right), _, _, ()):
            for inner, scale in ((left, right), (right, left)):
                if not any(load.array == own.array for load in scalar.loads(scale)):
                    return _scaled(_read(inner, own, dtype), scale, value.type)
        case Call("div", (inner, scale), kind, _, ()) if (
            category(dtype) == "float" and kind.rank is not Rank.NUMBER  # Python raises at 0
        ):
            form = _read(inner, own, dtype)
            if form is None or any(x.array == own.array for x in scalar.loads(scale)):
                return None
            return _divided(form, scale, value.type)
        case Call("neg", (inner,), _, _, ()):
            return _negated(_read(inner, own, dtype))
        case Select(condition, then, otherwise) if not value.is_mixed:
            if any(load.array == own.array for load in scalar.loads(condition)):
                return None
            return _chosen(condition, _read(then, own, dtype), _read(otherwise, own, dtype), value)
    return None


def _added(word: str, left: _Form | None, right: _Form | None, kind: ElementType) -> _Form | None:
    if left is None or right is None:
        return None
    if left.factor != 0 and right.factor != 0:
        return None  # read twice: 1 + a is another number than the loop's two products
    terms = [_typed(t, kind) for t in (left.term, right.term) if t is not None]
    if word == "sub":
        right = _Form(_minus(right.factor), right.term)
        if left.term is None and right.term is not None:
            terms = [Call("neg", (terms[0],), terms[0].type)]
    factor = left.factor if right.factor == 0 else right.factor
    if len(terms) < 2:
        return _Form(factor, terms[0] if terms else None)
    rank = max(t.type.rank for t in terms)
    return _Form(factor, Call(word, (terms[0], terms[1]), ElementType(kind.dtype, rank)))


def _typed(term: Expression, kind: ElementType) -> Expression:
    """A term in the dtype that the loop adds it in; a number stays one."""
    if term.type.rank is Rank.NUMBER or term.type.dtype == kind.dtype:
        return term
    return cast(term, ElementType(kind.dtype, term.type.rank))


def _minus(factor: Expression | int) -> Expression | int:
    if isinstance(factor, int):
        return number(-1) if factor else 0
    literal = scalar.literal_of(factor)
    if literal is not None and not isinstance(literal.value, bool):
        return number(-literal.value)
    return Call("neg", (factor,), factor.type)


def _scaled(form: _Form | None, scale: Expression, kind: ElementType) -> _Form | None:
    if form is None:
        return None
    return _Form(_product(form.factor, scale, kind), _times(form.term, scale, kind))


def _product(factor: Expression | int, scale: Expression, kind: ElementType) -> Expression | int:
    if isinstance(factor, int):
        return scale if factor else 0
    made = _times(factor, scale, kind)
    assert made is not None
    return made


def _times(value: Expression | None, scale: Expression, kind: ElementType) -> Expression | None:
    if value is None:
        return None
    rank = max(value.type.rank, scale.type.rank)
    is_number = rank is Rank.NUMBER
    if is_number and "float64" not in (value.type.dtype, scale.type.dtype):
        return Call("mul", (value, scale), ElementType("int64", rank))
    return Call("mul", (value, scale), ElementType("float64" if is_number else kind.dtype, rank))


def _divided(form: _Form, scale: Expression, kind: ElementType) -> _Form | None:
    if form.term is not None or form.factor != 1:
        return None
    rank = scale.type.rank
    dtype = "float64" if rank is Rank.NUMBER else kind.dtype
    return _Form(Call("div", (number(1), scale), ElementType(dtype, rank)), None)


def _negated(form: _Form | None) -> _Form | None:
    if form is None:
        return None
    term = None if form.term is None else Call("neg", (form.term,), form.term.type)
    return _Form(_minus(form.factor), term)


def _chosen(
    condition: Expression, then: _Form | None, otherwise: _Form | None, value: Select
) -> _Form | None:
    """``select(c, 0, own) -> (select(c, 0, 1), select(c, 0, 0))``."""
    if then is None or otherwise is None:
        return None
    pairs = ((then, otherwise), (otherwise, then))
    if any((a.factor, a.term, b.factor) == (1, None, 0) and b.term for a, b in pairs):
        return None  # what was there stays, or is replaced: nothing is added
    factors = [_filled(f.factor, value.type) for f in (then, otherwise)]
    terms = [_filled(f.term, value.type) for f in (then, otherwise)]
    factor = select(condition, factors[0], factors[1])
    if then.term is None and otherwise.term is None:
        return _Form(factor, None)
    return _Form(factor, select(condition, terms[0], terms[1]))


def _filled(part: Expression | int | None, kind: ElementType) -> Expression:
    """A branch's part in the type that the whole select has."""
    if part is None or isinstance(part, int):
        part = number(part or 0)
    return part if part.type == kind else cast(part, kind)


def _as_condition(factor: Expression) -> Expression | None:
    """Where a factor is 1, if it is 0 elsewhere: ``select(c, 0, 1) -> not c``."""
    value = scalar.literal_value(factor)
    if isinstance(value, (bool, int, float)):
        return number(bool(value)) if value in (0, 1) else None
    if not isinstance(factor, Select):
        return None
    then, otherwise = _as_condition(factor.then), _as_condition(factor.otherwise)
    if then is None or otherwise is None:
        return None
    return _choice(factor.condition, then, otherwise)


def _choice(condition: Expression, then: Expression, otherwise: Expression) -> Expression | None:
    match then, otherwise:
        case scalar.Number(first), scalar.Number(second):
            if first == second:
                return then
            return condition if first else negate(condition)
    return None
