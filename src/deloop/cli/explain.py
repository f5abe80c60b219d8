"""``deloop explain``: all that is known of the loop at one line."""

from __future__ import annotations

from pathlib import Path

import click

from deloop.config import Config
from deloop.lint.check import Result
from deloop.lint.finding import Finding
from deloop.lint.formats import render_text
from deloop.lint.run import check_file


def show_explanation(place: str) -> int:
    """Print the finding whose lines hold the one asked for; the exit code."""
    file, _, number = place.rpartition(":")
    if not file or not number.isdecimal():
        click.echo(f"error: {place!r} is no FILE:LINE", err=True)
        return 2
    result = check_file(Path(file), Config(strict=True), thorough=True)
    if result.problem is not None:
        click.echo(f"error: {result.problem}", err=True)
        return 2
    line = int(number)
    around = [f for f in result.findings if f.place.line <= line <= f.end]
    if not around:
        click.echo(f"{place}: no loop over elements, rows or items of a tensor")
        return 0
    for finding in around:
        click.echo(render_text([finding]), nl=False)
        _show_assumptions(finding, result)
    return 0


def _show_assumptions(finding: Finding, result: Result) -> None:
    """What the tensor form assumes, and whether it may be applied."""
    for fix in result.fixes:
        if finding.place.line in fix.lines:
            for assumption in fix.assumptions:
                click.echo(f"    assumes: {assumption}")
            words = "safe" if fix.is_safe else "unsafe" if fix.certain else "display-only"
            click.echo(f"    fix: {words}, {fix.exactness}")
