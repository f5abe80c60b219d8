"""Loops of few iterations stay where tensor operations would be slower, and the report says so."""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import pytest
import torch

import deloop
from deloop.decorator import Vectorized


def running(x, decay):
    out = torch.zeros_like(x)
    state = 0.0
    for t in range(len(x)):
        state = decay[t] * state + x[t]
        out[t] = state
    return out


def aligned(cost):
    n, m = cost.shape
    table = torch.full((n + 1, m + 1), float("inf"))
    table[0, 0] = 0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            near = min(table[i - 1, j], table[i, j - 1], table[i - 1, j - 1])
            table[i, j] = cost[i - 1, j - 1] + near
    return table


def states(x, decay):
    h = torch.zeros(x.shape[1])
    out = torch.zeros_like(x)
    for t in range(len(x)):
        h = decay * h + x[t]
        out[t] = h
    return out


def is_kept(fast: Vectorized, *args: object) -> bool:
    return fast.specialised(*args) is fast.__wrapped__


def vectors(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.rand(size), torch.rand(size)


@pytest.mark.parametrize(
    ("loop", "few", "many"),
    [
        (running, vectors(8), vectors(64)),
        (aligned, (torch.rand(4, 30),), (torch.rand(30, 30),)),
        (aligned, (torch.rand(30, 4),), (torch.rand(12, 9),)),
        (states, (torch.rand(8, 4), torch.rand(4)), (torch.rand(40, 4), torch.rand(4))),
    ],
    ids=["recurrence", "flat table", "narrow table", "rows"],
)
@pytest.mark.parametrize("is_small_first", [True, False])
def test_few_iterations_run_the_loop_and_many_the_rewrite_whichever_comes_first(
    loop, few, many, is_small_first
) -> None:
    fast = deloop.vectorize(loop)
    for args in (few, many, few, many) if is_small_first else (many, few, many, few):
        torch.testing.assert_close(fast(*args), loop(*args))
        assert is_kept(fast, *args) is (args is few)
    assert len(fast._special) == 2


def test_report_says_from_which_size_on_a_rewrite_pays() -> None:
    report = deloop.vectorize(running).explain(*vectors(8))
    assert report.status == "kept"
    refusal = report.loops[0].refusal
    assert refusal is not None
    assert refusal.code == "VEC960"
    assert refusal.sentence == "loop kept: so few iterations are faster than tensor operations"
    assert refusal.evidence == "tensor operations pay from x.shape[0] >= 10 on"


def test_inner_loop_of_a_small_one_stays_as_well() -> None:
    (loop,) = deloop.vectorize(aligned).explain(torch.rand(4, 30)).loops
    assert loop.refusal is not None
    assert loop.refusal.code == "VEC960"


def test_small_loops_are_rewritten_where_that_is_asked() -> None:
    for fast, args in (
        (deloop.vectorize(running, keep_small=False), vectors(3)),
        (deloop.vectorize(aligned, keep_small=False), (torch.rand(2, 3),)),
    ):
        assert not is_kept(fast, *args)
        torch.testing.assert_close(fast(*args), fast.__wrapped__(*args))


def test_rewrite_holds_for_small_sizes_too_where_that_is_asked() -> None:
    fast = deloop.vectorize(running, keep_small=False)
    fast(*vectors(64))
    assert not is_kept(fast, *vectors(3))
    assert len(fast._special) == 1
