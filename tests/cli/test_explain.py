"""``deloop rule`` and ``deloop explain``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from deloop.cli import main

LOOP = """\
import torch


def double(x: torch.Tensor):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * 2
    return out
"""


@pytest.mark.parametrize("code", ["VEC201", "vec301", "VEC101"])
def test_rule_prints_the_page_of_a_code(code: str) -> None:
    done = CliRunner().invoke(main, ["rule", code])
    assert done.exit_code == 0
    assert done.output.startswith(f"# {code.upper()} ")


def test_rule_lists_all_codes_and_refuses_unknown_ones() -> None:
    listed = CliRunner().invoke(main, ["rule"]).output
    assert all(code in listed for code in ("VEC101", "VEC201", "VEC303"))
    assert CliRunner().invoke(main, ["rule", "VEC999"]).exit_code == 2


def test_explain_tells_what_a_loop_becomes_and_assumes(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(LOOP, encoding="utf-8")
    done = CliRunner().invoke(main, ["explain", f"{file}:7"])
    assert done.exit_code == 0
    assert "return x * 2" in done.output
    assert "assumes: x is a tensor of a floating-point dtype" in done.output
    assert "fix: unsafe, bitwise" in done.output


def test_explain_says_so_where_there_is_no_loop(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(LOOP, encoding="utf-8")
    done = CliRunner().invoke(main, ["explain", f"{file}:1"])
    assert done.exit_code == 0
    assert "no loop over" in done.output


SHIFTED = """\
import torch


def shifted(x: torch.Tensor, y: torch.Tensor):
    first = torch.zeros_like(x)
    for i in range(1, x.shape[0]):
        first[i] = x[i] * 2
        y[i] = first[i - 1] + 1
    return first
"""
CARRIED = """\
import torch


def carried(x: torch.Tensor):
    h = torch.zeros_like(x)
    for t in range(1, x.shape[0]):
        h[t] = torch.tanh(h[t - 1] + x[t])
    return h
"""


def explain(folder: Path, text: str, *options: str) -> str:
    """What ``deloop explain`` prints of the sixth line of a file."""
    file = folder / "a.py"
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(main, ["explain", f"{file}:6", *options])
    assert done.exit_code == 0
    return done.output


def test_explain_prints_the_certificate(tmp_path: Path) -> None:
    output = explain(tmp_path, SHIFTED)
    assert (
        "    dependence: line 7 writes first[i], then line 8 reads first[i - 1] (flow dependence,"
        " distance 1): all of line 7 runs before line 8\n" in output
    )
    assert "i' = 1 + i" in output
    assert (
        "    assumes: y.shape[0] == x.shape[0] (because y is read or written at i in dimension 0)\n"
        in output
    )
    assert "    assumes: x, y share no memory (guessed from the text)\n" in output


def test_explain_names_the_dependence_of_a_loop_that_stays(tmp_path: Path) -> None:
    output = explain(tmp_path, CARRIED)
    assert (
        "line 7 writes h[t], then line 7 reads h[t - 1] (flow dependence, distance 1): the loop is"
        " left as it is written" in output
    )


def test_explain_has_the_certificate_for_programs(tmp_path: Path) -> None:
    (found,) = json.loads(explain(tmp_path, SHIFTED, "--output-format", "json"))
    assert found["code"] == "VEC201"
    assert found["fix"]["exactness"] == found["certificate"]["exactness"] == "bitwise"
    assert "y.shape[0] == x.shape[0]" in found["fix"]["assumptions"]
    (dependence,) = found["certificate"]["dependences"]
    assert dependence["kind"] == "flow" and dependence["distance"] == [1]
    assert dependence["respected"] == "all of line 7 runs before line 8"
    assert found["certificate"]["kept"] is None

    (kept,) = json.loads(explain(tmp_path, CARRIED, "--output-format", "json"))
    assert kept["fix"] is None and kept["becomes"] is None
    assert "VEC902 loop kept: iteration t reads h[t - 1]" in kept["certificate"]["kept"]
    assert [d["distance"] for d in kept["certificate"]["dependences"]] == [[1]]


def test_explain_of_a_line_without_a_loop_is_an_empty_list_for_programs(tmp_path: Path) -> None:
    text = "import torch\n" * 6
    assert json.loads(explain(tmp_path, text, "--output-format", "json")) == []


@pytest.mark.parametrize("place", ["a.py", "a.py:x", "nowhere.py:3"])
def test_explain_of_no_place_is_an_error(place: str) -> None:
    assert CliRunner().invoke(main, ["explain", place]).exit_code == 2
