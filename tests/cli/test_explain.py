"""``deloop rule`` and ``deloop explain``."""

from __future__ import annotations

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


@pytest.mark.parametrize("place", ["a.py", "a.py:x", "nowhere.py:3"])
def test_explain_of_no_place_is_an_error(place: str) -> None:
    assert CliRunner().invoke(main, ["explain", place]).exit_code == 2
