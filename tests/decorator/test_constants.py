"""Tables of numbers beside a function are known by their value, as long as it is the same."""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import torch

import deloop

STEPS = [(0, 1), (1, 0)]
TAPS = [0, 2]


def total_variation(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        for j in range(x.shape[1] - 1):
            for di, dj in STEPS:
                total += (x[i + di, j + dj] - x[i, j]).abs()
    return total


def tapped(x):
    out = torch.zeros(len(x) - 2)
    for i in range(len(x) - 2):
        for k in TAPS:
            out[i] += x[i + k]
    return out


def test_a_table_of_the_module_is_read_item_by_item() -> None:
    x = torch.randn(4, 5)
    fast = deloop.vectorize(total_variation)
    assert fast.explain(x).status == "vectorized"
    torch.testing.assert_close(fast(x), total_variation(x))


def test_a_table_that_has_changed_is_read_anew() -> None:
    x = torch.randn(6)
    fast = deloop.vectorize(tapped)
    assert torch.equal(fast(x), x[:-2] + x[2:])
    TAPS[1] = 1
    try:
        assert torch.equal(fast(x), x[:-2] + x[1:-1])
        TAPS[1] = True  # equal to 1, and no int
        assert torch.equal(fast(x), tapped(x))
    finally:
        TAPS[1] = 2
