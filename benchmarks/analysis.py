"""How long it takes to compile a function for one kind of arguments, over every case of the tests.

What is timed is what a first call does before it runs anything: read, prove, rewrite, make the
guards. Each function is compiled twice, by a fresh `vectorize` each time, after another one that
pays for the imports. Both times are told: isl's answers are remembered from first to second.
It is processor time: the machine may be shared.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from deloop.cli.demo.words import spell_seconds
from deloop.decorator import vectorize
from tests.cases.case import Case

WANTED_MEDIAN = 0.030
WANTED_MOST = 1.0
SLOWEST = 5


@dataclass(frozen=True)
class AnalysisTimes:
    """Seconds of processor time to compile one function, over `count` of them."""

    title: str
    count: int
    median: float
    ninetieth: float
    most: float
    slowest: tuple[tuple[str, float], ...]


def measure_case(case: Case) -> tuple[float, float]:
    """Seconds of the first and the second time that a case's function is compiled."""
    arguments = case.inputs()[0]
    first, second = (_measure_once(case, arguments) for _ in range(2))
    return first, second


def _measure_once(case: Case, arguments: tuple[Any, ...]) -> float:
    start = time.process_time()
    vectorize(case.before, inline=case.inline, keep_small=False).specialised(*arguments)
    return time.process_time() - start


def measure_cases(cases: Sequence[Case]) -> tuple[AnalysisTimes, AnalysisTimes]:
    """The first times and the second times of all cases, in short."""
    measure_case(cases[0])
    # What is loaded by now, PyTorch above all, is no garbage that a case should search.
    gc.collect()
    gc.freeze()
    try:
        found = {case.name: measure_case(case) for case in cases}
    finally:
        gc.unfreeze()
    return (
        summarize("first", {name: first for name, (first, _) in found.items()}),
        summarize("second", {name: second for name, (_, second) in found.items()}),
    )


def summarize(title: str, found: Mapping[str, float]) -> AnalysisTimes:
    """``{"a": 0.1, "b": 0.3} -> median 0.2, most 0.3 of b, …``."""
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    times = [seconds for _, seconds in ordered]
    return AnalysisTimes(
        title,
        len(times),
        statistics.median(times),
        times[len(times) // 10],
        times[0],
        tuple(ordered[:SLOWEST]),
    )


def print_times(console: Console, results: Sequence[AnalysisTimes]) -> None:
    """A line for the first times and one for the second, with the slowest by name."""
    count = results[0].count
    table = Table(
        title=f"to compile one of {count} functions, processor time", title_justify="left"
    )
    table.add_column("time")
    table.add_column(f"median (≤ {spell_seconds(WANTED_MEDIAN)})", justify="right")
    table.add_column("90 % within", justify="right")
    table.add_column(f"most (≤ {spell_seconds(WANTED_MOST)})", justify="right")
    table.add_column("slowest")
    for r in results:
        names = ", ".join(f"{name} {spell_seconds(t)}" for name, t in r.slowest)
        numbers = (spell_seconds(t) for t in (r.median, r.ninetieth, r.most))
        table.add_row(r.title, *numbers, names)
    console.print(table)
