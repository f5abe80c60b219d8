"""A name for each thing that a name holds, in the text as its user indents it."""

from __future__ import annotations

import ast

import pytest

from deloop.frontend.parse import parse_function
from deloop.frontend.versions import find_versions

TEXT = """\
def f(x, flag):
    n = x
    if flag:
        n = n + 1
    for i in range(3):
        n[i] = 0
    return n
"""


@pytest.mark.parametrize("indent", ["\t", "  ", "    "])
def test_lines_that_are_put_in_are_indented_like_their_neighbours(indent: str) -> None:
    text = TEXT.replace("    ", indent)
    versions = find_versions(parse_function(text, "a.py", 1, lambda name: None))
    assert versions is not None
    ast.parse(versions.function.text)
    assert f"\n{indent}else:\n{indent}{indent}n_2 = n\n" in versions.function.text
