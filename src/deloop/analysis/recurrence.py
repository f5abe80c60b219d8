"""What a dependence cycle computes: an accumulation, or only the last value.

A statement whose instances depend on each other solely because each of them updates one element
(``s = s + x[i]``, ``out[i] += a[i, j]``) combines the values of all iterations; the order counts at
most for rounding. The form is read off the value, whatever its spelling was
(M. J. Wolfe, "High Performance Compilers for Parallel Computing", 1996, chapter 5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from deloop.analysis.surroundings import Surroundings
from deloop.dtype import Rank, category, promote
from deloop.frontend.expression import (
    NODES,
    aliased_arrays,
    both,
    cast,
    negate,
    number,
    select,
    uncopied,
)
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.loop import Store
from deloop.ir.plan import Accumulation, Statement
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Load, Number, Select
from deloop.ops.reductions import find_reduction, neutral_of
from deloop.poly.dependence import Dependence, DependenceKind


def find_accumulation(
    statement: Statement,
    dependences: Sequence[Dependence],
    level: int,
    around: Surroundings | None = None,
) -> Accumulation | None:
    """The accumulation that a statement makes over the loops inside of `level`, None for no match.

    ``out[i] = out[i] + x[i, j]  ->  Accumulation(sum, x[i, j], {j})``

    Without `around`, what is accumulated is only stored elsewhere, so that it may be a view here.
    """
    place = find_updated(statement, dependences, level)
    if place is None:
        return None
    own, iterators = place
    store = statement.store
    found = read_update(statement, own)
    if found is None:
        return None
    kind, term = found
    by_comparison = kind in ("max", "min") and _compares(store.value, store.array)
    if around is not None:
        if by_comparison and around.changes_type(store.array):
            return None  # where nothing beats the start, it keeps its type
        if not _is_new_value(statement, kind, term, around, level):
            return None
    floating = category(store.dtype) == "float"
    is_bounded = False
    if kind == "prod" and around is not None:
        is_bounded = not starts_plainly(statement, iterators, around)
    if is_bounded and category(store.dtype) == "complex":
        return None
    return Accumulation(kind, term, iterators, by_comparison and floating, bounded=is_bounded)


def _compares(value: Expression, array: str) -> bool:
    """Whether an extreme is found by ``>``, which passes over NaN, not by `torch.maximum`.

    Of ``if c: best = torch.maximum(best, x)`` the choice says only whether there is a term.
    """
    if not isinstance(value, Select):
        return False
    queue: list[Expression] = [value]
    while queue:
        match queue.pop():
            case Select(_, then, otherwise):
                queue += [then, otherwise]
            case Cast(inner, _):
                queue.append(inner)
            case Call("maximum" | "minimum") as found if scalar.reads(found, array):
                return False
    return True


_JOINT = frozenset({"sum", "any", "all", "max", "min"})


def find_joint_accumulations(
    component: Sequence[Statement],
    dependences: Sequence[Dependence],
    level: int,
    around: Surroundings,
) -> list[tuple[Statement, Accumulation]] | None:
    """Several statements that add to one element, each in its turn; None for no match.

    ``for i: (for j < i: s += a[i, j]); (for j > i: s += b[i, j])`` is two sums, one behind the
    other: in which order the terms come counts at most for rounding.
    """
    first = component[0]
    common = list(first.loops)
    for other in component[1:]:
        common = [x for x, y in zip(common, other.loops, strict=False) if x == y]
    iterators = {x.iterator for x in common}
    found: list[tuple[Statement, Accumulation]] = []
    for statement in component:
        store = statement.store
        same = (store.array, store.subscripts) == (first.store.array, first.store.subscripts)
        if len(component) < 2 or not same or store.implicit != first.store.implicit:
            return None
        named = {s for x in store.subscripts if isinstance(x, Affine) for s in x.symbols}
        moving = {x.iterator for x in statement.loops}
        if named & moving - iterators:
            return None
        one = find_accumulation(statement, dependences, level, around)
        if one is None or one.kind not in _JOINT:
            return None
        found.append((statement, one))
    ways = {(one.kind, one.skips_nan) for _, one in found}
    return found if len(ways) == 1 else None


def find_updated(
    statement: Statement, dependences: Sequence[Dependence], level: int
) -> tuple[Load, frozenset[str]] | None:
    """The element that each instance updates, and the loops that do not move it.

    None where instances wait for each other in another way.
    """
    store = statement.store
    lifted = [loop.iterator for loop in statement.loops[level:]]
    kept: list[str] = []
    for subscript in store.subscripts:
        if not isinstance(subscript, Affine):
            return None
        inside = [s for s in subscript.symbols if s in lifted]
        if len(inside) > 1 or any(i in kept for i in inside):
            return None
        kept.extend(inside)
    iterators = frozenset(lifted) - set(kept)
    own = _own(store)
    if not iterators or not _only_own(statement, dependences):
        return None
    return own, iterators


def read_update(statement: Statement, own: Load) -> tuple[str, Expression] | None:
    """The kind and the term of a statement that updates `own`, None where it does not."""
    store = statement.store
    found = decompose(store.value, own, store.dtype)
    if found is None and store.cell is None and store.value.type.dtype != store.dtype:
        found = _narrowed(store.value, own, store.dtype)
    if found is None:
        return None
    kind, term = found
    is_int = store.cell is not None and store.cell == ElementType("int64", Rank.NUMBER)
    if is_int and kind == "prod":
        return None  # Python ints have no bound, a tensor's have; what a sum needs is asked later
    return kind, term


def starts_plainly(
    statement: Statement, iterators: frozenset[str], around: Surroundings
) -> bool:
    """Whether a product begins with a number that leaves an overflow what it is.

    Factors that overflow by themselves need not where the loop begins with a zero: ``0 * inf``.
    """
    if category(statement.store.dtype) not in ("float", "complex"):
        return True
    start = around.start_of(_own(statement.store), statement, {statement.name}, iterators)
    value = None if start is None else scalar.literal_value(start)
    return isinstance(value, (int, float)) and value != 0 and math.isfinite(value)


def _is_new_value(
    statement: Statement, kind: str, term: Expression, around: Surroundings, level: int
) -> bool:
    """Whether a reduction leaves what the loop leaves: a value of its own, its gradient alike.

    An extreme kept in a variable is the very element, a view of it; its gradient goes to one of
    equal elements; that of `torch.maximum` to both. The gradient of a product is another one beside
    infinities and zeros: `transform.reduce.require_derivable` asks for data without all these.
    """
    cell = statement.store.cell
    if kind in ("any", "all") and isinstance(term, Load):
        moving = frozenset(x.iterator for x in statement.loops[level:])
        return bool(scalar.iterators_of(term, moving))  # else all of them are the very element
    if kind in ("sum", "any", "all"):
        return True
    if kind == "prod":
        return not scalar.requires_grad(term) or statement.store.dtype in ("float32", "float64")
    if kind in ("max", "min") and scalar.requires_grad(term):
        return not _compares(statement.store.value, statement.store.array)
    if kind != "last" and scalar.requires_grad(term):
        return False
    is_view = cell is not None and cell.rank is not Rank.NUMBER and bool(aliased_arrays(term))
    if kind in ("max", "min"):
        is_view = is_view and statement.store.array in around.escaping
        is_view = is_view and _compares(statement.store.value, statement.store.array)
    bare = uncopied(term)
    cells = {c.key for c in around.cells}
    is_left = isinstance(bare, Load) and (bare is term or bare.array in cells)
    return not is_view or (kind == "last" and is_left)


def _own(store: Store) -> Load:
    """The element that a store updates, read as it reads it."""
    for load in scalar.loads(store.value):
        if load.array == store.array and load.subscripts == store.subscripts:
            return replace(load, implicit=(), requires_grad=False)
    return Load(store.array, store.subscripts, store.value.type)


def start_number(statement: Statement, around: Surroundings) -> int | float | bool | None:
    """The number of which an array is full before the statement alone writes it; None if unknown.
    """
    tensor = around.arrays[statement.store.array]
    writers = [s for s in around.statements if around.arrays[s.store.array].memory == tensor.memory]
    alone = statement.store.cell is None and tensor.fresh and len(writers) == 1
    return tensor.fill if alone else None


def _only_own(statement: Statement, dependences: Sequence[Dependence]) -> bool:
    """Whether instances depend on each other only through the very element that each updates."""
    for d in dependences:
        if not d.source == d.sink == statement.name or d.level == 0:
            continue
        read = d.source_access if d.kind is DependenceKind.ANTI else d.sink_access
        write = d.sink_access if d.kind is DependenceKind.ANTI else d.source_access
        if read.subscripts != write.subscripts:
            return False
    return True


_Form = tuple[str, Expression]


def is_own(value: Expression, own: Load) -> bool:
    """Whether a value is the very element that is updated."""
    return isinstance(value, Load) and (value.array, value.subscripts) == (
        own.array,
        own.subscripts,
    )


def decompose(value: Expression, own: Load, dtype: str) -> _Form | None:
    """The kind and the term of ``own (+) term``; None where the value has another form."""
    if not scalar.reads(value, own.array):
        return "last", value
    if isinstance(value, Cast) and value.type.dtype == dtype and value.type.rank != Rank.NUMBER:
        if value.value.type.dtype != dtype and category(dtype) != "int":
            return _narrowed(value.value, own, dtype)
        return decompose(value.value, own, dtype)
    match value:
        case Call("add" | "mul" as word, (first, second), _, "" | "torch.add" | "torch.mul", ()):
            if not _keeps_dtype(value, dtype):
                return None
            if category(dtype) == "bool":
                name = "any" if word == "add" else "all"
                return _by_step(name, first, second, own, dtype)
            return _by_step("sum" if word == "add" else "prod", first, second, own, dtype)
        case Call("sub", (first, second), kind, "", ()):
            inner = _decompose_side(first, own, dtype, "sum")
            if inner is None or scalar.reads(second, own.array) or not _keeps_dtype(value, dtype):
                return None
            second = cast(second, ElementType(kind.dtype, second.type.rank))
            minus = Call("neg", (second,), second.type)
            if category(second.type.dtype) == "bool":
                return None
            if isinstance(inner, tuple):
                return "sum", minus
            return "sum", _joined("sub", inner, second, dtype)
        case Call("logical_and" | "logical_or" as word, (first, second)):
            return _by_step("all" if word == "logical_and" else "any", first, second, own, dtype)
        case Call("bitwise_and" | "bitwise_or" as word, (first, second)) if dtype == "bool":
            return _by_step("all" if word == "bitwise_and" else "any", first, second, own, dtype)
        case Call("maximum" | "minimum" as word, (first, second)) if (
            value.type.dtype == dtype and category(dtype) in ("int", "float")
        ):
            return _by_step("max" if word == "maximum" else "min", first, second, own, dtype)
        case Select():
            return _decompose_select(value, own, dtype)
    return None


_HALVES = frozenset({"float16", "bfloat16"})


def _narrowed(value: Expression, own: Load, dtype: str) -> _Form | None:
    """``out[i] += x[j]`` of float64 into float32: what is added is rounded, not each step's sum.

    A half loses too much at each step to be the same.
    """
    if isinstance(value, Select) or not _is_narrower(dtype, value.type.dtype):
        return None
    found = decompose(value, own, value.type.dtype)
    if found is None or found[0] not in ("sum", "max", "min"):
        return None
    kind, term = found
    return kind, cast(term, ElementType(dtype, max(term.type.rank, Rank.SCALAR)))


def _keeps_dtype(value: Expression, dtype: str) -> bool:
    """Whether storing each step's result rounds nothing that one sum would not round."""
    group = category(dtype)
    return value.type.dtype == dtype or (category(value.type.dtype) == group == "int")


def _by_step(
    kind: str, first: Expression, second: Expression, own: Load, dtype: str
) -> _Form | None:
    """``inner (+) term`` on either side, where `inner` is the element or an update of it."""
    for inner, term in ((first, second), (second, first)):
        if scalar.reads(term, own.array):
            continue
        before = _decompose_side(inner, own, dtype, kind)
        if before is None:
            return None
        operator = find_reduction(kind).operator
        if kind in ("any", "all") and isinstance(before, NODES):
            return kind, both(before, term, operator)
        return kind, _joined(operator, before, term, dtype)
    return None


def wider(first: ElementType, second: ElementType) -> str:
    """The dtype in which two operands meet."""
    if first.rank is Rank.NUMBER and second.rank is Rank.NUMBER:
        order = ("bool", "int64", "float64", "complex128")
        return max(first.dtype, second.dtype, key=order.index)
    return promote([(first.dtype, first.rank), (second.dtype, second.rank)])


def _decompose_side(
    inner: Expression, own: Load, dtype: str, kind: str
) -> Expression | tuple[()] | None:
    """The term already accumulated in an operand: empty for the bare element, None for no match."""
    if is_own(inner, own):
        return ()
    found = decompose(inner, own, dtype)
    if found is None or found[0] != kind:
        return None
    return found[1]


def _joined(
    operator: str, before: Expression | tuple[()], term: Expression, dtype: str
) -> Expression:
    """What an iteration brought before, and what it brings now, joined in the element's dtype.

    ``out = out + a + b`` of bools adds numbers: ``a + b`` by themselves would be one bool.
    """
    if isinstance(before, tuple):
        return term
    if wider(before.type, term.type) != dtype:
        before, term = (
            e if e.type.rank is Rank.NUMBER else cast(e, replace(e.type, dtype=dtype))
            for e in (before, term)
        )
    joined = ElementType(wider(before.type, term.type), max(before.type.rank, term.type.rank))
    return Call(operator, (before, term), joined)


def _decompose_select(value: Select, own: Load, dtype: str) -> _Form | None:
    condition, then, otherwise = value.condition, value.then, value.otherwise
    if not scalar.reads(condition, own.array):
        return _guarded(condition, then, otherwise, own, dtype)
    return _extreme(condition, then, otherwise, own, dtype)


def _guarded(
    condition: Expression, then: Expression, otherwise: Expression, own: Load, dtype: str
) -> _Form | None:
    """``select(c, own (+) term, own) -> (+) of select(c, term, neutral)``."""
    sides: list[_Form | None] = []
    for branch in (then, otherwise):
        sides.append(None if is_own(branch, own) else decompose(branch, own, dtype))
        if sides[-1] is None and not is_own(branch, own):
            return None
    first, second = sides
    known = first or second
    if known is None:
        return None
    kind = known[0]
    if kind == "last":
        is_alone = first is None or second is None
        return _flag(condition, then, otherwise, own) if is_alone else None
    if first is not None and second is not None and first[0] != second[0]:
        return None
    neutral = neutral_of(kind, dtype)
    if neutral is None:
        return None
    terms = [side[1] if side is not None else None for side in sides]
    if kind in ("max", "min"):  # the least of a narrower dtype may beat what the store holds
        terms = [None if t is None else cast(t, replace(t.type, dtype=dtype)) for t in terms]
    some = next(t for t in terms if t is not None)
    filled = [cast(number(neutral), some.type) if t is None else t for t in terms]
    if all(t.type.rank is Rank.NUMBER for t in filled):  # Python adds 1 to a float as 1.0
        joined = ElementType(wider(filled[0].type, filled[1].type), Rank.NUMBER)
        filled = [cast(t, joined) for t in filled]
    if len({t.type for t in filled}) != 1:
        return None
    return kind, select(condition, filled[0], filled[1])


def _flag(
    condition: Expression, then: Expression, otherwise: Expression, own: Load
) -> _Form | None:
    """``if c: found = True`` is any; ``if c: good = False`` is all of not c."""
    value = otherwise if is_own(then, own) else then
    taken = negate(condition) if is_own(then, own) else condition
    if isinstance(value, Number) and isinstance(value.value, bool):
        return ("any", taken) if value.value else ("all", negate(taken))
    return None


_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}


def _extreme(
    condition: Expression, then: Expression, otherwise: Expression, own: Load, dtype: str
) -> _Form | None:
    """``select(x > own, x, own) -> max of x``."""
    if not isinstance(condition, Call) or condition.operator not in _MIRRORED:
        return None
    left, right = condition.arguments
    word = condition.operator
    if is_own(left, own):
        left, right, word = right, left, _MIRRORED[word]
    if not is_own(right, own) or scalar.reads(left, own.array):
        return None
    if is_own(then, own):
        # own if x <= own else x; with NaN the opposite comparison is another one
        if not _same_value(otherwise, left) or category(left.type.dtype) == "float":
            return None
        word = _OPPOSITE[word]
    else:
        if isinstance(then, Cast) and then.type.dtype == dtype != left.type.dtype:
            then = then.value  # the store's own
        if not (is_own(otherwise, own) and _same_value(then, left)):
            return None
    if left.type.dtype != dtype:
        if left.type.rank is Rank.NUMBER or not _is_narrower(dtype, left.type.dtype):
            return None
        left = cast(left, replace(left.type, dtype=dtype))  # the greatest stays the greatest
    return ("max" if word in ("gt", "ge") else "min"), left


def _is_narrower(dtype: str, other: str) -> bool:
    """Whether storing into a float dtype rounds no more than a sum in it does."""
    return (dtype, other) == ("float32", "float64") or (
        category(dtype) == "float" and dtype not in _HALVES and category(other) == "int"
    )


def _same_value(value: Expression, other: Expression) -> bool:
    """Whether two expressions hold one value, casts that change nothing aside."""
    while isinstance(value, Cast) and value.type.dtype == value.value.type.dtype:
        value = value.value
    while isinstance(other, Cast) and other.type.dtype == other.value.type.dtype:
        other = other.value
    return value == other
