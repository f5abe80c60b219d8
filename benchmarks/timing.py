"""How times are taken: contenders in turns, so that drift of the machine meets all alike."""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[[], Any]


def time_interleaved(contenders: Mapping[str, Call], rounds: int) -> dict[str, float]:
    """The median seconds of a call of each, taking turns: ``{"a": f} -> {"a": 1e-3}``."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for call in contenders.values():
        call()
    for number in range(rounds):
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            start = time.perf_counter()
            contenders[name]()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def time_small(
    contenders: Mapping[str, Call], rounds: int = 40, number: int = 2000
) -> dict[str, float]:
    """The least seconds of processor time of one call, for calls too short to be timed singly."""
    best = dict.fromkeys(contenders, float("inf"))
    timers = {n: timeit.Timer(call, timer=time.process_time) for n, call in contenders.items()}
    for _ in range(rounds):
        for name, timer in timers.items():
            best[name] = min(best[name], timer.timeit(number) / number)
    return best


def time_processor(
    contenders: Mapping[str, Call], seconds: float = 0.2, shortest: float = 2e-4, rounds: int = 40
) -> dict[str, float]:
    """The median seconds of processor time of a call of each, taking turns.

    Short calls are repeated until `shortest` has passed, behind one that is not timed: whoever
    comes after a long loop would find the caches cold. Each contender gets three turns, and more
    up to `rounds` while it has used less than `seconds`.
    """
    once = {name: min(_seconds(call, 1) for _ in range(2)) for name, call in contenders.items()}
    numbers = {name: max(1, int(shortest / max(t, 1e-7))) for name, t in once.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for turn in range(rounds):
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            number = numbers[name]
            if turn >= 3 and sum(times[name]) * number > seconds:
                continue
            if once[name] < 10 * shortest:
                contenders[name]()
            times[name].append(_seconds(contenders[name], number) / number)
    return {name: statistics.median(values) for name, values in times.items()}


def _seconds(call: Call, number: int) -> float:
    start = time.process_time()
    for _ in range(number):
        call()
    return time.process_time() - start
