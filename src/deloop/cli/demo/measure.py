"""What the demo measures: the loop once, its rewrite often, and every difference between them."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deloop.cli.demo.loops import Example, Shape
from deloop.decorator import Vectorized, vectorize
from deloop.decorator.pytorch import torch
from deloop.diagnostic import Exactness
from deloop.report import Report
from deloop.verification.compare import DifferenceKind
from deloop.verification.run import Outcome, run_side_by_side

REPEATS = 15
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Result:
    """One example, measured.

    Parameters
    ----------
    analysis_seconds:
        What the first call took more than later ones do: reading, proving, rewriting.
    loop_seconds, fast_seconds:
        The loop once; the median of repeated calls of the vectorized function.
    outcome, gradient_outcome:
        The comparison at `shape`, and that with gradients at the example's small shape (the loop's
        graph has a node for each element).
    """

    example: Example
    shape: Shape
    report: Report
    analysis_seconds: float
    loop_seconds: float
    fast_seconds: float
    outcome: Outcome
    gradient_outcome: Outcome

    @property
    def ratio(self) -> float:
        """How many times faster."""
        return self.loop_seconds / self.fast_seconds

    @property
    def agreements(self) -> dict[str, bool]:
        """Whether values, dtype, shape and gradients agree."""
        seen = {difference.kind for difference in self.outcome.differences}
        graded = self.gradient_outcome
        return {
            "values": not seen & {DifferenceKind.VALUE, DifferenceKind.EXCEPTION},
            "dtype": not seen & {DifferenceKind.DTYPE, DifferenceKind.TYPE},
            "shape": not seen & {DifferenceKind.SHAPE, DifferenceKind.LENGTH},
            "gradients": graded.agrees and graded.has_gradients,
        }

    @property
    def is_good(self) -> bool:
        """Whether the loop was rewritten and no difference was found."""
        return (
            self.report.status == "vectorized"
            and self.outcome.agrees
            and self.gradient_outcome.agrees
        )


def measure(
    example: Example, shape: Shape, device: str, progress: Callable[[float], None]
) -> Result:
    """Run an example at a shape; `progress` is told the share of the slow part that is done."""
    fast = vectorize(example.loop)
    arguments = example.arguments(shape, device)
    report = fast.explain(*arguments)
    exactness = find_exactness(report)
    estimate = estimate_seconds(example, shape, device)
    start = time.perf_counter()
    fast(*arguments)
    wait_for(device)
    first = time.perf_counter() - start
    outcome = run_watched(
        lambda: run_side_by_side(
            example.loop, fast, arguments, exactness=exactness, gradients=False
        ),
        estimate,
        progress,
    )
    fast_seconds = time_calls(fast, arguments, device)
    graded = compare_gradients(example, fast, device, exactness)
    return Result(
        example, shape, report, max(first - fast_seconds, 0.0), outcome.loop_seconds, fast_seconds,
        outcome, graded,
    )  # fmt: skip


def find_exactness(report: Report) -> Exactness:
    """The exactness declared for the whole function: the weakest of its loops'."""
    exactness = Exactness.BITWISE
    for loop in report.loops:
        exactness = exactness & loop.exactness
    return exactness


def estimate_seconds(example: Example, shape: Shape, device: str) -> float:
    """How long the loop will take, from a run over about a hundredth of its elements."""
    part = (max(1, shape[0] // 100), *shape[1:])
    arguments = example.arguments(part, device)
    start = time.perf_counter()
    example.loop(*arguments)
    wait_for(device)
    return (time.perf_counter() - start) * shape[0] / part[0]


def run_watched(
    work: Callable[[], Outcome], estimate: float, progress: Callable[[float], None]
) -> Outcome:
    """Do the work in a thread and report the share of the estimated time that has gone."""
    found: list[Outcome] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    start = time.perf_counter()
    thread.start()
    while thread.is_alive():
        thread.join(POLL_SECONDS)
        progress(min(0.99, (time.perf_counter() - start) / max(estimate, 1e-9)))
    progress(1.0)
    if failed:
        raise failed[0]
    return found[0]


def time_calls(function: Callable[..., Any], arguments: tuple[Any, ...], device: str) -> float:
    """The median of repeated calls, after two that are not counted."""
    times = []
    for _ in range(REPEATS + 2):
        wait_for(device)
        start = time.perf_counter()
        function(*arguments)
        wait_for(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times[2:])


def compare_gradients(
    example: Example, fast: Vectorized, device: str, exactness: Exactness
) -> Outcome:
    """Loop and rewrite at the small shape, first and second gradients compared."""
    arguments = tuple(
        argument.requires_grad_() if isinstance(argument, torch.Tensor) else argument
        for argument in example.arguments(example.small, device)
    )
    return run_side_by_side(
        example.loop, fast, arguments, exactness=exactness, second_gradients=True
    )


def wait_for(device: str) -> None:
    """Until the device has done what it was asked."""
    if device == "cuda":
        torch.cuda.synchronize()
