"""The benchmarks measure what they say, and their contenders agree."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console

import deloop
from benchmarks import linting
from benchmarks.analysis import SLOWEST, measure_case
from benchmarks.analysis import summarize as summarize_times
from benchmarks.document import write_document
from benchmarks.families import MEMBERS, Member
from benchmarks.guards import GuardResult, measure_guards, print_guards
from benchmarks.kept import Kept
from benchmarks.loops import FORMS, Form
from benchmarks.memory import KERNELS, MemoryResult
from benchmarks.page import find_tiles, write_page
from benchmarks.peers import (
    PeerResult,
    Unrolled,
    geometric_mean,
    measure_member,
    measure_members,
    summarize,
)
from benchmarks.recurrences import FormResult, measure_form
from benchmarks.timing import time_processor
from tests.cases import shifts

by_title = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.title)


@by_title
@pytest.mark.parametrize("size", [8, 100])
def test_expert_computes_what_the_loop_does(form: Form, size: int) -> None:
    arguments = form.arguments(size)
    torch.testing.assert_close(form.loop(*arguments), form.expert(*arguments))


def test_contenders_that_do_not_agree_are_not_timed() -> None:
    form = FORMS[0]
    wrong = Form(form.title, form.loop, lambda x: x.sum() + 1, form.arguments)
    with pytest.raises(AssertionError):
        measure_form(wrong, 8, with_loop=True)


def test_form_is_timed_with_its_loop_where_that_is_asked() -> None:
    result = measure_form(FORMS[0], 8, with_loop=True)
    assert result.loop is not None
    assert result.speedup == result.loop / result.decorated
    assert measure_form(FORMS[0], 8, with_loop=False).speedup is None


def test_slower_is_said_only_where_the_loop_was_timed() -> None:
    times = {"expert": 1.0, "rewritten": 1.0, "decorated": 2.0}
    assert FormResult("sum", 8, "vectorized", 1.0, **times).is_slower
    assert not FormResult("sum", 8, "vectorized", 2.0, **times).is_slower
    assert not FormResult("sum", 8, "vectorized", None, **times).is_slower
    assert not FormResult("sum", 8, "kept", 1.0, **times).is_slower


def test_suite_has_forty_loops_in_ten_families() -> None:
    assert len(MEMBERS) >= 40
    assert len({member.family for member in MEMBERS}) == 10
    assert len({member.title for member in MEMBERS}) == len(MEMBERS)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.title)
def test_every_loop_of_the_suite_is_rewritten_and_agrees_with_its_expert(member: Member) -> None:
    arguments = member.arguments(200)
    fast = deloop.vectorize(member.loop)
    assert fast.explain(*arguments).status == "vectorized"
    expected = member.expert(*arguments)
    for function in (member.loop, fast):
        torch.testing.assert_close(function(*arguments), expected, rtol=1e-3, atol=1e-3)


def test_member_whose_expert_is_wrong_is_not_timed() -> None:
    member = MEMBERS[0]
    wrong = Member("none", "wrong", member.loop, lambda x, y: x - y, member.arguments)
    with pytest.raises(AssertionError, match="wrong"):
        measure_member(wrong, 8, with_loop=True, seconds=0.0)


def test_geometric_mean_of_ratios() -> None:
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4.0)
    assert geometric_mean([]) != geometric_mean([])  # NaN


SLOW = PeerResult("a", "x < y", 100, "vectorized", 1.0, 1.0, 2.0)
FAST = PeerResult("b", "sum", 100, "vectorized", 8.0, 2.0, 1.0, 2.0, 0.5, 9.0, 2.0, 1.0)


def test_summary_names_what_is_slower_than_its_loop() -> None:
    assert summarize([SLOW, FAST]) == [
        "size 100: deloop ÷ expert, geometric mean 1.00, most 2.00 (x < y)",
        "slower than its loop: x < y at 100: 0.50",
    ]
    assert summarize([FAST])[-1] == "no rewrite is slower than its loop"


def test_page_is_self_contained_and_shows_every_time() -> None:
    unrolled = [Unrolled("sum", 8, None, None)]
    tiles = find_tiles([SLOW, FAST], 1.5e-6, 0.012)
    page = write_page([SLOW, FAST], unrolled, {"processor": "A & B"}, tiles)
    assert "http" not in page
    assert "A &amp; B" in page
    assert "x &lt; y · 100" in page
    charts = page.split("<h2>")[1:]
    assert [chart.count("<circle") for chart in charts] == [3, 5, 0]
    assert "no answer in half a minute" in page
    assert "1.50 µs" in page


def test_document_has_a_table_of_everything_measured() -> None:
    compiling = [summarize_times("first", {"a": 0.01})]
    text = write_document({"torch": "2"}, [SLOW, FAST], [], [(2, 1e-6, 1e-6, 3e-6)], compiling, [])
    assert "| sum | 100 | 8.00 s | 2.00 s | 1.00 s | 8 | 0.50 |" in text
    assert "| 2 | 1.00 µs | 1.00 µs | 3.00 µs | 2.00 µs |" in text
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## In short",
        "## Families, geometric means, guards included",
        "## Every loop",
        "## With a compiler, at the largest size",
        "## All threads, by the clock",
        "## A call",
        "## To compile a function",
    ]


def test_a_suite_that_was_cut_goes_on_where_it_was(tmp_path: Path) -> None:
    file, setting = tmp_path / "results.part.json", {"torch": "2"}
    asked: list[str] = []

    def measure(name: str) -> Unrolled:
        asked.append(name)
        return Unrolled(name, 8, 1.5, None)

    for _ in range(2):
        kept = Kept(file, setting)
        found = [kept.get(name, lambda n=name: measure(n), Unrolled) for name in ("a", "b")]
        assert found == [Unrolled("a", 8, 1.5, None), Unrolled("b", 8, 1.5, None)]
    assert asked == ["a", "b"]
    for other in (Kept(file, {"torch": "3"}), Kept(file, setting, fresh=True)):
        assert other.found == {}
    kept.finish()
    assert not file.exists()


def test_memory_of_a_call_is_told_in_document_and_page() -> None:
    result = MemoryResult("pairs", "9 × 9", 2**20, 0.5, None, None)
    text = write_document({}, [SLOW, FAST], [], [(2, 1e-6, 1e-6, 3e-6)], [
        summarize_times("first", {"a": 0.01})], [], [result])  # fmt: skip
    assert "| pairs | 9 × 9 | 1 MB | 500 ms | no answer | – |" in text
    page = write_page([SLOW, FAST], [], {}, {}, [result])
    assert "<td>pairs, 9 × 9</td><td>1 MB</td>" in page


@pytest.mark.parametrize("title", KERNELS)
def test_kernels_whose_memory_is_measured_are_run_in_pieces(title: str) -> None:
    function, _, make = KERNELS[title]
    small = [a[:60] if isinstance(a, torch.Tensor) else a for a in make()]
    wide = [torch.cat([a] * 2)[:100] for a in small]
    fast = deloop.vectorize(function, keep_small=False, memory_limit=1000)
    assert "stop = min(" in fast.explain(*wide).source
    torch.testing.assert_close(fast(*wide), function(*wide), rtol=1e-3, atol=1e-3)


def test_every_member_is_measured_at_three_sizes() -> None:
    found = measure_members(MEMBERS[:1], quick=True)
    assert [r.size for r in found] == [100, 1_000, 10_000]
    assert all(r.loop is not None and not r.is_slower for r in found)


def test_every_contender_gets_at_least_three_turns() -> None:
    calls: list[str] = []
    time_processor(
        {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, seconds=0.0, shortest=0.0
    )
    assert calls.count("a") == calls.count("b") == 5  # two to see how long it takes, three timed


def test_times_of_many_are_told_in_short() -> None:
    found = {f"case {n}": n / 1000 for n in range(1, 101)}
    times = summarize_times("first", found)
    assert (times.count, times.median, times.ninetieth, times.most) == (100, 0.0505, 0.09, 0.1)
    assert [name for name, _ in times.slowest] == [f"case {100 - n}" for n in range(SLOWEST)]


def test_compiling_a_case_takes_time_and_less_than_a_second() -> None:
    first, second = measure_case(shifts.FAMILY.cases[0])
    assert 0 < second < 1
    assert first > 0


def test_linting_is_measured_on_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "import torch\nx = torch.zeros(9)\nfor i in range(9, 50):\n    x[i] = i\n"
    (tmp_path / "a.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["linting", str(tmp_path)])
    monkeypatch.setattr(linting, "REPETITIONS", 1)
    linting.main()
    printed = capsys.readouterr().out
    assert "1 files, 4 lines, 1 files with suspects" in printed
    assert printed.count("lines a second") >= 7
    assert "deloop check, cached" in printed


def test_every_guard_of_a_rewrite_is_timed_and_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = measure_guards(FORMS[0], rounds=2, number=20)
    assert isinstance(found, GuardResult)
    tests = [guard.test for guard in found.guards]
    assert {"x.ndim == 1", "not x.requires_grad", "(x.shape[0] >= 1)"} <= set(tests)
    assert found.total >= found.environment > 0
    print_guards(Console(file=sys.stdout, width=110), [found])
    printed = capsys.readouterr().out
    assert all(test in printed for test in tests)
    assert "asked together" in printed


def kept_loop(x):  # type: ignore[no-untyped-def]
    for i in range(len(x)):
        print(x[i])


def test_loop_that_is_kept_has_no_guards_to_time() -> None:
    assert measure_guards(Form("kept", kept_loop, kept_loop, FORMS[0].arguments)) is None
