"""Python ints have no bound and are compared and divided exactly; an int64 is neither."""

from __future__ import annotations

import math

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized

SMALL = torch.tensor([3, 0, -2, 7, 5, 1])
HUGE = torch.tensor([2**62, 2**62 + 1, -(2**63), 2**53 + 1, -5, 2**33])


def one_more(x):
    out = torch.zeros(len(x), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = int(x[i]) + 1
    return out


def paired(x):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        out[i] = int(x[i]) * int(x[i]) - 3 * int(x[i])
    return out


def total(x):
    s = 0
    for i in range(len(x)):
        s += x[i].item()
    return s


def total_of_products(x):
    s = 0
    for i in range(len(x)):
        s += x[i].item() * x[len(x) - 1 - i].item()
    return s


def running_total(x):
    s = 0
    out = []
    for i in range(len(x)):
        s += x[i].item()
        out.append(s)
    return out


def seventh(x):
    out = torch.zeros(len(x), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = x[i].item() / 7
    return out


def below_a_float(x):
    out = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        out[i] = x[i].item() < 2.0**62
    return out


def greatest_with_a_float(x):
    out = torch.zeros(len(x), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = max(x[i].item(), 2.0**62)
    return out


@pytest.mark.parametrize(
    "loop",
    [one_more, paired, total, total_of_products, running_total, seventh, below_a_float,
     greatest_with_a_float],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_ints_beyond_what_int64_and_float64_hold_are_left_to_the_loop(loop) -> None:
    for values in (SMALL, SMALL.to(torch.int32), SMALL.byte(), SMALL[:1], SMALL[:0]):
        assert_agrees(loop, values)
    for values in (HUGE, HUGE[:1], HUGE - 1):
        assert_agrees(loop, values)


@pytest.mark.parametrize("loop", [one_more, paired, total, seventh], ids=lambda f: f.__name__)
def test_small_ints_are_computed_by_tensors(loop) -> None:
    assert_vectorized(loop, SMALL)


def test_a_byte_needs_no_guard() -> None:
    report = assert_vectorized(paired, SMALL.byte())
    (loop,) = report.loops
    assert not any("int64" in assumed.sentence for assumed in loop.assumptions)


def test_a_factor_among_the_arguments_is_asked_to_be_small_too() -> None:
    def scaled(x, n):
        out = torch.zeros(len(x), dtype=torch.int64)
        for i in range(len(x)):
            out[i] = (int(x[i]) * n + 1) % 1000
        return out

    for n in (0, 10, -7, 2**40, 2**63 - 1, 2**70):
        assert_agrees(scaled, SMALL, n)
    assert_vectorized(scaled, SMALL, 10)


def cut(x):
    return [int(v) for v in x]


def above_three(x):
    count = 0
    for i in range(len(x)):
        if int(x[i]) > 3:
            count += 1
    return count


def floors(x):
    out = []
    for i in range(len(x)):
        out.append(math.floor(x[i].item()))
    return out


@pytest.mark.parametrize("loop", [cut, above_three, floors], ids=lambda f: f.__name__)
@pytest.mark.parametrize("large", [1e20, -1e20, 2.0**63, 9.2e18, math.inf, math.nan])
def test_a_float_that_no_int64_holds_becomes_pythons_int(loop, large) -> None:
    assert_agrees(loop, torch.tensor([1.5, large, -3.7]))
    assert_vectorized(loop, torch.tensor([1.5, 1e6, -3.7]))
