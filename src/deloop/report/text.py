"""A report for people to read: plain text, or colours where the terminal has them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from deloop.diagnostic import Exactness
from deloop.pipeline import LoopReport

WIDTH = 100
MOST_DEPENDENCES = 3

HEADLINES = {
    "vectorized": "vectorized: every loop becomes tensor operations",
    "compiled": "compiled: loops become kernels that Numba compiles, or tensor operations",
    "partial": "partial: what can become tensor operations does, the rest stays a loop",
    "kept": "kept: the function runs as it is written",
}

EXACTNESS = {
    Exactness.BITWISE: "bitwise (every element by the same operations in the same order)",
    Exactness.ROUNDING: "up to rounding (sums may be taken in another order)",
}

_STYLES = {
    "vectorized": "bold green", "compiled": "bold green", "partial": "bold yellow",
    "kept": "bold red",
}  # fmt: skip


def describe_loop(loop: LoopReport) -> Iterator[tuple[str, str]]:
    """What is known of one loop, as pairs of a label and a sentence: the proof.

    ``("exactness", "bitwise (…)")``, ``("assumes", "y has the shape of x")``,
    ``("rule", "manual_where")``, ``("refused", "f.py:3:9 VEC902 loop kept: …")``.
    """
    if loop.refusal is not None:
        yield "refused", f"{loop.refusal.place} {loop.refusal.code} {loop.refusal.sentence}"
        if loop.refusal.evidence:
            yield "evidence", loop.refusal.evidence
        if loop.refusal.way_out:
            yield "way out", loop.refusal.way_out
    if loop.kernel:
        yield "numba", loop.kernel
    if loop.status == "kept":
        return
    if loop.status != "compiled":
        yield "proved", describe_dependences(loop)
    yield "exactness", EXACTNESS[loop.exactness]
    for step in loop.lossy:
        yield "rounding", step
    for assumption in loop.assumptions:
        reason = f" (because {assumption.reason})" if assumption.reason else ""
        yield "assumes", f"{assumption.sentence}{reason}; checked at each call"
    if not loop.assumptions:
        yield "assumes", "nothing beyond the arguments' types"
    if loop.memory:
        yield "memory", loop.memory
    for rule in loop.rules:
        yield "rule", rule


def describe_dependences(loop: LoopReport) -> str:
    """What the dependence analysis found: nothing, or the first dependences and why they hold."""
    if not loop.dependences:
        return "no iteration touches an element that another one writes (no dependence)"
    found = list(dict.fromkeys(map(str, loop.respected or loop.dependences)))
    more = len(found) - MOST_DEPENDENCES
    return "; ".join(found[:MOST_DEPENDENCES]) + (f"; and {more} more" if more > 0 else "")


def render_text(status: str, source: str, loops: Sequence[LoopReport]) -> str:
    """The report as plain text, no line of prose wider than `WIDTH`."""
    lines = [HEADLINES[status], "", textwrap.indent(source.rstrip(), "    "), ""]
    for loop in loops:
        lines.append(f"line {loop.line}: {loop.status}")
        for label, sentence in describe_loop(loop):
            lines += textwrap.wrap(
                sentence, WIDTH, initial_indent=f"    {label:<10} ", subsequent_indent=" " * 15
            )
    return "\n".join(lines).rstrip() + "\n"


def print_report(
    console: Console,
    status: str,
    source: str,
    loops: Sequence[LoopReport],
    theme: str = "ansi_dark",
) -> None:
    """The report on a console: colours only where the console has them."""
    console.print(Text(HEADLINES[status], _STYLES[status]))
    console.print(Syntax(source.rstrip(), "python", theme=theme, background_color="default"))
    print_loops(console, loops)


def print_loops(console: Console, loops: Sequence[LoopReport]) -> None:
    """What is known of each loop, one sentence a line."""
    for loop in loops:
        console.print(Text(f"line {loop.line}: ") + Text(loop.status, _STYLES[loop.status]))
        grid = Table.grid(padding=(0, 1))
        for label, sentence in describe_loop(loop):
            grid.add_row(Text(f"    {label:<10}", "dim"), Text(sentence))
        console.print(grid)
