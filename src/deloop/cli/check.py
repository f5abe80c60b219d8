"""``deloop check``: what the command does with its options."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from deloop.config import Config, ConfigError, check_codes, find_config, load_config
from deloop.lint.check import Problem, Result, check_bytes, find_encoding
from deloop.lint.edit import apply_fixes, write_atomically
from deloop.lint.files import find_files
from deloop.lint.finding import Finding, Fix
from deloop.lint.formats import (
    render_concise,
    render_github,
    render_gitlab,
    render_json,
    render_junit,
    render_sarif,
    render_statistics,
    render_text,
)
from deloop.lint.run import check_files, leave_out

PLAIN_FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "json": render_json,
    "sarif": render_sarif,
    "github": render_github,
    "gitlab": render_gitlab,
    "junit": render_junit,
}
MOST_PASSES = 5
"""How often a file is checked again after its loops were fixed: one loop may hide another."""


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    paths: tuple[Path, ...]
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    output_format: str = "text"
    statistics: bool = False
    exit_zero: bool = False
    stdin_filename: str = ""
    show_files: bool = False
    strict: bool = False
    jobs: int = 0
    config: Path | None = None


def run_check(request: Request) -> int:
    """Check and print. The exit code: 0 for nothing, 1 for findings, 2 for what went wrong."""
    try:
        config = read_config(request)
    except ConfigError as error:
        click.echo(f"error: {error}", err=True)
        return 2
    if request.stdin_filename or request.paths == (Path("-"),):
        return _check_stdin(request, config)
    files = list(find_files(request.paths, config))
    if request.show_files:
        click.echo("".join(f"{file}\n" for file in files), nl=False)
        return 0
    thorough = request.fix or request.diff
    results = list(check_files(files, config, jobs=request.jobs, thorough=thorough))
    named = {str(path) for path in request.paths}
    broken = report_problems([r.problem for r in results if r.problem is not None], named)
    if request.diff:
        return max(_show_diffs(results, request), broken)
    if request.fix:
        results = [_fix_file(result, request, config) for result in results]
    findings = [finding for result in results for finding in result.findings]
    print_findings(findings, request)
    if request.fix or request.output_format == "text":
        _print_summary(results, request)
    found = 1 if findings and not request.exit_zero else 0
    return max(found, broken)


def read_config(request: Request) -> Config:
    """The project's settings with those of the command line. Raises `ConfigError`."""
    start = request.paths[0] if request.paths else Path()
    start = start if start.exists() else Path()
    file = request.config or find_config(start.resolve())
    config = load_config(file, Path.cwd())
    codes = [*request.select, *request.ignore, *request.extend_select]
    check_codes(codes, "the command line")
    return replace(
        config,
        select=request.select or config.select,
        ignore=(*config.ignore, *request.ignore),
        extend_select=(*config.extend_select, *request.extend_select),
        strict=config.strict or request.strict,
    )


def report_problems(problems: Sequence[Problem], named: set[str]) -> int:
    """One line each; 2 where one of the files named could not be checked."""
    for problem in problems:
        click.echo(f"error: {problem}", err=True)
    return 2 if any(problem.place.file in named for problem in problems) else 0


def _check_stdin(request: Request, config: Config) -> int:
    data = sys.stdin.buffer.read()
    file = request.stdin_filename or "-"
    thorough = request.fix or request.diff
    result = leave_out(check_bytes(data, file, config, thorough=thorough), config)
    if result.problem is not None:
        return report_problems([result.problem], {file})
    if request.fix:
        sys.stdout.buffer.write(apply_fixes(data, chosen_fixes(result, request)))
        return 0
    if request.diff:
        return _print_diff(data, result, request)
    print_findings(result.findings, request)
    return 1 if result.findings and not request.exit_zero else 0


def use_colours() -> bool:
    """Colours on a terminal that has them, unless ``NO_COLOR`` is set; ``FORCE_COLOR`` insists."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def print_findings(findings: Sequence[Finding], request: Request) -> None:
    """The findings in the format asked for."""
    if request.statistics:
        click.echo(render_statistics(findings), nl=False)
    elif request.output_format == "text":
        click.echo(render_text(findings, colours=use_colours()), nl=False, color=True)
    elif request.output_format == "concise":
        click.echo(render_concise(findings, colours=use_colours()), nl=False, color=True)
    else:
        click.echo(PLAIN_FORMATS[request.output_format](findings), nl=False)


def _print_summary(results: Sequence[Result], request: Request) -> None:
    """How many are left and what can be done about them, on the error stream."""
    count = sum(len(result.findings) for result in results)
    if not count:
        return
    fixable = sum(bool(f.becomes) for result in results for f in result.findings)
    loops = "loop" if count == 1 else "loops"
    hint = f", {fixable} with a tensor form (see them with --diff)" if fixable else ""
    click.echo(f"\n{count} {loops} found{hint}", err=True)


def chosen_fixes(result: Result, request: Request) -> list[Fix]:
    """The fixes of a file that may be applied: those of functions whose findings are all shown."""
    shown = {finding.place.line for finding in result.findings}
    return [
        fix
        for fix in result.fixes
        if fix.lines <= shown and fix.certain and (request.unsafe_fixes or fix.is_safe)
    ]


def _fix_file(result: Result, request: Request, config: Config) -> Result:
    """Apply what may be applied and check again, until nothing changes any more."""
    path = Path(result.file)
    for _ in range(MOST_PASSES):
        fixes = chosen_fixes(result, request)
        if not fixes:
            break
        data = path.read_bytes()
        write_atomically(path, apply_fixes(data, fixes, find_encoding(data)))
        result = next(check_files([path], config, jobs=1, thorough=True))
    return result


def _show_diffs(results: Sequence[Result], request: Request) -> int:
    """The changes that ``--fix`` would make, and those that it would not without being told."""
    found = 0
    for result in results:
        if result.fixes:
            found = max(found, _print_diff(Path(result.file).read_bytes(), result, request))
    return 0 if request.exit_zero else found


def _print_diff(data: bytes, result: Result, request: Request) -> int:
    """Each function's change as a hunk of its own, with what it assumes above it."""
    shown = {finding.place.line for finding in result.findings}
    fixes = [fix for fix in result.fixes if fix.lines <= shown]
    encoding = find_encoding(data)
    old = data.decode(encoding, "replace").splitlines(keepends=True)
    for fix in fixes:
        words = "safe" if fix.is_safe else "unsafe: applied by --unsafe-fixes"
        if not fix.certain:
            words = "display-only: nothing tells how many dimensions the tensors have"
        click.echo(f"# {result.file}: {words}, {EXACTNESS[fix.exactness]}")
        for assumption in fix.assumptions:
            click.echo(f"# assumes {assumption}")
        new = apply_fixes(data, [fix], encoding).decode(encoding, "replace")
        lines = difflib.unified_diff(
            old, new.splitlines(keepends=True), result.file, result.file, n=3
        )
        click.echo("".join(lines), nl=False)
    return 1 if fixes else 0


EXACTNESS = {
    "bitwise": "every value as before",
    "rounding": "values as before up to rounding",
}
