"""Send other people's files through the linter and the compiler.

``python -m tests.robustness.runner --files 5000`` reads the standard library's and the installed
packages' files and never runs them. Each goes through ``deloop check --strict`` as a whole, and
each of its functions with a loop through the compiler, with made-up arguments. Prints how many
loops came to which end, and how fast; exits with 1 where something crashes, takes longer than five
seconds or changes a file. With ``--results``, a run may be cut anywhere: the same command goes on
where it was.
"""

from __future__ import annotations

import argparse
import ast
import multiprocessing
import signal
import sys
import sysconfig
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from deloop.config import Config
from deloop.errors import RefusalError
from deloop.frontend.parse import parse_function
from deloop.lint.run import check_file
from deloop.pipeline import compile_function
from tests.soundness.page import write_page
from tests.soundness.store import ROBUST, Record, append, read, today

from .sources import Found, find_functions, make_world

SECONDS = 5
SCHEMES = 2
KEPT = Path(__file__).resolve().parent.parent.parent / "build" / "robust.jsonl"
"""What came of each file: for the next run alone, so it is not part of the repository."""


@dataclass
class Result:
    """What came of a number of files."""

    files: int = 0
    lines: int = 0
    findings: int = 0
    functions: int = 0
    check_seconds: float = 0.0
    compile_seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest_check: tuple[float, str] = (0.0, "")
    slowest_compile: tuple[float, str] = (0.0, "")

    def as_data(self) -> Record:
        """All of it, ready for JSON."""
        return {**vars(self), "statuses": dict(self.statuses)}

    def add(self, other: Result) -> None:
        """Take in what came of further files."""
        self.files += other.files
        self.lines += other.lines
        self.findings += other.findings
        self.functions += other.functions
        self.check_seconds += other.check_seconds
        self.compile_seconds += other.compile_seconds
        self.statuses.update(other.statuses)
        self.failures += other.failures
        self.slowest_check = max(self.slowest_check, other.slowest_check)
        self.slowest_compile = max(self.slowest_compile, other.slowest_compile)


class _Timeout(BaseException):
    """A function took longer than `SECONDS`; not an Exception, so that nothing swallows it."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise _Timeout


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """Raise `_Timeout` after so much time of the processor, which others may be using too."""
    before = signal.signal(signal.SIGPROF, _ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


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


def check_one(path: Path) -> Result:
    """A file through the linter, and its functions through the compiler with each scheme."""
    result = Result(files=1)
    before = path.read_bytes()
    result.lines = before.count(b"\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's strings
        _lint(path, result)
        for found in find_functions(path):
            result.functions += 1
            for scheme in range(SCHEMES):
                _compile(found, scheme, result)
    if path.read_bytes() != before:
        result.failures.append(f"{path}: it has changed")
    return result


def check_files(paths: Iterable[Path], result: Result | None = None) -> Result:
    """All of the files, one by one."""
    result = result or Result()
    for path in paths:
        result.add(check_one(path))
    return result


def _lint(path: Path, result: Result) -> None:
    def check() -> None:
        result.findings += len(check_file(path, Config(strict=True)).findings)

    seconds = _watch(check, f"{path}: check", result)
    result.check_seconds += seconds
    result.slowest_check = max(result.slowest_check, (seconds, str(path)))


def _compile(found: Found, scheme: int, result: Result) -> None:
    where = f"{found.file}:{found.line} {found.name} (scheme {scheme})"

    def compile_it() -> None:
        result.statuses[compile_found(found, scheme)] += 1

    seconds = _watch(compile_it, where, result)
    result.compile_seconds += seconds
    result.slowest_compile = max(result.slowest_compile, (seconds, where))


def _watch(act: Callable[[], None], where: str, result: Result) -> float:
    """Do something that may neither crash nor take long; the seconds it takes."""
    start = time.process_time()
    try:
        with _alarm(SECONDS):
            act()
    except _Timeout:
        result.failures.append(f"{where}: more than {SECONDS} seconds")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        result.failures.append(f"{where}: {type(error).__name__} at {place}: {error}")
    return time.process_time() - start


def list_files(count: int, folders: Iterable[Path]) -> list[Path]:
    """At most so many Python files, spread evenly over all that there are."""
    found = sorted(path for folder in folders for path in folder.rglob("*.py"))
    if not 0 < count < len(found):
        return found
    return [found[number * len(found) // count] for number in range(count)]


def installed_folders() -> list[Path]:
    """The standard library's folder and that of the installed packages."""
    return sorted({Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib")})


def run_files(paths: list[Path], jobs: int) -> Iterator[tuple[Path, Result]]:
    """What came of each file, as they come, by so many processes."""
    if jobs <= 1:
        yield from ((path, check_one(path)) for path in paths)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(_check_named, paths, chunksize=4)


def _check_named(path: Path) -> tuple[Path, Result]:
    return path, check_one(path)


def _stamp(path: Path) -> str:
    """Another one where the file has changed."""
    found = path.stat()
    return f"{found.st_size}:{found.st_mtime_ns}"


def _load(record: Record) -> Result:
    values = {name: value for name, value in record.items() if name not in ("path", "stamp")}
    values["statuses"] = Counter(values["statuses"])
    for name in ("slowest_check", "slowest_compile"):
        values[name] = tuple(values[name])
    return Result(**values)


def _known(results: Path | None) -> dict[Path, Result]:
    """What earlier runs found out about files that are still the same and made no trouble."""
    if results is None:
        return {}
    found = {Path(r["path"]): r for r in read(results, ("path",))}
    return {
        path: _load(record)
        for path, record in found.items()
        if path.is_file() and _stamp(path) == record["stamp"] and not record["failures"]
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where something crashes or takes too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=0, help="at most so many; 0 for all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0, help="begin no file after so long")
    parser.add_argument(
        "--results", type=Path, nargs="?", const=KEPT,
        help="keep what came of each file there, leave out those it has, write docs/soundness.md",
    )
    parser.add_argument("--fresh", action="store_true", help="all again, whatever was kept")
    parser.add_argument("folders", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    files = list_files(options.files, options.folders or installed_folders())
    known = {} if options.fresh else _known(options.results)
    total, ends = Result(), time.perf_counter() + (options.seconds or float("inf"))
    left = [path for path in files if path not in known]
    for path in files:
        if path in known:
            total.add(known[path])
    for path, result in run_files(left, options.jobs):
        for failure in result.failures:
            print(failure, flush=True)
        total.add(result)
        if options.results:
            append(options.results, {**result.as_data(), "path": str(path), "stamp": _stamp(path)})
        if sys.stderr.isatty() and total.files % 100 == 0:
            print(f"\r{total.files} of {len(files)}", end="", file=sys.stderr, flush=True)
        if time.perf_counter() > ends:
            print("stopped: the next run goes on from there")
            break
    print(describe(total))
    if options.results == KEPT:
        ROBUST.unlink(missing_ok=True)
        append(ROBUST, {**total.as_data(), "schemes": SCHEMES, "date": today()})
        write_page()
    return 1 if total.failures else 0


def describe(total: Result) -> str:
    """What is printed at the end."""
    check, compile_ = max(total.check_seconds, 1e-9), max(total.compile_seconds, 1e-9)
    return (
        f"{total.files} files, {total.lines} lines, {total.findings} findings,"
        f" {total.functions} functions with loops, {SCHEMES} kinds of arguments each\n"
        f"{dict(total.statuses)}\n"
        f"check: {total.files / check:.0f} files/s, {total.lines / check:.0f} lines/s;"
        f" slowest {total.slowest_check[0]:.2f} s: {total.slowest_check[1]}\n"
        f"compiler: {total.files / compile_:.0f} files/s, {total.lines / compile_:.0f} lines/s;"
        f" slowest {total.slowest_compile[0]:.2f} s: {total.slowest_compile[1]}\n"
        f"{len(total.failures)} failures"
    )


if __name__ == "__main__":
    sys.exit(main())
