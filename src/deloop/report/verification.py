"""What came of running a loop and its rewrite on many inputs: data, and a table of it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from deloop.diagnostic import Exactness
from deloop.errors import DifferenceError
from deloop.report.report import Report
from deloop.report.text import EXACTNESS, WIDTH

COMPARED = (
    "values, Python types, dtypes, shapes, devices, requires_grad, arguments after the call, "
    "aliases, exceptions, printed text, random state"
)


@dataclass(frozen=True)
class Attempt:
    """One input that loop and rewrite were run on.

    Parameters
    ----------
    label:
        What is particular about the input, with the seed that makes it again.
    aspect:
        Its row in the table: ``given``, ``like the example``, ``sizes``, …, ``combinations``.
    rewritten:
        Whether a rewrite ran. Where an assumption does not hold, the loop is what runs.
    raised:
        The type of the exception that both raised, else empty.
    gradients, second_gradients:
        Whether there were such to compare.
    differences:
        One sentence each.
    """

    label: str
    aspect: str
    rewritten: bool
    raised: str = ""
    gradients: bool = False
    second_gradients: bool = False
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counterexample:
    """The first input on which a rewrite differs from its loop, shrunk.

    Parameters
    ----------
    label:
        The input that it was shrunk from.
    args, kwargs:
        Arguments to call the loop and the rewrite with.
    differences:
        What differs there, one sentence each.
    reproduction:
        Python source that shows the difference again.
    """

    label: str
    args: tuple[Any, ...] = field(repr=False)
    kwargs: Mapping[str, Any] = field(repr=False)
    differences: tuple[str, ...]
    reproduction: str

    def __str__(self) -> str:
        lines = [f"loop and rewrite differ ({self.label}):"]
        lines += [f"  {sentence}" for sentence in self.differences]
        return "\n".join([*lines, "to reproduce:", "", self.reproduction])


@dataclass(frozen=True)
class Verification:
    """The answer of `deloop.verify`: what was tried, what agreed, what differs first.

    Parameters
    ----------
    name:
        The function's.
    report:
        What deloop makes of the function for the first input: status, source, assumptions.
    exactness:
        What the values were compared by: the weakest that any rewrite declared.
    attempts:
        Every input, in order.
    counterexample:
        The first that differs, or None.
    seconds:
        How long it took.

    Printed, it is a table; in a notebook or on a rich console one with colours.
    """

    name: str
    report: Report
    exactness: Exactness
    attempts: tuple[Attempt, ...]
    counterexample: Counterexample | None
    seconds: float

    @property
    def agrees(self) -> bool:
        """Whether no difference was found."""
        return self.counterexample is None

    @property
    def rewritten(self) -> int:
        """On how many inputs a rewrite ran; the others tell nothing of it."""
        return sum(attempt.rewritten for attempt in self.attempts)

    def raise_for_difference(self) -> None:
        """Raise `DifferenceError`, an AssertionError, where loop and rewrite differ."""
        if self.counterexample is not None:
            raise DifferenceError(f"{self.name}: {self.counterexample}")

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        console = Console(file=io.StringIO(), width=WIDTH, color_system=None)
        with console.capture() as captured:
            console.print(Group(*_render(self)))
        lines = [line.rstrip() for line in captured.get().splitlines()]
        # To be copied: no line of it is broken.
        lines += [] if self.counterexample is None else [self.counterexample.reproduction]
        return "\n".join(lines)

    def __rich__(self) -> RenderableType:
        shown = [*_render(self)]
        if self.counterexample is not None:
            code = self.counterexample.reproduction
            shown.append(
                Syntax(
                    code, "python", theme="ansi_dark", background_color="default", word_wrap=True
                )
            )
        return Group(*shown)


def _render(found: Verification) -> Iterator[RenderableType]:
    verdict, style = _judge(found)
    yield Text(f"{found.name}: {verdict}", style)
    yield _make_table(found.attempts)
    yield Text(f"compared {EXACTNESS[found.exactness]}: {COMPARED}")
    first = sum(attempt.gradients for attempt in found.attempts)
    second = sum(attempt.second_gradients for attempt in found.attempts)
    yield Text(f"gradients compared on {first} inputs, second gradients on {second}")
    reasons = [loop.refusal for loop in found.report.loops if loop.refusal is not None]
    for refusal in reasons:
        yield Text(f"not rewritten: {refusal}")
    if found.counterexample is not None:
        yield Text(f"first difference ({found.counterexample.label}, shrunk):", "bold")
        for sentence in found.counterexample.differences:
            yield Text(f"    {sentence}")
        yield Text("to reproduce:", "bold")


def _judge(found: Verification) -> tuple[str, str]:
    count = len(found.attempts)
    if not found.agrees:
        different = sum(bool(attempt.differences) for attempt in found.attempts)
        return f"loop and rewrite differ on {different} of {count} inputs", "bold red"
    if not found.rewritten:
        return f"nothing was rewritten for any of {count} inputs; the loop runs", "bold yellow"
    seconds = f"{found.seconds:.1f} s"
    return f"loop and rewrite agree on {count} inputs ({seconds})", "bold green"


def _make_table(attempts: Iterable[Attempt]) -> Table:
    """A row an aspect: how many inputs, what ran, what both raised, what differs."""
    rows: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        rows.setdefault(attempt.aspect, []).append(attempt)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("tried")
    for name in ("inputs", "rewrite ran", "loop ran", "both raise", "agree", "differ"):
        table.add_column(name, justify="right")
    for aspect, group in rows.items():
        table.add_row(aspect, *map(str, _count(group)))
    table.add_section()
    table.add_row("all", *map(str, _count([a for group in rows.values() for a in group])))
    return table


def _count(group: list[Attempt]) -> tuple[int, ...]:
    rewritten = sum(a.rewritten for a in group)
    differ = sum(bool(a.differences) for a in group)
    raised = sum(bool(a.raised) for a in group)
    return len(group), rewritten, len(group) - rewritten, raised, len(group) - differ, differ
