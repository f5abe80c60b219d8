"""Loops of a file itself, outside of functions: fixed, and run beside what stood there."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
import torch

from deloop.config import Config
from deloop.lint.check import Result, check_bytes
from deloop.lint.edit import apply_fixes

ADDITION = """\
import torch

a = torch.rand(30, 20)
b = torch.rand(30, 20)
c = torch.zeros(30, 20)
for i in range(30):
    for j in range(20):
        c[i, j] = a[i, j] + b[i, j]
print(c.sum())
"""
BETWEEN = """\
import torch
x = torch.randn(40)


@torch.no_grad()
def unused(v):
    return v


def twice(v):
    return 2 * v


from math import pi
y = torch.zeros(40)
for k in range(40):
    y[k] = twice(x[k])


class Unused:
    text = '''
    for k in range(40):
    '''


z = torch.zeros(40)
for k in range(len(x)):
    if x[k] > 0:
        z[k] = y[k] + pi
    else:
        z[k] = -1.0
print(z)
"""
GUARDED = """\
import torch

def scale(v):
    return v * 3

if __name__ == "__main__":
    torch.manual_seed(0)
    n, m = 12, 15
    x = torch.randn(n, m)
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += x[i, j]
    out = torch.empty_like(x)
    for i in range(n):
        for j in range(m):
            out[i, j] = scale(x[i, j])
    print(total, out)
"""
READ_LATER = """\
import torch
x = torch.arange(50.0)
y = torch.zeros(50)
for i in range(50):
    v = x[i] * 2
    y[i] = v + 1
print(v, i)
del x
"""
SCRIPTS = {"addition": ADDITION, "definitions between": BETWEEN, "read later": READ_LATER,
           "guarded": GUARDED}  # fmt: skip
GONE = {"addition": {"i", "j"}, "definitions between": {"k"}, "read later": set(),
        "guarded": {"i", "j"}}  # fmt: skip


def fix(source: str) -> tuple[str, Result]:
    """The source with every fix in it."""
    data = source.encode()
    result = check_bytes(data, "given.py", Config(), thorough=True)
    return apply_fixes(data, list(result.fixes)).decode(), result


def run(source: str) -> tuple[dict[str, Any], str]:
    """The names that a script leaves, and what it prints."""
    torch.manual_seed(7)
    held: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(source, "script.py", "exec"), held)
    return held, printed.getvalue()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_without_its_loops_leaves_and_prints_the_same(name: str) -> None:
    source = SCRIPTS[name]
    fixed, _ = fix(source)
    assert "for " not in fixed.replace("'''\n    for k in range(40):\n    '''", "")
    (before, printed), (after, shown) = run(source), run(fixed)
    assert shown == printed
    assert set(before) - set(after) == GONE[name]
    for word, value in before.items():
        if isinstance(value, torch.Tensor) and word in after:
            torch.testing.assert_close(after[word], value)


def test_names_that_others_could_import_are_told() -> None:
    _, result = fix(ADDITION)
    assert [f.assumptions for f in result.fixes] == [("no other file imports i, j",)]


def test_what_a_main_guard_sets_is_nobody_elses() -> None:
    _, result = fix(GUARDED)
    assert [f.assumptions for f in result.fixes] == [()]


def test_definitions_between_the_statements_stay_as_they_are() -> None:
    fixed, _ = fix(BETWEEN)
    start, end = BETWEEN.index("@torch"), BETWEEN.index("y = ")
    assert BETWEEN[start:end] in fixed
    start, end = BETWEEN.index("class"), BETWEEN.index("z = ")
    assert BETWEEN[start:end] in fixed


def test_a_name_that_a_function_reads_keeps_its_place() -> None:
    source = ADDITION.replace("c = torch", "def show():\n    print(c)\n\nc = torch")
    source = source.replace("print(c.sum())", "show()")
    fixed, _ = fix(source)
    assert run(fixed)[1] == run(source)[1]


def test_a_body_behind_the_colon_is_seen() -> None:
    source = "import torch\nx = torch.rand(500)\ny = torch.zeros(500)\n"
    source += "for i in range(500): y[i] = x[i] * 2\nprint(y)\n"
    fixed, _ = fix(source)
    assert "y = x * 2\n" in fixed
    assert run(fixed)[1] == run(source)[1]


def test_what_a_function_reads_stays_where_only_a_size_is_made_of_it() -> None:
    source = GUARDED.replace("n, m = 12, 15", "half = 6\n    count = half * 2\n    n, m = 12, 15")
    source = source.replace("range(n)", "range(count)")
    source = source.replace("def scale(v):\n    return v * 3", "def scale(v):\n    return v * 3\n\n"
                            "def show():\n    print(half)")  # fmt: skip
    source += "    show()\n"
    fixed, _ = fix(source)
    assert "for " not in fixed
    assert run(fixed)[1] == run(source)[1]
