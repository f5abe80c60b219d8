"""Every case becomes what an expert would write, and behaves as its loop for every argument."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch

import deloop
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

from . import (
    addition,
    all_but_one,
    arg_reductions,
    asked,
    asked_learning,
    asked_science,
    axes,
    calls,
    choices,
    condition,
    contractions,
    control_flow,
    distribution,
    few_items,
    flat_index,
    function_application,
    headers,
    in_place,
    item_calls,
    lengths,
    lists,
    lookups,
    made,
    nests,
    operators,
    outputs,
    partial_range,
    plain_forms,
    prefixes,
    python_values,
    ragged,
    real_code,
    recurrences,
    reductions,
    rows,
    scalars,
    scans,
    scatter,
    searches,
    shifts,
    statements,
    stencils,
    while_loops,
    windows,
)
from .case import Case
from .not_yet import NOT_YET

FAMILIES = (
    addition,
    choices,
    asked_learning,
    function_application,
    condition,
    headers,
    flat_index,
    in_place,
    lists,
    lookups,
    axes,
    calls,
    item_calls,
    operators,
    scalars,
    outputs,
    partial_range,
    statements,
    while_loops,
    plain_forms,
    prefixes,
    reductions,
    arg_reductions,
    asked,
    asked_science,
    searches,
    scans,
    recurrences,
    shifts,
    contractions,
    rows,
    distribution,
    few_items,
    stencils,
    control_flow,
    scatter,
    lengths,
    made,
    real_code,
    nests,
    all_but_one,
    python_values,
    windows,
    ragged,
)
EVERY_CASE = [case for family in FAMILIES for case in family.FAMILY]
CASES = [case for case in EVERY_CASE if case.name not in NOT_YET]
SIZED = [
    pytest.param(case, number, id=f"{case.name}-{number}")
    for case in CASES
    for number in range(len(case.inputs()))
]
by_name = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def vectorized(case: Case) -> Any:
    return deloop.vectorize(case.before, inline=case.inline, keep_small=False)


def executable(source: str, function: Any) -> Any:
    """`source` as a function that sees the names that `function` sees."""
    outer = inspect.getclosurevars(function).nonlocals
    namespace = {**function.__globals__, "torch": torch, **outer}
    exec(compile(source, f"<rewritten {function.__qualname__}>", "exec"), namespace)
    return namespace[function.__name__]


def exactness_of(report: Any) -> Exactness:
    """Rounding if any loop of the report declares it."""
    exactness = Exactness.BITWISE
    for loop in report.loops:
        exactness = exactness & loop.exactness
    return exactness


def test_there_are_many_cases_and_each_has_its_own_name() -> None:
    names = [case.name for case in CASES]
    assert len(names) >= 100
    assert len(set(names)) == len(names)


@by_name
def test_source_is_what_an_expert_writes(case: Case) -> None:
    report = vectorized(case).explain(*case.inputs()[0])
    assert report.status == case.status, [str(loop.refusal) for loop in report.loops]
    expected = "\n\nor\n\n".join(case.expected_sources())
    assert case.accepts(report.source), f"got\n\n{report.source}\n\nexpected\n\n{expected}"


@by_name
def test_declared_exactness_is_the_operations_own(case: Case) -> None:
    report = vectorized(case).explain(*case.inputs()[0])
    assert report.loops
    assert exactness_of(report).value in case.exactness


@by_name
def test_rewritten_source_itself_agrees_with_the_loop(case: Case) -> None:
    arguments = case.inputs()[0]
    report = vectorized(case).explain(*arguments)
    assert report.status == case.status
    rewritten = executable(report.source, case.before)
    outcome = run_side_by_side(
        case.before, rewritten, arguments, exactness=exactness_of(report), second_gradients=True
    )
    assert outcome.agrees, str(outcome)


@by_name
def test_every_assumption_holds_for_the_arguments_it_was_made_for(case: Case) -> None:
    arguments = case.inputs()[0]
    report = vectorized(case).explain(*arguments)
    bound = inspect.signature(case.before).bind(*arguments)
    bound.apply_defaults()
    outer = inspect.getclosurevars(case.before).nonlocals
    names = {**case.before.__globals__, "torch": torch, **outer, **bound.arguments}
    guards = [assumption.guard for loop in report.loops for assumption in loop.assumptions]
    assert [guard for guard in guards if not eval(guard, dict(names))] == []


@pytest.mark.parametrize(("case", "number"), SIZED)
def test_fresh_specialisation_agrees_with_the_loop(case: Case, number: int) -> None:
    arguments = case.inputs()[number]
    rewrite = vectorized(case)
    report = rewrite.explain(*arguments)
    outcome = run_side_by_side(
        case.before, rewrite, arguments, exactness=exactness_of(report), second_gradients=True
    )
    assert outcome.agrees, str(outcome)


@by_name
def test_one_vectorized_function_serves_every_size(case: Case) -> None:
    rewrite = vectorized(case)
    exactness = exactness_of(rewrite.explain(*case.inputs()[0]))
    for arguments in case.inputs():
        outcome = run_side_by_side(case.before, rewrite, arguments, exactness=exactness)
        assert outcome.agrees, str(outcome)


@by_name
def test_explaining_runs_nothing(case: Case) -> None:
    arguments = case.inputs()[0]
    before = [a.detach().clone() for a in arguments if isinstance(a, torch.Tensor)]
    vectorized(case).explain(*arguments)
    after = [a.detach() for a in arguments if isinstance(a, torch.Tensor)]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
