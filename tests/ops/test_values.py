"""Lifting changes no value beyond what the table says, nor what shares memory."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from deloop.dtype import DTYPES
from deloop.ops.kinds import Operator
from deloop.ops.lines import Line
from deloop.ops.table import (
    is_exact,
)
from tests.ops.calls import (
    by_line,
    call,
    fitting,
    operand_parameters,
    operator_named,
    resolve,
    sample,
    skip_unsupported,
    with_spelling,
)

SPECIAL = (0.0, -0.0, float("inf"), -float("inf"), float("nan"), 1.0, -1.0, 0.5, 2.5, -3.0, 1e-7)


def operands_for(operator: Operator, dtype: torch.dtype) -> list[Tensor]:
    """One tensor for each operand: all combinations of special values, then random ones."""
    count = len(operand_parameters(operator))
    columns = [sample(dtype, 80, 7 * i) for i in range(count)]
    if dtype.is_floating_point:
        pool = SPECIAL if count < 3 else SPECIAL[::2]
        special = torch.tensor(list(itertools.product(pool, repeat=count)), dtype=dtype)
        columns = [torch.cat([special[:, i], columns[i]]) for i in range(count)]
    return fitting(operator, columns)


def layouts(values: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """The same values as the kernels meet them: contiguous, strided, mixed, at an odd offset."""
    strided = [torch.stack([v, v], 1)[:, 0] for v in values]
    yield list(values)
    yield strided
    yield [strided[0], *values[1:]]
    yield [values[0], *strided[1:]]
    yield [torch.cat([v[:1], v])[1:] for v in values]


def one_by_one(function: Any, operator: Operator, values: Sequence[Tensor]) -> Tensor:
    given = operand_parameters(operator)
    results = [
        call(function, operator, given, [v[i].clone() for v in values])
        for i in range(len(values[0]))
    ]
    return torch.stack(results)


def bits(result: Tensor) -> Tensor:
    """Something that is equal exactly where two results are, NaN and the sign of zero included."""
    if result.is_complex():
        result = torch.view_as_real(result.resolve_conj())
    if not result.is_floating_point():
        return result
    nan = torch.isnan(result)
    known = torch.where(nan, torch.zeros_like(result), result)
    sign = torch.signbit(known)
    return torch.stack([known.double(), sign.double(), nan.double()])


def assert_agree(operator: Operator, result: Tensor, expected: Tensor, where: object) -> None:
    """Bitwise equal where the table says exact, equal up to rounding elsewhere."""
    assert result.dtype == expected.dtype, where
    if operator.exact:
        assert torch.equal(bits(result), bits(expected)), where
        return
    tolerance = {torch.float16: 4e-3, torch.bfloat16: 4e-2}.get(result.dtype, 1e-5)
    torch.testing.assert_close(result, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


@with_spelling
def test_lifted_operator_gives_each_element_what_the_scalar_call_gives(line: Line) -> None:
    operator = line.operator
    given = operand_parameters(operator)
    first, *others = [resolve(spelling) for spelling in line.spellings]
    checked = 0
    of_complex = "float" in operator.refuses and "complex" not in operator.refuses
    for name in DTYPES[-2:] if of_complex else DTYPES[:-2]:
        values = operands_for(operator, getattr(torch, name))
        if operator.same_if:  # "no element is infinite", "no element is NaN"
            values = [torch.where(torch.isfinite(v), v, 1.0).to(v.dtype) for v in values]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if skip_unsupported(first, operator, values):
                continue
            expected = one_by_one(first, operator, values)
            for layout in layouts(values):
                assert_agree(operator, call(first, operator, given, layout), expected, name)
            for other in others:
                assert_agree(operator, call(other, operator, given, values), expected, other)
        checked += 1
    assert checked > 0


def test_gelu_of_infinity_differs_between_one_element_and_many() -> None:
    gelu = torch.nn.functional.gelu
    one, many = gelu(torch.full((), torch.inf)), gelu(torch.full((64,), torch.inf))
    assert operator_named("torch.nn.functional.gelu").same_if == "no element is infinite"
    assert one == torch.inf
    assert many.isnan().all() or (many == torch.inf).all()  # oneDNN's kernel or ATen's


def test_sign_of_a_zero_maximum_depends_on_the_layout() -> None:
    plus, minus = torch.zeros(8), -torch.zeros(8)
    strided = torch.stack([minus, minus], 1)[:, 0]
    signs = {bool(s) for s in torch.signbit(torch.maximum(plus, minus))}
    signs |= {bool(s) for s in torch.signbit(torch.maximum(plus, strided))}
    signs |= {bool(s) for s in torch.signbit(torch.maximum(minus, plus))}
    assert signs == {False, True}
    assert not operator_named("torch.maximum").exact


def test_arithmetic_is_bitwise_and_transcendental_functions_are_not() -> None:
    for name in ("add", "sub", "mul", "div", "neg", "abs", "sqrt", "floor", "where", "lt"):
        assert is_exact(operator_named("torch." + name), "float32")
    for name in ("sin", "exp", "pow", "tanh"):
        assert not is_exact(operator_named("torch." + name), "float32")
    assert not is_exact(operator_named("torch.mul"), "complex64")


@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod"])
def test_integer_division_by_zero_raises_as_the_table_says(name: str) -> None:
    operator = operator_named("torch." + name)
    assert operator.may_raise == {"int"}
    with pytest.raises(RuntimeError, match="ZeroDivision"):
        resolve("torch." + name)(torch.tensor([1, 2]), torch.tensor([1, 0]))


def test_integer_power_raises_for_a_negative_number_alone() -> None:
    operator = operator_named("torch.pow")
    assert operator.may_raise == {"int"}
    with pytest.raises(RuntimeError, match="negative integer powers"):
        torch.pow(torch.tensor([2, 3]), -1)
    assert torch.pow(torch.tensor([2, 1]), torch.tensor([-1, -1])).tolist() == [0, 1]


@with_spelling
def test_no_other_operator_raises_for_an_integer_value(line: Line) -> None:
    operator = line.operator
    extremes = (0, 1, -1, 63, 64, -64, 2**63 - 1, -(2**63))
    count = len(operand_parameters(operator))
    if "polynomial" in operator.name or operator.may_raise:
        assert operator.may_raise <= {"int"}
        return
    rows = list(itertools.product(extremes, repeat=count))
    columns = [torch.tensor([row[i] for row in rows]) for i in range(count)]
    for position in operator.masks:
        columns[position] = columns[position] > 0
    function = resolve(line.spellings[0])
    ones = [torch.ones_like(column) for column in columns]
    works_for_ones = not skip_unsupported(function, operator, ones)
    assert works_for_ones is not skip_unsupported(function, operator, columns)


@with_spelling
def test_result_shares_memory_only_where_the_table_says_so(line: Line) -> None:
    operator = line.operator
    given = operand_parameters(operator)
    shared = False
    for dtype in (getattr(torch, name) for name in DTYPES):
        values = [torch.ones(3, dtype=dtype) for _ in given]
        for position in operator.masks:
            values[position] = values[position].bool()
        for spelling in line.spellings:
            if skip_unsupported(resolve(spelling), operator, values):
                continue
            result = call(resolve(spelling), operator, given, values)
            memory = result.untyped_storage().data_ptr()
            shared |= any(memory == v.untyped_storage().data_ptr() for v in values)
    assert shared == operator.may_alias


@by_line
def test_in_place_twin_writes_what_the_operator_returns(line: Line) -> None:
    operator = line.operator
    given = operand_parameters(operator)
    for in_place in line.in_place:
        outer = in_place.removesuffix("_")
        for dtype in (torch.float32, torch.int64, torch.bool):
            values = [sample(dtype, 6, 3 * i) for i in range(len(given))]
            values = fitting(operator, values)
            target = values[0].clone()
            try:
                expected = call(resolve(outer), operator, given, values)
                result = call(resolve(in_place), operator, given, [target, *values[1:]])
            except (RuntimeError, NotImplementedError, AttributeError, TypeError):
                continue
            assert result is target
            assert torch.equal(torch.nan_to_num(target), torch.nan_to_num(expected)), in_place
