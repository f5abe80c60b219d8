"""What is not rewritten as an expert would yet is at least never rewritten wrongly."""

from __future__ import annotations

import pytest

import deloop
from deloop.verification.run import run_side_by_side

from .case import Case
from .not_yet import NOT_YET
from .test_cases import EVERY_CASE, exactness_of

WAITING = [case for case in EVERY_CASE if case.name in NOT_YET]
by_name = pytest.mark.parametrize("case", WAITING, ids=lambda case: case.name)


def test_every_name_on_the_list_is_a_case() -> None:
    assert {case.name for case in WAITING} == NOT_YET


@by_name
def test_whatever_it_becomes_does_what_the_loop_does(case: Case) -> None:
    rewrite = deloop.vectorize(case.before, inline=case.inline, keep_small=False)
    for arguments in case.inputs():
        exactness = exactness_of(rewrite.explain(*arguments))
        outcome = run_side_by_side(
            case.before, rewrite, arguments, exactness=exactness, second_gradients=True
        )
        assert outcome.agrees, str(outcome)


@by_name
def test_a_loop_that_stays_has_a_reason_at_a_line(case: Case) -> None:
    fast = deloop.vectorize(case.before, inline=case.inline, keep_small=False)
    report = fast.explain(*case.inputs()[0])
    for loop in report.loops:
        if loop.status != "vectorized":
            assert loop.refusal is not None
            assert loop.refusal.place.line >= loop.line - 1
            assert loop.refusal.sentence


@by_name
def test_a_case_that_comes_out_right_leaves_the_list(case: Case) -> None:
    fast = deloop.vectorize(case.before, inline=case.inline, keep_small=False)
    report = fast.explain(*case.inputs()[0])
    assert report.status != case.status or not case.accepts(report.source)
