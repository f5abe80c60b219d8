"""VEC101 gives every bit that the loop gives, whatever the dtype, the layout and the values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

import deloop
from deloop.diagnostic import Exactness
from deloop.ops.table import find_operator, is_exact

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGERS = [torch.int64, torch.int32, torch.uint8]
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
SPECIAL = [float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 0.1, 1.7, -0.1, 1e-7, -3.0, 3.0]
Loop = Callable[[torch.Tensor], torch.Tensor]


def low(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(x[i], 0.1)
    return out


def high(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > -0.1:
            out[i] = -0.1
        else:
            out[i] = x[i]
    return out


def between(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = min(max(x[i], -0.1), 1.7)
    return out


def whole(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = min(5, max(2, x[i]))
    return out


def at_least_zero(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(x[i], 0)
    return out


def first_only(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(x[0], 0.1)
    return out


def matrix(x: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = max(x[i, j], 0.1)
    return out


def bits(x: torch.Tensor) -> torch.Tensor:
    """The bits, NaN being equal to NaN: bfloat16 kernels write a NaN of their own."""
    if x.is_floating_point():
        x = torch.where(x.isnan(), float("nan"), x)
    return x.contiguous().view(BITS[x.element_size()])


def special(dtype: torch.dtype, length: int) -> torch.Tensor:
    values = torch.tensor(SPECIAL, dtype=torch.float64).to(dtype)
    return values.repeat(length // len(SPECIAL) + 1)[:length].clone()


def layouts(x: torch.Tensor) -> list[torch.Tensor]:
    return [x, torch.stack([x, x], 1)[:, 0], torch.stack([x, x, x], 1)[:, 1]]


def check(loop: Loop, x: torch.Tensor) -> None:
    """The rule fires, declares bitwise, and is."""
    rewritten = deloop.vectorize(loop)
    (report,) = rewritten.explain(x).loops
    assert report.rules == ("VEC101",)
    assert report.exactness is Exactness.BITWISE
    expected, found = loop(x), rewritten(x)
    assert found.dtype == expected.dtype
    assert torch.equal(bits(found), bits(expected))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("loop", [low, high, between], ids=lambda f: f.__name__)
@pytest.mark.parametrize("length", [0, 1, 11, 137])
def test_floats_are_bitwise_the_loops(loop: Loop, dtype: torch.dtype, length: int) -> None:
    for x in layouts(special(dtype, length)):
        check(loop, x)


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
@pytest.mark.parametrize("loop", [whole, at_least_zero], ids=lambda f: f.__name__)
def test_integers_are_bitwise_the_loops(loop: Loop, dtype: torch.dtype) -> None:
    limits = torch.iinfo(dtype)
    values = [limits.min, limits.max, *range(9)] * 7
    for x in layouts(torch.tensor(values, dtype=dtype)):
        check(loop, x)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_elements_without_dimensions_and_matrices_are_bitwise_too(dtype: torch.dtype) -> None:
    x = special(dtype, 121)
    check(first_only, x)
    check(matrix, x.reshape(11, 11))
    check(matrix, x.reshape(11, 11).T)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_clamp_by_ordinary_bounds_is_bitwise_the_same_in_every_layout(dtype: torch.dtype) -> None:
    x = special(dtype, 137)
    for bounds in ({"min": 0.1}, {"max": -0.1}, {"min": -0.1, "max": 1.7}):
        expected = torch.stack([element.clamp(**bounds) for element in x])
        for same in layouts(x):
            assert torch.equal(bits(same.clamp(**bounds)), bits(expected))


def test_clamp_is_declared_exact_only_by_bounds_that_are_not_zero_in_the_dtype() -> None:
    clamp = find_operator("clamp")
    assert is_exact(clamp, "float32", [0.5, 2])
    assert not is_exact(clamp, "float32", [0.0])
    assert not is_exact(clamp, "float16", [1e-9])
    assert not is_exact(clamp, "float32", [float("nan")])
    assert not is_exact(clamp, "float32", [float("inf")])
    assert not is_exact(clamp, "float32")


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("loop", [low, high, between], ids=lambda f: f.__name__)
def test_gradients_are_the_loops_at_ties_and_nan(loop: Loop, dtype: torch.dtype) -> None:
    first = special(dtype, 22).requires_grad_()
    second = first.detach().clone().requires_grad_()
    rewritten = deloop.vectorize(loop)
    assert rewritten.explain(second).loops[0].rules == ()
    weights = torch.arange(1, 23, dtype=dtype)
    expected, found = loop(first), rewritten(second)
    (one,) = torch.autograd.grad((expected * weights).sum(), first, create_graph=True)
    (two,) = torch.autograd.grad((found * weights).sum(), second, create_graph=True)
    assert torch.equal(bits(one.detach()), bits(two.detach()))
    assert one.requires_grad == two.requires_grad


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("loop", [low, between], ids=lambda f: f.__name__)
def test_second_gradients_are_the_loops(loop: Loop, dtype: torch.dtype) -> None:
    seconds = []
    for function in (loop, deloop.vectorize(loop)):
        x = torch.tensor([0.1, 1.7, -3.0, 1.0, 0.0], dtype=dtype).requires_grad_()
        (grad,) = torch.autograd.grad((function(x) ** 3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(grad.sum(), x)
        seconds.append(second)
    assert torch.equal(*seconds)


def test_clamp_stops_the_gradient_at_nan_and_the_loop_does_not() -> None:
    grads = []
    for function in (low, lambda x: x.clamp(min=0.1)):
        x = torch.tensor([float("nan")], requires_grad=True)
        function(x).sum().backward()
        grads.append(x.grad)
    assert [g.item() for g in grads if g is not None] == [1.0, 0.0]
