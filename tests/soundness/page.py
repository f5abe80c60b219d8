"""Write docs/soundness.md from the stored results: ``python -m tests.soundness.page``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from . import store
from .chunks import KEY, STATUSES, without_parts
from .store import Record

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "soundness.md"
HEAD = """\
# Soundness

A loop and its rewrite must do the same. Three machines try to show that they do not; this page is
written from what they left in `tests/soundness/results` (`make fuzz`, `make mutants` and
`make robust` write it anew).
"""


def render(
    fuzz: Sequence[Record], mutants: Sequence[Record], robust: Sequence[Record]
) -> str:
    """The page."""
    parts = [HEAD, *_render_fuzz(fuzz), *_render_mutants(mutants), *_render_robust(robust)]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> str:
    """A table of Markdown whose columns behind the first `words` are numbers."""
    rule = ["---"] * words + ["---:"] * (len(head) - words)
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


# ---------------------------------------------------------------------- random programs
def _render_fuzz(records: Sequence[Record]) -> Iterator[str]:
    yield "## Random programs\n"
    if not records:
        yield "None were run yet: `make fuzz N=20000 SEED=0`.\n"
        return
    programs = sum(r["count"] for r in records)
    wrong = {f"{r['family']} {seed}": text for r in records
             for seed, text in {**r["differences"], **r["failures"]}.items()}  # fmt: skip
    runs, rewritten = (sum(r[word] for r in records) for word in ("runs", "rewritten"))
    raised = sum(r["raised"] for r in records)
    days = sorted({r["date"] for r in records})
    yield (
        f"**{programs:,} programs, {len(wrong)} different**"
        f" ({days[0]}{'' if len(days) == 1 else f' to {days[-1]}'}).\n"
    )
    yield (
        f"Each was run as it is written and as deloop rewrites it, on several sets of arguments:"
        f" {runs:,} runs, of which a rewrite served {rewritten:,} and {raised:,} raise, both forms"
        " alike. Compared are values, Python types, dtypes, shapes, requires_grad, the arguments"
        " after the call, aliases among the results, exceptions, printed text, first gradients, and"
        " second ones for every eighth program.\n"
    )
    families = sorted({r["family"] for r in records})
    rows = [_row_of([r for r in records if r["family"] == family]) for family in families]
    yield _table(
        ("family", "seeds", "programs", *STATUSES, "different", "CPU minutes"), rows, words=2
    )
    for name, text in wrong.items():
        yield f"- {name}: {text}"
    yield from ([""] if wrong else [])
    for family in families:
        yield f"### Family `{family}`, by construct\n"
        yield from _render_constructs([r for r in records if r["family"] == family])


def _row_of(records: Sequence[Record]) -> list[object]:
    """One family's line: its seeds, how its programs ended."""
    programs = sum(r["count"] for r in records)
    ends = [sum(r["statuses"][k] for r in records) for k in range(len(STATUSES))]
    wrong = sum(len({**r["differences"], **r["failures"]}) for r in records)
    minutes = sum(r["seconds"] for r in records) / 60
    return [
        records[0]["family"], _ranges(records), f"{programs:,}",
        *(_share(end, programs) for end in ends), wrong, f"{minutes:.0f}",
    ]  # fmt: skip


def _ranges(records: Sequence[Record]) -> str:
    """``0–499, 700–749``."""
    found: list[list[int]] = []
    for first, count in sorted((r["first"], r["count"]) for r in records):
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], first + count - 1)
        else:
            found.append([first, first + count - 1])
    return ", ".join(f"{first}–{last}" for first, last in found)


def _render_constructs(records: Sequence[Record]) -> Iterator[str]:
    totals: dict[str, list[int]] = {}
    for record in records:
        for name, counts in record["constructs"].items():
            known = totals.setdefault(name, [0] * len(STATUSES))
            totals[name] = [a + b for a, b in zip(known, counts, strict=True)]
    ordered = sorted(totals.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    rows = [
        (name.replace("|", "\\|"), f"{sum(counts):,}", *(_share(c, sum(counts)) for c in counts))
        for name, counts in ordered
    ]
    yield "What the programs that hold a construct became, as a whole.\n"
    yield _table(("construct", "programs", *STATUSES), rows)


# ---------------------------------------------------------------------- mutants
def _render_mutants(records: Sequence[Record]) -> Iterator[str]:
    yield "## Mutants\n"
    if not records:
        yield "None were run yet: `make mutants`.\n"
        return
    caught = sum(bool(r["caught_by"]) for r in records)
    days = sorted({r["date"] for r in records})
    yield (
        f"deloop broken on purpose, one fault at a time, and the test that notices:"
        f" **{caught} of {len(records)} are caught**"
        f" ({days[0]}{'' if len(days) == 1 else f' to {days[-1]}'}).\n"
    )
    rows = [
        (r["kind"], r["name"], f"`{r['where'].removeprefix('deloop.').replace(':', '.')}`",
         f"`{shorten(r['caught_by'])}`" if r["caught_by"] else "**nothing**")
        for r in records
    ]  # fmt: skip
    yield _table(("kind", "fault", "where", "noticed by"), rows, words=4)


def shorten(test: str) -> str:
    """``tests/hazards/test_x.py::test_y[a-b]`` → ``hazards/test_x.py::test_y``."""
    return test.removeprefix("tests/").partition("[")[0]


# ---------------------------------------------------------------------- other people's files
def _render_robust(records: Sequence[Record]) -> Iterator[str]:
    yield "## Other people's files\n"
    if not records:
        yield "None were read yet: `make robust`.\n"
        return
    found = records[-1]
    yield (
        f"**{found['files']:,} files, {found['lines']:,} lines: {len(found['failures'])} crashes,"
        f" hangs or changed files** ({found['date']}). Python files of the standard library"
        " and of the installed packages (`make robust FILES=0` takes all): each goes through"
        " `deloop check --strict`, and each of its functions with a loop through the compiler, with"
        f" made-up arguments of {found['schemes']} kinds. A file, or a function, may take five"
        " seconds; a file's bytes may not change.\n"
    )
    speed = [
        _speed_row(found, "deloop check", "check", f"{found['files']:,} files"),
        _speed_row(found, "compiler", "compile", f"{found['functions']:,} functions"),
    ]
    yield _table(("", "what", "files a second", "lines a second", "slowest"), speed)
    yield from (f"- {text}" for text in found["failures"])


def _speed_row(found: Record, name: str, word: str, what: str) -> tuple[str, ...]:
    seconds = max(found[f"{word}_seconds"], 1e-9)
    slowest, _ = found[f"slowest_{word}"]
    rates = (f"{found[unit] / seconds:,.0f}" for unit in ("files", "lines"))
    return (name, what, *rates, f"{slowest:.1f} s")


def write_page(path: Path = PAGE) -> None:
    """The page from the stored results, on disk."""
    fuzz = without_parts(store.read(store.FUZZ, KEY))
    mutants = store.read(store.MUTANTS, ("name",))
    robust = store.read(store.ROBUST, ("date",))
    path.write_text(render(fuzz, mutants, robust).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(write_page())
