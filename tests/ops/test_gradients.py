"""A zero gradient stays zero where the table says so, held against torch's autograd."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from deloop.dtype import Rank
from deloop.ops.kinds import Gradient
from deloop.ops.lines import Line
from deloop.ops.table import (
    LINES,
    find_gradient,
)
from tests.ops.calls import (
    ELEMENTWISE,
    call,
    operand_parameters,
    operator_named,
    resolve,
    skip_unsupported,
)

FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
LARGE_OPERANDS = (1e5, -1e5, 1e19, -1e19, 1e150, -1e150, 1e200, -1e200)


def gradient_pool(dtype: torch.dtype, finite: bool) -> list[float]:
    top, tiny = torch.finfo(dtype).max, torch.finfo(dtype).tiny
    pool = [0.0, -0.0, tiny, 1e-4, 0.1, 0.5, 1.0, -1.0, 2.0, -2.0, 3.0, -7.5, 100.0, -100.0, 750.0]
    pool += [-750.0, top, -top, *(v for v in LARGE_OPERANDS if abs(v) < top)]
    return pool if finite else [float("inf"), -float("inf"), float("nan"), *pool]


def zero_stays_zero(line: Line, dtype: torch.dtype, finite: bool) -> bool:
    """Whether first and second gradients are zero for a zero upstream gradient, as under where."""
    operator = line.operator
    given = operand_parameters(operator)
    pool = gradient_pool(dtype, finite)
    pool = pool if len(given) < 3 else pool[::2]
    table = torch.tensor(list(itertools.product(pool, repeat=len(given))), dtype=dtype)
    leaves = [table[:, i].clone().requires_grad_() for i in range(len(given))]
    values: list[Tensor] = list(leaves)
    for position in operator.masks:
        values[position] = leaves[position] > 0
    result = call(resolve(line.spellings[0]), operator, given, values)
    if not result.requires_grad:
        return True
    upstream = torch.zeros_like(result).requires_grad_()
    first = torch.autograd.grad(result, leaves, upstream, create_graph=True, allow_unused=True)
    known = [g for g in first if g is not None]
    total = torch.stack([g.sum() for g in known]).sum()
    second: Sequence[Tensor | None] = ()
    if total.requires_grad:
        second = torch.autograd.grad(total, leaves, allow_unused=True)
    return all(bool((g == 0).all()) for g in (*known, *second) if g is not None)


def differentiable(line: Line) -> bool:
    return line.operator.gradient in (Gradient.LINEAR, Gradient.SMOOTH)


@pytest.mark.parametrize(
    "line",
    [line for line in ELEMENTWISE if line.spellings and differentiable(line)],
    ids=lambda line: str(line.operator),
)
def test_zero_upstream_gradient_stays_zero_where_the_table_says_so(line: Line) -> None:
    checked = 0
    for dtype in FLOATS:
        one = [torch.ones(1, dtype=dtype) for _ in operand_parameters(line.operator)]
        for position in line.operator.masks:
            one[position] = one[position] > 0
        if skip_unsupported(resolve(line.spellings[0]), line.operator, one):
            continue
        finite_only = line.operator.gradient is Gradient.SMOOTH
        try:
            stays_zero = zero_stays_zero(line, dtype, finite=finite_only)
        except RuntimeError as error:
            assert "not implemented" in str(error)  # no kernel backwards: the loop raises too
            continue
        checked += 1
        assert stays_zero, dtype
    assert checked >= 1 or line.operator.name == "hardsigmoid"  # has no second derivative


@pytest.mark.parametrize("name", ["sqrt", "log", "div", "pow", "acos", "exp", "reciprocal"])
def test_singular_operators_turn_a_zero_gradient_into_nan(name: str) -> None:
    line = next(line for line in LINES if line.operator.name == name)
    assert line.operator.gradient is Gradient.SINGULAR
    assert not zero_stays_zero(line, torch.float64, finite=True)


@pytest.mark.parametrize(
    "line",
    [line for line in ELEMENTWISE if line.spellings and line.operator.gradient is Gradient.NONE],
    ids=lambda line: str(line.operator),
)
def test_operators_without_gradient_give_none_or_zero(line: Line) -> None:
    operator = line.operator
    given = operand_parameters(operator)
    values: list[Any] = [torch.full((2,), 1.5, requires_grad=True) for _ in given]
    try:
        result = call(resolve(line.spellings[0]), operator, given, values)
        if not result.requires_grad:
            return
        gradients = torch.autograd.grad(result.sum(), values[0], allow_unused=True)
    except (RuntimeError, NotImplementedError, TypeError) as error:
        assert "not implemented" in str(error) or "not supported" in str(error)
        return
    assert gradients[0] is None or not gradients[0].any()


def test_product_with_a_number_is_linear_and_with_a_tensor_is_not() -> None:
    x, two = ("float32", Rank.SCALAR), ("int64", Rank.NUMBER)
    mul, div = operator_named("torch.mul"), operator_named("torch.div")
    assert find_gradient(mul, [x, two]) is Gradient.LINEAR
    assert find_gradient(mul, [two, x]) is Gradient.LINEAR
    assert find_gradient(mul, [x, x]) is Gradient.SMOOTH
    assert find_gradient(div, [x, two]) is Gradient.LINEAR
    assert find_gradient(div, [two, x]) is Gradient.SINGULAR
    z = ("complex64", Rank.SCALAR)
    assert find_gradient(operator_named("torch.abs"), [z]) is Gradient.SINGULAR
    assert find_gradient(operator_named("torch.add"), [z, x]) is Gradient.LINEAR
