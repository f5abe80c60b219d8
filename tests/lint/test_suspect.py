"""The look at the bytes may pass too much on, and never too little."""

from __future__ import annotations

import ast
from pathlib import Path

from deloop.lint.scan import scan_module
from deloop.lint.suspect import find_suspects

ROOT = Path(__file__).resolve().parents[2]


def test_every_candidate_of_the_case_files_is_suspected() -> None:
    files = [*ROOT.glob("tests/cases/*.py"), *ROOT.glob("tests/hazards/*.py"),
             *ROOT.glob("tests/fuzz/regressions/*.py"), *ROOT.glob("examples/*.py")]  # fmt: skip
    missed, count = [], 0
    for file in files:
        data = file.read_bytes()
        suspects = find_suspects(data)
        for candidate in scan_module(ast.parse(data), lambda node: True):
            count += 1
            node = candidate.node
            if not any(node.lineno <= line <= (node.end_lineno or 0) for line in suspects):
                missed.append(f"{file.name}:{node.lineno}")
    assert count > 100
    assert missed == []


def test_files_without_torch_are_not_looked_at() -> None:
    assert find_suspects(b"for i in range(len(x)):\n    y[i] = x[i]\n") == []


def test_lines_are_counted_from_one() -> None:
    data = b"import torch\n\n\nfor i in range(n):\n    y[i] = x[i] + 1\n"
    assert find_suspects(data) == [4]


def test_loops_whose_variable_indexes_nothing_are_no_suspects() -> None:
    data = b"import torch\nfor i in range(n):\n    train(i)\nfor k, v in d.items():\n    y[k] = v\n"
    assert find_suspects(data) == []
