"""Send every function with a loop of an installation through the compiler.

``python -m tests.robustness.runner --files 5000`` reads the standard library's and the installed
packages' files, never runs them, and prints how many loops came to which end, and how fast. It
exits with 1 where the compiler crashes or takes longer than five seconds.
"""

from __future__ import annotations

import argparse
import ast
import signal
import sys
import sysconfig
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from deloop.errors import RefusalError
from deloop.frontend.parse import parse_function
from deloop.pipeline import compile_function

from .sources import Found, find_functions, make_world

SECONDS = 5
SCHEMES = 2


@dataclass
class Result:
    """What came of a number of files."""

    files: int = 0
    lines: int = 0
    functions: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")


class _Timeout(BaseException):
    """A function took longer than `SECONDS`; not an Exception, so that nothing swallows it."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise _Timeout


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, _ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def compile_found(found: Found, scheme: int) -> str:
    """The status of a function with made-up arguments: how each loop of it ended does not matter.

    What is written must be Python. Raises what the compiler raises other than a refusal.
    """
    arguments, hints, resolve = make_world(found, scheme)
    try:
        parsed = parse_function(found.text, found.file, found.line, resolve)
        compiled = compile_function(parsed, arguments, hints)
    except RefusalError:
        return "kept"
    ast.parse(compiled.source)
    for loop in compiled.loops:
        assert loop.status != "kept" or (loop.refusal is not None and loop.refusal.sentence)
    return compiled.status


def check_files(paths: Iterable[Path], result: Result | None = None) -> Result:
    """Every function of the files, with each scheme of arguments."""
    result = result or Result()
    for path in paths:
        start = time.perf_counter()
        before = path.read_bytes()
        result.files += 1
        result.lines += before.count(b"\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in other people's strings
            for found in find_functions(path):
                result.functions += 1
                for scheme in range(SCHEMES):
                    _check(found, scheme, result)
        if path.read_bytes() != before:
            result.failures.append(f"{path}: it has changed")
        result.seconds += time.perf_counter() - start
    return result


def _check(found: Found, scheme: int, result: Result) -> None:
    where = f"{found.file}:{found.line} {found.name} (scheme {scheme})"
    start = time.perf_counter()
    try:
        with _alarm(SECONDS):
            result.statuses[compile_found(found, scheme)] += 1
    except _Timeout:
        result.failures.append(f"{where}: more than {SECONDS} seconds")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        result.failures.append(f"{where}: {type(error).__name__} at {place}: {error}")
    result.slowest = max(result.slowest, (time.perf_counter() - start, where))


def list_files(count: int, folders: Iterable[Path]) -> list[Path]:
    """At most so many Python files, spread evenly over all that there are."""
    found = sorted(path for folder in folders for path in folder.rglob("*.py"))
    step = max(1, -(-len(found) // count)) if count else 1
    return found[::step]


def installed_folders() -> list[Path]:
    """The standard library's folder and that of the installed packages."""
    return sorted({Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")})


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where something crashes or takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=0, help="at most so many; 0 for all")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    files = list_files(options.files, options.folders or installed_folders())
    result = Result()
    for number, path in enumerate(files):
        known = len(result.failures)
        check_files([path], result)
        for failure in result.failures[known:]:
            print(failure, flush=True)
        if sys.stderr.isatty() and number % 100 == 0:
            print(f"\r{number} of {len(files)}", end="", file=sys.stderr, flush=True)
    each = max(result.seconds, 1e-9)
    print(
        f"{result.files} files, {result.lines} lines, {result.functions} functions with loops,"
        f" {SCHEMES} kinds of arguments each\n{dict(result.statuses)}\n"
        f"{result.files / each:.0f} files/s, {result.lines / each:.0f} lines/s;"
        f" slowest {result.slowest[0]:.2f} s: {result.slowest[1]}\n"
        f"{len(result.failures)} failures"
    )
    return 1 if result.failures else 0


if __name__ == "__main__":
    sys.exit(main())
