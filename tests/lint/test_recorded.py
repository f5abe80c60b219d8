"""What a recording may decide, and what it may not."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deloop.config import Config
from deloop.diagnostic import Exactness
from deloop.lint.check import check_bytes, find_candidates
from deloop.lint.facts import LoopFacts, key_of
from deloop.lint.finding import Fix
from deloop.verification import recorded

LOOP = """\
import torch
def double(x, y):
    out = torch.zeros_like(x)
    for i in range(x.shape[0]):
        out[i] = x[i] * y[i]
    return out
"""


def tensor(rank: int = 1, **held: Any) -> dict[str, Any]:
    return {"type": "tensor", "dtype": "float32", "rank": rank, "device": "cpu", "grad": False,
            "leaf": True, "contiguous": True, **held}  # fmt: skip


def kind(shapes: Mapping[str, Any], shared: Any = (), **values: Any) -> dict[str, Any]:
    return {"values": values, "shared": list(shared), "shapes": [dict(shapes)], "calls": 1}


def find_fix(*kinds: dict[str, Any], text: str = LOOP) -> Fix:
    data = text.encode()
    candidates, _ = find_candidates(data, "a.py")
    facts = {key_of(c): LoopFacts(1, 1.0, (), kinds) for c in candidates}
    result = check_bytes(data, "a.py", Config(root=Path()), thorough=True, facts=facts)
    (fix,) = result.fixes
    return fix


def test_sizes_that_were_equal_are_no_assumption() -> None:
    fix = find_fix(kind({"x": [50], "y": [50]}, x=tensor(), y=tensor()))
    assert fix.is_safe
    assert fix.recorded == (
        "x is a tensor of 1 dimension, float32, on cpu",
        "y is a tensor of 1 dimension, float32, on cpu",
    )


def test_sizes_that_differed_are() -> None:
    fix = find_fix(kind({"x": [50], "y": [60]}, x=tensor(), y=tensor()))
    assert not fix.is_safe
    assert any("shape" in sentence for sentence in fix.assumptions)


def test_kinds_that_lead_to_different_texts_decide_nothing() -> None:
    sums = LOOP.replace("x[i] * y[i]", "x[i] + y[i].sum()")
    fix = find_fix(
        kind({"x": [5], "y": [5, 2]}, x=tensor(), y=tensor(2)),
        kind({"x": [5, 2], "y": [5, 2]}, x=tensor(2), y=tensor(2)),
        text=sums,
    )
    assert fix.recorded == ()
    assert not fix.is_safe


def test_kinds_beyond_those_that_were_kept_decide_nothing() -> None:
    known = kind({"x": [5], "y": [5]}, x=tensor(), y=tensor())
    assert find_fix(known, kind({})).recorded == ()


def test_name_that_changes_in_front_of_the_loop_is_not_what_was_recorded() -> None:
    text = LOOP.replace("    out =", "    x = x.reshape(-1)\n    out =")
    fix = find_fix(kind({"x": [6], "y": [6]}, x=tensor(), y=tensor()), text=text)
    assert not any(sentence.startswith("x is") for sentence in fix.recorded)


def test_rewrite_that_differs_is_never_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "run_recorded", lambda *_: "it differs from the loop: 1, not 2")
    fix = find_fix(kind({"x": [50], "y": [50]}, x=tensor(), y=tensor()))
    assert not fix.is_safe
    assert "it differs from the loop: 1, not 2" in fix.assumptions


def test_missing_pytorch_leaves_an_assumption(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deloop.lint.recorded._RUNNER", "deloop.nowhere")
    fix = find_fix(kind({"x": [50], "y": [50]}, x=tensor(), y=tensor()))
    assert "it was not run beside the loop: PyTorch is not installed" in fix.assumptions


ONE = "def f(x, k):\n    return x * k\n"


def run(new: str, *, exactness: Exactness = Exactness.BITWISE, **values: Any) -> str:
    shapes = {"x": [30, 4], "k": 3}
    one = kind(shapes, **{"x": tensor(2), "k": {"type": "int"}, **values})
    return recorded.run_recorded(ONE, new, "", "f", ["x", "k"], [one], exactness)


def test_loop_and_rewrite_are_run_on_the_recorded_kind() -> None:
    assert run("def f(x, k):\n    return k * x\n") == ""
    assert run("def f(x, k):\n    return x + k\n").startswith("it differs from the loop: ")
    assert run("def f(x, k):\n    return x * 3 if x.dtype.itemsize == 4 else 1\n") == ""
    assert run(
        "def f(x, k):\n    return x * 3 if x.dtype.itemsize == 4 else 1\n",
        x=tensor(2, dtype="float64"),
    ) != ""  # fmt: skip
    assert run("def f(x, k):\n    return x.detach() * k\n", x=tensor(2, grad=True)) != ""
    assert run("def f(x, k):\n    return x * k if not x.is_contiguous() else 1\n",
               x=tensor(2, contiguous=False)) == ""  # fmt: skip


def test_what_cannot_be_made_or_run_is_said() -> None:
    assert run(ONE, k={"type": "dict"}).endswith("k was of the type dict")
    assert "nowhere" in run(ONE.replace("x * k", "nowhere")) or run(ONE) == ""
    always = "def f(x, k):\n    raise ValueError\n"
    one = kind({"x": [3]}, x=tensor(), k={"type": "NoneType"})
    assert "no values like" in recorded.run_recorded(
        always, always, "", "f", ["x", "k"], [one], Exactness.BITWISE
    )


def test_key_is_the_loops_own_text() -> None:
    def keys(text: str) -> list[tuple[str, str]]:
        return [key_of(c) for c in find_candidates(text.encode(), "a.py")[0]]

    assert keys(LOOP) == keys(f"# moved\n{LOOP}\nx = 1\n")
    assert keys(LOOP) != keys(LOOP.replace("* y", "+ y"))
    assert ast.parse(LOOP)
