"""What runs a rewrite: plain PyTorch, or what torch.compile makes of it; never of the loop."""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import functools
import pickle
import time
import warnings

import pytest
import torch

import deloop
from deloop.decorator import DeloopWarning, backends
from deloop.decorator.backends import Adaptive, Compiled, is_compilable


def choose(x, limit):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > limit:
            out[i] = x[i] * 2
        else:
            out[i] = x[i] / 2
    return out


def add(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + y[i]
    return out


def states(x, weight):
    h = torch.zeros(x.shape[1])
    out = torch.zeros_like(x)
    for t in range(len(x)):
        h = torch.tanh(h + x[t] @ weight)
        out[t] = h
    return out


class FakeCompiler:
    """In place of torch.compile: notes what it is given; raises where it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.given: list[object] = []
        self.error = error

    def __call__(self, function, **options):
        self.given.append((function, options))

        def run(*args, **kwargs):
            if self.error is not None:
                raise self.error
            return function(*args, **kwargs)

        return run


@pytest.fixture
def compiler(monkeypatch):
    fake = FakeCompiler()
    monkeypatch.setattr(torch, "compile", fake)
    return fake


def test_compiler_is_given_the_rewrite_and_never_the_loop(compiler) -> None:
    fast = deloop.vectorize(choose, backend="compile")
    x = torch.randn(20)
    assert torch.equal(fast(x, 0.5), choose(x, 0.5))
    ((given, options),) = compiler.given
    assert given is not choose
    assert given.__code__.co_filename.startswith("<deloop vectorized choose")
    assert options == {"fullgraph": True}


def test_rewrite_of_one_operation_and_one_with_a_loop_are_not_compiled(compiler) -> None:
    x = torch.rand(20, 3)
    for function, args in ((add, (x, x + 1)), (states, (x, torch.rand(3, 3)))):
        fast = deloop.vectorize(function, backend="compile")
        torch.testing.assert_close(fast(*args), function(*args))
        assert fast.specialised(*args) is not function
    assert compiler.given == []


def test_kept_loop_is_not_compiled(compiler) -> None:
    def unknown(x):
        for i in range(len(x)):
            print(x[i])
        return x * 2 + 1 - x

    deloop.vectorize(unknown, backend="compile")(torch.zeros(1))
    assert compiler.given == []


def test_failing_compiler_is_warned_of_once_and_the_rewrite_runs(compiler) -> None:
    compiler.error = RuntimeError("no C++ compiler\nand more")
    fast = deloop.vectorize(choose, backend="compile")
    x = torch.randn(20)
    with pytest.warns(DeloopWarning, match=r"choose \(RuntimeError: no C\+\+ compiler\)") as seen:
        for _ in range(3):
            assert torch.equal(fast(x, 0.5), choose(x, 0.5))
    assert len(seen) == 1


def test_exception_of_the_rewrite_itself_is_no_failure_of_the_compiler(compiler) -> None:
    def divide(x):
        raise ZeroDivisionError("of its own")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled = Compiled(divide)
        with pytest.raises(ZeroDivisionError, match="of its own"):
            compiled(1)
    assert compiled.is_compiled


def test_dynamo_reads_a_rewrite_as_one_graph(monkeypatch) -> None:
    traced = functools.partial(torch.compile, backend="eager")
    monkeypatch.setattr(torch, "compile", traced)
    fast = deloop.vectorize(choose, backend="compile")
    for size in (5, 9, 1, 0):
        x = torch.randn(size, requires_grad=True)
        y = x.detach().clone().requires_grad_()
        found, expected = fast(x, 0.5), choose(y, 0.5)
        assert torch.equal(found, expected)
        if size:
            found.sum().backward()
            expected.sum().backward()
            assert torch.equal(x.grad, y.grad)
    compiled = fast.specialised(torch.randn(5, requires_grad=True), 0.5)
    assert isinstance(compiled, Compiled)
    assert compiled.is_compiled


def test_compiled_rewrites_declare_rounding(compiler) -> None:
    fast = deloop.vectorize(choose, backend="compile")
    special = fast.find_specialisation((torch.randn(20), 0.5), {})
    assert special is not None
    assert special.exactness is deloop.diagnostic.Exactness.ROUNDING


def test_auto_compiles_nothing_that_has_not_run_for_long(compiler) -> None:
    fast = deloop.vectorize(choose, backend="auto")
    for _ in range(20):
        fast(torch.randn(20), 0.5)
    assert compiler.given == []


@pytest.mark.parametrize("is_faster", [True, False])
def test_auto_keeps_the_faster_form(monkeypatch, is_faster) -> None:
    def eager(x):
        time.sleep(0.002)
        return x

    def compiled(x):
        time.sleep(0.0001 if is_faster else 0.008)
        return x

    monkeypatch.setattr(backends, "WORTH", 0.003)
    monkeypatch.setattr(torch, "compile", lambda function, **options: compiled)
    adaptive = Adaptive(eager)
    assert [adaptive(n) for n in range(20)] == list(range(20))
    assert (adaptive._run is eager) is not is_faster


def test_auto_stays_eager_where_the_compiler_fails(compiler, monkeypatch) -> None:
    monkeypatch.setattr(backends, "WORTH", 0.0)
    compiler.error = RuntimeError("no")
    adaptive = Adaptive(lambda x: x)
    with pytest.warns(DeloopWarning):
        assert [adaptive(n) for n in range(5)] == list(range(5))
    assert adaptive._run is adaptive.eager


def test_unknown_backend_is_an_error() -> None:
    with pytest.raises(ValueError, match="one of eager, compile, numba, auto"):
        deloop.vectorize(choose, backend="cuda")


def test_backend_survives_pickling_under_another_name() -> None:
    other = deloop.vectorize(choose, backend="auto")
    assert pickle.loads(pickle.dumps(other))._backend == "auto"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return torch.where(x > 0, x * 2, x)", True),
        ("return x + 1", False),
        ("for t in range(9):\n        x = x * 2 + 1 - x", False),
        ("while x > 0:\n        x = x * 2 + 1 - x", False),
        ("return torch.stack([y * 2 + 1 for y in x])", False),
    ],
)
def test_only_operations_in_a_row_are_compiled(body, expected) -> None:
    assert is_compilable(f"def f(x):\n    {body}\n") is expected
