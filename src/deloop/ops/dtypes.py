"""An operator's result dtype from its operands' dtypes and ranks; refused where PyTorch raises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deloop.dtype import Rank, category, complex_dtype, promote, real_dtype
from deloop.ops.kinds import DTypeRule, Operator

_Operands = Sequence[tuple[str, Rank]]
_INTEGRAL = ("bool", "int")


class UnsupportedDType(ValueError):
    """PyTorch raises for an operator on operands of such dtypes."""


def result_dtype(
    operator: Operator,
    operands: Sequence[tuple[str, Rank]],
    default_float: str = "float32",
    written: str | None = None,
) -> str:
    """The dtype of an operator's result: ``div`` of two int64 tensors ``-> default_float``.

    Parameters
    ----------
    operator:
        One that works element by element.
    operands:
        Dtype and rank of each operand, in the order of the operator's parameters, those that are
        not operands (`Accepts.is_operand`) left out.
    default_float:
        ``torch.get_default_dtype()``.
    written:
        For ``to`` and ``type``: the dtype that the call names.

    Raises `UnsupportedDType` where PyTorch raises for such dtypes.
    """
    _check_operands(operator, operands)
    computed = _computed_dtype(operator, operands, default_float)
    if _is_refused(computed, operator.refuses):
        raise UnsupportedDType(f"{operator.name} is not defined for {computed}")
    return _finish(operator, operands, computed, written)


def _check_operands(operator: Operator, operands: _Operands) -> None:
    """Raise `UnsupportedDType` where an operand's dtype alone, or two that differ, are refused."""
    for position, (dtype, _) in enumerate(operands):
        is_mask = position in operator.masks
        if (is_mask and dtype != "bool") or _is_refused(dtype, operator.refuses_operand):
            raise UnsupportedDType(f"{operator.name} does not take {dtype}")
    if operator.one_dtype and len({d for d, rank in operands if rank is not Rank.NUMBER}) > 1:
        raise UnsupportedDType(f"{operator.name} needs operands of one dtype")
    irregular = _IRREGULAR.get(operator.name)
    reason = irregular(operands) if irregular else None
    if reason:
        raise UnsupportedDType(f"{operator.name}: {reason}")


def _refuse_clamp(operands: _Operands) -> str | None:
    """A bound that is a number beside one that is a tensor: torch takes that for 0-d ones only."""
    numbers = [rank is Rank.NUMBER for _, rank in operands[1:]]
    if len(set(numbers)) > 1:
        return "both bounds must be numbers or both tensors"
    if all(dtype == "bool" for dtype, _ in operands) and (all(numbers) or len(numbers) > 1):
        return "bool is bounded by one tensor only"
    return None


def _refuse_addcdiv(operands: _Operands) -> str | None:
    if all(category(dtype) in _INTEGRAL for dtype, _ in operands[1:]):
        return "integers are not divided"
    return None


def _refuse_lerp(operands: _Operands) -> str | None:
    start, weight = operands[0], operands[2]
    if weight[1] is Rank.NUMBER and category(start[0]) != "complex" == category(weight[0]):
        return "a complex weight between real ends"
    if category(start[0]) in _INTEGRAL:
        return "integers are not interpolated"
    return None


def _refuse_ldexp(operands: _Operands) -> str | None:
    if operands[1][0] == "bool" and category(operands[0][0]) == "float":
        return "a bool exponent"
    return None


_IRREGULAR: dict[str, Callable[[_Operands], str | None]] = {
    "clamp": _refuse_clamp,
    "clamp_min": _refuse_clamp,
    "clamp_max": _refuse_clamp,
    "addcdiv": _refuse_addcdiv,
    "lerp": _refuse_lerp,
    "ldexp": _refuse_ldexp,
}
"""What dtype sets cannot say."""


def _is_refused(dtype: str, refused: frozenset[str]) -> bool:
    return dtype in refused or category(dtype) in refused


def _computed_dtype(operator: Operator, operands: _Operands, default_float: str) -> str:
    """The dtype in which the operator computes, which is what kernels support or refuse."""
    rule = operator.dtype_rule
    promoting = list(operands)
    if rule is DTypeRule.WHERE:
        promoting = promoting[1:]
    if rule in (DTypeRule.FIRST, DTypeRule.FIXED, DTypeRule.WRITTEN):
        promoting = promoting[:1]
    if rule is DTypeRule.LAST:
        promoting = promoting[-1:]
    if rule is DTypeRule.PROMOTE_INT:
        promoting.append(("int64", Rank.NUMBER))
    computed = promote(promoting, default_float)
    to_float = rule in (DTypeRule.PROMOTE_FLOAT, DTypeRule.ABSOLUTE_FLOAT)
    if to_float and category(computed) in _INTEGRAL:
        return default_float
    return computed


def _finish(
    operator: Operator,
    operands: _Operands,
    computed: str,
    written: str | None,
) -> str:
    """The result's dtype, from the dtype of the computation."""
    rule = operator.dtype_rule
    if rule is DTypeRule.BOOL:
        return "bool"
    if rule in (DTypeRule.ABSOLUTE, DTypeRule.ABSOLUTE_FLOAT):
        return real_dtype(computed)
    if rule is DTypeRule.COMPLEX:
        return complex_dtype(computed)
    if rule is DTypeRule.FLOAT_POWER:
        return "complex128" if category(computed) == "complex" else "float64"
    if rule is DTypeRule.FIXED:
        return operator.fixed
    if rule is DTypeRule.WRITTEN:
        if written is None:
            raise UnsupportedDType(f"{operator.name} has no dtype of its own")
        return written
    return computed
