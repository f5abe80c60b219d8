"""`deloop.verify` tries what could tell a rewrite from its loop; what does, it shows small."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import strategies
from rich.console import Console

import deloop
from deloop.decorator.examples import guess_example
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

from .loops import running_sum, slow_addition, slow_doubling

ROOT = Path(__file__).resolve().parent.parent.parent


def choose(x: Any, limit: float) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        if x[i] > limit:
            result[i] = x[i] * 2
        else:
            result[i] = x[i] / 2
    return result


def choose_at_ties(x: Any, limit: float) -> Any:
    return torch.where(x >= limit, x * 2, x / 2)


def total(x: Any) -> Any:
    result = 0.0
    for i in range(len(x)):
        result += x[i]
    return result


def add_up(x: Any) -> Any:
    result = x.new_zeros(())
    for i in range(len(x)):
        result = result + x[i]
    return result


def add_in_place(x: Any, y: Any) -> Any:
    for i in range(len(x)):
        x[i] += y[i]
    return x


def add_anew(x: Any, y: Any) -> Any:
    return x + y


def gradient_lost(x: Any) -> Any:
    return x.detach() * 2


class Scale:
    """A method."""

    def __init__(self) -> None:
        self.factor = 3.0

    @deloop.vectorize
    def scale(self, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * self.factor
        return result


def test_right_rewrite_agrees_on_every_aspect() -> None:
    found = deloop.verify(choose, torch.randn(5), 0.5)
    assert found.agrees and bool(found)
    assert found.counterexample is None
    assert len(found.attempts) == 101
    assert found.rewritten > 80
    assert found.exactness is Exactness.BITWISE
    aspects = {attempt.aspect for attempt in found.attempts}
    assert aspects >= {"given", "sizes", "dtypes", "values", "layout", "aliases", "gradients"}
    assert sum(attempt.second_gradients for attempt in found.attempts) > 5
    found.raise_for_difference()


def test_declared_rounding_is_what_sums_are_compared_by() -> None:
    found = deloop.verify(total, torch.randn(50))
    assert found.agrees
    assert found.exactness is Exactness.ROUNDING


def test_each_input_is_compared_by_what_its_own_rewrite_declares(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Exactness] = []

    def run(*arguments: Any, exactness: Exactness, **options: Any) -> Any:
        seen.append(exactness)
        return run_side_by_side(*arguments, exactness=exactness, **options)

    module = importlib.import_module("deloop.decorator.verify")  # deloop.verify is its function
    monkeypatch.setattr(module, "run_side_by_side", run)
    found = deloop.verify(add_up, inputs=[torch.rand(5), torch.arange(5)], count=0)
    assert seen == [Exactness.ROUNDING, Exactness.BITWISE]
    assert found.exactness is Exactness.ROUNDING


def test_wrong_rewrite_is_found_shrunk_and_spelled() -> None:
    found = deloop.verify(choose, torch.randn(7), 0.0, rewrite=choose_at_ties, seed=1)
    assert not found.agrees
    shown = found.counterexample
    assert shown is not None
    assert shown.args[0].numel() <= 1
    assert "deloop.verify(choose, x, 0.0, rewrite=choose_at_ties, count=0)" in shown.reproduction
    with pytest.raises(deloop.DifferenceError, match="choose: loop and rewrite differ"):
        found.raise_for_difference()
    with pytest.raises(AssertionError):
        found.raise_for_difference()


def test_tie_is_the_smallest_input_that_shows_a_wrong_comparison() -> None:
    found = deloop.verify(
        choose, rewrite=choose_at_ties, inputs=[(torch.tensor([3.0, -1.0, 0.5]), 0.5)], count=0
    )
    assert found.counterexample is not None
    assert found.counterexample.args[0].tolist() == [0.5]
    assert found.counterexample.differences == (
        "result: 1 of 1 elements differ; the first at [0]: 0.25 in the loop, 1.0 in the rewrite",
    )


def test_lost_change_of_an_argument_is_a_difference() -> None:
    found = deloop.verify(add_in_place, torch.ones(3), torch.ones(3), rewrite=add_anew)
    assert found.counterexample is not None
    assert any(s.startswith("argument x") for s in found.counterexample.differences)


def test_lost_gradient_is_a_difference() -> None:
    x = torch.ones(3, requires_grad=True)
    found = deloop.verify(slow_doubling, x, rewrite=gradient_lost, count=0)
    assert found.counterexample is not None
    assert "requires_grad" in str(found.counterexample)


def test_reproduction_runs_and_differs(tmp_path: Path) -> None:
    file = tmp_path / "looped.py"
    file.write_text(
        "import torch\n\n\ndef double(x):\n    out = torch.zeros_like(x)\n"
        "    for i in range(len(x)):\n        out[i] = x[i] * 2\n    return out\n\n\n"
        "def triple(x):\n    return x * 3\n"
    )
    program = (
        "import torch, deloop, looped\n"
        "x = torch.randn(4, 3).t()\n"
        "found = deloop.verify(looped.double, x, rewrite=looped.triple)\n"
        "print(found.counterexample.reproduction)\n"
    )
    first = run_program(program, tmp_path)
    again = run_program(first, tmp_path)
    assert "loop and rewrite differ on 1 of 1 inputs" in again


def run_program(text: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{folder}", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_printed_it_is_a_table_with_what_was_tried_and_compared() -> None:
    text = str(deloop.verify(choose, torch.randn(5), 0.5, count=10))
    assert "choose: loop and rewrite agree on 11 inputs" in text
    assert "rewrite ran" in text
    assert "sizes" in text
    assert "compared bitwise" in text
    assert "second gradients on" in text
    assert max(map(len, text.splitlines())) <= 100


def test_rich_console_prints_it_too() -> None:
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(deloop.verify(choose, torch.randn(5), 0.0, rewrite=choose_at_ties, seed=1))
    text = console.export_text()
    assert "to reproduce:" in text
    assert "first difference" in text


def test_kept_loop_says_that_nothing_was_rewritten_and_why() -> None:
    found = deloop.verify(running_sum, torch.rand(6), count=5)
    assert found.agrees
    assert found.rewritten == 0
    assert "nothing was rewritten" in str(found)
    assert "VEC902" in str(found)


def test_inputs_are_tuples_dicts_or_the_one_argument() -> None:
    x, y = torch.ones(2, 2), torch.rand(2, 2)
    found = deloop.verify(slow_addition, inputs=[(x, y), {"tensor1": x, "tensor2": y}], count=4)
    assert found.agrees and len(found.attempts) == 6
    assert [a.aspect for a in found.attempts[:2]] == ["given", "given"]
    assert all(a.rewritten for a in found.attempts[:2])
    assert deloop.verify(slow_doubling, inputs=[x[0]], count=0).rewritten == 1
    assert deloop.verify(slow_doubling, inputs=lambda: iter([x[0]]), count=0).rewritten == 1


def test_inputs_may_be_a_hypothesis_strategy() -> None:
    floats = strategies.floats(width=32)
    vectors = strategies.lists(floats, max_size=4).map(torch.tensor)
    found = deloop.verify(slow_doubling, inputs=vectors, count=20)
    assert found.agrees
    assert found.rewritten > 5


def test_without_arguments_some_are_guessed() -> None:
    found = deloop.verify(total, count=3)
    assert found.agrees and found.rewritten >= 3
    assert found.attempts[0].aspect == "guessed"
    args, _ = guess_example(choose)
    assert args[0].dim() == 1 and isinstance(args[1], int | float | torch.Tensor)


def test_function_that_accepts_nothing_guessed_says_so() -> None:
    def picky(x: Any) -> Any:
        raise ValueError(x)

    with pytest.raises(deloop.DeloopError, match="picky"):
        deloop.verify(picky)


def test_methods_and_decorated_functions_are_taken_apart() -> None:
    found = deloop.verify(Scale().scale, torch.rand(4), count=10)
    assert found.agrees and found.rewritten >= 8
    assert found.name == "Scale.scale"
    assert deloop.verify(deloop.vectorize(choose), torch.rand(3), 0.5, count=3).rewritten >= 3


def test_what_cannot_be_called_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match=r"deloop\.verify takes a function"):
        deloop.verify(3)  # type: ignore[arg-type]


def test_arguments_that_do_not_fit_are_raised_alike() -> None:
    found = deloop.verify(slow_doubling, 1, 2, 3, count=0)
    assert found.agrees
    assert found.attempts[0].raised == "TypeError"


def test_same_seed_tries_the_same_inputs() -> None:
    one, other = (deloop.verify(choose, torch.ones(4), 0.5, seed=3, count=45) for _ in range(2))
    assert one.attempts == other.attempts
    assert [a.label for a in one.attempts] != [
        a.label for a in deloop.verify(choose, torch.ones(4), 0.5, seed=4, count=45).attempts
    ]


def test_given_arguments_are_left_as_they_were() -> None:
    x, y = torch.ones(3), torch.ones(3)
    deloop.verify(add_in_place, x, y, rewrite=add_anew, count=5)
    assert x.tolist() == y.tolist() == [1.0, 1.0, 1.0]


def test_time_is_bounded() -> None:
    assert len(deloop.verify(choose, torch.ones(4), 0.5, seconds=0.0).attempts) == 1


def test_module_of_the_room_does_not_hide_the_function() -> None:
    import deloop.verification.run

    assert callable(deloop.verify)
    assert deloop.verification.run is not deloop.verify
