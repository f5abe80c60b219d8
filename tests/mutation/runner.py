"""Break deloop on purpose and see which test notices: ``python -m tests.mutation.runner``.

Each mutant gets a process of its own, in which pytest runs the test that noticed it the last time,
then those that should, then all hazards, then all cases, until one fails. A mutant that nothing
notices is a hole in the tests. Prints a line for each and exits with 1 where one survives. With
``--results``, a run may be cut anywhere: the same command goes on with the mutants that are left,
and with those whose function has changed since.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import pkgutil
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import deloop
from tests.soundness.page import write_page
from tests.soundness.store import MUTANTS as RESULTS
from tests.soundness.store import Record, append, read, today

from .mutant import Mutant, edited_source, install
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


def run_mutant(mutant: Mutant, *, thorough: bool = True, first: str = "") -> Fate:
    """Install a mutant in a process of its own and run tests until one fails, `first` before."""
    start = time.perf_counter()
    stages = [(first,)] if "::" in first else []
    stages += [(test,) for test in mutant.tests]
    stages += _LATER if thorough else ()
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
    if code == pytest.ExitCode.USAGE_ERROR and "::" in arguments[0]:
        return ""  # that test has another name by now
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


def run_all(
    mutants: Sequence[Mutant], *, thorough: bool = True, seen: Mapping[str, str] | None = None
) -> Iterator[Fate]:
    """A fate for each, as they come; if not `thorough`, by the likeliest tests alone.

    `seen` has the tests that noticed them before.
    """
    os.chdir(ROOT)
    import_everything()
    for mutant in mutants:
        first = (seen or {}).get(mutant.name, "")
        yield run_mutant(mutant, thorough=thorough, first=first)


def record_of(fate: Fate) -> Record:
    """What is kept of a fate; `digest` is that of the function with its fault."""
    mutant = fate.mutant
    return {
        "name": mutant.name, "kind": mutant.kind, "where": mutant.where,
        "caught_by": fate.caught_by, "seconds": round(fate.seconds, 1), "date": today(),
        "digest": digest_of(mutant),
    }  # fmt: skip


def digest_of(mutant: Mutant) -> str:
    """Another one where the mutant or its function has changed."""
    return hashlib.sha256(edited_source(mutant).encode()).hexdigest()[:12]


def settle(results: Path, mutants: Sequence[Mutant]) -> list[Record]:
    """The file with one record of each mutant there is, in their order; those records."""
    known = {record["name"]: record for record in read(results, ("name",))}
    found = [known[m.name] for m in mutants if m.name in known]
    results.unlink(missing_ok=True)
    for record in found:
        append(results, record)
    return found


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where a mutant survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="only mutants with this in name or kind")
    parser.add_argument("--quick", action="store_true", help="the likeliest tests alone")
    parser.add_argument(
        "--results", type=Path, nargs="?", const=RESULTS,
        help="keep the fates there, leave out the mutants it has, and write docs/soundness.md",
    )
    parser.add_argument("--fresh", action="store_true", help="all again, whatever was kept")
    parser.add_argument("--seconds", type=float, default=0, help="begin no mutant after so long")
    options = parser.parse_args(arguments)
    words = options.only or [""]
    chosen = [m for m in MUTANTS if any(word in f"{m.kind} {m.name}" for word in words)]
    known = {r["name"]: r for r in read(options.results, ("name",))} if options.results else {}
    import_everything()
    if not options.fresh:
        caught = {name: r["digest"] for name, r in known.items() if r["caught_by"]}
        chosen = [m for m in chosen if caught.get(m.name) != digest_of(m)]
    start = time.perf_counter()
    seen = {name: str(record["caught_by"]) for name, record in known.items()}
    fates = []
    for fate in run_all(chosen, thorough=not options.quick, seen=seen):
        noticed = fate.caught_by or "SURVIVES"
        head = f"{fate.seconds:6.1f} s  {fate.mutant.kind}: {fate.mutant.name}"
        print(f"{head}: {noticed}", flush=True)
        fates.append(fate)
        if options.results:
            append(options.results, record_of(fate))
        if options.seconds and time.perf_counter() - start > options.seconds:
            break
    if options.results:
        settle(options.results, MUTANTS)
        if options.results == RESULTS:
            write_page()
    alive = [fate.mutant.name for fate in fates if not fate.caught_by]
    print(f"{len(fates) - len(alive)} of {len(fates)} caught" + "".join(f"\n  {n}" for n in alive))
    left = len(chosen) - len(fates)
    if left:
        print(f"{left} are left: the same command goes on with them")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
