"""Every line of the table held against torch: the result's dtype, or that torch refuses it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import pytest
import torch

from deloop.dtype import Rank
from deloop.ops.dtypes import UnsupportedDType, result_dtype
from deloop.ops.kinds import Accepts, Operator, Parameter
from deloop.ops.lines import Line
from deloop.ops.table import find_function
from tests.ops.calls import (
    ELEMENTWISE,
    Operand,
    call,
    choices,
    operand,
    operand_parameters,
    resolve,
)

NARROWER = {"pow", "clamp", "lerp", "ldexp"}
"""Where the table may refuse what torch computes: bool to the power of True, bounds of which one
is a number and the other a 0-d tensor (n-d ones raise), complex exponents, mixed weights."""


def observed(
    function: Any, operator: Operator, given: Sequence[Parameter], operands: Sequence[Operand]
) -> str | None:
    """The dtype that torch gives, or None where it raises."""
    try:
        result = call(function, operator, given, [operand(*o) for o in operands])
    except (RuntimeError, TypeError, NotImplementedError):
        return None
    return str(result.dtype).removeprefix("torch.")


def predicted(operator: Operator, operands: Sequence[Operand]) -> str | None:
    try:
        return result_dtype(operator, operands, written="float32")
    except UnsupportedDType:
        return None


def variants(operator: Operator) -> list[list[Parameter]]:
    """The sets of operands with which the operator can be called."""
    given = operand_parameters(operator)
    if operator.name == "clamp":
        return [given, given[:2], [given[0], given[2]]]
    return [given]


@pytest.mark.parametrize("line", ELEMENTWISE, ids=lambda line: str(line.operator))
def test_result_dtype_is_that_of_torch_for_every_dtype_and_rank(line: Line) -> None:
    operator = line.operator
    checked = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for spelling in line.spellings or line.in_place[:1]:
            function = resolve(spelling)
            for given in variants(operator):
                for operands in choices(operator, given, "Tensor" in spelling):
                    if not line.spellings and operands[0][1] is Rank.SCALAR < operands[-1][1]:
                        continue  # in place, the shapes would not fit
                    expected = observed(function, operator, given, operands)
                    answer = predicted(operator, operands)
                    checked += 1
                    if answer is None and operator.name in NARROWER:
                        continue
                    assert answer == expected, (spelling, operands)
    assert checked >= 20


@pytest.mark.parametrize("line", ELEMENTWISE, ids=lambda line: str(line.operator))
def test_result_dtype_is_that_of_torch_under_another_default_dtype(line: Line) -> None:
    operator = line.operator
    given = operand_parameters(operator)
    function = resolve((line.spellings or line.in_place)[0])
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        for dtype in ("int32", "float32", "bool"):
            operands: list[Operand] = [(dtype, Rank.TENSOR)] * len(given)
            for position in operator.masks:
                operands[position] = ("bool", Rank.TENSOR)
            expected = observed(function, operator, given, operands)
            try:
                answer = result_dtype(operator, operands, "float64", written="float32")
            except UnsupportedDType:
                answer = None
            assert answer == expected, dtype
    finally:
        torch.set_default_dtype(before)


@pytest.mark.parametrize("line", ELEMENTWISE, ids=lambda line: str(line.operator))
def test_torch_raises_for_a_number_where_only_a_tensor_is_taken(line: Line) -> None:
    operator = line.operator
    given = operand_parameters(operator)
    for spelling in line.spellings:
        for position, parameter in enumerate(given):
            if position == 0 and "Tensor" in spelling:
                continue
            values = [operand("float32", Rank.TENSOR) for _ in given]
            for mask in operator.masks:
                values[mask] = operand("bool", Rank.TENSOR)
            values[position] = 0.5
            if operator.name == "clamp" and position > 0:
                values[1:] = [0.5, 0.5]  # a number beside a tensor raises for another reason
            try:
                call(resolve(spelling), operator, given, values)
            except (TypeError, AttributeError):
                raised = True
            except (RuntimeError, NotImplementedError):
                continue  # no kernel for float32: nothing learnt about numbers
            else:
                raised = False
            assert raised == (parameter.accepts is Accepts.TENSOR), (spelling, parameter.name)


def test_a_mixed_clamp_is_refused_because_tensors_with_dimensions_raise() -> None:
    clamp = find_function("torch.clamp")
    assert clamp is not None
    x = ("float32", Rank.TENSOR)
    with pytest.raises(UnsupportedDType, match="both bounds"):
        result_dtype(clamp, [x, ("int64", Rank.NUMBER), x])
    with pytest.raises(TypeError):
        torch.clamp(torch.ones(3), 0, torch.ones(3))  # type: ignore[call-overload]


def test_a_dtype_that_the_call_names_is_the_result() -> None:
    to = find_function("torch.Tensor.to")
    assert to is not None
    assert result_dtype(to, [("int64", Rank.SCALAR)], written="float16") == "float16"
    with pytest.raises(UnsupportedDType, match="no dtype of its own"):
        result_dtype(to, [("int64", Rank.SCALAR)])
