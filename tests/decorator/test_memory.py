"""What a rewrite makes at once keeps to the memory limit; what it returns stays the same."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any

import pytest
import torch

import deloop
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

# mypy: allow-untyped-defs, allow-untyped-calls


def kernel(x, y, gamma):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.exp(-gamma * ((x[i] - y[j]) ** 2).sum())
    return out


def nearest(x, y):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        best, place = float("inf"), 0
        for j in range(len(y)):
            d = ((x[i] - y[j]) ** 2).sum()
            if d < best:
                best, place = d, j
        out[i] = place
    return out


def nearest_of_each(x, y):
    found = []
    for i in range(len(x)):
        found.append((x[i] - y).pow(2).sum(1).argmin())
    return torch.stack(found)


def columns_of_ranks(x):
    columns = []
    for i in range(x.shape[1]):
        columns.append((x[:, i] < x.T).sum(0))
    return torch.stack(columns, dim=1)


def hinge(a, b):
    loss = 0.0
    for i in range(len(a)):
        for j in range(len(b)):
            loss += torch.clamp(1 - a[i] + b[j], min=0)
    return loss


def forces(x):
    f = torch.zeros_like(x)
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                d = x[j] - x[i]
                f[i] += d / (d.norm() ** 3 + 0.01)
    return f


def spread_of_windows(x):
    out = torch.zeros(len(x) - 3)
    for i in range(len(x) - 3):
        w = x[i : i + 4]
        out[i] = ((w - w.mean()) ** 2).sum()
    return out


def differences_of_pairs(x):
    n = len(x)
    out = torch.zeros(n, n)
    for i in range(n):
        for j in range(i + 1, n):
            out[i, j] = x[i] - x[j]
            out[j, i] = 2 * x[i]
    return out


def from_behind(x, y):
    out = torch.zeros(len(x))
    for i in reversed(range(len(x))):
        out[i] = ((x[i] - y) ** 2).max()
    return out


def last_row(x, y):
    out = torch.zeros(len(x))
    for i in range(1, len(x)):
        d = (x[i] - y).abs().sum(1)
        out[i] = d.max()
    return out, i


def smoothed_products(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        h = torch.tensor(0.0)
        for j in range(len(y)):
            h = 0.5 * h + torch.exp(x[i] * y[j])
            out[i, j] = h
    return out


R = torch.randn
LOOPS: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (kernel, (R(7, 3), R(5, 3), 0.5)),
    (nearest, (R(7, 3), R(5, 3))),
    (nearest_of_each, (R(7, 3), R(5, 3))),
    (columns_of_ranks, (R(6, 5),)),
    (hinge, (R(9), R(6))),
    (forces, (R(6, 3),)),
    (spread_of_windows, (R(40),)),
    (differences_of_pairs, (R(9),)),
    (from_behind, (R(9), R(8))),
    (last_row, (R(6, 3), R(5, 3))),
    (smoothed_products, (R(9), R(20))),
]


def exactness_of(report) -> Exactness:
    found = Exactness.BITWISE
    for loop in report.loops:
        found = found & loop.exactness
    return found


@pytest.mark.parametrize("limit", [1, 60, 200, 500])
@pytest.mark.parametrize("loop, arguments", LOOPS, ids=lambda x: getattr(x, "__name__", ""))
def test_what_is_run_in_pieces_is_the_same(loop, arguments, limit) -> None:
    fast = deloop.vectorize(loop, keep_small=False, memory_limit=limit)
    report = fast.explain(*arguments)
    found = run_side_by_side(
        loop, fast, arguments, exactness=exactness_of(report), second_gradients=False
    )
    assert found.agrees, f"{found}\n{report.source}"


@pytest.mark.parametrize("loop, arguments", LOOPS, ids=lambda x: getattr(x, "__name__", ""))
def test_loops_that_outgrow_the_limit_are_run_in_pieces(loop, arguments) -> None:
    report = deloop.vectorize(loop, keep_small=False, memory_limit=60).explain(*arguments)
    assert "stop = min(start + step, " in report.source, report.source
    assert report.status != "kept"
    assert "run in pieces" in str(report.loops[0].memory) and "memory" in str(report)


def test_pieces_are_written_as_a_reader_would_write_them() -> None:
    report = deloop.vectorize(kernel, memory_limit=60).explain(R(7, 3), R(5, 3), 0.5)
    assert report.source == (
        "def kernel(x, y, gamma):\n"
        "    out = torch.zeros(len(x), len(y))\n"
        "    step = max(1, 2 ** 2 // (len(y) * x.shape[1]))\n"
        "    for start in range(0, len(x), step):\n"
        "        stop = min(start + step, len(x))\n"
        "        out[start:stop] = torch.exp(-gamma * ((x[start:stop, None] - y) ** 2).sum(2))\n"
        "    return out\n"
    )


def test_small_sizes_are_run_at_once_and_large_ones_in_pieces_of_one_decorated_function() -> None:
    fast = deloop.vectorize(kernel, keep_small=False, memory_limit=1000)
    small, large = (R(3, 3), R(4, 3), 0.5), (R(30, 3), R(40, 3), 0.5)
    for arguments in (small, large, small, large):
        torch.testing.assert_close(fast(*arguments), kernel(*arguments))
    names = {fast.specialised(*arguments) for arguments in (small, large)}
    assert len(names) == 2
    assert "stop" not in fast.explain(*small).source
    assert "stop" in fast.explain(*large).source


def test_a_result_as_large_as_what_is_made_on_the_way_is_no_reason_for_pieces() -> None:
    def scaled(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = torch.exp(x[i] * 2) + 1
        return out

    report = deloop.vectorize(scaled).explain(torch.zeros(2**16))
    assert report.loops[0].fits == () and report.loops[0].memory == ""


def test_where_gradients_are_recorded_the_loop_is_not_cut() -> None:
    x, y = R(7, 3, requires_grad=True), R(5, 3)
    fast = deloop.vectorize(kernel, keep_small=False, memory_limit=60)
    report = fast.explain(x, y, 0.5)
    assert "stop" not in report.source
    found = run_side_by_side(
        kernel, fast, (x, y, 0.5), exactness=exactness_of(report), second_gradients=True
    )
    assert found.agrees, str(found)


def test_names_of_the_users_own_are_left_alone() -> None:
    def shifted(x, y, start, step):
        out = torch.zeros(len(x), len(y))
        for i in range(len(x)):
            for j in range(len(y)):
                out[i, j] = ((x[i] - y[j]) ** 2).sum() * start - step
        return out

    arguments = (R(7, 3), R(5, 3), 2.0, 3.0)
    fast = deloop.vectorize(shifted, keep_small=False, memory_limit=60)
    assert "for start_2 in range(0, len(x), step_2):" in fast.explain(*arguments).source
    torch.testing.assert_close(fast(*arguments), shifted(*arguments))


@pytest.mark.slow
def test_nearest_points_stay_within_the_limit() -> None:
    x, y = R(6000, 16), R(6000, 16)
    fast = deloop.vectorize(nearest_of_each)
    fast.explain(x, y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = fast(x, y)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 2**28
    torch.testing.assert_close(found[:5], nearest_of_each(x[:5], y))
