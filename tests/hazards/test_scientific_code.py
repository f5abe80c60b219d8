"""Neighbours by place, complex numbers, running products, rolling windows: what could go wrong."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import deloop

from .side_by_side import assert_agrees

INFINITY, NAN = float("inf"), float("nan")


def border_sums(u: Any) -> Any:
    n, m = u.shape
    out = torch.zeros_like(u)
    for i in range(n):
        for j in range(m):
            s = 0
            if i > 0:
                s += u[i - 1, j]
            if i < n - 1:
                s += u[i + 1, j]
            if j > 0:
                s = s - u[i, j - 1]
            out[i, j] = s
    return out


@pytest.mark.parametrize("shape", [(4, 5), (1, 1), (2, 2), (1, 4), (0, 3), (3, 0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int64])
def test_sums_of_neighbours_agree_for_every_size_and_dtype(
    shape: tuple[int, int], dtype: torch.dtype
) -> None:
    u = torch.arange(shape[0] * shape[1]).reshape(shape).to(dtype)
    assert_agrees(border_sums, u)


def test_sums_of_neighbours_keep_infinities_and_nan() -> None:
    u = torch.tensor([[1.0, INFINITY, -0.0], [NAN, -INFINITY, 2.0], [-0.0, 0.0, 3.0]])
    assert_agrees(border_sums, u)
    assert_agrees(border_sums, torch.randn(3, 4, requires_grad=True), second=True)


def smoothed_again_and_again(x: Any, out: Any) -> Any:
    for _ in range(3):
        for i in range(len(x)):
            v = 0.5 * x[i]
            if i > 0:
                v = v + x[i - 1]
            if i < len(x) - 1:
                v = v + x[i + 1]
            out[i] = v
    return out


def test_updates_by_place_of_a_tensor_that_is_read_are_no_updates() -> None:
    x = torch.arange(5.0)
    assert_agrees(smoothed_again_and_again, x, torch.zeros(5))
    assert_agrees(smoothed_again_and_again, x, x)
    assert_agrees(smoothed_again_and_again, x, torch.zeros(5, dtype=torch.float64))
    assert_agrees(smoothed_again_and_again, x, torch.zeros(5, dtype=torch.int64))


def conjugate_doubled(x: Any) -> Any:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i].conj()
        t *= 2
        out[i] = t
    return out


def conjugate_of_what_is_cleared(x: Any) -> Any:
    out = torch.zeros_like(x)
    for i in range(len(x)):
        t = x[i].conj()
        x[i] = 0
        out[i] = t
    return out


def real_part_moved_on(x: Any) -> Any:
    for i in range(len(x)):
        t = x[i].real
        t += 1
    return x


@pytest.mark.parametrize(
    "loop", [conjugate_doubled, conjugate_of_what_is_cleared, real_part_moved_on]
)
def test_parts_of_complex_numbers_are_views(loop: Any) -> None:
    assert_agrees(loop, torch.complex(torch.arange(4.0), torch.ones(4)), status="kept")
    assert_agrees(loop, torch.arange(4.0), status="kept")


def numbers_joined(a: Any, b: Any) -> Any:
    out = torch.zeros(len(a), dtype=torch.complex64)
    for i in range(len(a)):
        out[i] = a[i] * complex(math.cos(i), b)
    return out


@pytest.mark.parametrize("b", [0.5, -0.0, INFINITY, NAN, 3])
def test_complex_numbers_of_real_ones_keep_their_parts(b: float) -> None:
    assert_agrees(numbers_joined, torch.tensor([1.0, -0.0, 2.5]), b)
    assert_agrees(numbers_joined, torch.zeros(0), b)


def prices_from(start: Any, factors: Any) -> Any:
    prices = torch.zeros(factors.shape[0], factors.shape[1] + 1)
    prices[:, 0] = start
    prices[1, 0] = 7.0
    for t in range(1, factors.shape[1] + 1):
        prices[:, t] = prices[:, t - 1] * factors[:, t - 1]
    return prices


@pytest.mark.parametrize("start", [2.0, INFINITY, 1e30, 0.0])
def test_running_products_from_several_starts_agree(start: float) -> None:
    factors = torch.linspace(-2, 2, 36).reshape(3, 12)
    assert_agrees(prices_from, start, factors)
    assert_agrees(prices_from, start, factors * 1e12)
    assert_agrees(prices_from, start, factors * 1e-12)


def rolling(p: Any, w: int) -> Any:
    out = torch.zeros(len(p))
    for i in range(len(p)):
        if i >= w - 1:
            out[i] = p[i - w + 1 : i + 1].sum()
    return out


@pytest.mark.parametrize("w", [1, 3, 9, 10, 12, 0, -1])
def test_windows_under_a_condition_agree_for_every_width(w: int) -> None:
    assert_agrees(rolling, torch.arange(9.0), w)


def rolling_behind_another_condition(p: Any, w: int) -> Any:
    out = torch.zeros(len(p))
    for i in range(len(p)):
        if i >= w - 3:
            out[i] = p[i - w + 1 : i + 1].sum()
    return out


def test_slices_that_a_condition_does_not_keep_inside_wrap_as_they_did() -> None:
    assert_agrees(rolling_behind_another_condition, torch.arange(9.0), 4)


def used_by_a_later_generator(a: Any) -> Any:
    y = torch.zeros(a.shape[0])
    for i in range(a.shape[0]):
        y[i] = a[i, 0] * 2
    later = (a[i, k] for k in range(2))
    return y, list(later)


def used_by_a_generator_of_another_sum(a: Any) -> Any:
    y = torch.zeros(a.shape[0])
    for i in range(a.shape[0]):
        y[i] = sum(a[i, k] for k in range(2))
    return y, i


def test_what_generators_read_is_there() -> None:
    assert_agrees(used_by_a_later_generator, torch.arange(6.0).reshape(3, 2))
    assert_agrees(used_by_a_generator_of_another_sum, torch.arange(6.0).reshape(3, 2))


def products_of_pairs(a: Any, b: Any) -> Any:
    out = torch.zeros(len(a))
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        out[i] = x * y
    return out


def test_pairs_of_unequal_lengths_raise_as_they_did() -> None:
    assert_agrees(products_of_pairs, torch.ones(3), torch.ones(3), status="vectorized")
    rewrite = deloop.vectorize(products_of_pairs)
    rewrite(torch.ones(3), torch.ones(3))
    with pytest.raises(ValueError, match="zip"):
        rewrite(torch.ones(3), torch.ones(2))


def sums_of_shared_terms(pos: Any, m: Any) -> Any:
    a, b = torch.zeros(len(m)), torch.zeros(len(m))
    for i in range(len(m)):
        t = pos[i] * m[i] + 1
        a[i] = t * 2
        pos[i] = 0
        b[i] = t - 1
    return a, b, pos


def test_what_statements_share_is_computed_before_its_operands_change() -> None:
    assert_agrees(sums_of_shared_terms, torch.arange(4.0), torch.arange(4.0))


def clipped(v: Any) -> Any:
    out = torch.zeros_like(v)
    for i in range(len(v)):
        x = v[i] * 2
        if x > 1:
            x = 1.0
        if x < 0:
            x = 0.0
        out[i] = x
    return out


def test_values_clipped_twice_agree() -> None:
    assert_agrees(clipped, torch.tensor([0.2, 3.0, -1.0, NAN, INFINITY, -INFINITY, -0.0]))
    assert_agrees(clipped, torch.tensor([0.2, 3.0, -1.0], requires_grad=True), second=True)


def taps_within_a_part(x: Any, k: Any) -> Any:
    out = torch.zeros(len(x))
    for i in range(len(x)):
        for t in range(len(k)):
            j = i + t - 2
            if 0 <= j < len(x) - 1:
                out[i] += x[j] * k[t]
    return out


@pytest.mark.parametrize("n", [0, 1, 2, 9])
@pytest.mark.parametrize("taps", [0, 1, 2, 3, 5, 12])
def test_windows_that_a_condition_ends_early_have_margins_all_the_same(n: int, taps: int) -> None:
    x, k = torch.arange(1.0, n + 1), torch.arange(1.0, taps + 1)
    assert_agrees(taps_within_a_part, x, k)
    if n != 1:  # else no iteration adds anything, and what it leaves records no gradient
        assert_agrees(taps_within_a_part, x.clone().requires_grad_(), k.clone().requires_grad_())


def correlation(x: Any, y: Any) -> Any:
    n = len(x)
    out = torch.zeros(2 * n - 1)
    for lag in range(-(n - 1), n):
        for i in range(n):
            j = i + lag
            if 0 <= j < n:
                out[lag + n - 1] += x[i] * y[j]
    return out


@pytest.mark.parametrize("length", [1, 4, 5, 6, 9])
def test_correlations_agree_for_shorter_and_for_longer_tensors(length: int) -> None:
    assert_agrees(correlation, torch.arange(1.0, 6.0), torch.arange(1.0, length + 1))


def weighted_by_numbers(x: Any, n: int) -> Any:
    out = torch.zeros(len(x))
    for i in range(len(x)):
        s = 0.0
        for k in range(n):
            s += x[i] * math.sin(k)
        out[i] = s
    return out


def test_infinities_are_not_taken_out_of_sums_of_numbers() -> None:
    assert_agrees(weighted_by_numbers, torch.tensor([1.0, INFINITY, NAN, -INFINITY]), 4)
