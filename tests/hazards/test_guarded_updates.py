"""Variables that keep the number they began as, running values in place, NaN that never wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from deloop.decorator import vectorize
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

NAN, INF = float("nan"), float("inf")


def greatest_above_zero(x: torch.Tensor) -> Any:
    best, where = 0.0, None
    for i in range(len(x)):
        if x[i] > best:
            best, where = x[i], i
    return best, where


def last_not_below(x: torch.Tensor, mask: torch.Tensor) -> Any:
    best, where = 1.5, -1
    for i in range(len(x)):
        if mask[i] and x[i] >= best:
            best, where = x[i], i
    return best, where


def positive_total(x: torch.Tensor) -> Any:
    y = x + 1
    s = 0
    for i in range(len(y)):
        if y[i] > 0:
            s = s + y[i]
    return s, s * 0.5


def inner_stencil(x: torch.Tensor) -> Any:
    n = len(x)
    out = torch.zeros(n)
    for i in range(2, n - 2):
        out[i] = x[i - 1] * x[i + 1]
    return out


def running_in_place(x: torch.Tensor) -> Any:
    s = torch.zeros(x.shape[1])
    out = torch.zeros(x.shape[0], x.shape[1])
    for i in range(x.shape[0]):
        s += x[i]
        out[i] = s
    return out, s


def running_before(x: torch.Tensor) -> Any:
    out = torch.zeros(len(x))
    best = 0.5
    for i in range(len(x)):
        out[i] = best
        if x[i] > best:
            best = x[i]
    return out


def last_row_total(x: torch.Tensor) -> Any:
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            total = total + x[i, j]
        out[i] = total
    return out, total


VECTORS = ([], [-1.0, -2.0], [1.0, 3.0, 3.0], [NAN, 1.0, NAN, 2.0], [NAN, NAN], [-INF, 1.5, 1.5])


def agrees(function: Callable[..., Any], *calls: tuple[torch.Tensor, ...]) -> None:
    """One dispatcher for all calls: each of them gives what the loop gives, gradients too."""
    fast = vectorize(function)
    for args in calls:
        exactness = Exactness.BITWISE
        for loop in fast.explain(*args).loops:
            exactness = exactness & loop.exactness
        outcome = run_side_by_side(
            function, fast, args, exactness=exactness, second_gradients=True
        )
        assert outcome.differences == ()


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize(
    "function", [greatest_above_zero, positive_total, inner_stencil, running_before]
)
def test_what_no_iteration_sets_stays_what_it_was(
    function: Callable[..., Any], grad: bool
) -> None:
    vectors = [torch.tensor(v).requires_grad_(grad) for v in VECTORS]
    agrees(function, *((v,) for v in vectors))
    for first in vectors:  # whatever the rewrite was made for
        agrees(function, (first,), (vectors[2],))


def test_equal_to_the_start_counts_where_the_loop_says_so() -> None:
    calls = [
        (torch.tensor(v), torch.arange(len(v)) != len(v) - 1) for v in VECTORS if len(v) > 0
    ]
    agrees(last_not_below, *calls)


@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (0, 3), (3, 1)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_tensor_added_to_in_place_is_seen_at_each_step(
    shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    agrees(running_in_place, (torch.arange(12)[: shape[0] * shape[1]].reshape(shape).to(dtype),))


@pytest.mark.parametrize("shape", [(4, 3), (1, 3), (3, 0)])
def test_last_row_s_value_is_left_with_its_type(shape: tuple[int, ...]) -> None:
    agrees(last_row_total, (torch.ones(shape),), (torch.ones((2, 2)),))


def test_search_with_a_start_is_written_under_its_condition() -> None:
    report = vectorize(greatest_above_zero).explain(torch.tensor([-1.0, -2.0]))
    assert report.status == "vectorized"
    assert "if (x > 0.0).any():" in report.source
    assert "best = x[where]" in report.source


def test_running_total_in_place_is_a_scan() -> None:
    report = vectorize(running_in_place).explain(torch.ones(3, 2))
    assert "return x.cumsum(0), x.sum(0)" in report.source


def test_range_that_may_be_empty_is_asked_for_in_the_code() -> None:
    report = vectorize(inner_stencil).explain(torch.ones(3, requires_grad=True))
    assert "if n > 4:" in report.source
    assert report.loops[0].assumptions == ()
