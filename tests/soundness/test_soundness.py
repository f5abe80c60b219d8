"""What long runs leave is kept whole, and the page says what is kept."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.check import Verdict

from . import store
from .chunks import KEY, is_done, list_chunks, summarize_chunk, without_parts
from .page import render


def record(first: int, count: int, *, wrong: int = 0) -> store.Record:
    """A chunk of programs, all vectorized, of which some differ."""
    verdicts = [
        Verdict(first + k, "vectorized", constructs=("while",), ran=4, rewritten=3)
        for k in range(count)
    ]
    for verdict in verdicts[:wrong]:
        verdict.differences.append((0, "value", "1 of 3 elements differ"))
    return summarize_chunk(range(first, first + count), "carried", verdicts)


def test_chunks_cover_the_seeds_once() -> None:
    chunks = list(list_chunks(200, 400))
    assert chunks == [range(200, 250), range(250, 500), range(500, 600)]


def test_chunk_that_differed_is_run_again() -> None:
    known = [record(0, 250), record(250, 250, wrong=1)]
    assert is_done(range(0, 250), "carried", known)
    assert is_done(range(0, 100), "carried", known)
    assert not is_done(range(0, 250), "parallel", known)
    assert not is_done(range(250, 500), "carried", known)
    assert not is_done(range(200, 300), "carried", known)


def test_last_record_of_a_chunk_counts_and_a_line_cut_short_does_not(tmp_path: Path) -> None:
    path = tmp_path / "fuzz.jsonl"
    store.append(path, record(0, 3, wrong=1))
    store.append(path, record(3, 2))
    store.append(path, record(0, 3))
    with path.open("a", encoding="utf-8") as file:
        file.write('{"family": "car')
    assert [(r["first"], r["differences"]) for r in store.settle(path, KEY)] == [(0, {}), (3, {})]
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_seeds_within_other_seeds_count_once() -> None:
    assert [r["count"] for r in without_parts([record(0, 10), record(0, 250)])] == [250]


def test_page_counts_programs_and_names_what_differs() -> None:
    page = render([record(0, 250), record(250, 50, wrong=1)], [], [])
    assert "**300 programs, 1 different**" in page
    assert "| carried | 0–299 | 300 | 100% | 0% | 0% | 1 |" in page
    assert "- carried 250: 1 of 3 elements differ" in page
    assert "| while | 300 | 100% | 0% | 0% |" in page


def test_page_names_the_test_of_a_mutant_and_the_survivor() -> None:
    caught = {
        "name": "casts forgotten", "kind": "cast", "where": "deloop.frontend.expression:cast",
        "caught_by": "tests/hazards/test_x.py::test_y[a-b]", "date": "2026-11-23",
    }  # fmt: skip
    page = render([], [caught, {**caught, "name": "another", "caught_by": ""}], [])
    assert "**1 of 2 are caught**" in page
    row = "| cast | casts forgotten | `frontend.expression.cast` | `hazards/test_x.py::test_y` |"
    assert row in page
    assert "| another | `frontend.expression.cast` | **nothing** |" in page
