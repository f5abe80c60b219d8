"""Stores to elements that data selects: what all instances together leave there.

``out[idx[i]] += v[i]`` may meet one element any number of times. Each meeting counts for a sum or
an extreme, the last one for a plain store. Updates of one kind commute, so several statements that
update one array need not stay together (M. J. Wolfe, "High Performance Compilers for Parallel
Computing", 1996, chapter 5, on reductions into arrays).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from deloop.analysis.recurrence import decompose, is_own
from deloop.diagnostic import Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unsupported
from deloop.frontend.expression import both, cast, negate, select
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Accumulation, Statement
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Invariant,
    Load,
    Number,
    Select,
)
from deloop.poly.dependence import Dependence

_KINDS = frozenset({"sum", "max", "min", "last"})


def find_scatters(
    component: Sequence[Statement], dependences: Sequence[Dependence], level: int
) -> tuple[Accumulation, ...] | None:
    """What each statement of a cycle scatters, None where one of them does anything else.

    ``deg[src[e]] += 1; deg[dst[e]] += 1   ->   two sums, in any order``
    """
    names = {s.name for s in component}
    arrays = {s.store.array for s in component}
    within = {d.array for d in dependences if d.source in names and d.sink in names}
    if len(arrays) != 1 or not within <= arrays:
        return None
    found = [_find_scatter(statement, level) for statement in component]
    scatters = tuple(f for f in found if f is not None)
    if len(scatters) != len(found) or len({f.kind for f in scatters}) != 1:
        return None
    if len(scatters) > 1 and scatters[0].kind == "last":
        values = {unmasked(f.term)[1] for f in scatters}
        if len(values) != 1 or not is_constant(scatters[0].term, scatters[0].iterators):
            return None  # the order of the stores decides
    return scatters


def find_overlaps(
    component: Sequence[Statement],
    dependences: Sequence[Dependence],
    level: int,
    seen: Callable[[Affine], int | None],
) -> list[tuple[Statement, Accumulation]] | None:
    """Sums into parts of a tensor that overlap, which meet one element as if data chose it.

    ``out[s * i + k] += v[i, k]   ->   out[(s * i + k)] += v[i, k]``, the place an index. Large
    blocks that overlap in several dimensions, few of them, are added faster one by one; `seen`
    tells what a size was.
    """
    if any(_adds_blocks(statement, level, seen) for statement in component):
        return None
    if any(not isinstance(s, Affine) for x in component for s in x.store.subscripts):
        return None  # a place that may count from the end
    changed = [_with_indices(statement, level) for statement in component]
    if not any(new is not old for new, old in zip(changed, component, strict=True)):
        return None
    found = find_scatters(changed, dependences, level)
    if found is None or found[0].kind != "sum" or len(component[0].loops) == level:
        return None
    return [(s, replace(f, in_bounds=True)) for s, f in zip(changed, found, strict=True)]


def _adds_blocks(
    statement: Statement, level: int, seen: Callable[[Affine], int | None]
) -> bool:
    """Whether each iteration adds a block that is larger than there are iterations."""
    store = statement.store
    inner = {x.iterator: x for x in store.implicit}
    around = {x.iterator for x in statement.loops}
    places = [s for s in store.subscripts if isinstance(s, Affine)]
    overlapping = [s for s in places if set(s.symbols) & around and set(s.symbols) & inner.keys()]
    if len(overlapping) < 2 or len(statement.loops) == level:
        return False
    if any(abs(s.coefficient(n)) > 1 for s in overlapping for n in inner):
        return True  # a large block, as it has a step
    loop = statement.loops[level]
    count = seen(loop.upper - loop.lower) or 0
    sizes = [seen(inner[n].upper) or 0 for s in overlapping for n in s.symbols if n in inner]
    return count < max(sizes)


def _with_indices(statement: Statement, level: int) -> Statement:
    """The statement with places that several lifted iterators move as indices."""
    store = statement.store
    lifted = {x.iterator for x in (*statement.loops[level:], *store.implicit)}
    subscripts = tuple(
        Index(s) if isinstance(s, Affine) and len(lifted & set(s.symbols)) > 1 else s
        for s in store.subscripts
    )
    count = sum(new is not old for new, old in zip(subscripts, store.subscripts, strict=True))
    if count != 1 or store.local or store.cell is not None:
        return statement  # several indices at once are slower than the loop over blocks
    value = scalar.replaced(
        store.value,
        {x: replace(x, subscripts=subscripts) for x in scalar.loads(store.value)
         if (x.array, x.subscripts) == (store.array, store.subscripts)},
    )  # fmt: skip
    return replace(statement, store=replace(store, subscripts=subscripts, value=value))


def find_masked_store(statement: Statement, level: int) -> Accumulation | None:
    """A store under a condition on data to an element that data selects, no two to the same one.

    Its index may be out of bounds wherever the loop does not make it. Raises `Unsupported` where
    the loops around it stay.
    """
    store = statement.store
    if not _selects(statement):
        return None
    if is_own(store.value, _own(statement)):  # a condition on it is not seen any more
        sentence = "loop kept: an element that data selects is stored back as it is"
        raise Unsupported(Refusal("VEC945", store.place, sentence))
    mask, value = _peeled(store.value, _own(statement))
    if mask is None:
        return None
    if len(statement.loops) == level:
        sentence = "loop kept: a condition may skip a store of which data selects the element"
        raise Unsupported(Refusal("VEC945", store.place, sentence))
    found = _find_scatter(statement, level)
    if found is not None and found.kind == "sum":
        return found
    lifted = frozenset(loop.iterator for loop in statement.loops[level:])
    return Accumulation("only", masked(mask, value), lifted, scattered=True)


def _selects(statement: Statement) -> bool:
    """Whether data, which the statement itself does not change, says which element it stores to."""
    store = statement.store
    if store.local or store.cell is not None:
        return False
    parts = [s for s in store.subscripts if not isinstance(s, Affine)]
    return bool(parts) and not any(scalar.reads(part, store.array) for part in parts)


def _own(statement: Statement) -> Load:
    store = statement.store
    rank = Rank.TENSOR if store.implicit else Rank.SCALAR
    return Load(store.array, store.subscripts, ElementType(store.dtype, rank))


def _peeled(value: Expression, own: Load) -> tuple[Expression | None, Expression]:
    """The condition under which a value is stored at all, and the value: ``select(c, v, own)``."""
    if isinstance(value, Select):
        for kept, changed, when in (
            (value.otherwise, value.then, value.condition),
            (value.then, value.otherwise, negate(value.condition)),
        ):
            if is_own(kept, own) and not scalar.reads(when, own.array):
                inner, changed = _peeled(changed, own)
                return (when if inner is None else both(when, inner)), changed
    return None, value


def _find_scatter(statement: Statement, level: int) -> Accumulation | None:
    """``out[idx[i]] = out[idx[i]] + v[i]   ->   Accumulation(sum, v[i], {i}, scattered=True)``."""
    store = statement.store
    if not _selects(statement) or len(statement.loops) == level:
        return None
    lifted = frozenset(loop.iterator for loop in statement.loops[level:])
    own = _own(statement)
    form = _split(store.value, own, store.dtype)
    if form is None:
        return None
    mask, word, term = form
    kind = {"maximum": "max", "minimum": "min"}.get(word, word)
    if kind not in _KINDS or _is_inexact(term, kind, store.dtype):
        return None
    if mask is not None:
        term = masked(mask, term)
    if kind == "last" and _is_cut_by_another(statement, lifted):
        return None
    if scalar.reads(term, store.array) or (kind in ("max", "min") and scalar.requires_grad(term)):
        return None
    by_comparison = word in ("max", "min") and category(store.dtype) == "float"
    return Accumulation(kind, term, lifted, by_comparison, scattered=True)


def _is_cut_by_another(statement: Statement, lifted: frozenset[str]) -> bool:
    """Whether a loop that moves no element says how far another one runs: it is not its last."""
    used: set[str] = set()
    for subscript in statement.store.subscripts:
        if isinstance(subscript, Affine):
            used.update(subscript.symbols)
        else:
            used |= scalar.iterators_of(subscript, lifted)
    still = lifted - used
    return any(
        still & set(c.expression.symbols)
        for loop in statement.loops
        if loop.iterator not in still
        for c in loop.constraints
    )


def _is_inexact(term: Expression, kind: str, dtype: str) -> bool:
    """Whether the term beside the element is another number than the term in the store's dtype."""
    if kind == "last" or term.type.rank is not Rank.NUMBER:
        return False
    if isinstance(term, Number):
        value = term.value
        exact = not isinstance(value, complex) and abs(value) <= 256 and value == int(value)
        return not exact and dtype in ("float16", "bfloat16")
    return dtype not in ("float32", "float64", "int64")


_Split = tuple[Expression | None, str, Expression]


def _split(value: Expression, own: Load, dtype: str) -> _Split | None:
    """The condition under which an instance updates the element, the kind and the term.

    ``select(m[i], own + v[i], own) -> (m[i], sum, v[i])``; None where the value has another form.
    """
    if isinstance(value, Select) and not scalar.reads(value.condition, own.array):
        condition, then, otherwise = value.condition, value.then, value.otherwise
        for kept, changed, when in (
            (otherwise, then, condition), (then, otherwise, negate(condition)),
        ):  # fmt: skip
            if is_own(kept, own):
                inner = _split(changed, own, dtype)
                if inner is None:
                    return None
                return (when if inner[0] is None else both(when, inner[0])), *inner[1:]
        first, second = _split(then, own, dtype), _split(otherwise, own, dtype)
        if first is None or second is None or first[1] != second[1]:
            return None
        if first[0] is not None or second[0] is not None:
            return None
        terms = [first[2], second[2]]
        if terms[0].type != terms[1].type:
            if first[1] != "sum" or any(_is_inexact(t, "sum", dtype) for t in terms):
                return None
            terms = [cast(t, ElementType(dtype, Rank.SCALAR)) for t in terms]
        return None, first[1], select(condition, *terms)
    match value:
        case Call("maximum" | "minimum" as word, (left, right)) if value.type.dtype == dtype:
            term = right if is_own(left, own) else left
            if any(is_own(a, own) for a in (left, right)) and term.type.rank is not Rank.NUMBER:
                return None, word, term  # PyTorch raises for a number
            return None
    form = decompose(value, own, dtype)
    if form is None or not (form[1].type.dtype == dtype or _is_direct(value, own)):
        return None  # own + a + b adds in the target's dtype, a + b need not
    return None, *form


def _is_direct(value: Expression, own: Load) -> bool:
    """Whether the element is an operand of the update itself, not of an operand."""
    while isinstance(value, Cast):
        value = value.value
    if not isinstance(value, Call):
        return not scalar.reads(value, own.array)
    return any(is_own(a, own) for a in value.arguments) or not scalar.reads(value, own.array)


def masked(mask: Expression, term: Expression) -> Expression:
    """A term that counts where a condition holds; elsewhere there is nothing, not even a zero."""
    before, inner = unmasked(term)
    mask = mask if before is None else both(mask, before)
    return Select(mask, inner, Invariant(_NOTHING, inner.type))


def unmasked(term: Expression) -> tuple[Expression | None, Expression]:
    """The condition of a `masked` term, None where it has none, and what counts under it."""
    match term:
        case Select(condition, then, Invariant(name)) if name == _NOTHING:
            return condition, then
    return None, term


_NOTHING = ""


def is_constant(term: Expression, iterators: frozenset[str]) -> bool:
    """Whether every instance stores one and the same value, so that their order is no matter.

    A gradient would flow back from each of them, though one alone is left.
    """
    value = unmasked(term)[1]
    return not scalar.iterators_of(value, iterators) and not scalar.requires_grad(value)
