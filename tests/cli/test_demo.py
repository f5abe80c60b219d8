"""``deloop demo``."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from deloop.cli import main
from deloop.cli.demo.loops import EXAMPLES
from deloop.cli.demo.measure import Result, measure, run_watched
from deloop.cli.demo.page import render_chart, render_demo, spell_decade
from deloop.cli.demo.words import spell_ratio, spell_seconds, spell_shape


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return [measure(example, example.small, "cpu", lambda share: None) for example in EXAMPLES]


def test_loops_become_what_an_expert_writes(results: list[Result]) -> None:
    bodies = [result.report.source.split("\n", 1)[1].strip() for result in results]
    assert bodies == [
        "return tensor1 + tensor2",
        "return func(tensor)",
        "return torch.where(tensor > threshold, tensor * 2, tensor / 2)",
    ]


def test_everything_agrees_gradients_included(results: list[Result]) -> None:
    for result in results:
        assert result.agreements == dict.fromkeys(("values", "dtype", "shape", "gradients"), True)
        assert result.is_good


def test_sizes_are_the_articles() -> None:
    assert [example.full for example in EXAMPLES] == [(1000, 1000), (100, 100, 10), (1000, 1000)]


def test_quick_demo_prints_table_sources_and_proof_and_writes_a_page(tmp_path: Path) -> None:
    page = tmp_path / "demo.html"
    done = CliRunner().invoke(main, ["demo", "--quick", "--html", str(page)])
    assert done.exit_code == 0, done.output
    for text in ("1000×1000", "DIFFER", "\x1b["):
        assert text not in done.output
    for text in (
        "100×100",
        "agree",
        "for j in range(tensor1.shape[1]):",
        "return tensor1 + tensor2",
        "return func(tensor)",
        "exactness",
        "assumes",
        str(page),
    ):
        assert text in done.output
    assert "running the loop" not in done.output
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text
    assert not re.search(r"(src|href)\s*=|url\(|@import|<script|<link|https?://", text)


def test_demo_on_a_device_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    done = CliRunner().invoke(main, ["demo", "--device", "cuda"])
    assert done.exit_code == 1
    assert "no CUDA device" in done.output


def test_chart_is_logarithmic(results: list[Result]) -> None:
    lines = re.findall(r'<line class="grid" x1="([\d.]+)"', render_chart(results))
    steps = [float(b) - float(a) for a, b in itertools.pairwise(lines)]
    assert len(steps) >= 1
    assert max(steps) - min(steps) < 0.2
    widths = [
        float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"', render_chart(results))
    ]
    assert len(widths) == 2 * len(results)


def test_page_names_every_loop(results: list[Result]) -> None:
    page = render_demo(results, "cpu")
    for example in EXAMPLES:
        assert example.title.capitalize() in page


def test_failure_in_the_watched_thread_is_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    shares: list[float] = []
    with pytest.raises(ZeroDivisionError):
        run_watched(fail, 1.0, shares.append)  # type: ignore[arg-type]
    assert shares[-1] == 1.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (8.314, "8.31 s"),
        (83.14, "83.1 s"),
        (0.00123, "1.23 ms"),
        (0.000456, "456 µs"),
        (4e-8, "40.0 ns"),
    ],
)
def test_seconds_have_three_digits_and_a_unit(seconds: float, text: str) -> None:
    assert spell_seconds(seconds) == text


def test_ratios_have_two_digits() -> None:
    assert [spell_ratio(r) for r in (0.9, 3.14, 42.4, 12345.6, 987654.0)] == [
        "0.9×", "3.1×", "42×", "12,000×", "990,000×",
    ]  # fmt: skip


def test_shapes_and_decades_are_spelled() -> None:
    assert spell_shape((100, 100, 10)) == "100×100×10"
    assert [spell_decade(e) for e in (-6, -4, -3, -1, 0, 2)] == [
        "1 µs", "100 µs", "1 ms", "100 ms", "1 s", "100 s",
    ]  # fmt: skip
