"""``deloop explain``: all that is known of the loop at one line."""

from __future__ import annotations

import re
from pathlib import Path

import click

from deloop.config import Config
from deloop.lint.check import Result
from deloop.lint.finding import Finding
from deloop.lint.formats.people import render_text
from deloop.lint.run import check_file


def show_explanation(place: str) -> int:
    """Print the finding whose lines hold the one asked for; the exit code."""
    found = _PLACE.fullmatch(place)
    if found is None:
        click.echo(f"error: {place!r} is no FILE:LINE", err=True)
        return 2
    file, cell, line = found["file"], int(found["cell"] or 0), int(found["line"])
    result = check_file(Path(file), Config(strict=True), thorough=True)
    if result.problem is not None:
        click.echo(f"error: {result.problem}", err=True)
        return 2
    around = [f for f in result.findings if _holds(f, cell, line)]
    if not around:
        click.echo(f"{place}: no loop over elements, rows or items of a tensor")
        return 0
    for finding in around:
        click.echo(render_text([finding]), nl=False)
        _show_assumptions(finding, result)
    return 0


_PLACE = re.compile(r"(?P<file>.+?)(?::cell (?P<cell>\d+))?:(?P<line>\d+)(?::\d+)?")


def _holds(finding: Finding, cell: int, line: int) -> bool:
    """Whether a finding stands at a line, which is the cell's where a cell is named."""
    if not cell:
        return finding.place.line <= line <= finding.end
    if finding.cell is None or finding.cell.number != cell:
        return False
    return finding.cell.line <= line <= finding.cell.line + finding.end - finding.place.line


def _show_assumptions(finding: Finding, result: Result) -> None:
    """What the tensor form assumes, and whether it may be applied."""
    for fix in result.fixes:
        if finding.row in fix.lines:
            for assumption in fix.assumptions:
                click.echo(f"    assumes: {assumption}")
            words = "safe" if fix.is_safe else "unsafe" if fix.certain else "display-only"
            click.echo(f"    fix: {words}, {fix.exactness}")
