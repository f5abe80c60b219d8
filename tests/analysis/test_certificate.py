"""A certificate names every dependence with what respects it, every assumption with its fact."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

import deloop
import deloop.pipeline
from deloop.analysis.certificate import Certificate, certify
from deloop.diagnostic import Exactness

from ..cases.test_cases import CASES
from ..fuzz.carried import generate_carried


def produce_then_use(x: Any) -> Any:
    first = torch.zeros_like(x)
    second = torch.zeros_like(x)
    for i in range(1, x.shape[0]):
        first[i] = x[i] * 2
        second[i] = first[i - 1] + 1
    return second


def follow(x: Any, y: Any) -> Any:
    for i in range(1, x.shape[0]):
        y[i] = x[i] + 1
        x[i] = x[i] * x[i - 1] + x[i] / (1 + x[i - 1])
    return x


def shift(x: Any) -> Any:
    for i in range(x.shape[0] - 1):
        x[i] = x[i + 1] * 2
    return x


def total(x: Any) -> Any:
    result = 0.0
    for i in range(len(x)):
        result += x[i]
    return result


def add(x: Any, y: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] + y[i]
    return result


def recur(x: Any) -> Any:
    h = torch.zeros_like(x)
    for t in range(1, x.shape[0]):
        h[t] = torch.tanh(h[t - 1] + x[t])
    return h


def call_unknown(x: Any) -> Any:
    h = torch.zeros_like(x)
    for t in range(1, x.shape[0]):
        h[t] = nowhere(x[t])  # type: ignore[name-defined]  # noqa: F821
    return h


def line_of(function: Any, offset: int) -> int:
    """The line so many below the function's first."""
    return int(function.__code__.co_firstlineno) + offset


def certificate_of(function: Any, *arguments: Any) -> Certificate:
    found: Certificate = deloop.vectorize(function).explain(*arguments).loops[0].certificate
    return found


def test_dependence_between_two_lines_is_respected_by_their_order() -> None:
    (found,) = certificate_of(produce_then_use, torch.rand(5)).dependences
    writes, reads = line_of(produce_then_use, 4), line_of(produce_then_use, 5)
    assert found.sentence == (
        f"line {writes} writes first[i], then line {reads} reads first[i - 1]"
        " (flow dependence, distance 1)"
    )
    assert found.reason == f"all of line {writes} runs before line {reads}"
    assert "i' = 1 + i" in found.relation or "i' = i + 1" in found.relation


def test_dependence_that_a_loop_carries_is_respected_by_that_loop() -> None:
    found = certificate_of(follow, torch.rand(5), torch.rand(5)).dependences
    assert found
    assert {d.reason for d in found if d.dependence.array == "x" and d.dependence.level} == {
        f"the loop at line {line_of(follow, 1)} stays, its iterations in their order"
    }


def test_element_read_before_it_is_overwritten_is_read_at_once() -> None:
    (found,) = certificate_of(shift, torch.rand(5)).dependences
    assert found.dependence.kind.value == "anti"
    assert found.reason == "the tensor operation reads all that it needs before it writes"


def test_sum_is_combined_at_once_and_says_where_bits_were_lost() -> None:
    found = certificate_of(total, torch.rand(5))
    assert {d.reason for d in found.dependences if d.dependence.level} == {
        "the iterations' terms are combined at once (sum)"
    }
    assert found.exactness is Exactness.ROUNDING
    assert len(found.lossy) == 1


def test_assumption_has_the_fact_that_it_came_from() -> None:
    found = certificate_of(add, torch.rand(5), torch.rand(5))
    assert found.dependences == ()
    assert [(a.sentence, a.reason) for a in found.assumptions] == [
        ("y.shape[0] == x.shape[0]", "y is read or written at i in dimension 0")
    ]
    assert "no dependence" in str(found)
    assert "assumes y.shape[0] == x.shape[0] (because y is read" in str(found)


def test_loop_that_stays_shows_the_dependence_that_keeps_it() -> None:
    found = certificate_of(recur, torch.rand(5))
    line = line_of(recur, 3)
    assert "VEC902 loop kept" in found.kept
    assert [str(d) for d in found.dependences] == [
        f"line {line} writes h[t], then line {line} reads h[t - 1] (flow dependence, distance 1):"
        " the loop is left as it is written"
    ]
    assert "no dependence" not in str(found)
    assert found.as_data()["kept"] == found.kept


def test_loop_that_could_not_be_read_says_so() -> None:
    found = certificate_of(call_unknown, torch.rand(5))
    assert "VEC921" in str(found)
    assert "no dependence" not in str(found)


def test_data_is_plain_and_complete() -> None:
    data = certificate_of(produce_then_use, torch.rand(5)).as_data()
    assert json.loads(json.dumps(data)) == data
    (dependence,) = data["dependences"]
    assert dependence["kind"] == "flow"
    assert dependence["distance"] == [1]
    assert dependence["respected"].startswith("all of line ")
    assert data["exactness"] == "bitwise"


def test_plan_in_the_wrong_order_has_no_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        deloop.pipeline, "certify", lambda *found: (seen.append(found), certify(*found))[1]
    )
    certificate_of(produce_then_use, torch.rand(5))
    plan, dependences, statements = seen[0]
    assert all(d.reason for d in certify(plan, dependences, statements))
    (wrong,) = certify(tuple(reversed(plan)), dependences, statements)
    assert wrong.reason == ""


def test_certificate_of_every_case_has_all_its_reasons() -> None:
    count = 0
    for case in CASES:
        report = deloop.vectorize(case.before, inline=case.inline).explain(*case.inputs()[0])
        for found in (loop.certificate for loop in report.loops):
            count += len(found.dependences)
            assert [str(d) for d in found.dependences if not d.reason] == [], case.name
            assert [a.sentence for a in found.assumptions if not a.reason] == [], case.name
            assert bool(found.lossy) == (found.exactness is Exactness.ROUNDING), case.name
    assert count > 1000


@pytest.mark.parametrize("seed", range(40))
def test_every_dependence_of_random_programs_is_respected(seed: int) -> None:
    program = generate_carried(seed)
    report = deloop.vectorize(program.load()).explain(*program.make_arguments(0))
    for loop in report.loops:
        assert [str(d) for d in loop.certificate.dependences if not d.reason] == []
        assert loop.status == "kept" or len(loop.certificate.dependences) == len(loop.dependences)
