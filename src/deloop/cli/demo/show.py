"""The demo on a terminal, or as lines of text in a pipe."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from deloop.cli.demo.loops import EXAMPLES
from deloop.cli.demo.measure import Result, measure
from deloop.cli.demo.page import render_demo
from deloop.cli.demo.words import FOOTNOTE, spell_ratio, spell_seconds, spell_shape
from deloop.decorator.pytorch import torch
from deloop.report import print_loops

WIDTH_IN_A_PIPE = 120


def show_demo(*, quick: bool, page: Path | None, device: str) -> bool:
    """Measure, print, and write the page; whether every loop was rewritten and agrees.

    Raises `click.ClickException` where the device is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise click.ClickException("there is no CUDA device here; leave out --device cuda")
    console = make_console()
    threads = torch.get_num_threads()
    # On a busy machine, threads that wait for each other would be what is measured.
    torch.set_num_threads(1)
    try:
        results = measure_all(console, quick=quick, device=device)
    finally:
        torch.set_num_threads(threads)
    print_table(console, results)
    for result in results:
        print_result(console, result)
    if page is not None:
        page.write_text(render_demo(results, device), encoding="utf-8")
        console.print(f"\nwritten to {page}", soft_wrap=True, highlight=False)
    return all(result.is_good for result in results)


def make_console() -> Console:
    """A console bound to standard output as it is now: comparing redirects `sys.stdout`."""
    console = Console(file=sys.stdout)
    if not console.is_terminal:
        console.width = WIDTH_IN_A_PIPE
    return console


def measure_all(console: Console, *, quick: bool, device: str) -> list[Result]:
    """All examples, with a bar while a loop runs; in a pipe nothing is shown."""
    columns = (TextColumn("{task.description}"), BarColumn(40), TimeElapsedColumn())
    results = []
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        for example in EXAMPLES:
            shape = example.quick if quick else example.full
            task = progress.add_task(
                f"running the loop: {example.title}, {spell_shape(shape)}", total=1.0
            )
            results.append(
                measure(
                    example,
                    shape,
                    device,
                    lambda share, task=task: progress.update(task, completed=share),  # type: ignore[misc]
                )
            )
            progress.remove_task(task)
    return results


def print_table(console: Console, results: Sequence[Result]) -> None:
    """Times, ratios and agreements, one line a loop."""
    table = Table(title="three loops and what they become", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("loop", no_wrap=True)
    for name in ("size", "loop takes", "vectorized", "faster"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in results[0].agreements:
        table.add_column(name, no_wrap=True)
    for result in results:
        table.add_row(
            result.example.title,
            spell_shape(result.shape),
            spell_seconds(result.loop_seconds),
            spell_seconds(result.fast_seconds),
            spell_ratio(result.ratio),
            *(
                Text("agree", "green") if same else Text("DIFFER", "bold red")
                for same in result.agreements.values()
            ),
        )
    console.print()
    console.print(table)
    console.print(Text(FOOTNOTE, "dim"))


def print_result(console: Console, result: Result) -> None:
    """Source before and after, and the proof."""
    console.print()
    console.print(Rule(f"[bold]{result.example.title}", align="left"))
    before = inspect.getsource(result.example.loop)
    panels = [_panel("before", before), _panel("after", result.report.source)]
    console.print(Columns(panels) if console.width >= 140 else panels[0])
    if console.width < 140:
        console.print(panels[1])
    print_loops(console, result.report.loops)
    console.print(Text(f"analysed in {spell_seconds(result.analysis_seconds)}", "dim"))
    for outcome in (result.outcome, result.gradient_outcome):
        for difference in outcome.differences:
            console.print(Text(str(difference), "red"))


def _panel(title: str, source: str) -> Panel:
    code = Syntax(source.rstrip(), "python", theme="ansi_dark", background_color="default")
    return Panel(code, title=title, title_align="left", expand=False)
