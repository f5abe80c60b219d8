"""Where the loop records a gradient only if some branch is taken: ask that one is.

``if x[i] > 0: out[i] = x[i]`` leaves `out` without a gradient where no element is positive, while
``torch.where(x > 0, x, 0)`` always requires one.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from deloop.diagnostic import Assumption, Refusal
from deloop.dtype import Rank, category
from deloop.errors import Unliftable
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import BOOL, aliased_arrays, both, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.plan import Step, Vector, vectors
from deloop.ir.scalar import (
    Call,
    Cast,
    Expression,
    Invariant,
    Load,
    Number,
    Reduce,
    Scan,
    Select,
    Subscript,
    bound_axes,
    children,
    loads,
    requires_grad,
    walk,
)
from deloop.ir.types import Tensor
from deloop.ops.kinds import Gradient
from deloop.ops.math_functions import find_math_function
from deloop.ops.reductions import find_reduction
from deloop.transform.protect import needs_guard
from deloop.transform.scan import scans_in_branches


def check_gradient_order(
    plan: tuple[Step, ...],
    with_grad: frozenset[str],
    arrays: Mapping[str, Tensor],
    changed_behind: frozenset[str] = frozenset(),
) -> None:
    """Refuse a plan in which a value would carry a gradient earlier or later than in the loop.

    A tensor requires grad as a whole from the first store on that brings one. A read of another
    element then carries a gradient too, though no value flows. Distribution may have changed the
    order of the statements, so that the order of the text is asked about too.
    """
    in_text = sorted(vectors(plan), key=lambda v: v.statement.schedule[::2])
    for order in (in_text, vectors(plan)):
        _check_order(order, with_grad, arrays, changed_behind)


def check_scans(plan: tuple[Step, ...], with_grad: frozenset[str]) -> None:
    """Refuse a running value that only some iterations use, where that makes a gradient NaN.

    The loop sends no gradient into steps behind the last use; a scan sends them a zero, and zero
    times an infinite derivative is NaN (design hazard 8).
    """

    def grads(expression: Expression) -> bool:
        return requires_grad(expression, with_grad)

    for vector in vectors(plan):
        store = vector.statement.store
        late = [n for n in walk(store.value) if isinstance(n, Scan) and n.outer and n.exclusive]
        for scan in (*scans_in_branches(store.value), *late):
            if grads(scan) and needs_guard(scan.value, grads):
                sentence = "loop kept: the gradient of a step that no later iteration uses"
                raise Unliftable(Refusal("VEC906", store.place, sentence))


def _check_order(
    order: list[Vector],
    with_grad: frozenset[str],
    arrays: Mapping[str, Tensor],
    changed_behind: frozenset[str],
) -> None:
    stores = [v.statement.store for v in order]
    written = frozenset(s.array for s in stores if not s.local and s.cell is None)
    by_now = frozenset(name for name, tensor in arrays.items() if tensor.type.requires_grad)
    for position, vector in enumerate(order):
        store = vector.statement.store
        if requires_grad(store.value, by_now) != requires_grad(store.value, with_grad):
            sentence = (
                "loop kept: the gradient of what is read here depends on the order "
                "of the iterations"
            )
            raise Unliftable(Refusal("VEC906", store.place, sentence))
        if requires_grad(store.value, with_grad):
            if category(store.dtype) not in ("float", "complex"):
                sentence = f"loop kept: a value that requires grad is stored into a {store.dtype}"
                raise Unliftable(Refusal("VEC906", store.place, sentence))
            if any(_has_no_derivative(n, with_grad) for n in walk(store.value)):
                sentence = "loop kept: an operator here has no derivative, and may not be reached"
                raise Unliftable(Refusal("VEC906", store.place, sentence))
            if _may_record_nothing(store.value, by_now):
                sentence = "loop kept: whether a gradient is recorded depends on the last reset"
                raise Unliftable(Refusal("VEC906", store.place, sentence))
            by_now |= {store.array}
            indices = any(_is_changed(s, written) for s in store.subscripts)
            later = frozenset(s.array for s in stores[position:]) & written
            masks = changed_behind | (written if vector.level else later)
            indices |= any(_saves_mask(n, masks, with_grad) for n in walk(store.value))
            combines = any(isinstance(n, (Reduce, Scan)) for n in walk(store.value))
            if indices or any(
                _saves(node, written, with_grad, combines) for node in walk(store.value)
            ):
                raise Unliftable(
                    Refusal(
                        "VEC906",
                        store.place,
                        "loop kept: what the backward pass needs is changed in place",
                    )
                )


_WITHOUT_DERIVATIVE = frozenset(
    {"floor_divide", "nextafter", "heaviside", "igamma", "igammac", "zeta"}
)


def _has_no_derivative(node: Expression, with_grad: frozenset[str]) -> bool:
    """Whether a branch calls an operator whose backward pass raises."""
    return isinstance(node, Select) and any(
        isinstance(inner, Call)
        and inner.operator in _WITHOUT_DERIVATIVE
        and requires_grad(inner, with_grad)
        for inner in walk(node)
    )


def _is_changed(subscript: Subscript, written: frozenset[str]) -> bool:
    """Whether an index tensor, which a lookup keeps for its derivative, is one the plan writes."""
    if isinstance(subscript, Affine):
        return False
    return any(load.array in written for load in loads(subscript))


def _saves_mask(node: Expression, written: frozenset[str], with_grad: frozenset[str]) -> bool:
    """Whether a choice keeps as its mask a tensor itself that the plan writes."""
    if not isinstance(node, Select) or not requires_grad(node, with_grad):
        return False
    mask = node.condition
    while isinstance(mask, Cast):
        mask = mask.value
    return isinstance(mask, Load) and mask.array in written


def _saves(
    node: Expression, written: frozenset[str], with_grad: frozenset[str], combines: bool
) -> bool:
    """Whether an operator keeps an operand for its derivative that the plan writes.

    What is computed from such an operand first is a tensor of its own, unless it is part of a
    contraction (`combines`), which may take its factors apart: ``tanh(0.5 * out[i - 1])``.
    """
    if isinstance(node, Load):
        changed = any(_is_changed(s, written) for s in node.subscripts)
        return changed and requires_grad(node, with_grad)
    if isinstance(node, Reduce):
        keeps = find_reduction(node.kind).gradient not in (Gradient.LINEAR, Gradient.NONE)
        is_part = any(load.array in written for load in loads(node))
        return keeps and is_part and requires_grad(node, with_grad)
    if isinstance(node, Scan) and node.kind == "linear":
        return requires_grad(node, with_grad) and _saves_factors(node, written, with_grad)
    if (
        not isinstance(node, Call)
        or find_math_function(node.operator)
        or node.operator.startswith("logical_")
    ):
        return False
    if not requires_grad(node, with_grad):
        return False
    by_number = node.operator in ("mul", "div") and any(
        a.type.rank is Rank.NUMBER for a in node.arguments
    )
    if node.operator in ("add", "sub", "neg", "positive") or by_number:
        return False
    if combines:
        return any(load.array in written for load in loads(node))
    return any(written & aliased_arrays(argument) for argument in children(node))


def _may_record_nothing(value: Expression, by_now: frozenset[str]) -> bool:
    """Whether all that carries a gradient in a value is a recurrence that may have dropped it."""
    dropped = {n: Cast(number(0), n.type) for n in walk(value) if _forgets(n, by_now)}
    if not dropped:
        return False
    return _recorded(scalar.replaced(value, dropped), by_now) != _recorded(value, by_now)


def _forgets(node: Expression, by_now: frozenset[str]) -> bool:
    """Whether a recurrence may drop the only values that carry a gradient."""
    if not isinstance(node, Scan) or node.kind != "linear" or not requires_grad(node, by_now):
        return False
    assert node.factor is not None
    chooses = any(isinstance(n, Select) for n in walk(node.factor))
    drops = chooses or node.factor.type.dtype == "bool"
    return drops and _recorded(node.value, by_now) != number(True)


def _saves_factors(scan: Scan, written: frozenset[str], with_grad: frozenset[str]) -> bool:
    """Whether a recurrence multiplies by what the plan writes, or that by what has a gradient."""
    assert scan.factor is not None and scan.first is not None
    kept = [scan.factor, *([scan.first] if requires_grad(scan.factor, with_grad) else [])]
    return any(load.array in written for part in kept for load in loads(part))


def assume_bases(
    plan: tuple[Step, ...], with_grad: frozenset[str], arrays: Mapping[str, Tensor]
) -> tuple[Assumption, ...]:
    """Assume that an argument into which a gradient is stored is no view: some views raise then."""
    names = dict.fromkeys(v.statement.store.array for v in vectors(plan))
    return tuple(
        Assumption(f"{name} is not a view of another tensor", f"{name}._base is None")
        for name in names
        if name in with_grad and not arrays[name].fresh
    )


def require_gradients(
    plan: tuple[Step, ...],
    with_grad: frozenset[str],
    arrays: Mapping[str, Tensor],
    is_inner: bool = False,
) -> list[DataRequirement]:
    """One requirement a statement that stores a gradient on some paths only.

    In the loops of one that stays (`is_inner`), a tensor that the function made has a gradient from
    some iteration on, and perhaps from none; so has one that the code in front may have changed.
    """
    found: list[DataRequirement] = []
    unsure = {
        name
        for name, tensor in arrays.items()
        if tensor.type.unsure
        or (is_inner and tensor.fresh and tensor.type.requires_grad and not tensor.type.leaf)
    }
    by_now = frozenset(n for n, t in arrays.items() if t.type.requires_grad and n not in unsure)
    for vector in vectors(plan):
        store = vector.statement.store
        if not requires_grad(store.value, with_grad):
            continue
        _check_choices(vector, unsure)
        condition = _recorded(_unrecorded(store.value, unsure), by_now)
        by_now |= {store.array}
        if not isinstance(condition, Number) and not store.local:
            reason = "a branch that records a gradient is taken"
            found.append(DataRequirement(condition, store.place, reason, every=False))
    return found


def _check_choices(vector: Vector, unsure: AbstractSet[str]) -> None:
    """Refuse a choice of elements that may have a gradient or not: the loop's own may have none."""
    store = vector.statement.store
    for node in walk(store.value):
        branches = (node.then, node.otherwise) if isinstance(node, Select) else ()
        held = {load.array for branch in branches for load in loads(branch)} & unsure
        for array in sorted(held - {store.array}):
            sentence = f"loop kept: whether {array} records a gradient by then is not known"
            raise Unliftable(Refusal("VEC917", store.place, sentence))


def _unrecorded(value: Expression, arrays: AbstractSet[str]) -> Expression:
    """The value with reads of such arrays as if they had no gradient."""
    value = scalar.rebuild(value, lambda child: _unrecorded(child, arrays))
    if isinstance(value, Load) and value.array in arrays:
        return replace(value, requires_grad=False)
    return value


def _recorded(value: Expression, by_now: frozenset[str]) -> Expression:
    """The condition under which the loop's own value carries a gradient."""
    if not requires_grad(value, by_now):
        return number(False)
    match value:
        case Select(condition, then, otherwise):
            taken, other = _recorded(then, by_now), _recorded(otherwise, by_now)
            if (
                isinstance(taken, Number)
                and isinstance(other, Number)
                and taken.value
                and other.value
            ):
                return number(True)
            return both(both(condition, taken), both(negate(condition), other), "logical_or")
        case Load() | Invariant():
            return number(True)
        case Scan("linear", inner, first=first, factor=factor):
            result: Expression = number(False)
            for part in (inner, first, factor):
                if part is None:
                    continue
                taken = _recorded(part, by_now)
                if not isinstance(taken, Number):
                    taken = Reduce("any", taken, bound_axes(value), BOOL)
                result = both(result, taken, "logical_or")
            return result
        case Scan("held", inner, first=first, factor=factor) if first is not None and factor:
            taken = both(negate(factor), _recorded(inner, by_now))
            if not isinstance(taken, Number):
                taken = Reduce("any", taken, bound_axes(value), BOOL)
            return both(taken, _recorded(first, by_now), "logical_or")
        case Reduce(value=inner) | Scan(value=inner):
            taken = _recorded(inner, by_now)
            known = isinstance(taken, Number)
            return taken if known else Reduce("any", taken, bound_axes(value), BOOL)
    result = number(False)
    for child in children(value):
        result = both(result, _recorded(child, by_now), "logical_or")
    return result
