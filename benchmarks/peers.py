"""Every loop of the families against its peers, at three sizes.

Contenders: the Python loop (where it takes less than a second), deloop's decorated function, the
expert's PyTorch; and of one loop a family, at the largest size, ``torch.compile`` of the expert's
code and ``backend="compile"``, and ``torch.compile`` of the loop itself, for eight iterations, in a
process of its own that may take half a minute. Each answer is compared with the expert's in
float64.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.families import MEMBERS, Member
from benchmarks.kept import Kept
from benchmarks.timing import Call, time_interleaved, time_processor
from deloop.cli.demo.words import spell_seconds
from deloop.decorator import vectorize

SIZES = (100, 10_000, 1_000_000)
QUICK_SIZES = (100, 1_000, 10_000)
LONGEST_LOOP = 1.0
NOISE = 0.95
FEW = 8
LONGEST_UNROLLING = 30
TOLERANCE = 2e-3


@dataclass(frozen=True)
class PeerResult:
    """Median seconds of processor time at one size, one thread; None for what was not timed.

    `compiled_expert` and `compiled` are ``torch.compile`` of the expert's code and of deloop's;
    `compile_seconds` is what the latter took to compile. The last two are of all threads, by the
    clock.
    """

    family: str
    title: str
    size: int
    status: str
    loop: float | None
    expert: float
    deloop: float
    compiled_expert: float | None = None
    compiled: float | None = None
    compile_seconds: float | None = None
    expert_all_threads: float | None = None
    deloop_all_threads: float | None = None

    @property
    def over_expert(self) -> float:
        """Time of deloop's eager code, its guards included, over the expert's."""
        return self.deloop / self.expert

    @property
    def speedup(self) -> float | None:
        """How many times faster than the loop deloop is."""
        return None if self.loop is None else self.loop / self.deloop

    @property
    def is_slower(self) -> bool:
        """Whether a rewrite is slower than its loop, noise aside."""
        return self.status != "kept" and self.speedup is not None and self.speedup < NOISE


@dataclass(frozen=True)
class Unrolled:
    """``torch.compile`` of a loop of so many iterations; no times where it ran out of time."""

    title: str
    iterations: int
    compile_seconds: float | None
    call: float | None


def check(member: Member, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Raise `AssertionError` where an answer is not the expert's in double precision."""
    exact = tuple(a.double() if _is_float(a) else a for a in arguments)
    expected = _flatten(member.expert(*exact))
    found = _flatten(function(*_copies(arguments)))
    scale = max((float(e.double().abs().max()) for e in expected if e.numel()), default=1.0)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(
            one.double(), other.double(), rtol=TOLERANCE, atol=TOLERANCE * max(scale, 1.0),
            msg=lambda text: f"{member.title}: {text}",
        )  # fmt: skip


def _is_float(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _flatten(value: Any) -> list[torch.Tensor]:
    parts = value if isinstance(value, (tuple, list)) else (value,)
    return [torch.as_tensor(part) for part in parts]


def _copies(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(a.clone() if isinstance(a, torch.Tensor) else a for a in arguments)


def _bind(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Call:
    return lambda: function(*arguments)


def measure_member(
    member: Member,
    size: int,
    *,
    with_loop: bool,
    with_compilers: bool = False,
    with_threads: bool = False,
    seconds: float = 0.1,
) -> PeerResult:
    """One loop at one size; every contender's answer is checked before it is timed."""
    arguments = member.arguments(size)
    fast = vectorize(member.loop)
    status = fast.explain(*arguments).status
    contenders: dict[str, Callable[..., Any]] = {"expert": member.expert, "deloop": fast}
    taken: float | None = None
    if with_loop:
        contenders["loop"] = member.loop
    if with_compilers:
        contenders["compiled_expert"] = torch.compile(member.expert)
        contenders["compiled"] = vectorize(member.loop, backend="compile")
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            contenders["compiled"](*arguments)
        taken = time.perf_counter() - start
    for function in contenders.values():
        check(member, function, arguments)
    times: dict[str, Any] = dict(
        time_processor({n: _bind(f, arguments) for n, f in contenders.items()}, seconds)
    )
    if with_threads:
        times |= _time_threads(contenders, arguments)
    return PeerResult(
        member.family, member.title, size, status, times.get("loop"), times["expert"],
        times["deloop"], times.get("compiled_expert"), times.get("compiled"), taken,
        times.get("expert_all_threads"), times.get("deloop_all_threads"),
    )  # fmt: skip


def _time_threads(
    contenders: dict[str, Callable[..., Any]], arguments: tuple[Any, ...]
) -> dict[str, float]:
    before = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)
    try:
        both = {n: _bind(contenders[n], arguments) for n in ("expert", "deloop")}
        found = time_interleaved(both, 15)
    finally:
        torch.set_num_threads(before)
    return {f"{name}_all_threads": seconds for name, seconds in found.items()}


def measure_members(
    members: Sequence[Member] = MEMBERS,
    *,
    quick: bool = False,
    seconds: float = 0.1,
    compilers: bool = True,
    kept: Kept | None = None,
) -> list[PeerResult]:
    """Every loop at every size, small sizes first: they tell how long the loop takes next."""
    sizes = QUICK_SIZES if quick else SIZES
    found: list[PeerResult] = []
    seen: set[str] = set()
    for member in members:
        per_iteration = 0.0
        is_first = member.family not in seen
        seen.add(member.family)
        for size in sizes:
            is_last = size == sizes[-1]
            measure = partial(
                measure_member, member, size, with_loop=per_iteration * size < LONGEST_LOOP,
                with_compilers=is_first and is_last and not quick and compilers,
                with_threads=is_last and not quick,
                seconds=0.03 if quick else seconds,
            )  # fmt: skip
            name = f"{member.title} {size}"
            result = measure() if kept is None else kept.get(name, measure, PeerResult)
            if result.loop is not None:
                per_iteration = result.loop / size
            found.append(result)
    return found


def measure_unrolled(
    members: Iterable[Member] = MEMBERS, *, kept: Kept | None = None
) -> list[Unrolled]:
    """What ``torch.compile`` takes for the loop itself, of the first loop of each family."""
    first: dict[str, Member] = {}
    for member in members:
        first.setdefault(member.family, member)
    found: list[Unrolled] = []
    for member in first.values():
        measure = partial(_unroll_apart, member.title)
        name = f"{member.title} unrolled"
        found.append(measure() if kept is None else kept.get(name, measure, Unrolled))
    return found


def _unroll_apart(title: str) -> Unrolled:
    command = [sys.executable, "-m", "benchmarks.peers", title]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_UNROLLING, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return Unrolled(title, FEW, None, None)
    return Unrolled(title, FEW, *json.loads(done.stdout.splitlines()[-1]))


def unroll(title: str) -> tuple[float, float]:
    """Seconds to compile the loop of that title for a few iterations, and of a call then."""
    torch.set_num_threads(1)
    member = next(m for m in MEMBERS if m.title == title)
    arguments = member.arguments(FEW)
    compiled = torch.compile(member.loop)
    start = time.perf_counter()
    compiled(*arguments)
    taken = time.perf_counter() - start
    return taken, time_processor({"loop": _bind(compiled, arguments)})["loop"]


def geometric_mean(ratios: Iterable[float]) -> float:
    """``[2, 8] -> 4``; NaN of nothing."""
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(sum(logs) / len(logs)) if logs else math.nan


def print_members(console: Console, results: Sequence[PeerResult]) -> None:
    """A line a loop and size, then what they come to."""
    table = Table(title="ten families, one thread, processor time", title_justify="left")
    for name in ("family", "loop"):
        table.add_column(name, no_wrap=True)
    for name in ("size", "Python", "expert", "deloop", "loop ÷ deloop", "deloop ÷ expert"):
        table.add_column(name, justify="right")
    for r in results:
        loop = "-" if r.loop is None else spell_seconds(r.loop)
        speedup = "-" if r.speedup is None else f"{r.speedup:,.3g}"
        table.add_row(
            r.family, r.title, f"{r.size:,}", loop, spell_seconds(r.expert),
            spell_seconds(r.deloop), speedup, f"{r.over_expert:.2f}",
        )  # fmt: skip
    console.print(table)
    for line in summarize(results):
        console.print(line, highlight=False)


def summarize(results: Sequence[PeerResult]) -> list[str]:
    """Sentences: the geometric means, the worst, and where a rewrite is slower than its loop."""
    lines = []
    for size in sorted({r.size for r in results}):
        own = [r for r in results if r.size == size]
        worst = max(own, key=lambda r: r.over_expert)
        lines.append(
            f"size {size:,}: deloop ÷ expert, geometric mean "
            f"{geometric_mean(r.over_expert for r in own):.2f}, "
            f"most {worst.over_expert:.2f} ({worst.title})"
        )
    slower = [r for r in results if r.is_slower]
    lines += [f"slower than its loop: {r.title} at {r.size:,}: {r.speedup:.2f}" for r in slower]
    if not slower:
        lines.append("no rewrite is slower than its loop")
    return lines


if __name__ == "__main__":
    print(json.dumps(unroll(sys.argv[1])))
