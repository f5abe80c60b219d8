"""What each guard of a call costs: ``python -m benchmarks.guards``.

A decorated function asks some questions of its arguments before its rewrite runs: types, dtypes,
ranks, sizes, what of the data could not be proved. Each question is timed alone, then all of them
as they are asked; what the interpreter's state takes is asked of every call.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

import deloop
from benchmarks.loops import FORMS, Form
from benchmarks.timing import time_small
from deloop.decorator.dispatch import Specialisation, build_selection
from deloop.decorator.environment import ORDINARY
from deloop.report import Report

SIZE = 16
_NOTHING = ("True",)


@dataclass(frozen=True)
class Guard:
    """One question, as source, and the seconds that it takes."""

    test: str
    seconds: float


@dataclass(frozen=True)
class GuardResult:
    """The guards of one function, and all of them together."""

    title: str
    guards: tuple[Guard, ...]
    together: float
    environment: float
    """The seconds of asking whether the interpreter is in its ordinary state."""

    @property
    def total(self) -> float:
        """The sum of what each costs."""
        return self.environment + sum(guard.seconds for guard in self.guards)


def measure_guards(form: Form, rounds: int = 20, number: int = 1000) -> GuardResult | None:
    """The cost of each guard of a form's rewrite; None where nothing is rewritten."""
    fast = deloop.vectorize(form.loop)
    arguments = form.arguments(SIZE)
    report: Report = fast.explain(*arguments)
    special = fast.find_specialisation(arguments, {})
    if report.status == "kept" or special is None or special.kept:
        return None
    tests = special.tests
    contenders = {"": _ask(fast, special, _NOTHING, arguments)}
    contenders |= {f"{k}": _ask(fast, special, (t,), arguments) for k, t in enumerate(tests)}
    contenders["together"] = _ask(fast, special, tests, arguments)
    contenders["environment"] = _ask(fast, special, (ORDINARY,), arguments)
    times = time_small(contenders, rounds, number)
    empty = times[""]
    guards = tuple(Guard(t, max(times[f"{k}"] - empty, 0.0)) for k, t in enumerate(tests))
    return GuardResult(
        form.title, guards, max(times["together"] - empty, 0.0),
        max(times["environment"] - empty, 0.0),
    )  # fmt: skip


def _ask(
    fast: Any, special: Specialisation, tests: tuple[str, ...], arguments: tuple[Any, ...]
) -> Callable[[], Any]:
    """A call that asks these questions, and does nothing else; all of them hold."""
    subject = fast._subject
    signature = inspect.signature(subject.function)
    one = replace(special, tests=tests)
    select = build_selection(subject.function, signature, (one,), subject.names)
    assert select(*arguments) is special.function, tests
    return lambda: select(*arguments)


def print_guards(console: Console, results: list[GuardResult]) -> None:
    """A line for each guard, then the sum."""
    for result in results:
        table = Table(title=result.title, title_justify="left", box=None, padding=(0, 2, 0, 0))
        table.add_column("guard", overflow="fold")
        table.add_column("ns", justify="right")
        table.add_row("the interpreter's state", f"{result.environment * 1e9:.0f}")
        for guard in result.guards:
            table.add_row(guard.test, f"{guard.seconds * 1e9:.0f}")
        table.add_row("sum", f"{result.total * 1e9:.0f}", style="bold")
        asked = result.environment + result.together
        table.add_row("asked together", f"{asked * 1e9:.0f}", style="bold")
        console.print(table)
        console.print()


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = 110
    results = [found for form in FORMS if (found := measure_guards(form)) is not None]
    print_guards(console, results)


if __name__ == "__main__":
    main()
