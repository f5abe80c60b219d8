"""Tables: rewritten code against loops and experts, what a call costs, what compiling costs.

Everything runs in one process and one thread. Contenders take turns, call by call, in an order that
rotates, so that drift of the machine meets all of them alike; medians are compared.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.analysis import AnalysisTimes, measure_cases, print_times
from benchmarks.document import write_document
from benchmarks.families import MEMBERS, Member
from benchmarks.kept import Kept
from benchmarks.kernels import LOOPS as KERNEL_LOOPS
from benchmarks.kernels import KernelResult, measure_kernel, print_kernels
from benchmarks.memory import KERNELS, MemoryResult, measure_memory, print_memory
from benchmarks.page import find_tiles, write_page
from benchmarks.peers import (
    PeerResult,
    Unrolled,
    measure_members,
    measure_unrolled,
    print_members,
)
from benchmarks.recurrences import SIZES, FormResult, measure_forms, print_forms
from benchmarks.timing import Call, time_interleaved, time_small
from deloop.cli.demo.loops import EXAMPLES, Example
from deloop.cli.demo.words import spell_ratio, spell_seconds, spell_shape
from deloop.decorator import Vectorized, vectorize
from tests.cases.test_cases import EVERY_CASE

ROUNDS = 60
ANALYSES = 7
WANTED_RATIO = 1.1
WANTED_CALL = 2e-6


def add_tensors(tensor1: torch.Tensor, tensor2: torch.Tensor) -> torch.Tensor:
    return tensor1 + tensor2


def apply_function(tensor: torch.Tensor, func: Callable[..., Any]) -> Any:
    return func(tensor)


def choose_by_threshold(tensor: torch.Tensor, threshold: float) -> torch.Tensor:
    return torch.where(tensor > threshold, tensor * 2, tensor / 2)


EXPERTS: Mapping[str, Callable[..., Any]] = {
    "addition": add_tensors,
    "function application": apply_function,
    "conditional": choose_by_threshold,
}


@dataclass(frozen=True)
class LoopResult:
    """One loop: seconds of the loop (once), of the contenders (medians), and the ratios."""

    title: str
    size: str
    status: str
    loop: float
    expert: float
    rewritten: float
    decorated: float

    @property
    def speedup(self) -> float:
        """How many times faster than the loop the decorated function is."""
        return self.loop / self.decorated

    @property
    def over_expert(self) -> float:
        """Time of the rewritten code over the expert's."""
        return self.rewritten / self.expert


@dataclass(frozen=True)
class CallResult:
    """What one call costs, in seconds, for so many tensor arguments."""

    tensors: int
    plain_function: float
    torch_operator: float
    rewritten: float
    decorated: float

    @property
    def dispatch(self) -> float:
        """The wrapper's own part."""
        return self.decorated - self.rewritten


@dataclass(frozen=True)
class AnalysisResult:
    """Seconds to read, prove and rewrite a function; `first` is the first time in this process."""

    title: str
    first: float
    median: float


@dataclass(frozen=True)
class Calls:
    """What calls cost, as one result."""

    results: list[CallResult]


@dataclass(frozen=True)
class Compiling:
    """The times to compile a function, as one result."""

    results: Sequence[AnalysisTimes]


def read_calls(results: list[dict[str, Any]]) -> Calls:
    """As they were kept."""
    return Calls([CallResult(**r) for r in results])


def read_compiling(results: list[dict[str, Any]]) -> Compiling:
    """As they were kept."""
    return Compiling([AnalysisTimes(**r) for r in results])


@dataclass(frozen=True)
class Measured:
    """Everything that was measured."""

    calls: list[CallResult]
    members: list[PeerResult]
    memory: list[MemoryResult]
    kernels: list[KernelResult]
    loops: list[LoopResult]
    forms: list[FormResult]
    unrolled: list[Unrolled]
    analysis: list[AnalysisResult]
    compiling: Sequence[AnalysisTimes]

    def as_data(self) -> dict[str, Any]:
        """Plain lists and numbers, with the ratios."""
        with_ratios = {
            "loops": self.loops, "recurrences": self.forms, "families": self.members
        }  # fmt: skip
        ratios = {
            name: [asdict(r) | {"speedup": r.speedup, "over_expert": r.over_expert} for r in own]
            for name, own in with_ratios.items()
        }
        return {
            **ratios,
            "calls": [asdict(r) | {"dispatch": r.dispatch} for r in self.calls],
            "analysis": [asdict(r) for r in self.analysis],
            "compiling": [asdict(r) for r in self.compiling],
            "unrolled": [asdict(r) for r in self.unrolled],
            "memory": [asdict(r) for r in self.memory],
            "kernels": [asdict(r) for r in self.kernels],
        }


def find_rewritten(fast: Vectorized, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The specialised code itself, without guards, for arguments that it was made for."""
    return fast.specialised(*arguments)


def measure_loop(example: Example, *, quick: bool) -> LoopResult:
    """Loop once; expert, rewritten and decorated in turns."""
    shape = example.quick if quick else example.full
    arguments = example.arguments(shape, "cpu")
    fast = vectorize(example.loop)
    status = fast.explain(*arguments).status
    rewritten, expert = find_rewritten(fast, arguments), EXPERTS[example.title]
    start = time.perf_counter()
    expected = example.loop(*arguments)
    loop = time.perf_counter() - start
    if not all(torch.equal(expected, function(*arguments)) for function in (rewritten, expert)):
        raise AssertionError(f"{example.title}: the contenders do not agree")
    # A kept loop is slow: its few rounds show that, and nobody waits for hours.
    rounds = ROUNDS if status == "vectorized" else 2
    medians = time_interleaved(
        {
            "expert": lambda: expert(*arguments),
            "rewritten": lambda: rewritten(*arguments),
            "decorated": lambda: fast(*arguments),
        },
        rounds,
    )
    return LoopResult(example.title, spell_shape(shape), status, loop, **medians)


def slow_doubling(x):  # type: ignore[no-untyped-def]
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result


def slow_addition(x, y):  # type: ignore[no-untyped-def]
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] + y[i]
    return result


def measure_calls() -> list[CallResult]:
    """What a call costs with one and with two tensors of one element."""
    found = []
    for loop, operator, plain in (
        (slow_doubling, lambda x: torch.mul(x, 2), lambda x: x),
        (slow_addition, torch.add, lambda x, y: x),
    ):
        count = loop.__code__.co_argcount
        arguments = tuple(torch.ones(1) for _ in range(count))
        fast = vectorize(loop)
        rewritten = find_rewritten(fast, arguments)
        best = time_small(
            {
                "plain_function": make_call(plain, arguments),
                "torch_operator": make_call(operator, arguments),
                "rewritten": make_call(rewritten, arguments),
                "decorated": make_call(fast, arguments),
            }
        )
        found.append(CallResult(count, **best))
    return found


def make_call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Call:
    """A call without argument unpacking, which would be part of what is timed."""
    if len(arguments) == 1:
        (x,) = arguments
        return lambda: function(x)
    x, y = arguments
    return lambda: function(x, y)


def measure_analysis(example: Example) -> AnalysisResult:
    """How long `explain` takes for a function never seen before."""
    arguments = example.arguments(example.small, "cpu")
    times = []
    for _ in range(ANALYSES):
        fast = vectorize(example.loop)
        start = time.perf_counter()
        fast.explain(*arguments)
        times.append(time.perf_counter() - start)
    return AnalysisResult(example.title, times[0], statistics.median(times))


def describe_machine() -> dict[str, str]:
    """What the numbers were measured on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "machine": platform.machine(),
        "processor": find_processor(),
        "threads": str(torch.get_num_threads()),
    }


def find_processor() -> str:
    """The processor's name where the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.processor()


def print_loops(console: Console, results: list[LoopResult]) -> None:
    """The rewritten code against the loop and the expert."""
    table = Table(title="the three loops, one thread", title_justify="left")
    for name in ("loop", "size", "loop takes", "expert", "rewritten", "decorated"):
        table.add_column(name, justify="left" if name == "loop" else "right")
    table.add_column("loop ÷ decorated", justify="right")
    table.add_column(f"rewritten ÷ expert (≤ {WANTED_RATIO})", justify="right")
    for r in results:
        seconds = (spell_seconds(t) for t in (r.loop, r.expert, r.rewritten, r.decorated))
        ratios = spell_ratio(r.speedup), f"{r.over_expert:.2f}"
        table.add_row(r.title, r.size, *seconds, *ratios)
    console.print(table)


def print_calls(console: Console, results: list[CallResult]) -> None:
    """What a call costs."""
    table = Table(title="what a call costs, tensors of one element", title_justify="left")
    table.add_column("tensors")
    for name in ("plain function", "torch operator", "rewritten", "decorated"):
        table.add_column(name, justify="right")
    table.add_column(f"dispatch (≤ {spell_seconds(WANTED_CALL)})", justify="right")
    for r in results:
        times = (r.plain_function, r.torch_operator, r.rewritten, r.decorated, r.dispatch)
        table.add_row(str(r.tensors), *(spell_seconds(t) for t in times))
    console.print(table)


def print_analysis(console: Console, results: list[AnalysisResult]) -> None:
    """What analysis costs."""
    table = Table(title="analysis of one function", title_justify="left")
    for name in ("loop", "first in the process", "median"):
        table.add_column(name, justify="left" if name == "loop" else "right")
    for r in results:
        table.add_row(r.title, spell_seconds(r.first), spell_seconds(r.median))
    console.print(table)


def read_options() -> argparse.Namespace:
    """What is to be measured, and how long."""
    parser = argparse.ArgumentParser(
        description=__doc__, prog="python -m benchmarks",
        epilog="A suite that was cut goes on where it was when it is started again.",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small sizes, without compilers")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results.json")
    parser.add_argument("--families", default="", help="these alone, by commas; no document then")
    parser.add_argument("--seconds", type=float, default=0.1, help="for each contender of a loop")
    parser.add_argument("--no-compilers", action="store_true", help="nothing of torch.compile")
    parser.add_argument("--fresh", action="store_true", help="measure again what was kept")
    return parser.parse_args()


def choose_members(families: str) -> list[Member]:
    """The loops of families by their names: ``"pairs,rows"``; all where none is named."""
    names = [name.strip() for name in families.split(",") if name.strip()]
    chosen = [m for m in MEMBERS if not names or m.family in names]
    if not chosen:
        raise SystemExit(f"families are {', '.join(dict.fromkeys(m.family for m in MEMBERS))}")
    return chosen


def measure_all(options: argparse.Namespace, kept: Kept) -> Measured:
    """Everything that the options ask for, in the order of how much it matters."""
    chosen = choose_members(options.families)
    compilers = not (options.quick or options.no_compilers)
    is_all = not options.families
    calls = kept.get("calls", lambda: Calls(measure_calls()), read_calls).results
    members = measure_members(
        chosen, quick=options.quick, seconds=options.seconds, compilers=compilers, kept=kept
    )
    memory = [
        kept.get(f"memory {title}", lambda t=title: measure_memory((t,))[0], MemoryResult)
        for title in (() if options.quick or not is_all else KERNELS)
    ]
    kernels = [
        kept.get(f"kernel {x.title}", lambda x=x: measure_kernel(x), KernelResult)
        for x in (() if options.quick or not is_all else KERNEL_LOOPS)
    ]
    loops = [
        kept.get(
            f"example {e.title}", lambda e=e: measure_loop(e, quick=options.quick), LoopResult
        )
        for e in (EXAMPLES if is_all else ())
    ]
    sizes = SIZES[:2] if options.quick else SIZES
    forms = measure_forms(sizes, kept=kept) if is_all else []
    unrolled = measure_unrolled(chosen, kept=kept) if compilers else []
    analysis = [
        kept.get(f"analysis {e.title}", lambda e=e: measure_analysis(e), AnalysisResult)
        for e in EXAMPLES
    ]
    compiling = (
        kept.get("compiling", lambda: Compiling(measure_cases(EVERY_CASE)), read_compiling).results
        if is_all
        else ()
    )
    return Measured(calls, members, memory, kernels, loops, forms, unrolled, analysis, compiling)


def main() -> None:
    """Measure, print the tables, write JSON, the page and the document."""
    options = read_options()
    torch.set_num_threads(1)
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = 150
    machine = describe_machine()
    setting = {**machine, "quick": str(options.quick), "seconds": str(options.seconds)}
    setting["compilers"] = str(not options.no_compilers)
    kept = Kept(options.json.with_suffix(".part.json"), setting, fresh=options.fresh)
    found = measure_all(options, kept)
    console.print(", ".join(f"{name} {value}" for name, value in machine.items()), highlight=False)
    print_calls(console, found.calls)
    print_analysis(console, found.analysis)
    print_members(console, found.members)
    if found.compiling:
        print_loops(console, found.loops)
        print_times(console, found.compiling)
        print_forms(console, found.forms)
        print_memory(console, found.memory)
        print_kernels(found.kernels, console)
    for path, text in write_all(found, machine, options).items():
        path.write_text(text, encoding="utf-8")
        console.print(f"written to {path}", soft_wrap=True, highlight=False)
    kept.finish()


def write_all(
    found: Measured, machine: Mapping[str, str], options: argparse.Namespace
) -> dict[Path, str]:
    """The files that are written, with their text; the document only of everything."""
    data = {"machine": dict(machine), **found.as_data()}
    texts = {options.json: json.dumps(data, indent=2) + "\n"}
    median = found.compiling[0].median if found.compiling else found.analysis[0].median
    tiles = find_tiles(found.members, found.calls[-1].dispatch, median)
    page = write_page(found.members, found.unrolled, machine, tiles, found.memory)
    texts[options.json.with_suffix(".html")] = page
    if not (options.quick or options.families):
        told = [(c.tensors, c.torch_operator, c.rewritten, c.decorated) for c in found.calls]
        document = write_document(
            machine, found.members, found.unrolled, told, found.compiling, found.forms,
            found.memory, found.kernels,
        )  # fmt: skip
        texts[Path(__file__).parent.parent / "docs" / "performance.md"] = document
    return texts


if __name__ == "__main__":
    main()
