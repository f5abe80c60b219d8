"""`Vectorized` is to the rest of Python what the function was."""

from __future__ import annotations

import copy
import inspect
import pickle
import threading
import warnings
from typing import Any

import pytest
import torch

import deloop
from deloop.decorator import DeloopWarning, Vectorized, specialise

from .loops import running_sum, slow_addition, slow_doubling


@deloop.vectorize
def decorated_doubling(x: Any, factor: float = 2.0, *, shift: float = 0.0) -> Any:
    """Twice x."""
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * factor + shift
    return result


undecorated_doubling = decorated_doubling.__wrapped__


class Scale:
    """Methods of every kind."""

    def __init__(self, factor: Any) -> None:
        self.factor = factor
        self.__offset = 1.0

    @deloop.vectorize
    def scale(self, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * self.factor
        return result

    @deloop.vectorize
    def scale_privately(self, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * self.factor + self.__offset
        return result

    @staticmethod
    @deloop.vectorize
    def double(x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * 2
        return result

    @deloop.vectorize
    @staticmethod
    def triple(x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * 3
        return result

    @classmethod
    @deloop.vectorize
    def quadruple(cls, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * 4
        return result


class DeepScale(Scale):
    """A method that calls its base class's."""

    @deloop.vectorize
    def scale(self, x: Any) -> Any:
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * 10
        return super().scale(result)


@deloop.vectorize
def factorial(n: int) -> int:
    return 1 if n == 0 else n * int(factorial(n - 1))


def test_decorator_works_with_and_without_options() -> None:
    x = torch.arange(3.0)
    plain, called = deloop.vectorize(slow_doubling), deloop.vectorize()(slow_doubling)
    with_options = deloop.vectorize(on_refusal="raise", inline=True)(slow_doubling)
    for function in (plain, called, with_options):
        assert isinstance(function, Vectorized)
        assert torch.equal(function(x), x * 2)


def test_name_docstring_and_signature_are_the_functions() -> None:
    assert decorated_doubling.__name__ == "decorated_doubling"
    assert decorated_doubling.__doc__ == "Twice x."
    assert decorated_doubling.__module__ == __name__
    assert str(inspect.signature(decorated_doubling)).startswith("(x: 'Any', factor: 'float' = 2.0")


def test_defaults_and_keywords_reach_the_rewrite() -> None:
    x = torch.arange(3.0)
    assert torch.equal(decorated_doubling(x), x * 2)
    assert torch.equal(decorated_doubling(x, 3.0), x * 3)
    assert torch.equal(decorated_doubling(factor=3.0, x=x), x * 3)
    assert torch.equal(decorated_doubling(x, shift=1.0), x * 2 + 1)
    with pytest.raises(TypeError, match=r"decorated_doubling\(\) missing 1 required"):
        decorated_doubling()
    with pytest.raises(TypeError, match="decorated_doubling"):
        decorated_doubling(x, 2.0, 1.0)


def test_rewrite_keeps_names_annotations_and_globals() -> None:
    rewritten: Any = decorated_doubling.specialised(torch.arange(3.0))
    assert rewritten is not undecorated_doubling
    assert rewritten.__name__ == "decorated_doubling"
    assert rewritten.__qualname__ == "decorated_doubling"
    assert rewritten.__doc__ == "Twice x."
    assert rewritten.__annotations__ == undecorated_doubling.__annotations__
    assert rewritten.__defaults__ == (2.0,)
    assert rewritten.__kwdefaults__ == {"shift": 0.0}
    assert rewritten.__globals__ is globals()


def test_nothing_is_written_into_the_users_module() -> None:
    before = set(globals())
    deloop.vectorize(slow_addition)(torch.ones(2, 2), torch.ones(2, 2))
    decorated_doubling(torch.arange(4.0))
    assert set(globals()) == before


def test_methods_bind_their_object() -> None:
    scale, x = Scale(3.0), torch.arange(3.0)
    assert torch.equal(scale.scale(x), x * 3)
    assert torch.equal(Scale.scale(scale, x), x * 3)
    assert torch.equal(Scale(torch.tensor(2.0)).scale(x), x * 2)
    assert scale.scale.__self__ is scale
    # Two objects, made by two lookups, that are one method; another object's is another one.
    one, again = scale.scale, scale.scale
    assert one == again and hash(one) == hash(again)
    assert Scale(3.0).scale != one
    assert list(inspect.signature(scale.scale).parameters) == ["x"]


def test_bound_method_explains_itself() -> None:
    report = Scale(3.0).scale.explain(torch.arange(3.0))
    assert report.status in ("vectorized", "kept")
    assert report.source.lstrip().startswith(("def scale(self", "@deloop"))


def test_private_names_mean_the_same_in_the_rewrite() -> None:
    x = torch.arange(3.0)
    assert torch.equal(Scale(3.0).scale_privately(x), x * 3 + 1)


def test_super_means_the_same_in_the_rewrite() -> None:
    x = torch.arange(3.0)
    assert torch.equal(DeepScale(2.0).scale(x), x * 20)


def test_static_and_class_methods_work_in_either_order() -> None:
    x = torch.arange(3.0)
    assert torch.equal(Scale.double(x), x * 2)
    assert torch.equal(Scale(1.0).double(x), x * 2)
    assert torch.equal(Scale.triple(x), x * 3)
    assert torch.equal(Scale(1.0).triple(x), x * 3)
    assert torch.equal(Scale.quadruple(x), x * 4)


def test_bound_method_can_be_given() -> None:
    x = torch.arange(3.0)
    bound = deloop.vectorize(Scale(2.0).scale.__wrapped__)
    assert torch.equal(bound(x), x * 2)


def test_recursive_function_calls_itself() -> None:
    assert factorial(5) == 120


def test_pickling_goes_by_qualified_name() -> None:
    assert pickle.loads(pickle.dumps(decorated_doubling)) is decorated_doubling


def test_pickling_under_another_name_goes_by_the_function() -> None:
    fast = deloop.vectorize(slow_doubling, on_refusal="raise")
    again = pickle.loads(pickle.dumps(fast))
    assert isinstance(again, Vectorized)
    assert again.__wrapped__ is slow_doubling
    assert torch.equal(again(torch.ones(2)), torch.full((2,), 2.0))


def test_copies_are_the_function_itself_as_for_functions() -> None:
    assert copy.copy(decorated_doubling) is decorated_doubling
    assert copy.deepcopy({"f": decorated_doubling})["f"] is decorated_doubling


def test_bound_method_can_be_pickled() -> None:
    again = pickle.loads(pickle.dumps(Scale(3.0).scale))
    assert torch.equal(again(torch.ones(2)), torch.full((2,), 3.0))


def test_kinds_of_functions_are_still_recognised() -> None:
    async def later() -> None: ...

    def values() -> Any:
        yield 1

    assert inspect.iscoroutinefunction(deloop.vectorize(later))
    assert inspect.isgeneratorfunction(deloop.vectorize(values))
    assert not inspect.iscoroutinefunction(decorated_doubling)
    assert callable(decorated_doubling)


def test_function_that_calls_its_argument_twice_decorated_is_decorated_once() -> None:
    twice: Any = deloop.vectorize(deloop.vectorize(slow_doubling))
    assert twice.__wrapped__ is slow_doubling


def test_threads_share_one_compilation() -> None:
    fast = deloop.vectorize(slow_addition)
    x, y = torch.rand(5, 4), torch.rand(5, 4)
    results: list[Any] = []
    start = threading.Barrier(6)

    def call() -> None:
        start.wait()
        results.append(fast(x, y))

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(torch.equal(result, x + y) for result in results)
    assert len(fast._special) == 1


def test_explaining_does_not_run_the_function() -> None:
    runs = []

    def double(x: Any) -> Any:
        runs.append(1)
        result = torch.zeros_like(x)
        for i in range(x.shape[0]):
            result[i] = x[i] * 2
        return result

    report = deloop.vectorize(double).explain(torch.ones(3))
    assert report.source
    assert runs == []


def test_explanation_of_arguments_that_do_not_fit_raises_as_the_call_does() -> None:
    with pytest.raises(TypeError):
        decorated_doubling.explain()


def test_kept_loop_runs_and_is_remembered() -> None:
    fast = deloop.vectorize(running_sum)
    x = torch.rand(5)
    expected = running_sum(x.clone())
    for _ in range(2):
        assert torch.equal(fast(x.clone()), expected)
    assert fast.explain(x).status == "kept"
    assert [special.kept for special in fast._special] == [True]
    assert fast.specialised(x) is running_sum


def test_refusal_can_be_raised_at_every_call() -> None:
    fast = deloop.vectorize(running_sum, on_refusal="raise")
    for _ in range(2):
        with pytest.raises(deloop.DeloopError) as caught:
            fast(torch.rand(5))
        assert "VEC" in str(caught.value)
    assert torch.equal(fast.__wrapped__(torch.ones(1)), torch.ones(1))


def test_failure_of_deloop_warns_once_and_runs_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> Any:
        raise ZeroDivisionError("inside deloop")

    monkeypatch.setattr(specialise, "compile_function", fail)
    fast = deloop.vectorize(slow_doubling)
    x = torch.ones(3)
    with pytest.warns(DeloopWarning, match="inside deloop") as caught:
        assert torch.equal(fast(x), x * 2)
    assert caught[0].filename == __file__
    assert "please report" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(fast(torch.ones(3, dtype=torch.float64)), torch.full((3,), 2.0).double())
    refusal = deloop.vectorize(slow_doubling).explain(x).loops[0].refusal
    assert refusal is not None
    assert "ZeroDivisionError" in refusal.sentence


def test_exception_of_the_rewrite_shows_its_source() -> None:
    fast = deloop.vectorize(slow_doubling)
    rewritten: Any = fast.specialised(torch.ones(2))
    assert rewritten is not slow_doubling
    assert "return" in inspect.getsource(rewritten)
    with pytest.raises((AttributeError, TypeError)) as caught:
        rewritten(object())
    assert rewritten.__code__.co_filename in [str(entry.path) for entry in caught.traceback]
