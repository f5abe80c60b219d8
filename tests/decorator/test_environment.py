"""Outside of the interpreter's ordinary state the loop runs as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import deloop
from deloop.decorator.environment import find_hindrance, find_hook

from .loops import slow_addition, slow_doubling


def outer_sums(x: Any, y: Any) -> Any:
    result = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        result[i] = torch.dot(x[i], y[i])
    return result


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def double_into_new(x: Any) -> Any:
    result = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result


class Watching(TorchDispatchMode):
    """A dispatch mode that changes nothing."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return func(*args, **(kwargs or {}))


STATES = {
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "default device": lambda: torch.device("meta"),
    "default dtype": lambda: default_dtype(torch.float64),
    "dispatch mode": Watching,
}


def test_ordinary_state_has_no_hindrance() -> None:
    assert find_hindrance() is None


@pytest.mark.parametrize("state", STATES)
def test_loop_runs_in_other_states(state: str) -> None:
    fast = deloop.vectorize(slow_addition)
    x, y = torch.rand(3, 4), torch.rand(3, 4)
    fast(x, y)
    with STATES[state]():  # type: ignore[no-untyped-call, attr-defined]
        assert find_hindrance() is not None
        report = fast.explain(x, y)
        expected, actual = slow_addition(x, y), fast(x, y)
    assert report.status == "kept"
    assert report.loops[0].refusal is not None
    assert actual.dtype is expected.dtype
    assert torch.equal(actual, expected)
    assert find_hindrance() is None


def test_state_is_asked_for_at_each_call_and_not_only_at_the_first() -> None:
    fast, x = deloop.vectorize(double_into_new), torch.ones(3)
    assert fast(x).dtype is torch.float32
    assert fast.explain(x).status == "vectorized"
    with default_dtype(torch.float64):
        assert fast(x).dtype is torch.float64
    assert fast(x).dtype is torch.float32


def test_vmap_and_grad_transforms_go_through_the_loop() -> None:
    fast = deloop.vectorize(slow_addition)
    x, y = torch.rand(2, 3, 4), torch.rand(2, 3, 4)

    def total(a: Any, b: Any) -> Any:
        return fast(a, b).sum()

    gradient = torch.func.grad(total)(x[0], y[0])
    assert torch.equal(gradient, torch.ones(3, 4))

    def add_rows(a: Any, b: Any) -> Any:
        return torch.stack([a[0] + b[0]])

    assert torch.equal(torch.vmap(deloop.vectorize(add_rows))(x, y), (x[:, :1] + y[:, :1]))


def test_torch_compile_sees_the_loop() -> None:
    fast = deloop.vectorize(slow_doubling)
    x = torch.rand(3)
    fast(x)
    compiled = torch.compile(lambda v: fast(v) + 1, backend="eager")
    assert torch.equal(compiled(x), x * 2 + 1)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_torch_jit_tracing_sees_the_loop() -> None:
    fast = deloop.vectorize(slow_doubling)
    x = torch.rand(3)
    fast(x)
    traced = torch.jit.trace(lambda v: fast(v) + 1, (x,), check_trace=False)
    assert torch.equal(traced(x), x * 2 + 1)


def test_hook_that_this_release_lacks_is_none() -> None:
    assert find_hook("compiler.no_such_function") is None
    assert find_hook("get_default_dtype") is torch.get_default_dtype
