"""How long it takes to compile a function for one kind of arguments, over every case of the tests.

What is timed is what a first call does before it runs anything: read, prove, rewrite, make the
guards. Each function is compiled twice, by a fresh `vectorize` each time, and the second is timed,
so that imports and isl's first steps do not count. It is processor time: the machine may be shared.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass

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

    count: int
    median: float
    ninetieth: float
    most: float
    slowest: tuple[tuple[str, float], ...]


def measure_case(case: Case) -> float:
    """Seconds of the second time that a case's function is compiled in this process."""
    arguments = case.inputs()[0]
    seconds = 0.0
    for _ in range(2):
        start = time.process_time()
        vectorize(case.before, inline=case.inline).specialised(*arguments)
        seconds = time.process_time() - start
    return seconds


def measure_cases(cases: Iterable[Case]) -> AnalysisTimes:
    """The times of all cases, in short."""
    # What is loaded by now, PyTorch above all, is no garbage that a case should search.
    gc.collect()
    gc.freeze()
    try:
        found = {case.name: measure_case(case) for case in cases}
    finally:
        gc.unfreeze()
    return summarize(found)


def summarize(found: dict[str, float]) -> AnalysisTimes:
    """``{"a": 0.1, "b": 0.3} -> median 0.2, most 0.3 of b, …``."""
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    times = [seconds for _, seconds in ordered]
    return AnalysisTimes(
        len(times),
        statistics.median(times),
        times[len(times) // 10],
        times[0],
        tuple(ordered[:SLOWEST]),
    )


def print_times(console: Console, times: AnalysisTimes) -> None:
    """One line, and the slowest by name."""
    table = Table(
        title=f"to compile one of {times.count} functions, processor time", title_justify="left"
    )
    table.add_column(f"median (≤ {spell_seconds(WANTED_MEDIAN)})", justify="right")
    table.add_column("90 % within", justify="right")
    table.add_column(f"most (≤ {spell_seconds(WANTED_MOST)})", justify="right")
    table.add_column("slowest")
    names = ", ".join(f"{name} {spell_seconds(t)}" for name, t in times.slowest)
    table.add_row(*(spell_seconds(t) for t in (times.median, times.ninetieth, times.most)), names)
    console.print(table)
