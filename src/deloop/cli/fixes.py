"""What ``--fix`` writes and ``--diff`` shows."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import click

from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.check import Problem, Result
from deloop.lint.edit import write_atomically
from deloop.lint.finding import Fix
from deloop.lint.recording import NOTHING, Recording
from deloop.lint.run import check_again
from deloop.lint.source import digest, read_source

MOST_PASSES = 5
"""How often a file is checked again after its loops were fixed: one loop may hide another."""

EXACTNESS = {
    "bitwise": "every value as before",
    "rounding": "values as before up to rounding",
}


def choose_fixes(result: Result, *, unsafe: bool) -> list[Fix]:
    """The fixes of a file that may be applied: those of functions whose findings are all shown."""
    shown = {finding.row for finding in result.findings}
    return [
        fix
        for fix in result.fixes
        if fix.lines <= shown and fix.certain and (unsafe or fix.is_safe)
    ]


def fix_file(result: Result, config: Config, *, unsafe: bool, recording: Recording) -> Result:
    """Apply what may be applied to a file, and say what is left in it.

    The file is written once, in one step, and only if what would be written can be read again.
    """
    path = Path(result.file)
    if not choose_fixes(result, unsafe=unsafe):
        return result
    try:
        old = path.read_bytes()
        if result.digest != digest(old):  # somebody else has changed it meanwhile
            result = check_again(old, result.file, config, thorough=True, recording=recording)
        new, left = fix_bytes(old, result, config, unsafe=unsafe, recording=recording)
        if new != old:
            write_atomically(path, new)
    except OSError as error:
        sentence = f"cannot be fixed: {error.strerror or error}"
        return replace(result, problem=Problem(Place(result.file, 1, 1), sentence))
    return left


def fix_bytes(
    data: bytes, result: Result, config: Config, *, unsafe: bool, recording: Recording = NOTHING
) -> tuple[bytes, Result]:
    """A file's bytes with all fixes made, and what is left in them."""
    for _ in range(MOST_PASSES):
        fixes = choose_fixes(result, unsafe=unsafe)
        source = read_source(data, result.file)
        if not fixes or isinstance(source, Problem):
            break
        new = source.apply(fixes)
        left = check_again(new, result.file, config, thorough=True, recording=recording)
        if left.problem is not None and left.problem != result.problem:
            sentence = f"cannot be fixed: what deloop would write {left.problem.sentence}"
            return data, replace(result, problem=Problem(Place(result.file, 1, 1), sentence))
        data, result = new, left
    return data, result


def show_diffs(results: Iterable[Result], *, exit_zero: bool) -> int:
    """The changes that ``--fix`` would make, and those that it would not without being told."""
    found = 0
    for result in results:
        if result.fixes:
            try:
                data = Path(result.file).read_bytes()
            except OSError:  # it was there a moment ago
                continue
            if result.digest == digest(data):
                found = max(found, show_diff(data, result))
    return 0 if exit_zero else found


def show_diff(data: bytes, result: Result) -> int:
    """Each function's change as a hunk of its own, with what it assumes above it."""
    shown = {finding.row for finding in result.findings}
    fixes = [fix for fix in result.fixes if fix.lines <= shown]
    source = read_source(data, result.file)
    if isinstance(source, Problem):
        return 0
    for fix in fixes:
        words = "safe" if fix.is_safe else "unsafe: applied by --unsafe-fixes"
        if fix.is_safe and fix.recorded:
            words = "safe for what was recorded"
        if not fix.certain:
            words = "display-only: nothing tells how many dimensions the tensors have"
        _print(f"# {result.file}: {words}, {EXACTNESS[fix.exactness]}\n")
        _print("".join(f"# recorded: {sentence}\n" for sentence in fix.recorded))
        _print("".join(f"# assumes {assumption}\n" for assumption in fix.assumptions))
        for name, old, new in source.show([fix]):
            for line in difflib.unified_diff(old, new, name, name, n=3):
                _print(line if line.endswith(("\n", "\r")) else f"{line}\n{NO_END}\n")
    return 1 if fixes else 0


NO_END = "\\ No newline at end of file"


def _print(text: str) -> None:
    """Write text as it is, also where the terminal's encoding cannot show all of it."""
    encoding = sys.stdout.encoding or "utf-8"
    click.echo(text.encode(encoding, "replace").decode(encoding), nl=False)
