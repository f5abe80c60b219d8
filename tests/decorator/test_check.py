"""``check=``: a call that runs both ways believes the loop, once and for all where they differ."""

from __future__ import annotations

import pickle
import threading
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

import deloop
import deloop.pipeline
from deloop.decorator import DeloopWarning
from deloop.rewrite.pattern import Element, Literal, Op
from deloop.rules.manual_abs import MANUAL_ABS


def double(x: Any) -> Any:
    """Twice x."""
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result


def double_in_place(x: Any) -> Any:
    for i in range(x.shape[0]):
        x[i] = x[i] * 2
    return x


def double_and_say(x: Any) -> Any:
    print("doubling")
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result


def double_with_noise(x: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result + torch.randn(3)


def double_each_level(x: Any, depth: int) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result if depth == 0 else checked_levels(result, depth - 1)


checked_levels = deloop.vectorize(double_each_level, check="first")


class Scale(torch.nn.Module):
    """A module whose forward is checked."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(3.0))
        self.calls = 0

    @deloop.vectorize(check="first")
    def forward(self, x: Any) -> Any:
        self.calls += 1
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * self.weight
        return result


@pytest.fixture
def wrong_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A rule that takes ``x * 2`` for ``x``, planted in the table."""
    rule = replace(
        MANUAL_ABS,
        code="VEC199",
        patterns=(Op("mul", (Element("x", ("int", "float")), Literal("two", 2))),),
        condition=lambda found, place: True,
        rewrite=lambda found: found["x"],
    )
    monkeypatch.setattr(deloop.pipeline, "RULES", (rule,))
    yield


def caught_warnings(call: Any) -> tuple[Any, list[str]]:
    """What a call returns, and the texts of the warnings that it gives."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        result = call()
    return result, [str(w.message) for w in said if w.category is DeloopWarning]


def test_planted_wrong_rule_is_wrong_without_a_check(wrong_rule: None) -> None:
    assert deloop.vectorize(double)(torch.ones(3)).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("mode", ["first", "sample"])
def test_planted_wrong_rule_is_caught_and_the_result_is_the_loops(
    wrong_rule: None, mode: str
) -> None:
    fast = deloop.vectorize(double, check=mode)
    result, said = caught_warnings(lambda: fast(torch.tensor([1.5, 0.0, 2.0])))
    assert result.tolist() == [3.0, 0.0, 4.0]
    assert len(said) == 1
    assert "double differs from its loop" in said[0]
    assert "x = torch.tensor([1.0])" in said[0]
    assert "print(deloop.verify(double, x, count=0))" in said[0]


def test_loop_runs_for_good_after_a_difference_without_another_warning(wrong_rule: None) -> None:
    fast = deloop.vectorize(double, check="first")
    caught_warnings(lambda: fast(torch.ones(2)))
    for x in (torch.ones(2), torch.ones(2, 2), torch.ones(2, dtype=torch.int64)):
        result, said = caught_warnings(lambda x=x: fast(x))
        assert torch.equal(result, x * 2)
        assert said == []
    assert fast.checks.made == 1 and fast.checks.agreed == 0
    report = fast.explain(torch.ones(2))
    assert report.status == "kept"
    assert report.loops[0].refusal is not None
    assert report.loops[0].refusal.code == "VEC901"
    assert fast.specialised(torch.ones(2)) is double


def test_reproduction_shows_the_difference(wrong_rule: None) -> None:
    fast = deloop.vectorize(double, check="first")
    caught_warnings(lambda: fast(torch.rand(4) + 1))
    program = fast.checks.difference.partition("to reproduce:")[2]
    namespace: dict[str, Any] = {}
    exec(program.replace("print(", "found = ("), namespace)
    assert not namespace["found"].agrees


def test_argument_changed_in_place_is_changed_once_as_the_loop_does(wrong_rule: None) -> None:
    fast = deloop.vectorize(double_in_place, check="first")
    x = torch.ones(3)
    result, said = caught_warnings(lambda: fast(x))
    assert result is x
    assert x.tolist() == [2.0, 2.0, 2.0]
    assert len(said) == 1


def test_agreeing_call_changes_its_argument_once() -> None:
    fast = deloop.vectorize(double_in_place, check="first")
    x = torch.ones(3)
    assert fast(x) is x
    assert x.tolist() == [2.0, 2.0, 2.0]
    assert fast.checks.agreed == 1


def test_first_checks_each_signature_once_and_steps_aside() -> None:
    fast = deloop.vectorize(double, check="first")
    for _ in range(3):
        fast(torch.ones(3))
        fast(torch.ones(3, 3))
    assert (fast.checks.made, fast.checks.agreed) == (2, 2)
    rewrite = fast.specialised(torch.ones(3))
    assert rewrite.__code__.co_filename.startswith("<deloop vectorized")


def test_sample_checks_ever_fewer_calls() -> None:
    fast = deloop.vectorize(double, check="sample")
    for _ in range(20):
        fast(torch.ones(3))
    assert fast.checks.made == fast.checks.agreed == 5


def test_off_checks_nothing_and_is_the_default() -> None:
    fast = deloop.vectorize(double)
    fast(torch.ones(3))
    assert fast.checks.mode == "off"
    assert fast.checks.made == 0


def test_unknown_mode_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        deloop.vectorize(double, check="sometimes")


def test_spent_budget_ends_checking_and_says_so() -> None:
    fast = deloop.vectorize(double, check="first", check_seconds=0.0)
    assert torch.equal(fast(torch.ones(3)), torch.full((3,), 2.0))
    assert fast.checks.made == 0
    assert fast.checks.skipped == ["checks have taken the 0 seconds that they may take"]


def test_function_that_prints_runs_once(capsys: pytest.CaptureFixture[str]) -> None:
    fast = deloop.vectorize(double_and_say, check="first")
    assert torch.equal(fast(torch.ones(3)), torch.full((3,), 2.0))
    assert capsys.readouterr().out == "doubling\n"
    assert fast.checks.made == 0
    assert fast.checks.skipped == ["it calls print"]


def test_random_draws_are_those_of_one_call() -> None:
    fast = deloop.vectorize(double_with_noise, check="first")
    x = torch.ones(3)
    torch.manual_seed(7)
    expected, after = double_with_noise(x), torch.rand(1)
    torch.manual_seed(7)
    actual, then = fast(x), torch.rand(1)
    assert torch.equal(actual, expected)
    assert torch.equal(after, then)
    assert fast.checks.agreed == 1


def test_argument_that_cannot_be_copied_is_not_checked() -> None:
    def double_first(x: Any, others: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * 2
        return result

    fast = deloop.vectorize(double_first, check="first")
    assert torch.equal(fast(torch.ones(3), threading.Lock()), torch.full((3,), 2.0))
    assert any("cannot be copied" in reason for reason in fast.checks.skipped)


def test_exception_is_the_loops_own() -> None:
    def add(x: Any, y: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] + y[i]
        return result

    fast = deloop.vectorize(add, check="first")
    fast(torch.ones(3), torch.ones(3))
    with pytest.raises(IndexError, match="index 2 is out of bounds"):
        fast(torch.ones(3), torch.ones(2))


def test_gradients_are_compared_and_flow_through_the_result() -> None:
    fast = deloop.vectorize(double, check="first")
    x = torch.ones(3, requires_grad=True)
    fast(x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [2.0, 2.0, 2.0]
    assert fast.checks.agreed == 1


def test_module_keeps_its_state_as_after_one_call() -> None:
    module = Scale()
    result = module(torch.ones(2))
    assert result.tolist() == [3.0, 3.0]
    assert module.calls == 1
    assert module.weight.grad is None


def test_recursion_is_checked_as_a_whole() -> None:
    assert checked_levels(torch.ones(2), 5).tolist() == [64.0, 64.0]
    assert checked_levels.checks.agreed == 1


def test_threads_that_call_at_once_all_get_the_loops_result(wrong_rule: None) -> None:
    fast = deloop.vectorize(double, check="first")
    results: list[Any] = []
    gate = threading.Barrier(16)

    def work() -> None:
        gate.wait()
        for _ in range(5):
            results.append(fast(torch.ones(3)).tolist())

    def run() -> None:
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    _, said = caught_warnings(run)
    assert results == [[2.0, 2.0, 2.0]] * 80
    assert len(said) == 1
    assert fast.checks.made == 1


def test_pickled_copy_checks_too() -> None:
    again = pickle.loads(pickle.dumps(checked_levels))
    assert again.checks.mode == "first"


def test_copy_without_a_name_of_its_own_keeps_its_options() -> None:
    fast = deloop.vectorize(double, check="sample", check_seconds=3.0)
    again = pickle.loads(pickle.dumps(fast))
    assert (again.checks.mode, again.checks.budget) == ("sample", 3.0)
