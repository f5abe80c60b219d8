"""The page of coverage says what each loop becomes, and why where it stays."""

# mypy: allow-untyped-defs, no-check-untyped-defs

from __future__ import annotations

import ast
import inspect
import re

import torch

from deloop.diagnostic import Place, Refusal
from tests.refusals.test_refusals import PROGRAMS

from . import coverage, shifts
from .case import Case
from .coverage import Entry, find_entry, render_group, render_page, spell_reason
from .test_cases import FAMILIES

PAGE = render_page({"Values one iteration late": shifts}, PROGRAMS[:2])


def noisy(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + torch.rand(())
    return out


def doubled(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


def entry_of(function, *after):
    return find_entry(Case(function, after, lambda: [(torch.ones(4),)]))


def test_every_loop_of_the_family_is_on_the_page_once() -> None:
    for case in shifts.FAMILY:
        assert PAGE.count(f"**`{case.before.__qualname__}{case.suffix}`** · ") == 1


def test_counts_on_top_add_up() -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("| **all**"))
    loops, *statuses, expected = (int(number) for number in re.findall(r"\d+", row))
    assert loops == len(shifts.FAMILY.cases) == sum(statuses)
    assert expected <= loops


def test_sources_are_whole_functions() -> None:
    sources = re.findall(r"```python\n(.*?)\n```", PAGE, re.DOTALL)
    assert len(sources) == len(shifts.FAMILY.cases)
    for source in sources:
        (function,) = ast.parse(source).body
        assert isinstance(function, ast.FunctionDef)


def test_loops_that_must_stay_are_listed_with_their_line() -> None:
    for program in PROGRAMS[:2]:
        assert f"`{program.name}`" in PAGE
    assert "VEC9" in PAGE.partition("## Loops that must stay")[2]


def test_page_is_the_same_each_time() -> None:
    assert render_page({"Values one iteration late": shifts}, PROGRAMS[:2]) == PAGE


def test_kept_loop_says_which_of_its_own_lines_is_to_blame() -> None:
    entry = entry_of(noisy)
    assert (entry.status, entry.exactness) == ("kept", "")
    (reason,) = entry.reasons
    assert reason.startswith("VEC922, line 4: torch.rand draws random numbers")


def test_lines_in_the_evidence_are_counted_from_the_function_too() -> None:
    start = inspect.getsourcelines(noisy)[1]
    evidence = f"both at line {start + 3}, carried by the loop at line {start + 2}"
    refusal = Refusal("VEC902", Place("f.py", start + 3, 9), "loop kept: it reads h[t]", evidence)
    reason = spell_reason(refusal, noisy, with_lines=True)
    assert reason == (
        "VEC902, line 4: it reads h[t] (both at line 4, carried by the loop at line 3)"
    )
    assert spell_reason(refusal, noisy, with_lines=False) == "VEC902: it reads h[t]"
    entry = Entry("noisy", "kept", "def noisy(x): ...", "", (reason,), True)
    assert r"reads h\[t\] (both" in render_group("Loops", "", [entry])


def test_what_differs_from_the_expected_source_is_marked() -> None:
    wanted = entry_of(doubled, "return x * 2")
    other = entry_of(doubled, "return x + x")
    assert (wanted.expected, other.expected) == (True, False)
    assert "an expert would do better" not in render_group("Loops", "", [wanted])
    assert "an expert would do better" in render_group("Loops", "", [other])


def test_groups_are_families_of_cases_each_once() -> None:
    groups = list(coverage.GROUPS.values())
    assert len({group.__name__ for group in groups}) == len(groups)
    assert set(groups) <= set(FAMILIES)
