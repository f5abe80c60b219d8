"""Scatters over their axes: what is combined before it goes out, and what the data must satisfy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deloop.analysis.facts import Facts
from deloop.analysis.scatter import is_constant, masked, unmasked
from deloop.diagnostic import Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unsupported
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import both, cast, integer, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Store
from deloop.ir.plan import Accumulation, Vector
from deloop.ir.row_major import fills
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Select
from deloop.ir.types import Tensor
from deloop.transform.protect import protect_under
from deloop.transform.reduce import reduce_over

_INDEX = ElementType("int64", Rank.SCALAR)


def settle_scatter(vector: Vector, arrays: Mapping[str, Tensor], facts: Facts) -> Vector:
    """The scatter with one value an element of its indices, its requirements noted in `facts`.

    ``for i: for j: out[idx[i]] += x[i, j]   ->   out[idx[i]] += sum over j of x[i, j]``
    """
    found = vector.accumulation
    assert found is not None
    if found.kind == "sum":
        vector = _summed(vector, found)
    plain = vector.statement.store
    if category(plain.dtype) not in ("float", "complex") and scalar.requires_grad(plain.value):
        raise _refuse(plain, f"a value that requires grad is stored into a {plain.dtype}")
    vector = _protected(_converted(vector))
    store = vector.statement.store
    shape = arrays[store.array].type.shape
    looked_up = [
        (s, facts.canonical(size))
        for s, size in zip(store.subscripts, shape, strict=True)
        if not isinstance(s, (Affine, scalar.Index))
    ]
    wraps = not found.in_bounds and any(isinstance(s, scalar.Index) for s in store.subscripts)
    known = _is_known(store, arrays, facts) and not wraps  # a place may count from the end
    mask, term = unmasked(store.value)
    if found.kind == "sum" and known and mask is not None and _is_beside(store, mask, found):
        # Adding zeros is plainer than choosing from every index and value by itself.
        store = replace(store, value=Select(mask, term, cast(number(0), term.type)))
        vector = replace(vector, statement=replace(vector.statement, store=store))
        mask, found = None, replace(found, in_bounds=True)
    needed = [
        DataRequirement(_where(mask, _inside(s, size)), store.place, _in_bounds(store))
        for s, size in looked_up
    ]
    one = sum(not isinstance(s, Affine) for s in store.subscripts) == 1
    if found.kind == "last" and is_constant(store.value, found.iterators):
        return replace(vector, accumulation=replace(found, kind="same"))
    if found.kind == "only" or vector.level == len(vector.statement.loops):
        return vector
    if found.kind == "last" and mask is None and not vector.level and len(shape) == 1:
        index, loops = store.subscripts[0], vector.statement.loops
        if not isinstance(index, Affine) and fills(index, loops, facts.canonical(shape[0])):
            return replace(vector, accumulation=replace(found, kind="only", in_bounds=True))
    if found.kind == "last":
        if not known:
            raise _refuse(store, "whether two iterations write one element is not known before")
        facts.needed.extend(needed)
        facts.needed.append(_distinct(store, shape, mask, facts))
        return replace(vector, accumulation=replace(found, kind="only", in_bounds=True))
    if not known or (found.kind == "sum" and not one and not found.in_bounds):
        return vector
    facts.needed.extend(needed)
    if found.skips_nan:
        term = unmasked(store.value)[1]
        is_nan = Call("isnan", (term,), ElementType("bool", term.type.rank), "torch.isnan")
        condition, reason = _where(mask, negate(is_nan)), "no value compared is NaN"
        facts.needed.append(DataRequirement(condition, store.place, reason, avoidable=True))
    return replace(vector, accumulation=replace(found, in_bounds=True))


def _summed(vector: Vector, found: Accumulation) -> Vector:
    """The sum over loops that move neither the element nor the mask, made before it goes out."""
    statement = vector.statement
    store = statement.store
    mask, term = unmasked(store.value)
    used: set[str] = set()
    for part in store.subscripts:
        if isinstance(part, Affine):
            used.update(part.symbols)
        else:
            used |= scalar.iterators_of(part, found.iterators)
    still = [x for x in statement.loops if x.iterator in found.iterators - used]
    if not still:
        return vector
    gone = {x.iterator for x in still}
    inner = {s for x in statement.loops if x.iterator not in gone for c in x.constraints
             for s in c.expression.symbols}  # fmt: skip
    if gone & inner:
        raise _refuse(store, "the range of one loop moves with another that its target does not")
    term = cast(term, ElementType(store.dtype, max(term.type.rank, Rank.SCALAR)))
    if mask is not None and scalar.iterators_of(mask, frozenset(gone)):
        term, mask = Select(mask, term, cast(number(0), term.type)), None
    value = reduce_over("sum", term, tuple(x.axis for x in still))
    loops = tuple(x for x in statement.loops if x.iterator not in gone)
    domain = tuple(c for c in statement.domain if not set(c.expression.symbols) & gone)
    store = replace(store, value=value if mask is None else masked(mask, value))
    return replace(vector, statement=replace(statement, store=store, loops=loops, domain=domain))


def _is_beside(store: Store, mask: Expression, found: Accumulation) -> bool:
    """Whether the mask chooses neither whole rows nor all of some index or of the value."""
    over = scalar.iterators_of(mask, found.iterators)
    parts = [unmasked(store.value)[1], *(s for s in store.subscripts if not isinstance(s, Affine))]
    for part in parts:
        used = scalar.iterators_of(part, found.iterators)
        if used & over and not (used <= over or over <= used):
            return True
    return False


def _converted(vector: Vector) -> Vector:
    """The term in the target's dtype, which no scatter converts by itself."""
    store = vector.statement.store
    mask, term = unmasked(store.value)
    while (
        isinstance(term, Cast)
        and term.type.rank is Rank.NUMBER
        and term.value.type.dtype == store.dtype
        and not scalar.requires_grad(term.value)
    ):
        term = term.value  # x[i].item() into a target of x's own dtype
    term = cast(term, ElementType(store.dtype, max(term.type.rank, Rank.SCALAR)))
    value = term if mask is None else masked(mask, term)
    store = replace(store, value=value, augmented=False)
    return replace(vector, statement=replace(vector.statement, store=store))


def _protected(vector: Vector) -> Vector:
    """Indices that are looked up themselves, harmless where the mask does not hold."""
    store = vector.statement.store
    mask, _ = unmasked(store.value)
    if mask is None:
        return vector
    subscripts = tuple(
        s if isinstance(s, Affine) else protect_under(s, mask) for s in store.subscripts
    )
    store = replace(store, subscripts=subscripts)
    return replace(vector, statement=replace(vector.statement, store=store))


def _where(mask: Expression | None, condition: Expression) -> Expression:
    return condition if mask is None else both(negate(mask), condition, "logical_or")


def _inside(subscript: Expression, size: Affine) -> Expression:
    rank = max(subscript.type.rank, Rank.SCALAR)
    subscript = cast(subscript, ElementType("int64", rank))  # a narrow dtype may not hold the size
    kind = ElementType("bool", rank)
    return both(
        Call("ge", (subscript, integer(Affine())), kind),
        Call("lt", (subscript, integer(size)), kind),
    )


def _in_bounds(store: Store) -> str:
    return f"every index of {store.array} is inside of it, and not negative"


def _distinct(
    store: Store, shape: tuple[Affine, ...], mask: Expression | None, facts: Facts
) -> DataRequirement:
    """Ask that no two instances write one element; its place is one number, row by row."""
    parts = [
        (s, facts.canonical(size))
        for s, size in zip(store.subscripts, shape, strict=True)
        if not isinstance(s, Affine) or set(s.symbols) - {x.iterator for x in store.implicit}
    ]
    key: Expression | None = None
    for subscript, size in parts:
        place = cast(
            integer(subscript) if isinstance(subscript, Affine) else subscript, _INDEX
        )
        if key is None:
            key = place
            continue
        scaled = Call("mul", (key, integer(size)), _INDEX)
        key = Call("add", (scaled, place), _INDEX)
    assert key is not None
    reason = f"no two iterations write the same element of {store.array}"
    return DataRequirement(key if mask is None else masked(mask, key), store.place, reason,
                           distinct=True)  # fmt: skip


def _is_known(store: Store, arrays: Mapping[str, Tensor], facts: Facts) -> bool:
    """Whether the indices, and the mask, can be looked at before the loop runs."""
    device = arrays[store.array].type.device
    mask, _ = unmasked(store.value)
    parts = [s for s in store.subscripts if not isinstance(s, Affine)]
    parts += [] if mask is None else [mask]
    return all(
        facts.is_known_at_entry(load.array) and arrays[load.array].type.device == device
        for part in parts
        for load in scalar.loads(part)
    )


def _refuse(store: Store, sentence: str) -> Unsupported:
    return Unsupported(Refusal("VEC945", store.place, f"loop kept: {sentence}"))
