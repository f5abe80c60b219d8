"""The look at the bytes may pass too much on, and never too little."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from deloop.lint.scan import Candidate, scan_module
from deloop.lint.suspect import cut, find_suspects

ROOT = Path(__file__).resolve().parents[2]


def test_every_candidate_of_the_case_files_is_suspected() -> None:
    files = [*ROOT.glob("tests/cases/*.py"), *ROOT.glob("tests/hazards/*.py"),
             *ROOT.glob("tests/fuzz/regressions/*.py"), *ROOT.glob("examples/*.py")]  # fmt: skip
    missed, count = [], 0
    for file in files:
        data = file.read_bytes()
        suspects = find_suspects(data)
        for candidate in scan_module(ast.parse(data), lambda node: True, lambda node: True):
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


def test_cut_file_has_the_same_candidates_at_the_same_lines() -> None:
    cut_away = unreadable = 0
    for file in sorted(ROOT.glob("tests/**/*.py")):
        data = file.read_bytes()
        suspects = find_suspects(data)
        if not suspects:
            continue
        short = cut(data, suspects)
        assert short.count(b"\n") == data.count(b"\n")
        cut_away += len(data) - len(short)
        try:
            ast.parse(short)
        except SyntaxError:  # a string that holds a function: the whole file is parsed instead
            unreadable += 1
            continue
        found = [sorted(c.node.lineno for c in scan(text, suspects)) for text in (data, short)]
        assert found[0] == found[1], file
    assert cut_away > 100_000
    assert unreadable < 10


def scan(data: bytes, suspects: list[int]) -> Iterator[Candidate]:
    def is_wanted(node: ast.AST) -> bool:
        if isinstance(node, ast.Module):
            return True
        return any(node.lineno <= s <= node.end_lineno for s in suspects)  # type: ignore[attr-defined]

    return scan_module(ast.parse(data), is_wanted, is_wanted)


def test_cut_keeps_headers_and_what_is_suspected() -> None:
    data = b"""\
import torch
class A(
    nn.Module
):  # comment
    x = 1
    def f(self):
        return 2


def g(x) -> Tensor: return x
def h(x):
    for i in range(n):
        y[i] = x[i]
"""
    short = cut(data, [12])
    assert short == b"""\
import torch
class A(
    nn.Module
):  # comment
 pass




def g(x) -> Tensor: return x
def h(x):
    for i in range(n):
        y[i] = x[i]
"""
