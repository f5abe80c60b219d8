"""The page docs/coverage.md: what each loop of the case files becomes: ``make coverage``.

Every loop is compiled for its first arguments, and what comes out is written down as it is, the
loops that do not come out as hoped included. Nothing on the page changes with time or place.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import deloop
from deloop.diagnostic import Refusal
from tests.refusals.program import Program
from tests.refusals.test_refusals import PROGRAMS

from . import (
    arg_reductions,
    contractions,
    control_flow,
    distribution,
    lengths,
    lists,
    recurrences,
    reductions,
    rows,
    scans,
    scatter,
    searches,
    shifts,
    stencils,
    while_loops,
)
from .case import Case
from .test_cases import exactness_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
COMMAND = "make coverage"
STATUSES = ("vectorized", "partial", "kept")

GROUPS: Mapping[str, ModuleType] = {
    "Reductions": reductions,
    "Arg-reductions": arg_reductions,
    "Searches": searches,
    "Scans": scans,
    "Linear recurrences": recurrences,
    "Values one iteration late": shifts,
    "Contractions": contractions,
    "Rows": rows,
    "Stencils and windows": stencils,
    "Distribution": distribution,
    "Control flow": control_flow,
    "While loops": while_loops,
    "Scatters and gathers": scatter,
    "Lengths that are data": lengths,
    "Lists": lists,
}


@dataclass(frozen=True)
class Entry:
    """What became of one loop.

    Parameters
    ----------
    name, status, source:
        The function, the report's status, and the function that runs now.
    exactness:
        As declared; empty where nothing was rewritten.
    reasons:
        Why what stays has to, lines counted from the function's own first.
    expected:
        Whether it is what the case file asks for.
    """

    name: str
    status: str
    source: str
    exactness: str
    reasons: tuple[str, ...]
    expected: bool


def find_entry(case: Case) -> Entry:
    """Compile the case's loop for its first arguments."""
    fast = deloop.vectorize(case.before, inline=case.inline, keep_small=False)
    report = fast.explain(*case.inputs()[0])
    kept = report.status == "kept"
    return Entry(
        case.before.__qualname__ + case.suffix,
        report.status,
        report.source.strip(),
        "" if kept else exactness_of(report).value,
        tuple(
            spell_reason(loop.refusal, case.before, with_lines=kept)
            for loop in report.loops
            if loop.refusal is not None
        ),
        report.status == case.status and case.accepts(report.source),
    )


def spell_reason(refusal: Refusal, function: Callable[..., Any], *, with_lines: bool) -> str:
    """``VEC902, line 4: iteration t reads …``, lines counted from the function's first.

    Without lines where the loop itself is not shown.
    """
    start = inspect.getsourcelines(function)[1]

    def count(match: re.Match[str]) -> str:
        return f"line {int(match.group(1)) - start + 1}"

    sentence = refusal.sentence.removeprefix("loop kept: ")
    if not with_lines:
        return f"{refusal.code}: {sentence}"
    evidence = f" ({refusal.evidence})" if refusal.evidence else ""
    way_out = f"; {refusal.way_out}" if refusal.way_out else ""
    place = f"{refusal.code}, line {refusal.place.line - start + 1}"
    return f"{place}: " + re.sub(r"\bline (\d+)", count, sentence + evidence + way_out)


def render_entry(entry: Entry) -> str:
    """A heading line, the source, the reasons."""
    facts = [f"**`{entry.name}`**", entry.status]
    if entry.exactness:
        facts.append(entry.exactness)
    if not entry.expected:
        facts.append("an expert would do better")
    lines = [" · ".join(facts), "", "```python", entry.source, "```"]
    if entry.reasons:
        lines.extend(["", *(f"- {escape(reason)}" for reason in entry.reasons)])
    return "\n".join(lines)


def escape(text: str) -> str:
    """Text that Markdown shows as it is: ``a*b_c -> a\\*b\\_c``."""
    return re.sub(r"([\\`*_<>|\[\]])", r"\\\1", text)


def count_statuses(entries: Iterable[Entry]) -> Counter[str]:
    """How many loops of each status."""
    return Counter(entry.status for entry in entries)


def render_group(title: str, description: str, entries: Sequence[Entry]) -> str:
    """One section, folded: what is whole first, then what stays in part, then what stays."""
    counts = count_statuses(entries)
    parts = [f"## {title}", description]
    for status in STATUSES:
        chosen = [entry for entry in entries if entry.status == status]
        if chosen:
            summary = f"<details><summary>{counts[status]} {status}</summary>"
            parts.extend([summary, *(render_entry(entry) for entry in chosen), "</details>"])
    return "\n\n".join(parts)


def render_counts(groups: Mapping[str, Sequence[Entry]]) -> str:
    """The table on top, one line a group, and the sum."""
    lines = [
        "| group | loops | vectorized | partial | kept | as an expert would write it |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    whole = [entry for entries in groups.values() for entry in entries]
    linked = {f"[{title}](#{anchor(title)})": entries for title, entries in groups.items()}
    for title, entries in {**linked, "**all**": whole}.items():
        counts = count_statuses(entries)
        numbers = [len(entries), *(counts[status] for status in STATUSES)]
        numbers.append(sum(entry.expected for entry in entries))
        lines.append(f"| {title} | " + " | ".join(map(str, numbers)) + " |")
    return "\n".join(lines)


def anchor(title: str) -> str:
    """``While loops -> while-loops``, as GitHub makes them."""
    return title.lower().replace(" ", "-")


def render_refused(programs: Iterable[Program]) -> str:
    """The loops that no tensor program may replace, each with its line and its reason."""
    parts = ["## Loops that must stay", "Each with the line that is to blame and what is said."]
    lines = []
    for program in programs:
        report = deloop.vectorize(program.function, keep_small=False).explain(*program.arguments())
        first = next(loop.refusal for loop in report.loops if loop.refusal is not None)
        text = inspect.getsourcelines(program.function)[0]
        start = inspect.getsourcelines(program.function)[1]
        blamed = text[program.line - start].partition("#")[0].strip()
        reason = spell_reason(first, program.function, with_lines=False)
        lines.append(f"- `{program.name}`: `{blamed}`<br>{escape(reason)}")
    return "\n\n".join(
        [*parts, f"<details><summary>{len(lines)} kept</summary>", "\n".join(lines), "</details>"]
    )


def render_page(groups: Mapping[str, ModuleType], programs: Sequence[Program]) -> str:
    """The whole page."""
    found = {
        title: [find_entry(case) for case in module.FAMILY] for title, module in groups.items()
    }
    introduction = (
        "# Coverage\n\n"
        f"Written by `{COMMAND}`, which compiles every loop of these case files (`tests/cases`) "
        "for its first arguments.\nThe loops themselves, and all arguments that each is run on "
        "both ways, are in those files.\n\n"
        "*bitwise*: each element by the same operations in the same order; *rounding*: equal up "
        "to rounding.\n*partial*: a serial loop stays, with tensor operations in it or beside it. "
        "A source may hold under assumptions,\nwhich the decorator checks at each call and the "
        "report lists."
    )
    sections = [
        render_group(title, describe(groups[title]), entries) for title, entries in found.items()
    ]
    page = [introduction, render_counts(found), *sections, render_refused(programs)]
    return "\n\n".join(page) + "\n"


def describe(module: ModuleType) -> str:
    """The first line of its docstring."""
    return (module.__doc__ or "").partition("\n")[0]


def main() -> None:
    """Write the page."""
    torch.set_num_threads(1)
    PAGE.write_text(render_page(GROUPS, PROGRAMS), encoding="utf-8")
    sys.stdout.write(f"written to {PAGE}\n")


if __name__ == "__main__":
    main()
