"""Accumulations as reductions: the value that all iterations together bring, and where it starts.

``s = 0; s = s + (sum over i of x[i])   ->   s = sum over i of x[i]``
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deloop.analysis.carried import is_counted
from deloop.diagnostic import Place
from deloop.dtype import Rank, category
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import BOOL, both, cast, negate, number
from deloop.ir import scalar
from deloop.ir.axis import Axis
from deloop.ir.plan import Step, vectors
from deloop.ir.rows import rebound
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Number,
    Reduce,
    Scan,
    Select,
    bound_axes,
    slack_of,
)
from deloop.ops.reductions import Reduction, find_reduction
from deloop.ops.scans import CLIPPED, NO_REDUCTION
from deloop.transform.choices import as_one_choice
from deloop.transform.first import as_questions, is_reached

_INT = ElementType("int64", Rank.NUMBER)
_SMALL = 2**31


def reduce_over(
    kind: str, term: Expression, axes: tuple[Axis, ...], skips_nan: bool = False
) -> Expression:
    """``kind over axes of term``; counts instead of adding ones: ``sum of select(c, 1, 0)``."""
    if kind == "sum":
        term = counted(as_one_choice(term))
    if isinstance(term, Call) and term.operator == "neg" and kind == "sum":
        inner = reduce_over(kind, term.arguments[0], axes)
        return replace(term, arguments=(inner,), type=inner.type)
    if isinstance(term, Reduce) and term.kind == kind:
        return replace(term, axes=(*axes, *term.axes))
    return Reduce(kind, term, axes, term.type, skips_nan=skips_nan)


def counted(term: Expression) -> Expression:
    """``select(c, 1, 0) -> c`` as a number; a condition that is a tensor counts as int64."""
    if not isinstance(term, Select) or term.is_mixed:
        return term
    inner = counted(term.then)
    if inner != term.then and isinstance(inner, Cast) and scalar.literal_value(term.otherwise) == 0:
        chosen = Select(term.condition, inner.value, cast(number(False), inner.value.type))
        triangle = slack_of(term.condition) is not None
        return Cast(chosen if triangle else both(term.condition, inner.value), term.type)
    values = []
    for branch in (term.then, term.otherwise):
        values.append(scalar.literal_value(branch))
    if term.type.dtype == "bool" or slack_of(term.condition) is not None:
        is_count = values == [1, 0] and term.type.dtype != "bool"
        return Cast(term.condition, term.type) if is_count else term
    if values in ([1, 0], [0, 1]):
        return Cast(term.condition if values[0] else negate(term.condition), term.type)
    return term


def combine(
    kind: str, start: Expression, reduced: Expression, passes_nan: bool = False
) -> Expression:
    """``start (+) reduced``; the reduction alone where `start` changes nothing.

    Where `start` is an element next to those reduced over, the range takes it in: ``x[0] + sum of
    x[1:] -> sum of x``. An extreme keeps `start` unless the reduction is beyond it; one that
    `passes_nan` on is ``torch.maximum``.
    """
    reduction = find_reduction(kind)
    if _is_neutral(start, reduction):
        return cast(reduced, _joined(start, reduced)) if start.type != reduced.type else reduced
    grown = _taken_in(start, reduced, may_repeat=bool(reduction.comparison))
    if grown is not None and grown.type == reduced.type:
        return grown
    if reduction.comparison:
        if is_reached(reduced, start):
            return reduced
        if passes_nan:
            spelling = f"torch.{reduction.operator}"
            made = _joined(start, reduced)
            return Call(reduction.operator, (start, reduced), made, spelling)
        condition = Call(reduction.comparison, (reduced, start), _condition_type(start, reduced))
        if start.type.rank is not Rank.NUMBER and _is_wider(start, reduced):
            reduced = cast(reduced, _joined(start, reduced))
        return Select(condition, reduced, cast(start, reduced.type))
    if kind in ("any", "all"):
        return both(start, reduced, reduction.operator)
    if isinstance(reduced, Call) and reduced.operator == "neg":
        return Call("sub", (start, reduced.arguments[0]), _joined(start, reduced))
    return Call(reduction.operator, (start, reduced), _joined(start, reduced))


def _is_wider(start: Expression, reduced: Expression) -> bool:
    """Whether what is compared is as `start` is: an int64 beside bools, a float beside ints."""
    order = ("bool", "int", "float", "complex").index
    return order(category(start.type.dtype)) > order(category(reduced.type.dtype))


def _joined(start: Expression, reduced: Expression) -> ElementType:
    return ElementType(start.type.dtype, max(start.type.rank, reduced.type.rank))


def _condition_type(start: Expression, reduced: Expression) -> ElementType:
    rank = max(start.type.rank, reduced.type.rank)
    return BOOL if rank is Rank.NUMBER else ElementType("bool", rank)


def _is_neutral(start: Expression, reduction: Reduction) -> bool:
    while isinstance(start, Cast):
        start = start.value
    if not isinstance(start, Number) or isinstance(start.value, complex):
        return False
    if reduction.comparison:
        return start.value == (float("-inf") if reduction.name == "max" else float("inf"))
    return reduction.neutral is not None and start.value == reduction.neutral


def _taken_in(start: Expression, reduced: Expression, may_repeat: bool) -> Expression | None:
    """The combination over a range that includes the element it started from.

    An element that is in the range already may only be combined again where that changes nothing.
    """
    if not isinstance(reduced, (Reduce, Scan)) or len(bound_axes(reduced)) != 1:
        return None
    axis = bound_axes(reduced)[0]
    if axis.span is not None or (isinstance(reduced, Scan) and reduced.exclusive):
        return None
    first = scalar.substitute_symbols(reduced.value, {axis.iterator: axis.lower - 1})
    if _same(first, start):
        grown = replace(axis, lower=axis.lower - 1)
        return (
            replace(reduced, axis=grown)
            if isinstance(reduced, Scan)
            else replace(reduced, axes=(grown,))
        )
    ends = (axis.lower,) if isinstance(reduced, Scan) else (axis.lower, axis.upper - 1)
    if not may_repeat:
        return None
    for inside in ends:
        if _same(scalar.substitute_symbols(reduced.value, {axis.iterator: inside}), start):
            return reduced
    return None


def _same(first: Expression, second: Expression) -> bool:
    while isinstance(second, Cast) and second.type == second.value.type:
        second = second.value
    return first == second


def fold_starts(value: Expression) -> Expression:
    """Combinations simplified once it is known what they start from: ``0 + sum -> sum``."""

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        match node:
            case Scan("last", value, axis, at, exclusive=True, first=first, outer=None) if (
                first is not None
            ):
                before = scalar.substitute_symbols(value, {axis.iterator: axis.lower - 1})
                if _same(before, first):  # the first one is the value of the iteration before
                    return scalar.substitute_symbols(value, {axis.iterator: at - 1})
            case Call(
                "add" | "mul" | "logical_or" | "logical_and" as word, (start, reduced), _, ""
            ):
                kind = _kind_of(reduced)
                if kind is not None and find_reduction(kind).operator == word:
                    made = combine(kind, start, reduced)
                    return node if made.type != node.type else made
            case Call("sub", (start, reduced), _, "") if (
                _kind_of(reduced) == "sum" and _is_neutral(start, find_reduction("sum"))
            ):
                made = Call("neg", (cast(reduced, node.type),), node.type)
                return made if category(node.type.dtype) != "bool" else node
            case Call("maximum" | "minimum" as word, (start, (Reduce() | Scan()) as reduced)) if (
                reduced.kind not in NO_REDUCTION
                and find_reduction(reduced.kind).operator == word
            ):
                made = combine(reduced.kind, start, reduced, passes_nan=True)
                return node if made.type != node.type else made
            case Select(Call("gt" | "lt", (reduced, start)), then, _) if (
                then == reduced
                and isinstance(reduced, (Reduce, Scan))
                and reduced.kind not in NO_REDUCTION
            ):
                if find_reduction(reduced.kind).comparison == node.condition.operator:  # type: ignore[union-attr]
                    made = combine(reduced.kind, start, reduced)
                    return node if made.type != node.type else made
        return node

    return as_questions(change(value))


def _kind_of(value: Expression) -> str | None:
    while isinstance(value, Cast):
        value = value.value
    if isinstance(value, Call) and value.operator == "neg":
        return None
    if not isinstance(value, (Reduce, Scan)) or value.kind in NO_REDUCTION:
        return None
    return value.kind


def without_nan(term: Expression, kind: str) -> Expression:
    """What never wins in the place of NaN: ``select(isnan(x), -inf, x)`` for the greatest."""
    if isinstance(term, Number) and term.value == term.value:
        return term
    condition = Call("isnan", (term,), ElementType("bool", term.type.rank), "torch.isnan")
    worst = cast(number(float("-inf" if kind == "max" else "inf")), term.type)
    return Select(condition, worst, term)


def require_small_terms(plan: tuple[Step, ...]) -> list[DataRequirement]:
    """Ask that Python ints added up are so small that their sum fits an int64.

    2^32 terms within ±2^31 do, and a Python loop over so many runs for hours.
    """
    found: list[DataRequirement] = []
    for vector in vectors(plan):
        store = vector.statement.store
        for node in scalar.walk(store.value):
            if not isinstance(node, (Reduce, Scan)) or node.kind != "sum" or node.type != _INT:
                continue
            if not is_counted(node.value):
                above = Call("ge", (node.value, number(-_SMALL)), BOOL)
                below = Call("le", (node.value, number(_SMALL)), BOOL)
                condition = Reduce("all", both(above, below), bound_axes(node), BOOL)
                found.append(DataRequirement(condition, store.place, "the sum fits an int64"))
    return found


def leave_out_nan(value: Expression) -> Expression:
    """The value with running extremes that pass over NaN by themselves."""
    value = scalar.rebuild(value, leave_out_nan)
    if not isinstance(value, Scan) or not value.skips_nan:
        return value
    return replace(value, value=without_nan(value.value, value.kind), skips_nan=False)


_TINY, _HUGE = 1e-12, 1e25


def require_derivable(plan: tuple[Step, ...]) -> list[DataRequirement]:
    """What is asked of the data for products and extremes to be those of the loop, gradients too.

    The backward pass of `prod` divides the product by each factor, the loop's multiplies the rest.
    Of equal elements `torch.maximum` gives each a half, one after the other, `amax` gives all the
    same.
    """
    found: list[DataRequirement] = []
    for vector in vectors(plan):
        made = vector.accumulation
        if made is None or made.kind not in ("prod", "max", "min") or made.winner is not None:
            continue
        grads, place = scalar.requires_grad(made.term), vector.statement.store.place
        for node in scalar.walk(vector.statement.store.value):
            if not isinstance(node, Reduce) or node.kind != made.kind:
                continue
            if node.kind == "prod" and (grads or made.bounded):
                found.extend(_of_factors(node, place, grads, made.bounded))
            elif node.kind != "prod" and grads:
                found.append(_of_extreme(node, place))
    return found


def _of_factors(
    node: Reduce, place: Place, grads: bool, starts_anywhere: bool
) -> Iterator[DataRequirement]:
    """That no factor is 0 or tiny, where it has a gradient, nor their product huge.

    Nor that it is tiny, where the loop may begin with an infinity, which it would make NaN.
    """
    rank = max(node.value.type.rank, Rank.SCALAR)
    kind, truth = ElementType(node.type.dtype, rank), ElementType("bool", rank)
    size = Call("abs", (node.value,), kind, ".abs")
    if grads:
        least = Call("ge", (size, number(_TINY)), truth)
        every = Reduce("all", least, bound_axes(node), truth)
        yield DataRequirement(every, place, "no factor is tiny")
    grown = Call("clamp", (size,), kind, ".clamp", (("min", number(1)),))
    product = Reduce("prod", grown, bound_axes(node), kind)
    limit = Call("le", (product, number(_HUGE)), truth)
    yield DataRequirement(limit, place, "the products stay small")
    if starts_anywhere:
        shrunk = Call("clamp", (size,), kind, ".clamp", (("max", number(1)),))
        left = Reduce("prod", shrunk, bound_axes(node), kind)
        stays = Call("ge", (left, number(1 / _HUGE)), truth)
        yield DataRequirement(stays, place, "the products stay large enough")


def _of_extreme(node: Reduce, place: Place) -> DataRequirement:
    """That one element alone is the greatest, and no infinity."""
    rank = max(node.value.type.rank, Rank.SCALAR)
    truth, count = ElementType("bool", rank), ElementType("int64", rank)
    names = {a.iterator: f"{a.iterator}'" for a in node.axes}
    greatest = rebound(node, names)
    equal = Call("eq", (node.value, greatest), truth)
    finite = Call("isfinite", (node.value,), truth, "torch.isfinite")
    attained = Reduce("sum", Cast(both(equal, finite), count), node.axes, count)
    once = Call("eq", (attained, number(1)), truth)
    return DataRequirement(once, place, "one element alone is the extreme")


def require_comparable(plan: tuple[Step, ...]) -> list[DataRequirement]:
    """Ask that no value of an extreme is NaN, where the loop's comparison passes over NaN."""
    found: list[DataRequirement] = []
    for vector in vectors(plan):
        store = vector.statement.store
        for node in scalar.walk(store.value):
            if isinstance(node, (Reduce, Scan)) and node.skips_nan:
                if isinstance(node.value, Scan) and node.value.kind in CLIPPED:
                    continue  # of finite values, which it asks for itself
                kind = ElementType("bool", node.value.type.rank)
                plain = negate(Call("isnan", (node.value,), kind, "torch.isnan"))
                condition = Reduce("all", plain, bound_axes(node), BOOL)
                reason = "no value compared is NaN"
                found.append(DataRequirement(condition, store.place, reason, avoidable=True))
    return found
