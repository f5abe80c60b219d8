"""Break deloop on purpose and see which test notices: ``python -m tests.mutation.runner``.

Each mutant gets a process of its own, in which pytest runs the tests that should notice it, then
all hazards, then all cases, until one fails. A mutant that nothing notices is a hole in the tests.
Prints a table, writes it with ``--page FILE``, and exits with 1 where a mutant survives.
"""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import deloop

from .mutant import Mutant, install
from .mutants import MUTANTS

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = 900
_LATER: tuple[tuple[str, ...], ...] = (
    ("tests/hazards",), ("tests/cases/test_cases.py", "-k", "agrees or serves"),
)  # fmt: skip
_OPTIONS = ("-x", "-q", "-rfE", "--no-header", "--tb=no", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: the first test that failed, nothing where none did."""

    mutant: Mutant
    caught_by: str
    seconds: float


def import_everything() -> None:
    """Load all of deloop, so that every module that holds a function is there to be changed."""
    for info in pkgutil.walk_packages(deloop.__path__, "deloop."):
        if not info.name.endswith("__main__"):
            importlib.import_module(info.name)


def run_mutant(mutant: Mutant, *, thorough: bool = True) -> Fate:
    """Install a mutant in a process of its own and run tests until one fails."""
    start = time.perf_counter()
    stages = ((mutant.tests,) if mutant.tests else ()) + (_LATER if thorough else ())
    for stage in stages:
        noticed = _run_stage(mutant, stage)
        if noticed:
            return Fate(mutant, noticed, time.perf_counter() - start)
    return Fate(mutant, "", time.perf_counter() - start)


def _run_stage(mutant: Mutant, arguments: Sequence[str]) -> str:
    """The first test that fails, or what else happened; nothing where all pass."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if child == 0:
            os._exit(_run_child(mutant, arguments, output.fileno()))
        _, status = os.waitpid(child, 0)
        output.seek(0)
        text = output.read()
    if os.WIFSIGNALED(status):
        return f"it does not end, or dies (signal {os.WTERMSIG(status)})"
    code = os.WEXITSTATUS(status)
    if code == 0:
        return ""
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    if failed:
        return str(failed[0])
    raise RuntimeError(f"{mutant.name}: pytest ended with {code}:\n{text[-2000:]}")


def _run_child(mutant: Mutant, arguments: Sequence[str], output: int) -> int:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        install(mutant)
        return int(pytest.main([*_OPTIONS, *arguments]))
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
        return 99
    finally:
        sys.stdout.flush()


def run_all(mutants: Sequence[Mutant], *, thorough: bool = True) -> Iterator[Fate]:
    """A fate for each, as they come; if not `thorough`, by the likeliest tests alone."""
    os.chdir(ROOT)
    import_everything()
    for mutant in mutants:
        yield run_mutant(mutant, thorough=thorough)


def render_page(fates: Sequence[Fate]) -> str:
    """The table as Markdown."""
    caught = sum(bool(fate.caught_by) for fate in fates)
    lines = [
        "# Mutants",
        "",
        "deloop broken on purpose, one fault at a time, and the first test that notices"
        " (`make mutants` writes this page).",
        "",
        f"{caught} of {len(fates)} are caught.",
        "",
        "| kind | fault | where | first noticed by |",
        "|---|---|---|---|",
    ]
    for fate in fates:
        noticed = f"`{shorten(fate.caught_by)}`" if fate.caught_by else "**nothing**"
        where = fate.mutant.where.removeprefix("deloop.").replace(":", ".")
        lines.append(f"| {fate.mutant.kind} | {fate.mutant.name} | `{where}` | {noticed} |")
    return "\n".join(lines) + "\n"


def shorten(test: str) -> str:
    """``tests/hazards/test_x.py::test_y[a-b]`` → ``hazards/test_x.py::test_y``."""
    return test.removeprefix("tests/").partition("[")[0]


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where a mutant survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="only mutants with this in name or kind")
    parser.add_argument("--quick", action="store_true", help="the likeliest tests alone")
    parser.add_argument("--page", type=Path, help="write the table there")
    options = parser.parse_args(arguments)
    words = options.only or [""]
    chosen = [m for m in MUTANTS if any(word in f"{m.kind} {m.name}" for word in words)]
    fates = []
    for fate in run_all(chosen, thorough=not options.quick):
        noticed = fate.caught_by or "SURVIVES"
        head = f"{fate.seconds:6.1f} s  {fate.mutant.kind}: {fate.mutant.name}"
        print(f"{head}: {noticed}", flush=True)
        fates.append(fate)
    if options.page:
        options.page.write_text(render_page(fates), encoding="utf-8")
    alive = [fate.mutant.name for fate in fates if not fate.caught_by]
    print(f"{len(fates) - len(alive)} of {len(fates)} caught" + "".join(f"\n  {n}" for n in alive))
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
