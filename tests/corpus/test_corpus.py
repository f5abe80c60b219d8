"""Real loops, each beside what an expert wrote: rewritten, equal, and no more operator calls.

`loops/` is a copy of the corpus of issue 4, one registered function a loop.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import deloop
from deloop.verification.run import run_side_by_side
from tests.hazards.side_by_side import declared_exactness, rewritten_function

sys.path.insert(0, str(Path(__file__).parent / "loops"))
import registry

CORPUS = registry.load_all()
OPEN = {
    "boxes_greedy_nms": "a while loop that ends where a list is empty",
    "gather_word_vectors": "a list of words, looked up in a dict",
}
"""Loops that an expert rewrites and deloop does not yet, and what they have that is not read."""

TENSOR_FORM = sorted(n for n, c in CORPUS.items() if c.expect != "keep" and n not in OPEN)
KEPT = sorted(n for n, c in CORPUS.items() if c.expect == "keep")


def subject(name: str, size: str = "small", seed: int = 1) -> tuple[Any, tuple[Any, ...]]:
    """A loop's function, and arguments for it: a module is its own first one."""
    case = CORPUS[name]
    given = case.inputs(size, seed)
    if not case.is_class:
        return case.fn, given
    module = case.build(size, seed)
    return type(module).forward, (module, *given)


class Counted(TorchDispatchMode):
    """Counts operator calls."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.calls += 1
        return func(*args, **(kwargs or {}))


def operator_calls(function: Any, arguments: tuple[Any, ...]) -> int:
    with Counted() as counted:
        function(*registry.clone_args(arguments))
    return counted.calls


@pytest.mark.parametrize("name", TENSOR_FORM)
def test_loop_of_the_corpus_is_rewritten_and_equal(name):
    function, given = subject(name)
    rewrite = deloop.vectorize(function)
    report = rewrite.explain(*given)
    assert report.status != "kept", [str(loop.refusal) for loop in report.loops]
    outcome = run_side_by_side(
        function, rewrite, registry.clone_args(given), exactness=declared_exactness(report)
    )
    assert outcome.agrees, str(outcome)


@pytest.mark.parametrize("name", sorted(n for n in TENSOR_FORM if CORPUS[n].grad))
def test_gradients_of_a_loop_of_the_corpus_agree(name):
    function, given = subject(name)
    grown = registry.clone_args(given, grad=True)
    rewrite = deloop.vectorize(function)
    exactness = declared_exactness(rewrite.explain(*grown))
    outcome = run_side_by_side(function, rewrite, grown, exactness=exactness)
    assert outcome.agrees, str(outcome)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("name", sorted(CORPUS))
def test_loop_of_the_corpus_agrees_on_small_and_odd_sizes(name, seed):
    function, given = subject(name, "tiny", seed)
    rewrite = deloop.vectorize(function)
    exactness = declared_exactness(rewrite.explain(*given))
    torch.manual_seed(seed)
    outcome = run_side_by_side(function, rewrite, registry.clone_args(given), exactness=exactness)
    assert outcome.agrees, str(outcome)


@pytest.mark.parametrize("name", KEPT)
def test_loop_that_must_stay_is_kept_with_a_reason(name):
    function, given = subject(name)
    report = deloop.vectorize(function).explain(*given)
    assert report.status == "kept"
    assert all(loop.refusal is not None and loop.refusal.code for loop in report.loops)


def test_rewrites_call_at_most_a_fifth_more_operators_than_the_experts():
    ratios = {}
    for name in TENSOR_FORM:
        case = CORPUS[name]
        if case.is_class:
            continue
        function, given = subject(name)
        source = deloop.vectorize(function).explain(*given).source
        mine = operator_calls(rewritten_function(source, function), given)
        ratios[name] = mine / max(operator_calls(case.expert, given), 1)
    mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
    worst = sorted(ratios.items(), key=lambda pair: -pair[1])[:5]
    assert mean <= 1.2, f"{mean:.2f} times as many calls; the most: {worst}"
