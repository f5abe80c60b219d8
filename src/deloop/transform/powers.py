"""Powers whose Python exponent becomes a tensor: the base is made harmless where it is 0."""

from __future__ import annotations

from dataclasses import replace

from deloop.analysis.bounds import greatest, least
from deloop.dtype import Rank
from deloop.frontend.expression import both, number
from deloop.ir import scalar
from deloop.ir.loop import Loop
from deloop.ir.plan import Serial, Step, Vector
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Index,
    Number,
    Select,
    requires_grad,
)

_POWERS = frozenset({"pow", "float_power"})


def settle_powers(plan: tuple[Step, ...], with_grad: frozenset[str]) -> tuple[Step, ...]:
    """Bases made harmless where an exponent that was a Python number is 0 (design hazard 8).

    ``x ** i -> select(i != 0, x, 1) ** i`` where a gradient flows into ``x``. With a Python 0 the
    gradient is zeros; with a tensor that holds a 0 it is a ``where`` around ``0 * x ** -1``, whose
    own derivative at ``x == 0`` is 0 times infinity: the second gradient would be NaN.
    """
    return tuple(
        Serial(step.loop, settle_powers(step.body, with_grad))
        if isinstance(step, Serial)
        else _settle_vector(step, with_grad)
        for step in plan
    )


def _settle_vector(vector: Vector, with_grad: frozenset[str]) -> Vector:
    store = vector.statement.store
    value = _settle(store.value, vector.axes, with_grad)
    if value == store.value:
        return vector
    return replace(vector, statement=replace(vector.statement, store=replace(store, value=value)))


def _settle(
    expression: Expression, axes: tuple[Loop, ...], with_grad: frozenset[str]
) -> Expression:
    changed = scalar.rebuild(expression, lambda child: _settle(child, axes, with_grad))
    if isinstance(changed, scalar.Inlined) and changed != expression:
        return changed.body  # the call, written again, would not hold what changed
    if not isinstance(changed, Call) or changed.operator not in _POWERS:
        return changed
    base, exponent = changed.arguments
    if isinstance(exponent, Index):
        smallest, largest = least(exponent.affine, axes), greatest(exponent.affine, axes)
        if smallest == largest and smallest.is_constant:  # the only one is a Python number still
            return replace(changed, arguments=(base, number(smallest.constant)))
    if not requires_grad(base, with_grad) or not _may_turn_zero(exponent, axes):
        return changed
    return replace(changed, arguments=(_settle_base(base, exponent), exponent))


def _settle_base(base: Expression, exponent: Expression) -> Expression:
    """The base, 1 where the exponent is 0; one condition where both are guarded by the same."""
    match base, exponent:
        case Select(reached, inner, Cast(Number()) as one), Select(also, power, _) if (
            reached == also
        ):
            return Select(both(reached, _nonzero(power)), inner, one)
    return Select(_nonzero(exponent), base, Cast(number(1), base.type))


def _nonzero(exponent: Expression) -> Expression:
    return Call("ne", (exponent, number(0)), ElementType("bool", exponent.type.rank))


def _may_turn_zero(exponent: Expression, axes: tuple[Loop, ...]) -> bool:
    """Whether a Python number becomes a tensor when it is lifted, of which an element may be 0."""
    if exponent.type.rank is not Rank.NUMBER:
        return False
    if isinstance(exponent, Index):
        smallest, largest = least(exponent.affine, axes), greatest(exponent.affine, axes)
        if smallest.is_constant and smallest.constant > 0:
            return False
        if largest.is_constant and largest.constant < 0:
            return False
    lifted = {axis.iterator for axis in axes}
    return any(
        isinstance(node, scalar.Load)
        or (isinstance(node, Index) and set(node.affine.symbols) & lifted)
        for node in scalar.walk(exponent)
    )
