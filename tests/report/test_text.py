"""Reports for people to read."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from deloop.diagnostic import Assumption, Exactness, Place, Refusal
from deloop.pipeline import LoopReport
from deloop.report import Report, print_report, render_text
from deloop.report.text import WIDTH, describe_loop

SOURCE = "def add(x, y):\n    return x + y\n"
ASSUMPTION = Assumption("y has the shape of x", "y.shape == x.shape", "y[i] is read for every i")
REFUSAL = Refusal(
    "VEC902",
    Place("train.py", 41, 5),
    "iteration t reads h[t - 1], written by iteration t - 1",
    "flow dependence, distance 1",
    "use a scan",
)


def loop(status: str = "vectorized", refusal: Refusal | None = None) -> LoopReport:
    return LoopReport(
        line=3,
        status=status,
        exactness=Exactness.ROUNDING,
        assumptions=(ASSUMPTION,) if refusal is None else (),
        rules=("manual_sum",) if refusal is None else (),
        refusal=refusal,
    )


def test_loop_is_described_by_exactness_assumptions_and_rules() -> None:
    pairs = list(describe_loop(loop()))
    assert [label for label, _ in pairs] == ["proved", "exactness", "assumes", "rule"]
    assert "no dependence" in pairs[0][1]
    assert "rounding" in pairs[1][1]
    assert (
        pairs[2][1]
        == "y has the shape of x (because y[i] is read for every i); checked at each call"
    )


def test_kept_loop_is_described_by_its_refusal_only() -> None:
    assert list(describe_loop(loop("kept", REFUSAL))) == [
        ("refused", f"train.py:41:5 VEC902 {REFUSAL.sentence}"),
        ("evidence", "flow dependence, distance 1"),
        ("way out", "use a scan"),
    ]


def test_text_holds_status_source_and_every_loop() -> None:
    text = render_text("partial", SOURCE, (loop(), loop("kept", REFUSAL)))
    assert text.startswith("partial: ")
    assert "    def add(x, y):\n        return x + y\n" in text
    assert text.count("line 3: ") == 2
    assert "VEC902" in text
    assert max(map(len, text.splitlines())) <= WIDTH


def test_report_prints_as_its_text() -> None:
    report = Report("vectorized", SOURCE, (loop(),))
    assert str(report) == render_text("vectorized", SOURCE, (loop(),))


@pytest.mark.parametrize("terminal", [True, False])
def test_colours_only_where_there_is_a_terminal(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100)
    print_report(console, "vectorized", SOURCE, (loop(),))
    assert ("\x1b[" in file.getvalue()) is terminal
    assert "return" in file.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    file = io.StringIO()
    print_report(Console(file=file, force_terminal=True), "kept", SOURCE, (loop("kept", REFUSAL),))
    assert "\x1b[3" not in file.getvalue()
    assert "VEC902" in file.getvalue()
