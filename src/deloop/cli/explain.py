"""``deloop explain``: all that is known of the loop at one line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from deloop.config import Config
from deloop.lint.check import Result
from deloop.lint.finding import Finding, Fix
from deloop.lint.formats.machine import as_object
from deloop.lint.formats.people import render_text
from deloop.lint.run import check_file


def show_explanation(place: str, output_format: str = "text") -> int:
    """Print the findings whose lines hold the one asked for; the exit code."""
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
    if output_format == "json":
        objects = [_as_object(finding, _find_fix(finding, result)) for finding in around]
        click.echo(json.dumps(objects, indent=2, ensure_ascii=False))
        return 0
    if not around:
        click.echo(f"{place}: no loop over elements, rows or items of a tensor")
    for finding in around:
        click.echo(render_text([finding]), nl=False)
        for text in _describe(finding, _find_fix(finding, result)):
            click.echo(f"    {text}")
    return 0


_PLACE = re.compile(r"(?P<file>.+?)(?::cell (?P<cell>\d+))?:(?P<line>\d+)(?::\d+)?")


def _holds(finding: Finding, cell: int, line: int) -> bool:
    """Whether a finding stands at a line, which is the cell's where a cell is named."""
    if not cell:
        return finding.place.line <= line <= finding.end
    if finding.cell is None or finding.cell.number != cell:
        return False
    return finding.cell.line <= line <= finding.cell.line + finding.end - finding.place.line


def _find_fix(finding: Finding, result: Result) -> Fix | None:
    """The change that takes the loop away, if there is one."""
    return next((fix for fix in result.fixes if finding.row in fix.lines), None)


def _describe(finding: Finding, fix: Fix | None) -> Iterator[str]:
    """The certificate, and whether the tensor form may be applied: one line of text each."""
    facts: dict[str, str] = {}
    if finding.certificate is not None:
        for found in dict.fromkeys(finding.certificate.dependences):
            yield f"dependence: {found}"
            yield f"            {found.relation}"
        if not finding.certificate.dependences and not finding.certificate.kept:
            yield "dependence: none; no iteration touches an element that another one writes"
        facts = {a.sentence: f"because {a.reason}" for a in finding.certificate.assumptions}
    for assumption in () if fix is None else fix.assumptions:
        yield f"assumes: {assumption} ({facts.get(assumption, 'guessed from the text')})"
    if fix is not None and finding.certificate is not None:
        yield from (f"rounding: {step}" for step in finding.certificate.lossy)
    if fix is not None:
        yield f"fix: {_name_safety(fix)}, {fix.exactness}"


def _name_safety(fix: Fix) -> str:
    return "safe" if fix.is_safe else "unsafe" if fix.certain else "display-only"


def _as_object(finding: Finding, fix: Fix | None) -> dict[str, Any]:
    """A finding as ``deloop check --output-format json`` has it, with its certificate and fix."""
    found = finding.certificate
    return {
        **as_object(finding),
        "certificate": None if found is None else found.as_data(),
        "fix": None if fix is None else {
            "safety": _name_safety(fix),
            "exactness": fix.exactness,
            "assumptions": list(fix.assumptions),
        },
    }  # fmt: skip
