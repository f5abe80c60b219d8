"""What the README shows is what comes out."""

from __future__ import annotations

import ast
import linecache
import re
from pathlib import Path
from typing import Any

import pytest
import torch

import deloop
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
PAIRS = [
    tuple(block.split("\n# becomes\n"))
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    if "\n# becomes\n" in block
]
X = torch.linspace(-1, 1, 20).reshape(5, 4)
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "running_total": (X[0],),
    "nearest": (X, X[3]),
    "class_sums": (X, torch.tensor([0, 2, 1, 2, 2]), 3),
    "first_over": (X[0], -0.9),
    "unit_rows": (X,),
    "states": (X, 0.5),
    "smoothed": (torch.linspace(-1, 1, 60), 0.3),
}
by_pair = pytest.mark.parametrize(("before", "after"), PAIRS)


def load(source: str, name: str) -> Any:
    """`source` as a function whose text `inspect` finds."""
    file = f"<README {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"torch": torch}
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


def test_readme_shows_some_pairs_each_with_arguments_here() -> None:
    shown = [re.findall(r"def (\w+)", before)[0] for before, _ in PAIRS]
    assert sorted(shown) == sorted(ARGUMENTS)


@by_pair
def test_shown_source_is_what_comes_out_and_agrees(before: str, after: str) -> None:
    name = re.findall(r"def (\w+)", before)[0]
    function = load(before, name)
    fast = deloop.vectorize(function)
    report = fast.explain(*ARGUMENTS[name])
    assert ast.dump(ast.parse(report.source)) == ast.dump(ast.parse(after))
    exactness = Exactness.BITWISE
    for loop in report.loops:
        exactness = exactness & loop.exactness
    assert run_side_by_side(function, fast, ARGUMENTS[name], exactness=exactness).agrees


def test_shown_refusal_is_what_is_said() -> None:
    shown = r"```python\n@deloop.vectorize\n(def grow.*?)```\n```\n(.*?)```"
    ((source, told),) = re.findall(shown, README, re.DOTALL)
    report = deloop.vectorize(load(source, "grow")).explain(X[0], 3.2)
    said = str(report.loops[0].refusal)
    _, _, sentence = " ".join(told.split()).partition("VEC902 ")
    assert sentence.partition(" (both at")[0] in said
