"""Which specialisation answers a call, and when the loop does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

import deloop
from deloop.decorator import specialise
from deloop.decorator.dispatch import (
    Specialisation,
    build_dispatch,
    build_selection,
    spell_parameters,
)
from deloop.decorator.specialise import find_order_tests
from deloop.decorator.vectorized import MOST_SPECIALISATIONS
from deloop.diagnostic import Assumption

from .loops import slow_addition, slow_doubling


def is_rewritten(fast: Any, *args: Any) -> bool:
    return fast.specialised(*args) is not fast.__wrapped__


@pytest.mark.parametrize(
    ("function", "parameters", "passed"),
    [
        (lambda: 0, "", ""),
        (lambda a, b=1: 0, "a, b=...", "a, b"),
        (lambda a, /, b: 0, "a, /, b", "a, b"),
        (lambda a, /: 0, "a, /", "a"),
        (lambda *, k: 0, "*, k", "k=k"),
        (lambda *a, k=1, **b: 0, "*a, k=..., **b", "*a, k=k, **b"),
        (
            lambda a, /, b=2, *c, d, e=3, **f: 0,
            "a, /, b=..., *c, d, e=..., **f",
            "a, b, *c, d=d, e=e, **f",
        ),
    ],
)
def test_parameters_are_spelled_as_python_does(
    function: Callable[..., Any], parameters: str, passed: str
) -> None:
    assert spell_parameters(inspect.signature(function)) == (parameters, passed)


def answer(a: Any, b: Any = 5) -> Any:
    return "original", a, b


def make_dispatch(*tests: str) -> Callable[..., Any]:
    special = [Specialisation((test,), lambda a, b, n=n: (n, a, b)) for n, test in enumerate(tests)]
    signature = inspect.signature(answer)
    return build_dispatch(answer, signature, special, {}, lambda *args: ("miss", *args))  # type: ignore[arg-type]


def test_first_specialisation_that_holds_answers() -> None:
    dispatch = make_dispatch("a == 1", "a >= 1")
    assert dispatch(1) == (0, 1, 5)
    assert dispatch(2, b=3) == (1, 2, 3)
    assert dispatch(0) == ("miss", 0, 5)


def test_guard_that_raises_does_not_hold() -> None:
    dispatch = make_dispatch("a / 0", "a.nowhere", "undefined_name", "a == 1")
    assert dispatch(1) == (3, 1, 5)
    assert dispatch("x") == ("miss", "x", 5)


def test_guard_sees_globals_of_the_function() -> None:
    assert make_dispatch("torch.float32 is torch.float32")(1) == (0, 1, 5)


def test_selection_returns_the_function_and_does_not_call_it() -> None:
    special = Specialisation(("a == 1",), answer)
    select = build_selection(answer, inspect.signature(answer), [special], {})  # type: ignore[arg-type]
    assert select(1) is answer
    assert select(2) is None


def test_specialisation_is_made_for_each_dtype_rank_and_grad() -> None:
    fast = deloop.vectorize(slow_doubling)
    inputs = [
        torch.ones(3),
        torch.ones(3, dtype=torch.float64),
        torch.ones(3, 2),
        torch.ones(3, requires_grad=True),
        torch.ones(3, requires_grad=True) * 1,
        torch.nn.Parameter(torch.ones(3)),
    ]
    for count, x in enumerate(inputs, start=1):
        expected = slow_doubling(x)
        assert torch.equal(fast(x), expected)
        assert fast(x).requires_grad is expected.requires_grad
        assert len(fast._special) == count


def test_sizes_share_a_specialisation() -> None:
    fast = deloop.vectorize(slow_addition)
    for shape in ((3, 4), (7, 2), (5, 5)):
        x, y = torch.rand(shape), torch.rand(shape)
        assert torch.equal(fast(x, y), x + y)
    assert len(fast._special) == 1


def test_same_tensor_twice_is_another_signature() -> None:
    fast = deloop.vectorize(slow_addition)
    x, y = torch.rand(3, 4), torch.rand(3, 4)
    assert torch.equal(fast(x, y), x + y)
    assert torch.equal(fast(x, x), x + x)
    assert len(fast._special) == 2


def test_at_most_eight_specialisations_then_the_loop() -> None:
    fast = deloop.vectorize(slow_doubling)
    dtypes = [
        torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32,
        torch.int16, torch.int8, torch.uint8, torch.complex64,
    ]  # fmt: skip
    for dtype in dtypes:
        x = torch.ones(3, dtype=dtype)
        assert torch.equal(fast(x), slow_doubling(x))
    assert len(fast._special) == MOST_SPECIALISATIONS
    assert fast.specialised(torch.ones(3, dtype=torch.complex64)) is slow_doubling
    assert is_rewritten(fast, torch.ones(3))


def test_call_whose_assumption_fails_raises_as_the_loop_does() -> None:
    fast = deloop.vectorize(slow_addition)
    fast(torch.ones(3, 4), torch.ones(3, 4))
    with pytest.raises(IndexError):
        fast(torch.ones(3, 4), torch.ones(2, 4))
    with pytest.raises(IndexError):
        fast(torch.ones(3, 4), torch.ones(1, 4))


def test_global_number_is_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = deloop.vectorize(scale_by_global)
    x = torch.ones(3)
    assert torch.equal(fast(x), x * 2)
    monkeypatch.setattr(inspect.getmodule(scale_by_global), "FACTOR", 5.0)
    assert torch.equal(fast(x), x * 5)
    monkeypatch.setattr(inspect.getmodule(scale_by_global), "FACTOR", 5)
    assert torch.equal(fast(x), x * 5)


FACTOR = 2.0


def scale_by_global(x: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * FACTOR
    return result


def scale_by_helper(x: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = helper(x[i])
    return result


def helper(v: Any) -> Any:
    return v * FACTOR


def test_helper_that_is_replaced_or_reads_a_changed_global_is_followed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fast = deloop.vectorize(scale_by_helper)
    x = torch.ones(3)
    module = inspect.getmodule(scale_by_helper)
    assert torch.equal(fast(x), x * 2)
    monkeypatch.setattr(module, "FACTOR", 4.0)
    assert torch.equal(fast(x), x * 4)
    monkeypatch.setattr(module, "helper", lambda v: v + 1)
    assert torch.equal(fast(x), x + 1)


def test_closure_is_read_at_each_call() -> None:
    factor = 2.0

    def scale(x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * factor
        return result

    fast = deloop.vectorize(scale)
    x = torch.ones(3)
    assert torch.equal(fast(x), x * 2)
    factor = 7.0
    assert torch.equal(fast(x), x * 7)


def test_function_arguments_are_told_apart() -> None:
    def apply(x: Any, func: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = func(x[i])
        return result

    fast = deloop.vectorize(apply)
    x = torch.rand(4)
    assert torch.equal(fast(x, torch.neg), -x)
    assert torch.equal(fast(x, lambda v: v * 3), x * 3)
    assert torch.equal(fast(x, lambda v: v + 3), x + 3)


def add_into(out: Any, x: Any) -> Any:
    for i in range(out.shape[0]):
        out[i] = x[i] + 1
    return out


def test_shared_memory_of_a_written_argument_keeps_the_loop_and_is_explained() -> None:
    fast = deloop.vectorize(add_into)
    x = torch.arange(3.0)
    expanded = torch.zeros(1).expand(3)
    assert torch.equal(fast(expanded, x), torch.full((3,), 3.0))
    report = fast.explain(expanded, x)
    assert report.status == "kept"
    assert report.loops[0].refusal is not None
    assert torch.equal(fast(torch.zeros(3), x), x + 1)
    assert is_rewritten(fast, torch.zeros(3), x)


def test_arguments_in_one_storage_are_not_taken_for_apart() -> None:
    fast = deloop.vectorize(add_into)
    fast(torch.zeros(3), torch.ones(3))
    for shift in (0, 1):
        memory, expected = torch.arange(5.0), torch.arange(5.0)
        add_into(expected[1:4], expected[1 - shift : 4 - shift])
        fast(memory[1:4], memory[1 - shift : 4 - shift])
        assert torch.equal(memory, expected)


def test_kept_loop_for_odd_sizes_does_not_keep_it_for_others() -> None:
    fast = deloop.vectorize(slow_addition)
    with pytest.raises(IndexError):
        fast(torch.ones(3, 4), torch.ones(2, 4))
    for shape in ((0, 4), (3, 0), (1, 1), (3, 4), (5, 6)):
        x, y = torch.rand(shape, requires_grad=True), torch.rand(shape)
        assert torch.equal(fast(x, y), x + y)
    assert is_rewritten(fast, torch.ones(3, 4), torch.ones(3, 4))
    assert is_rewritten(fast, torch.ones(3, 4, requires_grad=True), torch.ones(3, 4))


def test_order_of_sizes_is_a_chain_of_comparisons() -> None:
    assert find_order_tests({"n": 5, "x.shape[0]": 5, "m": -1}) == (
        "m < 0",
        "1 < n",
        "n == x.shape[0]",
    )
    assert find_order_tests({"n": 0}) == ("0 == n", "n < 1")


class Model:
    """A method that calls another one, plain or decorated, on its elements."""

    def __init__(self, shift: float) -> None:
        self.shift = shift

    def curve(self, v: Any, power: float = 2.0) -> Any:
        return v * power + self.shift

    @deloop.vectorize
    def decorated_curve(self, v: Any) -> Any:
        return v - self.shift

    def apply(self, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = self.curve(x[i])
        return result

    def apply_decorated(self, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = self.decorated_curve(x[i])
        return result


@pytest.mark.parametrize("inline", [False, True])
@pytest.mark.parametrize("method", [Model.apply, Model.apply_decorated])
def test_methods_of_the_object_are_read(method: Any, inline: bool) -> None:
    fast = deloop.vectorize(method, inline=inline)
    x = torch.rand(4)
    for model in (Model(1.0), Model(2.0)):
        assert torch.equal(fast(model, x), method(model, x))
        assert is_rewritten(fast, model, x)
    other = Model(1.0)
    other.curve = lambda v, power=2.0: v * 100  # type: ignore[method-assign]
    assert torch.equal(fast(other, x), method(other, x))


@deloop.vectorize
def decorated_helper(v: Any) -> Any:
    return v * 2


def use_decorated_helper(x: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = decorated_helper(x[i])
    return result


def test_decorated_helper_is_read() -> None:
    report = deloop.vectorize(use_decorated_helper, inline=True).explain(torch.ones(3))
    assert report.status == "vectorized"
    assert "x * 2" in report.source


def test_assumption_that_fails_for_these_arguments_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def assume_large(*args: Any) -> Any:
        assumed = Assumption("x has more than 5 rows", "x.shape[0] > 5", "a reason")
        found = compile_function(*args)
        return replace(found, assumptions=(*found.assumptions, assumed))

    compile_function = specialise.compile_function
    monkeypatch.setattr(specialise, "compile_function", assume_large)
    fast = deloop.vectorize(slow_doubling)
    report = fast.explain(torch.ones(3))
    assert report.status == "kept"
    refusal = report.loops[0].refusal
    assert refusal is not None
    assert (refusal.code, refusal.evidence) == ("VEC907", "a reason")
    assert "x has more than 5 rows" in refusal.sentence
    for size in (3, 9, 4):
        x = torch.rand(size)
        assert torch.equal(fast(x), x * 2)
        assert is_rewritten(fast, x) is (size > 5)
