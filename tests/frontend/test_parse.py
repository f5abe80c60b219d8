"""Functions as their users indent them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

import deloop
from deloop.frontend.parse import parse_function

SEARCH = 'def first(x):\n\tfor i in range(len(x)):\n\t\tif x[i] > 0:\n\t\t\treturn i\n\treturn -1\n'
TEXTS = 'def f():\n\ts = """a\n\tb"""\n\treturn s, "\t"\n'


def test_tabs_are_four_spaces_and_strings_stay() -> None:
    text = parse_function(TEXTS).text
    assert text == 'def f():\n    s = """a\n\tb"""\n    return s, "\t"\n'


BRANCHES = (
    "def cut(x, flag):\n\tn = x * 1\n\tif flag:\n\t\tn = n + 1\n"
    "\tfor i in range(3):\n\t\tn[i] = 0\n\treturn n\n"
)


def vectorize(text: str, name: str, tmp_path: Path) -> deloop.Vectorized:
    file = tmp_path / "tabs.py"
    file.write_text(text)
    names: dict[str, Any] = {"torch": torch}
    exec(compile(text, str(file), "exec"), names)
    return deloop.vectorize(names[name])


def test_name_that_one_branch_binds_anew_is_followed(tmp_path: Path) -> None:
    vectorized = vectorize(BRANCHES, "cut", tmp_path)
    x = torch.ones(4)
    assert vectorized.explain(x, True).status == "vectorized"
    assert vectorized(x, True).tolist() == [0, 0, 0, 2]


def test_search_that_is_indented_by_tabs_is_taken_apart(tmp_path: Path) -> None:
    vectorized = vectorize(SEARCH, "first", tmp_path)
    x = torch.tensor([-1.0, 0.0, 2.0, 3.0])
    assert vectorized.explain(x).status == "vectorized"
    assert vectorized(x) == 2
