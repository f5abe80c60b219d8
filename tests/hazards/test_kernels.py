"""Kernels for Numba: each operation, dtype and layout as the loop has it, or the loop itself."""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import itertools
import linecache
import math
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import deloop
from deloop.decorator import DeloopWarning, kernels
from deloop.verification.run import run_side_by_side
from tests.hazards.side_by_side import declared_exactness

_SERIAL = itertools.count()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """For each call of a kernel, whether it came to its end."""
    found: list[bool] = []
    call = kernels.CompiledLoop.__call__

    def note(self: kernels.CompiledLoop, *given: Any) -> Any:
        result = call(self, *given)
        found.append(result is not None)
        return result

    monkeypatch.setattr(kernels.CompiledLoop, "__call__", note)
    return found


def make(text: str) -> Callable[..., Any]:
    """The function `f` that a text defines, with its source to be read."""
    file = f"<kernel test {next(_SERIAL)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    names: dict[str, Any] = {"torch": torch, "math": math}
    exec(compile(text, file, "exec"), names)
    return names["f"]


def agree(loop: Callable[..., Any], *arguments: Any) -> Any:
    """Loop and kernel do the same, bit by bit; returns the report."""
    fast = deloop.vectorize(loop, backend="numba")
    report = fast.explain(*arguments)
    assert declared_exactness(report).value == "bitwise" or report.status != "compiled"
    outcome = run_side_by_side(loop, fast, arguments, exactness=declared_exactness(report))
    assert outcome.agrees, f"{outcome}\n{report.source}"
    return report


def compiled(calls: list[bool], loop: Callable[..., Any], *arguments: Any) -> Any:
    """As `agree`, and the kernel runs to its end."""
    calls.clear()
    report = agree(loop, *arguments)
    assert report.status == "compiled", [(x.kernel, str(x.refusal)) for x in report.loops]
    assert calls and all(calls), report.source
    return report


def stopped(calls: list[bool], loop: Callable[..., Any], *arguments: Any) -> Any:
    """As `agree`, and the kernel gives up, so that the loop runs."""
    calls.clear()
    report = agree(loop, *arguments)
    assert report.status == "compiled" and calls and not any(calls), report.source
    return report


# ---------------------------------------------------------------------- every operation
FLOATS = ("float32", "float64")
INTS = ("uint8", "int8", "int16", "int32", "int64")
SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, 3.0, -7.25, 1e-30, 1e30, math.inf, -math.inf, math.nan, 0.1]
WHOLE = [0, 1, 2, 3, 5, 7, 100, 127, 5, 4, 3, 2, 1]


def values(dtype: str, turn: int) -> torch.Tensor:
    """Values that show how an operation rounds, wraps and orders; each `turn` in another order."""
    if dtype == "bool":
        return torch.tensor([True, False, True, True, False, False, True] * 25)[: 13 * 13]
    if dtype in FLOATS:
        plain = torch.tensor(SPECIAL, dtype=getattr(torch, dtype))
    else:
        signs = [v if k % 3 or dtype == "uint8" else -v for k, v in enumerate(WHOLE)]
        plain = torch.tensor(signs, dtype=getattr(torch, dtype))
    whole = plain.repeat_interleave(13) if turn else plain.repeat(13)
    return whole.clone()


BINARY = ["a + b", "a * b", "a / b", "a < b", "a <= b", "a == b", "a != b", "a >= b", "max(a, b)",
          "min(a, b)", "torch.where(a < b, a, b)", "a + 0.1 * b", "3 / a"]  # fmt: skip
SAME = ["a - b", "2 - a * b", "torch.maximum(a, b)", "torch.minimum(a, b)"]
PAIRS = [(d, d) for d in (*FLOATS, *INTS)] + [
    ("float32", "float64"), ("int32", "float32"), ("uint8", "int8"), ("int64", "float64"),
    ("int16", "int32"), ("bool", "float32"), ("bool", "int32"),
]  # fmt: skip


def rows(operations: list[str], before: str = "a = x[t]\n        b = z[t]") -> str:
    """A function that computes one row for each operation, one element after the other."""
    lines = "".join(f"        y[{k}, t] = {text}\n" for k, text in enumerate(operations))
    return (
        "def f(x, z, y):\n    k = 0\n    for t in range(len(x)):\n"
        f"        {before}\n{lines}        k = (k + 1) % 5\n    return y, k\n"
    )


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_each_operation_of_two_elements_rounds_as_pytorch_does(first, second, calls):
    operations = BINARY + (SAME if first == second else [])
    y = torch.zeros(len(operations), 13 * 13, dtype=torch.float64)
    compiled(calls, make(rows(operations)), values(first, 0), values(second, 1), y)


UNARY = ["-a", "abs(a)", "a * a", "a ** 2", "a ** 3", "a.square()", "torch.sqrt(a)",
         "torch.floor(a)", "torch.ceil(a)", "torch.trunc(a)", "torch.round(a)", "torch.relu(a)",
         "a.clamp(-1, 2)", "a.clamp(min=0.0)", "torch.clamp(a, max=0.5)", "a.clamp(3, 1)",
         "torch.isnan(a) * 1", "torch.isfinite(a) * 2", "a.reciprocal()", "a * 2 + 1", "a / 3",
         "3 / a", "1.5 - a", "a if a > 0 else -a", "a.abs() + 0.3", "float(a) * 0.1",
         "a.item() - 0.7"]  # fmt: skip


@pytest.mark.parametrize("dtype", FLOATS)
def test_each_operation_of_one_element_rounds_as_pytorch_does(dtype, calls):
    y = torch.zeros(len(UNARY), 13 * 13, dtype=torch.float64)
    compiled(calls, make(rows(UNARY)), values(dtype, 1), values(dtype, 0), y)


WHOLE_OPERATIONS = ["a // b", "a % b", "a & b", "a | b", "a ^ b", "-a + b", "abs(a)", "a * b * 77",
                    "~a", "a ** 2", "a * 3 - b", "torch.clamp(a, 1, 3)", "a // 3", "a % 3",
                    "7 // b", "7 % b"]  # fmt: skip


@pytest.mark.parametrize("dtype", INTS)
def test_ints_of_tensors_wrap_and_divide_as_pytorchs_do(dtype, calls):
    x, z = values(dtype, 0), values(dtype, 1)
    z = torch.where(z == 0, z + 2, z)
    z = z if dtype == "uint8" else torch.where(z == -1, z - 1, z)
    y = torch.zeros(len(WHOLE_OPERATIONS), 13 * 13, dtype=torch.int64)
    compiled(calls, make(rows(WHOLE_OPERATIONS)), x, z, y)


NUMBER_OPERATIONS = ["a + b", "a - b", "a * b", "a / b", "a // 3 + k", "(a * 7 + k) % 11",
                     "max(a, k)", "abs(a) - k", "-k + a", "(a & 3) | k", "a / 7", "a * 0.1",
                     "a < 2.5"]  # fmt: skip


def test_ints_of_pythons_are_computed_exactly(calls):
    loop = make(rows(NUMBER_OPERATIONS, "a = x[t].item()\n        b = z[t].item()"))
    z = values("int64", 1)
    y = torch.zeros(len(NUMBER_OPERATIONS), 13 * 13, dtype=torch.float64)
    compiled(calls, loop, values("int64", 0), torch.where(z == 0, z + 9, z), y)


FUNCTIONS = ["exp", "log", "sin", "cos", "tanh", "atan", "log1p", "expm1", "sqrt", "sinh", "log2",
             "log10", "tan", "asinh", "cosh"]  # fmt: skip


def test_functions_of_pythons_are_the_very_same(calls):
    loop = make(rows([f"math.{name}(a)" for name in FUNCTIONS], "a = x[t].item() + 1e-9 * k"))
    x = torch.rand(400, dtype=torch.float64) * 5 + 0.1
    compiled(calls, loop, x, x, torch.zeros(len(FUNCTIONS), 400, dtype=torch.float64))


def test_powers_of_pythons_are_the_c_librarys(calls):
    def powers(x):
        s = 0.5
        for t in range(len(x)):
            s = (0.1 * s + x[t].item()) ** 2 * 0.2 + x[t].item() ** 0.7
        return s

    compiled(calls, powers, torch.rand(300, dtype=torch.float64))


@pytest.mark.parametrize("target", [*FLOATS, *INTS, "bool"])
def test_stores_convert_as_pytorchs_do(target, calls):
    def copy(x, a, b, c, d, y):
        k = 0
        for t in range(len(a)):
            y[0, t] = x[t]
            y[1, t] = a[t]
            y[2, t] = b[t]
            y[3, t] = c[t]
            y[4, t] = d[t]
            k = 1 - k
        return y, k

    tiny = torch.tensor([0.0, 1.9, 2.5, 100.2, 3.0, 7.7])
    for x in (tiny, tiny.double()) if target in INTS else (values("float32", 0),
                                                            values("float64", 0)):  # fmt: skip
        others = [values(d, 0)[: len(x)] for d in ("uint8", "int16", "int64", "bool")]
        compiled(calls, copy, x, *others, torch.zeros(5, len(x), dtype=getattr(torch, target)))


# ---------------------------------------------------------------------- what stops a kernel
def total(x):
    s = 0
    for i in range(len(x)):
        s = 3 * s + x[i].item()
    return s


def test_python_ints_that_grow_large_run_the_loop(calls):
    compiled(calls, total, torch.ones(20, dtype=torch.int64))
    stopped(calls, total, torch.ones(90, dtype=torch.int64))
    stopped(calls, total, torch.tensor([2**62, 1, -(2**63)]))


def pick(x, order, y):
    for i in range(len(order)):
        y[i] = y[i - 1] + x[order[i]]
    return y


def test_an_index_out_of_bounds_raises_as_the_loop_does(calls):
    x = torch.arange(4.0)
    compiled(calls, pick, x, torch.tensor([3, -1, -4, 0]), torch.zeros(4))
    stopped(calls, pick, x, torch.tensor([3, 4, 0]), torch.zeros(4))
    stopped(calls, pick, x, torch.tensor([3, -5, 0]), torch.zeros(4))
    stopped(calls, pick, x, torch.tensor([3, 1, 2, 0, 1]), torch.zeros(4))


def test_what_is_divided_by_zero_raises_as_in_the_loop(calls):
    def ratios(x, y):
        s = 1.0
        for i in range(len(x)):
            s = s / x[i].item() + 1
            y[i] = s
        return y

    compiled(calls, ratios, torch.tensor([1.0, 2.0]), torch.zeros(2))
    stopped(calls, ratios, torch.tensor([1.0, 0.0]), torch.zeros(2))

    def rests(x, y):
        for i in range(1, len(x)):
            y[i] = y[i - 1] // x[i] + i
        return y

    compiled(calls, rests, torch.tensor([1, 2, -3]), torch.zeros(3, dtype=torch.int64))
    stopped(calls, rests, torch.tensor([1, 2, 0]), torch.zeros(3, dtype=torch.int64))


def test_numbers_that_fit_no_float32_raise_as_in_the_loop(calls):
    def store(x, y):
        s = 1.0
        for i in range(len(x)):
            s = s * x[i].item()
            y[i] = s
        return y

    compiled(calls, store, torch.tensor([1e30, 1e-3]), torch.zeros(2))
    stopped(calls, store, torch.tensor([1e30, 1e30]), torch.zeros(2))
    compiled(calls, store, torch.tensor([1e30, math.inf, math.nan]), torch.zeros(3))


def test_what_is_no_int_raises_as_in_the_loop(calls):
    def whole(x, y):
        s = 0
        for i in range(len(x)):
            s = (s + int(x[i])) % 97
            y[i] = s
        return y

    compiled(calls, whole, torch.tensor([1.9, -2.9, 1e9]), torch.zeros(3))
    for bad in (math.nan, math.inf, 1e30):
        stopped(calls, whole, torch.tensor([1.0, bad]), torch.zeros(2))


def test_what_was_written_before_a_kernel_stops_is_as_the_loop_leaves_it(calls):
    y = torch.zeros(4)
    fast = deloop.vectorize(pick, backend="numba")
    with pytest.raises(IndexError):
        fast(torch.arange(4.0), torch.tensor([3, 1, 9, 0]), y)
    other = torch.zeros(4)
    with pytest.raises(IndexError):
        pick(torch.arange(4.0), torch.tensor([3, 1, 9, 0]), other)
    assert torch.equal(y, other) and y[1] == 4 and calls == [False]


# ---------------------------------------------------------------------- memory
def smooth(x, a):
    for t in range(1, len(x)):
        x[t] = a * x[t - 1] + x[t]
    return x


def test_arguments_are_changed_in_place(calls):
    x = torch.randn(50)
    before = x.clone()
    result = deloop.vectorize(smooth, backend="numba")(x, 0.5)
    assert result is x and torch.equal(x, smooth(before, 0.5)) and calls == [True]


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_small_sizes(size, calls):
    agree(smooth, torch.randn(size), 0.5)
    agree(total, torch.arange(size))


def test_strided_and_turned_memory_is_walked_as_it_lies(calls):
    base = torch.randn(8, 60)
    for x in (base[3], base[:, 7], base.t()[5], base.flatten()[::3], base[:, ::2][2]):
        compiled(calls, smooth, x, 0.5)

    def walk(x, y):
        for i in range(1, x.shape[0]):
            for j in range(1, x.shape[1]):
                y[i, j] = y[i - 1, j] * 0.5 + y[i, j - 1] * x[i, j]
        return y

    compiled(calls, walk, torch.randn(9, 5).t(), torch.randn(9, 5).t())
    compiled(calls, walk, torch.randn(5, 9), torch.randn(10, 9)[::2])
    compiled(calls, walk, torch.randn(9).expand(5, 9), torch.randn(5, 9))


def test_memory_that_overlaps_what_is_written_runs_the_loop(calls):
    def mix(x, y):
        for t in range(1, len(x)):
            y[t] = y[t - 1] * 0.5 + x[t]
        return y

    base = torch.randn(20)
    agree(mix, base[:10], base[3:13])
    agree(mix, base[:10], torch.randn(1).expand(10))
    assert not any(calls)
    compiled(calls, mix, base, base)
    compiled(calls, mix, torch.randn(1).expand(10), torch.randn(10))


def test_gradients_run_the_loop(calls):
    agree(smooth, torch.randn(6, requires_grad=True).clone(), 0.5)
    x = torch.randn(6, requires_grad=True)

    def carry(x):
        h = torch.zeros(())
        for t in range(len(x)):
            h = torch.where(h > x[t], h, 0.5 * h + x[t])
        return h

    assert agree(carry, x).status != "compiled"
    assert not calls


def test_what_autograd_has_saved_is_known_to_have_changed(calls):
    fast = deloop.vectorize(smooth, backend="numba")
    x = torch.randn(6)
    w = torch.randn(6, requires_grad=True)
    product = (w * x).sum()
    fast(x, 0.5)
    assert calls == [True]
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.backward()


def test_what_was_read_before_a_store_is_read_again_behind_it(calls):
    def twice(x, order, y):
        for i in range(len(x)):
            y[i] = x[order[i]].item() * 2 + order[i].item()
            x[order[i]] = x[order[i]].item() * 2 + 1
            order[i] = (order[i].item() + 1) % 5
            y[i] += x[order[i]].item() * 2 + order[i].item()
        return y, x, order

    x = torch.rand(5, dtype=torch.float64)
    compiled(calls, twice, x, torch.tensor([4, 0, 2, 2, 1]), torch.zeros(5, dtype=torch.float64))


# ---------------------------------------------------------------------- variables
def test_variables_are_left_as_python_numbers_or_tensors(calls):
    def last(x):
        h, n, seen = torch.tensor(0.0), 0, False
        for t in range(len(x)):
            h = 0.5 * h + x[t]
            if h > 0.2:
                n = n + 2
                seen = True
        return h, n, seen

    compiled(calls, last, torch.randn(30))
    h, n, seen = deloop.vectorize(last, backend="numba")(torch.randn(30))
    assert (type(h), h.dtype, h.shape, type(n), type(seen)) == (
        torch.Tensor, torch.float32, (), int, bool)  # fmt: skip


def test_the_very_tensor_that_a_variable_began_as_stays_where_nothing_sets_it(calls):
    def carry(h, x):
        for t in range(len(x)):
            if x[t] > 0:
                h = 0.5 * h + x[t]
        return h

    h = torch.tensor(1.0)
    fast = deloop.vectorize(carry, backend="numba")
    assert fast(h, -torch.ones(3)) is h
    assert fast(h, torch.ones(0)) is h
    assert fast(h, torch.ones(3)) is not h
    agree(carry, h, torch.randn(9))


def test_an_element_that_a_variable_is_left_as_stays_that_element(calls):
    def best(x):
        found = x[0]
        for t in range(1, len(x)):
            if x[t] > found:
                found = x[t]
        return found

    x = torch.tensor([1.0, 3.0, 2.0])
    deloop.vectorize(best, backend="numba")(x).mul_(10)
    assert x.tolist() == [1.0, 30.0, 2.0]


def test_lists_become_tensors(calls):
    def spikes(x, tau):
        v, out = torch.tensor(0.0), []
        for t in range(len(x)):
            v = v + (x[t] - v) / tau
            if v > 0.5:
                v = v - 0.5
            out.append(v)
        return torch.stack(out)

    compiled(calls, spikes, torch.rand(40), 3.0)
    agree(spikes, torch.rand(0), 3.0)


def test_a_kernel_that_does_not_compile_runs_the_loop_with_one_warning(monkeypatch):
    def fail(*_: Any) -> Any:
        raise RuntimeError("no machine code today")

    monkeypatch.setattr(kernels, "compile_kernel", fail)
    fast = deloop.vectorize(smooth, backend="numba")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(3):
            x = torch.randn(9)
            assert torch.equal(fast(x.clone(), 0.5), smooth(x.clone(), 0.5))
    assert [w.category for w in said] == [DeloopWarning]
    assert "no machine code today" in str(said[0].message)


def test_without_numba_it_runs_as_eager_with_a_warning(monkeypatch):
    monkeypatch.setattr(kernels, "has_numba", lambda: False)
    with pytest.warns(DeloopWarning, match="deloop\\[numba\\]"):
        fast = deloop.vectorize(smooth, backend="numba")
    assert fast.explain(torch.randn(9), 0.5).status != "compiled"


def test_iterations_that_do_not_wait_run_at_once(calls, monkeypatch):
    monkeypatch.setattr(kernels, "may_run_at_once", lambda views: True)

    def steps(u):
        v = u.clone()
        for i in range(1, u.shape[0] - 1):
            for j in range(1, u.shape[1] - 1):
                s = 0.0
                for k in range(3):
                    s += u[i - 1 + k, j]
                v[i, j] = (s + u[i, j - 1] + u[i, j + 1]) / 5
        return v

    report = compiled(calls, steps, torch.randn(33, 21))
    assert "prange" in report.source
    assert "prange" not in compiled(calls, smooth, torch.randn(9), 0.5).source


def test_auto_turns_to_kernels_once_the_loop_has_run_for_long(calls, monkeypatch):
    def waves(x, a):
        for t in range(1, len(x)):
            x[t] = a * x[t - 1] * x[t - 1] + x[t]
        return x

    fast = deloop.vectorize(waves, backend="auto")
    for _ in range(20):
        x = torch.rand(100)
        assert torch.equal(fast(x.clone(), 0.1), waves(x.clone(), 0.1))
    assert not calls
    monkeypatch.setattr(kernels, "WORTH", 1e-3)
    fast = deloop.vectorize(waves, backend="auto")
    for _ in range(20):
        x = torch.rand(100)
        assert torch.equal(fast(x.clone(), 0.1), waves(x.clone(), 0.1))
    assert any(calls)
    assert fast.explain(torch.randn(200), 0.5).status == "compiled"
