"""Loops as kernels: deloop's Numba back end beside Numba on the same loop over NumPy views.

``python -m benchmarks.kernels``, or with all the rest. Contenders: deloop's eager form (the loop
itself where it stays, at a smaller size), deloop with ``backend="numba"``, ``numba.njit`` of the
very loop. Processor time, one thread, in turns; each answer is compared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.timing import Call, time_processor
from deloop.cli.demo.words import spell_seconds
from deloop.decorator import vectorize

# mypy: allow-untyped-defs, allow-untyped-calls


def linear_recurrence(x, a, y):
    for t in range(1, x.shape[0]):
        y[t] = a[t] * y[t - 1] + x[t]
    return y


def second_order_filter(x, a, y):
    for t in range(2, x.shape[0]):
        y[t] = x[t] - a[t] * y[t - 1] + a[t - 1] * y[t - 2]
    return y


def time_warping(a, b, d):
    for i in range(1, d.shape[0]):
        for j in range(1, d.shape[1]):
            cost = abs(a[i - 1] - b[j - 1])
            d[i, j] = cost + min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1])
    return d


def edit_distance(a, b, d):
    for i in range(1, d.shape[0]):
        for j in range(1, d.shape[1]):
            if a[i - 1] == b[j - 1]:
                d[i, j] = d[i - 1, j - 1]
            else:
                d[i, j] = 1 + min(d[i - 1, j], d[i, j - 1], d[i - 1, j - 1])
    return d


def masked_mean(x, mask, out):
    total = 0.0
    count = 0
    for i in range(x.shape[0]):
        if mask[i]:
            total = total + float(x[i])
            count = count + 1
    out[0] = total
    out[1] = count
    return out


def jacobi(u, _, v):
    for i in range(1, u.shape[0] - 1):
        for j in range(1, u.shape[1] - 1):
            v[i, j] = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
    return v


def choice(x, limit, y):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > limit[i, j]:
                y[i, j] = x[i, j] + x[i, j]
            else:
                y[i, j] = x[i, j] - limit[i, j]
    return y


def pairwise(a, b, d):
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            s = a[i, 0] - a[i, 0]
            for k in range(a.shape[1]):
                s = s + (a[i, k] - b[j, k]) * (a[i, k] - b[j, k])
            d[i, j] = s
    return d


@dataclass(frozen=True)
class KernelLoop:
    """One loop with arguments of a size, and of one at which Python is timed."""

    function: Callable[..., Any]
    arguments: Callable[[int], tuple[torch.Tensor, ...]]
    size: int
    small: int

    @property
    def title(self) -> str:
        """What it is called."""
        return self.function.__name__.replace("_", " ")


def _line(n: int) -> tuple[torch.Tensor, ...]:
    return torch.randn(n), torch.rand(n) * 0.9, torch.zeros(n)


def _grid(n: int) -> tuple[torch.Tensor, ...]:
    return torch.randn(n, n), torch.randn(n, n), torch.zeros(n, n)


def _warping(n: int) -> tuple[torch.Tensor, ...]:
    d = torch.full((n + 1, n + 1), float("inf"))
    d[0, 0] = 0
    return torch.randn(n), torch.randn(n), d


def _editing(n: int) -> tuple[torch.Tensor, ...]:
    d = torch.zeros(n + 1, n + 1, dtype=torch.int32)
    d[0], d[:, 0] = torch.arange(n + 1), torch.arange(n + 1)
    return torch.randint(0, 4, (n,)), torch.randint(0, 4, (n,)), d


def _masked(n: int) -> tuple[torch.Tensor, ...]:
    return torch.randn(n), torch.rand(n) > 0.5, torch.zeros(2, dtype=torch.float64)


def _points(n: int) -> tuple[torch.Tensor, ...]:
    return torch.randn(n, 3), torch.randn(n, 3), torch.zeros(n, n)


LOOPS = (
    KernelLoop(linear_recurrence, _line, 100_000, 1_000),
    KernelLoop(second_order_filter, _line, 100_000, 1_000),
    KernelLoop(time_warping, _warping, 512, 24),
    KernelLoop(edit_distance, _editing, 512, 24),
    KernelLoop(masked_mean, _masked, 1_000_000, 1_000),
    KernelLoop(jacobi, _grid, 1000, 24),
    KernelLoop(choice, _grid, 1000, 24),
    KernelLoop(pairwise, _points, 1000, 24),
)


@dataclass(frozen=True)
class KernelResult:
    """Median seconds of processor time of one loop; no `eager` where the loop stays."""

    title: str
    size: int
    status: str
    loop_a_step: float
    eager: float | None
    deloop: float
    by_hand: float

    @property
    def over_hand(self) -> float:
        """Time of deloop's kernel, its guards included, over Numba's on the loop by hand."""
        return self.deloop / self.by_hand


def measure_kernel(loop: KernelLoop, seconds: float = 0.3) -> KernelResult:
    """One loop and its contenders. Raises `AssertionError` where answers differ."""
    given = loop.arguments(loop.size)
    arrays = [t.clone().numpy() for t in given]
    hand = numba.njit(loop.function)
    kernel, eager = vectorize(loop.function, backend="numba"), vectorize(loop.function)
    report = kernel.explain(*given)
    assert report.status == "compiled", [found.kernel for found in report.loops]
    contenders: dict[str, Call] = {
        "deloop": lambda: kernel(*given), "by hand": lambda: hand(*arrays),
    }  # fmt: skip
    if eager.explain(*given).status != "kept":
        contenders["eager"] = lambda: eager(*given)
    np.testing.assert_array_equal(kernel(*given).numpy(), hand(*arrays))
    found = time_processor(contenders, seconds)
    few = loop.arguments(loop.small)
    once = time_processor({"loop": lambda: loop.function(*few)}, seconds)["loop"]
    return KernelResult(
        loop.title, loop.size, report.status, once / few[-1].numel() if few[-1].numel() > 2
        else once / few[0].numel(), found.get("eager"), found["deloop"], found["by hand"],
    )  # fmt: skip


def print_kernels(results: list[KernelResult], console: Console) -> None:
    """The results as a table."""
    table = Table(title="Kernels: deloop's Numba back end beside Numba by hand (one thread)")
    for name in ("loop", "size", "Python, a step", "deloop eager", "deloop numba", "Numba by hand",
                 "numba ÷ by hand"):  # fmt: skip
        table.add_column(name, justify="left" if name == "loop" else "right")
    for r in results:
        eager = "stays" if r.eager is None else spell_seconds(r.eager)
        table.add_row(
            r.title, f"{r.size:,}", spell_seconds(r.loop_a_step), eager, spell_seconds(r.deloop),
            spell_seconds(r.by_hand), f"{r.over_hand:.2f}",
        )  # fmt: skip
    console.print(table)


def main() -> None:
    """Measure all loops, print them."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    chosen = [x for x in LOOPS if not sys.argv[1:] or x.function.__name__ in sys.argv[1:]]
    print_kernels([measure_kernel(loop) for loop in chosen], Console(width=120))


if __name__ == "__main__":
    main()
