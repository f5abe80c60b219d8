"""Each form of recurrence: the loop, its rewrite and an expert's form, side by side.

Sizes are numbers of innermost iterations. The loop runs only where it takes less than a second.
Times are processor time, one thread, contenders in turns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.kept import Kept
from benchmarks.loops import FORMS, Form
from benchmarks.timing import Call, time_processor
from deloop.cli.demo.words import spell_seconds
from deloop.decorator import vectorize

SIZES = (8, 1_000, 100_000)
LONGEST_LOOP = 1.0
NOISE = 0.95
"""A ratio above it is not called slower."""


@dataclass(frozen=True)
class FormResult:
    """Median seconds of one form at one size; no `loop` where that would take too long."""

    form: str
    size: int
    status: str
    loop: float | None
    expert: float
    rewritten: float
    decorated: float

    @property
    def speedup(self) -> float | None:
        """How many times faster than the loop the decorated function is."""
        return None if self.loop is None else self.loop / self.decorated

    @property
    def over_expert(self) -> float:
        """Time of the rewritten code over the expert's."""
        return self.rewritten / self.expert

    @property
    def is_slower(self) -> bool:
        """Whether a rewrite is slower than its loop, noise aside; a kept loop is the loop."""
        return self.status != "kept" and self.speedup is not None and self.speedup < NOISE


def measure_forms(
    sizes: Sequence[int] = SIZES, *, kept: Kept | None = None
) -> list[FormResult]:
    """Every form at every size, small sizes first: they tell how long the loop takes next."""
    found = []
    for form in FORMS:
        per_iteration = 0.0
        for size in sizes:
            is_short = per_iteration * size < LONGEST_LOOP
            measure = partial(measure_form, form, size, with_loop=is_short)
            name = f"form {form.title} {size}"
            result = measure() if kept is None else kept.get(name, measure, FormResult)
            if result.loop is not None:
                per_iteration = result.loop / size
            found.append(result)
    return found


def measure_form(form: Form, size: int, *, with_loop: bool) -> FormResult:
    """One form at one size; the contenders must agree."""
    arguments = form.arguments(size)
    fast = vectorize(form.loop)
    status = fast.explain(*arguments).status
    rewritten = fast.specialised(*arguments)
    expected = form.expert(*arguments)
    for function in (rewritten, fast, *([form.loop] if with_loop else [])):
        torch.testing.assert_close(function(*arguments), expected, rtol=1e-3, atol=1e-3)
    contenders: dict[str, Call] = {
        "expert": _bind(form.expert, arguments),
        "rewritten": _bind(rewritten, arguments),
        "decorated": _bind(fast, arguments),
    }
    if with_loop:
        contenders["loop"] = _bind(form.loop, arguments)
    times = time_processor(contenders)
    return FormResult(
        form.title, size, status, times.get("loop"),
        times["expert"], times["rewritten"], times["decorated"],
    )  # fmt: skip


def _bind(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Call:
    return lambda: function(*arguments)


def print_forms(console: Console, results: Sequence[FormResult]) -> None:
    """The table, and below it where a rewrite is slower than its loop."""
    table = Table(title="recurrences, one thread, processor time", title_justify="left")
    table.add_column("form", no_wrap=True)
    table.add_column("status")
    for name in ("size", "loop", "expert", "rewritten", "decorated"):
        table.add_column(name, justify="right")
    table.add_column("loop ÷ decorated", justify="right")
    table.add_column("rewritten ÷ expert", justify="right")
    for r in results:
        loop = "-" if r.loop is None else spell_seconds(r.loop)
        seconds = (spell_seconds(t) for t in (r.expert, r.rewritten, r.decorated))
        speedup = "-" if r.speedup is None else f"{r.speedup:.3g}"
        table.add_row(
            r.form, r.status, f"{r.size:,}", loop, *seconds, speedup, f"{r.over_expert:.2f}"
        )
    console.print(table)
    for r in results:
        if r.is_slower:
            part = f"{r.form} at {r.size:,}: {r.speedup:.2f}, {r.status}"
            console.print(f"slower than its loop: {part}", highlight=False)
