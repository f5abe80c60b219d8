"""``deloop check``: what the command does with its options."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from deloop.cli.fixes import fix_bytes, fix_file, show_diff, show_diffs
from deloop.cli.progress import Progress
from deloop.config import Config, ConfigError, check_codes, find_config, load_config
from deloop.lint.cache import open_cache
from deloop.lint.check import Result
from deloop.lint.files import find_files
from deloop.lint.finding import Finding
from deloop.lint.recording import Recording, load_recording
from deloop.lint.run import check_files, leave_out
from deloop.lint.source import check_source

# What few runs need is imported by name, when they do.
_WATCH = "deloop.cli.watch"
FORMATS = {
    "text": "people", "concise": "people", "statistics": "people", "json": "machine",
    "sarif": "sarif", "github": "forges", "gitlab": "forges", "junit": "junit",
}  # fmt: skip
"""The module of `deloop.lint.formats` that prints each format."""
OBJECTS_BETWEEN_COLLECTIONS = (100_000, 20, 20)
"""Syntax trees are many objects and no garbage: looking through them takes a tenth of the time."""


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
    no_cache: bool = False
    watch: bool = False
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

    def find() -> list[Path]:
        return list(find_files(request.paths, config))

    if request.show_files:
        click.echo("".join(f"{file}\n" for file in find()), nl=False)
        return 0
    if request.watch:
        watching: Any = importlib.import_module(_WATCH)
        code: int = watching.watch(find, lambda: _check(find(), request, config))
        return code
    return _check(find(), request, config)


def _check(files: list[Path], request: Request, config: Config) -> int:
    """Check the files named and found, print, and say the exit code."""
    recording = load_recording(config.root)
    results = _find_results(files, request, config, recording)
    if request.diff:
        broken = report_problems(results, request)
        return max(show_diffs(results, exit_zero=request.exit_zero), broken)
    if request.fix:
        unsafe = request.unsafe_fixes
        before = sum(len(result.findings) for result in results)
        results = [fix_file(r, config, unsafe=unsafe, recording=recording) for r in results]
        rewritten = before - sum(len(result.findings) for result in results)
        if rewritten > 0:
            click.echo(f"{rewritten} {'loop' if rewritten == 1 else 'loops'} rewritten", err=True)
    broken = report_problems(results, request)
    findings = [finding for result in results for finding in result.findings]
    findings.sort(key=lambda f: -(f.seconds or 0.0))  # as they stand, where nothing was recorded
    print_findings(findings, request)
    if request.fix or request.output_format == "text":
        _print_summary(results)
    return max(1 if findings and not request.exit_zero else 0, broken)


def _find_results(
    files: list[Path], request: Request, config: Config, recording: Recording
) -> list[Result]:
    """The results of all files, with a bar on a terminal while that takes long."""
    thorough = request.fix or request.diff
    cache = None if request.no_cache else open_cache(config, thorough=thorough)
    progress = Progress(len(files))
    before = gc.get_threshold()
    gc.set_threshold(*OBJECTS_BETWEEN_COLLECTIONS)
    try:
        found = check_files(
            files, config, jobs=request.jobs, thorough=thorough, cache=cache,
            recording=recording, done=progress.step,
        )  # fmt: skip
        return list(found)
    finally:
        gc.set_threshold(*before)
        progress.clear()
        if cache is not None:
            cache.save()


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


def report_problems(results: Sequence[Result], request: Request) -> int:
    """One line each; 2 where one of the files named could not be checked."""
    named = {str(path) for path in request.paths} | {request.stdin_filename or "-"}
    broken = [result for result in results if result.problem is not None]
    for result in broken:
        click.echo(f"error: {result.problem}", err=True)
    return 2 if any(result.file in named for result in broken) else 0


def _check_stdin(request: Request, config: Config) -> int:
    data = sys.stdin.buffer.read()
    file = request.stdin_filename or "-"
    thorough = request.fix or request.diff
    result = leave_out(check_source(data, file, config, thorough=thorough), config)
    broken = report_problems([result], request)
    if request.fix:
        fixed, _ = fix_bytes(data, result, config, unsafe=request.unsafe_fixes)
        sys.stdout.buffer.write(fixed)
        return broken
    if request.diff:
        return max(show_diff(data, result), broken)
    print_findings(result.findings, request)
    return max(1 if result.findings and not request.exit_zero else 0, broken)


def use_colours() -> bool:
    """Colours on a terminal that has them, unless ``NO_COLOR`` is set; ``FORCE_COLOR`` insists."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def print_findings(findings: Sequence[Finding], request: Request) -> None:
    """The findings in the format asked for."""
    name = "statistics" if request.statistics else request.output_format
    module = importlib.import_module(f"deloop.lint.formats.{FORMATS[name]}")
    render = getattr(module, f"render_{name}")
    if name in ("text", "concise"):
        click.echo(render(findings, colours=use_colours()), nl=False, color=True)
    else:
        click.echo(render(findings), nl=False)


def _print_summary(results: Sequence[Result]) -> None:
    """How many are left and what can be done about them, on the error stream."""
    count = sum(len(result.findings) for result in results)
    if not count:
        return
    fixable = sum(bool(f.becomes) for result in results for f in result.findings)
    loops = "loop" if count == 1 else "loops"
    hint = f", {fixable} with a tensor form (see them with --diff)" if fixable else ""
    click.echo(f"\n{count} {loops} found{hint}", err=True)
