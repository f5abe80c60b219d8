"""Operands made harmless where the loop would not have come: a branch not taken, data not read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from deloop.dtype import Rank
from deloop.frontend.expression import may_raise, negate, number
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.guarded import GUARDED, is_guarded
from deloop.ir.rows import separated
from deloop.ir.scalar import (
    Call,
    Cast,
    Expression,
    Index,
    Load,
    Number,
    Reduce,
    Select,
    requires_grad,
)
from deloop.ops.kinds import Gradient
from deloop.ops.math_functions import find_math_function
from deloop.ops.reductions import ITEMS, find_reduction
from deloop.ops.table import find_gradient, find_operator

Inside = frozenset[scalar.Subscript]


def protect(
    expression: Expression,
    grads: Callable[[Expression], bool] = requires_grad,
    inside: Inside = frozenset(),
) -> Expression:
    """Operands made harmless where a branch is not taken (design hazard 8).

    ``select(c, sqrt(x), 0) -> select(c, sqrt(select(c, x, 1)), 0)`` where a gradient flows into
    ``x``: the derivative of the branch not taken may be infinite, and 0 times infinity is NaN. The
    same for integer division, which raises. Source of the method: the "double where" of automatic
    differentiation practice (JAX documentation, "Gradients contain NaN where using where").
    Subscripts `inside` their dimension whatever the iteration need nothing.
    """
    return separated(_protected(expression, grads, inside))


def _protected(
    expression: Expression, grads: Callable[[Expression], bool], inside: Inside
) -> Expression:
    match expression:
        case Call("logical_and" | "logical_or" as word, (left, right)):
            # Python does not evaluate the right side where the left one decides.
            left = _protected(left, grads, inside)
            reached = left if word == "logical_and" else negate(left)
            guarded = _guard(_protected(right, grads, inside), reached, lambda e: False, inside)
            return replace(expression, arguments=(left, guarded))
        case Select(condition, then, otherwise):
            # The branches look at the condition too: as it is when it is harmless itself.
            condition = _protected(condition, grads, inside)
            negated = Call("logical_not", (condition,), condition.type)
            return Select(
                condition,
                _guard(_protected(then, grads, inside), condition, grads, inside),
                _guard(_protected(otherwise, grads, inside), negated, grads, inside),
            )
        case _:
            return scalar.rebuild(expression, lambda child: _protected(child, grads, inside))


def protect_under(expression: Expression, condition: Expression) -> Expression:
    """What is looked up on the way, harmless where a condition does not hold: ``a[b[i]]``."""
    return separated(_guard(expression, condition, lambda e: False))


def _guard(
    expression: Expression,
    condition: Expression,
    grads: Callable[[Expression], bool],
    inside: Inside = frozenset(),
) -> Expression:
    """The branch of a select, with dangerous operators given harmless operands elsewhere."""

    def recurse(child: Expression) -> Expression:
        return _guard(child, condition, grads, inside)

    if isinstance(expression, Load):
        places = tuple(_place(s, condition, recurse, inside) for s in expression.subscripts)
        return replace(expression, subscripts=places)
    if isinstance(expression, scalar.Scan):
        return expression  # its steps run whether or not this iteration uses them
    if isinstance(expression, Select) and expression.condition == condition:
        return expression
    if isinstance(expression, scalar.Inlined):
        if not needs_guard(expression.body, grads):
            return expression
        return recurse(expression.body)
    expression = scalar.rebuild(expression, recurse)
    if isinstance(expression, Reduce):
        if expression.at is not None and _is_looked_up(expression.at):
            expression = replace(expression, at=_safe_place(expression.at, condition))
        if _is_dangerous_row(expression, grads):
            if expression.kind in ITEMS:  # each operand by itself
                return replace(expression, value=scalar.rebuild(
                    expression.value, lambda operand: _safe(operand, condition)))  # fmt: skip
            return replace(expression, value=_safe(expression.value, condition))
        return expression
    if isinstance(expression, Call) and _is_dangerous(expression, grads):
        arguments = tuple(_safe(argument, condition) for argument in expression.arguments)
        return replace(expression, arguments=arguments)
    return expression


def needs_guard(expression: Expression, grads: Callable[[Expression], bool]) -> bool:
    """Whether a value must be kept from elements that do not reach it."""
    return any(
        (isinstance(n, Call) and _is_dangerous(n, grads))
        or (isinstance(n, Reduce) and _is_dangerous_row(n, grads))
        or (isinstance(n, Reduce) and n.at is not None and _is_looked_up(n.at))
        or (isinstance(n, Load) and any(map(_is_looked_up, n.subscripts)))
        for n in scalar.walk(expression)
    )


def _is_dangerous_row(reduce: Reduce, grads: Callable[[Expression], bool]) -> bool:
    """Whether the gradient of a row's combination may be NaN where nothing flows back into it."""
    kind = find_reduction(reduce.kind).gradient
    return kind not in (Gradient.LINEAR, Gradient.NONE) and grads(reduce.value)


def _is_looked_up(subscript: scalar.Subscript) -> bool:
    """Whether a subscript is read from data, and so may be out of bounds where it is not used."""
    return not isinstance(subscript, (Affine, Index))


def _place(
    subscript: scalar.Subscript,
    condition: Expression,
    recurse: Callable[[Expression], Expression],
    inside: Inside,
) -> scalar.Subscript:
    """A subscript of a branch, what it looks up on its way included: ``w[x[idx[i]]]``."""
    if isinstance(subscript, Affine):
        return subscript
    inner = subscript if is_guarded(subscript) else recurse(subscript)
    return inner if subscript in inside else _safe_place(inner, condition)


def _safe_place(subscript: scalar.Subscript, condition: Expression) -> scalar.Subscript:
    """``x[idx[i]]`` of a branch that is not taken reads ``x[0]``, where the loop reads nothing."""
    if isinstance(subscript, (Affine, Index)):
        return subscript
    if isinstance(subscript, Select) and subscript.condition == condition:
        return subscript
    return Select(condition, subscript, Cast(number(0), subscript.type))


def _is_dangerous(call: Call, grads: Callable[[Expression], bool]) -> bool:
    if find_math_function(call.operator) is not None or call.operator.startswith("logical_"):
        return False
    if call.operator == GUARDED:
        return False  # a subscript, checked where it is chosen
    operator = find_operator(call.operator)
    if may_raise(call):
        return True
    if not any(grads(a) for a in call.arguments):
        return False
    kind = find_gradient(operator, [(a.type.dtype, a.type.rank) for a in call.arguments])
    if call.operator in ("mul", "div") and kind is Gradient.LINEAR:
        return any(a.type.rank is Rank.NUMBER and not _is_finite_literal(a) for a in call.arguments)
    return kind not in (Gradient.LINEAR, Gradient.NONE)


def _is_finite_literal(value: Expression) -> bool:
    return isinstance(value, Number) and abs(value.value) < float("inf") and value.value != 0


def _safe(argument: Expression, condition: Expression) -> Expression:
    """An operand that is 1 where the branch is not taken."""
    is_constant = isinstance(argument, Number) or (
        isinstance(argument, scalar.Invariant) and argument.type.rank is Rank.NUMBER
    )
    if is_constant or (isinstance(argument, Select) and argument.condition == condition):
        return argument
    return Select(condition, argument, Cast(number(1), argument.type))


def always_inside(expression: Expression, shape_of: Callable[[str], Sequence[Affine]]) -> Inside:
    """Subscripts that a remainder keeps in their dimension: ``x[(i + 1) % n]``, n being its size.
    """
    found: set[scalar.Subscript] = set()
    for load in scalar.loads(expression):
        for subscript, size in zip(load.subscripts, shape_of(load.array), strict=False):
            bare = subscript
            while isinstance(bare, Cast):
                bare = bare.value
            match bare:
                case Call("remainder", (_, Index(divisor)), keywords=()) if divisor == size:
                    found.add(subscript)
    return frozenset(found)
