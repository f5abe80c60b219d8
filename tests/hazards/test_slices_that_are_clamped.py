"""``x[max(0, i - w):min(n, i + w + 1)]``: slices whose ends the loop clamps itself."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal


def window_mask(n, width):
    mask = torch.full((n, n), float("-inf"))
    for i in range(n):
        low = max(0, i - width)
        high = min(n, i + width + 1)
        mask[i, low:high] = 0
    return mask


def window_means(x, width):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        low = max(0, i - width)
        high = min(len(x), i + width + 1)
        out[i] = x[low:high].mean()
    return out


def greatest_of_the_last(x, width):
    out = torch.zeros(len(x))
    for t in range(len(x)):
        out[t] = x[max(0, t - width + 1) : t + 1].max()
    return out


def ends_not_clamped(x, width):
    out = torch.zeros(len(x))
    for t in range(len(x)):
        out[t] = x[max(0, t - width) : t + width].sum()
    return out


def halves_and_wholes(a, b):
    points = 0.0
    for i in range(len(a)):
        if a[i] > b[i]:
            points += 1
        elif a[i] == b[i]:
            points += 0.5
    return points


@pytest.mark.parametrize("n", [7, 1, 0])
@pytest.mark.parametrize("width", [2, 0, 1, 9, -1, -3])
def test_widths_beyond_the_ends_or_below_nothing(n, width):
    assert_agrees(window_mask, n, width)
    assert_agrees(window_means, normal(n), width)
    assert_agrees(greatest_of_the_last, normal(n), width)
    assert_agrees(ends_not_clamped, normal(n), width)


@pytest.mark.parametrize("grad", [False, True])
def test_ordinary_windows_need_no_loop(grad):
    assert_vectorized(window_mask, 7, 2)
    assert_vectorized(window_means, normal(7).requires_grad_(grad), 2)
    assert_agrees(greatest_of_the_last, normal(7).requires_grad_(grad), 3)


def test_nan_outside_of_the_window_is_not_seen():
    x = normal(7)
    x[3] = float("nan")
    assert_agrees(window_means, x, 1)
    assert_agrees(greatest_of_the_last, x, 2)


def test_ints_added_to_a_float_make_floats():
    report = assert_vectorized(halves_and_wholes, normal(6), normal(6))
    assert "for " not in report.source
    assert_agrees(halves_and_wholes, torch.ones(5), torch.ones(5))
    assert_agrees(halves_and_wholes, normal(0), normal(0))
