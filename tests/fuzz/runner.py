"""Run random programs: ``python -m tests.fuzz.runner --programs 2000 --seed 0 --jobs 2``.

``--family parallel`` (no dependence on purpose), ``carried`` (reductions, scans, recurrences,
exits), ``indexed`` (subscripts and lengths that are data) or ``all`` (as many of each). Prints how
many were vectorized, which constructs and refusals the others have, and every difference from the
loop; each differing program is shrunk into ``tests/fuzz/found/<family>_<seed>.py``. Exits 1 on a
difference. With ``--results``, a long run may be cut anywhere: the same command goes on where it
stopped.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import FrameType

from deloop.decorator import vectorize
from tests.soundness.chunks import KEY, is_done, list_chunks, summarize_chunk
from tests.soundness.page import write_page
from tests.soundness.store import FUZZ, append, read, settle

from .check import Verdict, check_program, settle_torch
from .families import FAMILIES, generate
from .generator import Program
from .shrink import shrink_program

FOUND = Path(__file__).parent / "found"
SECONDS = 30


class _Timeout(BaseException):
    """A program took longer than `SECONDS`; not an Exception, so that nothing swallows it."""


def _ring(number: int, frame: FrameType | None) -> None:
    raise _Timeout


@contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    """Raise `_Timeout` in the body after so many seconds."""
    signal.signal(signal.SIGALRM, _ring)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def run_seed(seed: int, family: str = "parallel", backend: str = "eager") -> Verdict:
    """Generate and check one program; a crash or a timeout is a failure in the verdict."""
    settle_torch()
    program = generate(seed, family)
    try:
        with _alarm(SECONDS):
            verdict = check_program(program, second_gradients=seed % 8 == 0, backend=backend)
    except _Timeout:
        verdict = Verdict(seed, failure=f"timeout: more than {SECONDS} seconds")
    except Exception as error:
        verdict = Verdict(seed, failure=f"check: {type(error).__name__}: {error}")
    verdict.family = family
    return verdict


def run_seeds(
    seeds: Iterable[int], jobs: int, family: str = "parallel", backend: str = "eager"
) -> Iterator[Verdict]:
    """A verdict for each seed of the family, as they come."""
    run = partial(run_seed, family=family, backend=backend)
    if jobs <= 1:
        yield from map(run, seeds)
        return
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=4)


def name_trouble(verdict: Verdict) -> str:
    """What is wrong, without names and numbers, so that a shrunk program fails the same way."""
    if verdict.differences:
        _, kind, text = verdict.differences[0]
        return f"{kind} {re.findall('[A-Z][A-Za-z]+', text)}" if kind == "exception" else kind
    return re.sub(r"[^A-Za-z :]+.*", "", verdict.failure)[:60]


def write_found(verdict: Verdict, folder: Path = FOUND, seconds: float = 10.0) -> Path:
    """Shrink a differing (or failing) program and write it, with what differs, into `folder`."""
    program = generate(verdict.seed, verdict.family)
    trouble, second = name_trouble(verdict), verdict.seed % 8 == 0

    def fails(candidate: Program) -> bool:
        try:
            # Without its last statement a ``while`` loop never ends.
            with _alarm(4):
                return name_trouble(check_program(candidate, second_gradients=second)) == trouble
        except _Timeout:
            return False

    # Uninitialized memory makes any program differ once its stores are deleted.
    filled = replace(program, source=program.source.replace("empty", "zeros"), namespace={})
    if filled.source != program.source:
        program, seconds = (filled, seconds) if fails(filled) else (program, 0.0)
    small = shrink_program(program, fails, seconds)
    again = check_program(small, second_gradients=second)
    found = [text for _, _, text in again.differences[:3]] or [again.failure]
    found += ["", "Rewritten:", *_rewritten(small).splitlines()]
    comment = "\n".join(found).replace("\\", "/").replace('"' * 3, "'" * 3)
    folder.mkdir(exist_ok=True, parents=True)
    name = f"{verdict.family} {verdict.seed}"
    path = folder / f"{name.replace(' ', '_')}.py"
    path.write_text(small.text(f"Seed {name}: loop and rewrite differ.\n\n{comment}\n"))
    return path


def _rewritten(program: Program) -> str:
    try:
        fast = vectorize(program.load(), keep_small=False)
        source: str = fast.explain(*program.make_arguments(0)).source
        return source
    except Exception as error:
        return f"explain raises {type(error).__name__}: {error}"


def summarize(verdicts: list[Verdict], seconds: float) -> dict[str, object]:
    """The counts that are printed and written as JSON."""

    def share(chosen: list[Verdict], status: str) -> float:
        return sum(v.status == status for v in chosen) / max(1, len(chosen))

    parallel = [v for v in verdicts if v.parallel]
    return {
        "programs": len(verdicts),
        "runs": sum(v.ran for v in verdicts),
        "runs_rewritten": sum(v.rewritten for v in verdicts),
        "runs_that_raise": sum(v.raised for v in verdicts),
        "statuses": dict(Counter(v.status for v in verdicts)),
        "parallel_programs": len(parallel),
        "parallel_vectorized": share(parallel, "vectorized"),
        "all_vectorized": share(verdicts, "vectorized"),
        "all_partly_vectorized": share(verdicts, "partial"),
        "carried_programs": sum(bool(v.carried) for v in verdicts),
        "refusals": dict(Counter(c for v in verdicts for c, _ in v.refusals).most_common()),
        "parallel_refusals": dict(
            Counter(f"{c} {s}" for v in parallel for c, s in v.refusals).most_common(40)
        ),
        "constructs_not_vectorized": count_constructs(verdicts),
        "differences": sum(bool(v.differences) for v in verdicts),
        "failures": dict(Counter(v.failure[:120] for v in verdicts if v.failure).most_common()),
        "seconds": round(seconds, 1),
    }


def count_constructs(verdicts: list[Verdict]) -> dict[str, str]:
    """For each construct in a program not fully vectorized: how many of its programs are not.

    Only programs without a serial cycle count; the construct most often refused comes first.
    """
    totals: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for verdict in verdicts:
        if verdict.parallel:
            totals.update(verdict.constructs)
            if verdict.status != "vectorized":
                missed.update(verdict.constructs)
    return {name: f"{count}/{totals[name]}" for name, count in missed.most_common(40)}


def print_summary(summary: dict[str, object]) -> None:
    """The counts, one line each; histograms indented below their name."""
    for name, value in summary.items():
        if isinstance(value, dict):
            print(f"{name.replace('_', ' ')}:")
            for key, count in value.items():
                print(f"    {count:>7}  {key}")
        elif isinstance(value, float) and "vectorized" in name:
            print(f"{name.replace('_', ' ')}: {value:.1%}")
        else:
            print(f"{name.replace('_', ' ')}: {value}")


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status is 1 where any program differs or any run failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--family", choices=(*FAMILIES, "all"), default="all")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--found", type=Path, default=FOUND)
    parser.add_argument(
        "--results", type=Path, nargs="?", const=FUZZ,
        help="keep the counts there, leave out what it has, and write docs/soundness.md",
    )
    parser.add_argument("--seconds", type=float, default=0, help="begin no chunk after so long")
    options = parser.parse_args(arguments)
    families = list(FAMILIES) if options.family == "all" else [options.family]
    verdicts: list[Verdict] = []
    summaries: dict[str, dict[str, object]] = {}
    seeds = range(options.seed, options.seed + -(-options.programs // len(families)))
    ends = time.perf_counter() + (options.seconds or float("inf"))
    for family in families:
        start, own = time.perf_counter(), []
        for chunk in _chunks_to_run(seeds, family, options.results):
            if time.perf_counter() > ends:
                print(f"{family}: stopped at seed {chunk.start}; the next run goes on from there")
                break
            mine = list(_run_and_tell(chunk, options.jobs, family))
            own += mine
            if options.results:
                append(options.results, summarize_chunk(chunk, family, mine))
        summaries[family] = summarize(own, time.perf_counter() - start)
        print(f"== {family} ==")
        print_summary(summaries[family])
        verdicts += own
    if options.json:
        details = [asdict(v) for v in verdicts]
        options.json.write_text(json.dumps({"summary": summaries, "programs": details}, indent=1))
    wrong = sorted(
        (v for v in verdicts if v.differences or v.failure), key=lambda v: (v.family, v.seed)
    )
    if options.results:
        settle(options.results, KEY)
        if options.results == FUZZ:
            write_page()
    if not options.no_shrink:
        settle_torch()
        for verdict in _one_of_each(wrong):
            print(f"shrunk: {write_found(verdict, options.found)}", flush=True)
    return 1 if wrong else 0


def _chunks_to_run(seeds: range, family: str, results: Path | None) -> list[range]:
    """The seeds in chunks; without those that were run before and behaved."""
    if results is None:
        return [seeds] if seeds else []
    known = read(results, KEY)
    chunks = list_chunks(seeds.start, len(seeds))
    return [chunk for chunk in chunks if not is_done(chunk, family, known)]


def _run_and_tell(seeds: range, jobs: int, family: str) -> Iterator[Verdict]:
    """The verdicts of some seeds; what differs or fails is printed at once."""
    for verdict in run_seeds(seeds, jobs, family):
        trouble = [text for _, _, text in verdict.differences[:1]] + [verdict.failure]
        for text in filter(None, trouble):
            print(f"{family} seed {verdict.seed}: {text}", flush=True)
        yield verdict


def _one_of_each(verdicts: list[Verdict], most: int = 3) -> list[Verdict]:
    """At most so many of each kind of trouble: the next run finds the rest."""
    seen: Counter[str] = Counter()
    chosen = []
    for verdict in verdicts:
        seen[name_trouble(verdict)] += 1
        if seen[name_trouble(verdict)] <= most:
            chosen.append(verdict)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
