"""The most memory that a call takes: deloop within its limit, and with all iterations at once.

Each measurement has a process of its own, of which the greatest resident size before and after the
call is compared. ``python -m benchmarks.memory TITLE LIMIT`` makes one.
"""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.families import normal, whole
from deloop.analysis.memory import spell_bytes
from deloop.cli.demo.words import spell_seconds
from deloop.decorator import vectorize

NO_LIMIT = 2**50
LONGEST = 120


@dataclass(frozen=True)
class MemoryResult:
    """Bytes and seconds of processor time of one call: in pieces, and all at once."""

    title: str
    size: str
    pieces: int | None
    pieces_seconds: float | None
    at_once: int | None
    at_once_seconds: float | None


def gaussian_kernel(x, y):
    out = torch.zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = torch.exp(-((x[i] - y[j]) ** 2).sum())
    return out


def nearest_of_each(x, y):
    found = []
    for i in range(len(x)):
        found.append((x[i] - y).pow(2).sum(1).argmin())
    return torch.stack(found)


def hinge_of_pairs(a, b):
    loss = torch.tensor(0.0)
    for i in range(len(a)):
        for j in range(len(b)):
            loss = loss + torch.clamp(1 - a[i] + b[j], min=0)
    return loss


def spread_of_windows(x):
    out = torch.zeros(len(x) - 63)
    for i in range(len(x) - 63):
        window = x[i : i + 64]
        out[i] = ((window - window.mean()) ** 2).sum()
    return out


def counts_by_comparison(ids):
    counts = torch.zeros(500, dtype=torch.int64)
    for value in range(500):
        for i in range(len(ids)):
            if ids[i] == value:
                counts[value] += 1
    return counts


KERNELS: dict[str, tuple[Callable[..., Any], str, Callable[[], tuple[Any, ...]]]] = {
    f.__name__.replace("_", " "): (f, size, arguments)
    for f, size, arguments in (
        (gaussian_kernel, "5,000 × 5,000 × 16", lambda: (normal(5000, 16), normal(5000, 16))),
        (nearest_of_each, "6,000 × 6,000 × 16", lambda: (normal(6000, 16), normal(6000, 16))),
        (hinge_of_pairs, "20,000 × 20,000", lambda: (normal(20000), normal(20000))),
        (spread_of_windows, "4,000,000 × 64", lambda: (normal(4_000_000),)),
        (counts_by_comparison, "1,000,000 × 500", lambda: (whole(500, 1_000_000),)),
    )
}


def measure_one(title: str, limit: int | None) -> tuple[int, float]:
    """Bytes and seconds of the second call, in this process; the first is of the same kind."""
    torch.set_num_threads(1)
    function, _, make = KERNELS[title]
    arguments = make()
    fast = vectorize(function, memory_limit=limit)
    rewritten = fast.specialised(*arguments)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    rewritten(*arguments)
    seconds = time.process_time() - start
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024, seconds


def measure_memory(titles: Sequence[str] = tuple(KERNELS)) -> list[MemoryResult]:
    """Every kernel both ways; None where a process runs out of memory or time."""
    return [
        MemoryResult(title, KERNELS[title][1], *_apart(title, None), *_apart(title, NO_LIMIT))
        for title in titles
    ]


def _apart(title: str, limit: int | None) -> tuple[int | None, float | None]:
    command = [sys.executable, "-m", "benchmarks.memory", title, str(limit or 0)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None, None
    size, seconds = json.loads(done.stdout.splitlines()[-1])
    return size, seconds


def spell_size(size: int | None) -> str:
    """``3221225472 -> "3 GB"``, or that there was no answer."""
    return "no answer" if size is None else spell_bytes(size)


def print_memory(console: Console, results: Sequence[MemoryResult]) -> None:
    """A line a kernel."""
    table = Table(title="memory of a call, beside its arguments", title_justify="left")
    for name in ("loop", "size", "in pieces", "takes", "all at once", "takes"):
        table.add_column(name, justify="left" if name == "loop" else "right")
    for r in results:
        seconds = [
            "-" if t is None else spell_seconds(t) for t in (r.pieces_seconds, r.at_once_seconds)
        ]
        table.add_row(
            r.title, r.size, spell_size(r.pieces), seconds[0], spell_size(r.at_once), seconds[1]
        )
    console.print(table)


if __name__ == "__main__":
    print(json.dumps(measure_one(sys.argv[1], int(sys.argv[2]) or None)))
