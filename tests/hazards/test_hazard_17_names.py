"""`import torch as th`, shadowed builtins, closures, defaults, methods, nested functions."""

from __future__ import annotations

import functools
import math as m

import torch
import torch as th
import torch.nn.functional as functional
from torch import where
from torch import zeros_like as like

import deloop

from .side_by_side import assert_agrees, assert_serves, assert_vectorized, normal, values

SCALE = 2.0
LIMIT = 3


def with_an_alias(x):
    out = th.zeros_like(x)
    for i in range(len(x)):
        out[i] = th.sin(x[i]) * m.pi
    return out


def with_imported_names(x):
    out = like(x)
    for i in range(len(x)):
        out[i] = where(x[i] > 0, x[i], -x[i])
    return out


def with_a_submodule(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = functional.leaky_relu(x[i], 0.1) + torch.nn.functional.relu(x[i])
    return out


def with_an_import_inside(x):
    import torch as t

    out = t.zeros_like(x)
    for i in range(len(x)):
        out[i] = t.abs(x[i])
    return out


def with_a_local_named_like_torch(x):
    torch = 3
    out = th.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = x[i] * torch
        else:
            out[i] = x[i]
    return out, torch


def with_an_argument_named_torch(torch, x):
    out = th.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = x[i] * torch
        else:
            out[i] = x[i] / torch
    return out


def with_shadowed_range(x):
    def range(n):
        return [0, n - 1]

    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


def with_shadowed_len(x, len):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


def with_shadowed_max(x):
    max = min
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = max(x[i], 0)
    return out


def with_a_name_used_for_two_things(x):
    n = len(x)
    out = torch.zeros_like(x)
    for i in range(n):
        n = x[i] * 2
        out[i] = n
    return out, n


def with_a_default(x, scale=SCALE, *, shift=1.0):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * scale + shift
    return out


def with_many_arguments(*tensors, **options):
    x = tensors[0]
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * options.get("scale", 2)
    return out


def with_positional_only(x, /, y, *, z):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + y[i] * z
    return out


def with_a_global(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * SCALE
    return out


def with_a_lambda(x):
    square = lambda value: value * value  # noqa: E731 - a lambda is what is tested
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = square(x[i])
    return out


def with_emitted_names_taken(x, mask, mask_1, result, out_1):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = x[i] * mask + mask_1
        else:
            out[i] = x[i] - result / out_1
    return out


def with_same_names_in_the_helper(x, scale):
    def helper(i, scale):
        out = i * scale
        return out

    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = helper(x[i], 3) + scale
    return out


def outer(x):
    def inner(y):
        out = torch.zeros_like(y)
        for i in range(len(y)):
            out[i] = y[i] + x[0]
        return out

    return inner(x * 2)


def with_nonlocal(x):
    count = 0

    def bump():
        nonlocal count
        count += 1

    out = torch.zeros_like(x)
    for i in range(len(x)):
        bump()
        out[i] = x[i] * count
    return out, count


def recursive(x, depth):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + 1
    if depth == 0:
        return out
    return recursive(out, depth - 1)


def typed(x: torch.Tensor, scale: float = 2.0) -> torch.Tensor:
    """Doubles.

    for i in range(3): this line is no loop
    """
    out: torch.Tensor = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * scale  # for i in range(3):
    return out


class Model:
    """Methods of every kind."""

    factor = 3.0

    def __init__(self):
        self.weight = normal(4, seed=5)
        self._range = range

    def method(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = self.weight[i] * x[i] * self.factor
        return out

    def with_its_own_range(self, x):
        out = torch.zeros_like(x)
        for i in self._range(len(x)):
            out[i] = x[i] * 2
        return out

    def calls_a_method(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = self.scaled(x[i])
        return out

    def scaled(self, value):
        return value * self.factor

    @staticmethod
    def static(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out

    @classmethod
    def of_the_class(cls, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * cls.factor
        return out

    def private(self, x):
        self.__secret = 4.0
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * self.__secret
        return out


class Subclass(Model):
    """Another factor, another method under the same name."""

    factor = 5.0

    def scaled(self, value):
        return value - self.factor


class Decorated:
    """A class whose method is decorated, as a user would write it."""

    def __init__(self, scale):
        self.scale = scale

    @deloop.vectorize
    def double(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * self.scale
        return out

    @staticmethod
    @deloop.vectorize
    def static(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out


def doubling_decorator(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args) * 2

    return wrapper


@doubling_decorator
def already_decorated(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + 1
    return out


def test_torch_under_other_names() -> None:
    assert_vectorized(with_an_alias, normal(4))
    assert_vectorized(with_imported_names, normal(4))
    assert_vectorized(with_a_submodule, normal(4))
    assert_agrees(with_an_import_inside, normal(4))


def test_torch_stands_for_something_else() -> None:
    assert_agrees(with_a_local_named_like_torch, normal(4))
    assert_agrees(with_an_argument_named_torch, 2.0, normal(4))


def test_shadowed_builtins_are_what_they_were_made() -> None:
    assert_agrees(with_shadowed_range, normal(4))
    assert_agrees(with_shadowed_len, normal(4), lambda x: 2)
    assert_agrees(with_shadowed_max, normal(4))


def test_shadowed_builtin_in_the_module(monkeypatch) -> None:
    monkeypatch.setitem(globals(), "range", lambda n: [0, n - 1])
    assert_agrees(with_a_global, normal(4))


def test_builtin_shadowed_after_the_first_call(monkeypatch) -> None:
    rewrite = deloop.vectorize(with_a_global)
    rewrite(normal(4))
    monkeypatch.setitem(globals(), "len", lambda x: 2)
    x = values(1, 2, 3, 4)
    assert rewrite(x).tolist() == with_a_global(x).tolist() == [2, 4, 0, 0]


def test_global_changed_after_the_first_call(monkeypatch) -> None:
    rewrite = deloop.vectorize(with_a_global)
    assert rewrite(values(1, 2)).tolist() == [2, 4]
    monkeypatch.setitem(globals(), "SCALE", 10.0)
    assert rewrite(values(1, 2)).tolist() == [10, 20]
    monkeypatch.setitem(globals(), "SCALE", torch.tensor([7.0]))
    assert rewrite(values(1, 2)).tolist() == [7, 14]


def test_closure_changed_after_the_first_call() -> None:
    scale = 2.0

    def loop(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * scale
        return out

    rewrite = deloop.vectorize(loop)
    assert rewrite(values(1, 2)).tolist() == [2, 4]
    scale = 5.0
    assert rewrite(values(1, 2)).tolist() == [5, 10]


def test_helper_replaced_after_the_first_call() -> None:
    def helper(value):
        return value * 2

    def loop(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = helper(x[i])
        return out

    for inline in (False, True):
        rewrite = deloop.vectorize(loop, inline=inline)
        assert rewrite(values(1, 2)).tolist() == [2, 4]
        old, helper = helper, lambda value: value * 3
        assert rewrite(values(1, 2)).tolist() == [3, 6]
        helper = old


def test_attribute_changed_after_the_first_call() -> None:
    model = Model()
    rewrite = deloop.vectorize(Model.method)
    x = normal(4)
    assert torch.equal(rewrite(model, x), Model.method(model, x))
    model.factor = 7.0
    assert torch.equal(rewrite(model, x), Model.method(model, x))
    model.weight = normal(4, seed=9).to(torch.float64)
    assert torch.equal(rewrite(model, x), Model.method(model, x))
    model.weight = normal(2)
    assert_agrees(Model.method, model, x)


def test_one_name_for_two_things() -> None:
    for n in (4, 1, 0):
        assert_agrees(with_a_name_used_for_two_things, normal(n))


def test_defaults_keywords_and_stars() -> None:
    x = values(1, 2, 3)
    rewrite = deloop.vectorize(with_a_default)
    assert rewrite(x).tolist() == [3, 5, 7]
    assert rewrite(x, 3, shift=0).tolist() == [3, 6, 9]
    assert rewrite(scale=0.5, x=x).tolist() == [1.5, 2.0, 2.5]
    stars = deloop.vectorize(with_many_arguments)
    assert stars(x).tolist() == [2, 4, 6]
    assert stars(x, x, scale=5).tolist() == [5, 10, 15]
    assert deloop.vectorize(with_positional_only)(x, y=x, z=2).tolist() == [3, 6, 9]


def test_number_argument_of_another_kind_at_a_later_call() -> None:
    x = values(1, 2, 3)
    half = torch.tensor(0.5, dtype=torch.float64)
    assert_serves(with_a_default, (x, 2), (x, 2.5), (x, True), (x, half), (x, 2))


def test_lambda_in_the_function() -> None:
    assert_vectorized(with_a_lambda, normal(4))


def test_names_that_emitted_code_would_like_are_taken() -> None:
    assert_vectorized(with_emitted_names_taken, normal(5), 2.0, 3.0, 4.0, 5.0)


def test_helper_with_the_same_names() -> None:
    assert_agrees(with_same_names_in_the_helper, normal(4), 10.0)
    assert_agrees(with_same_names_in_the_helper, normal(4), 10.0, inline=True)


def test_nested_functions_and_recursion() -> None:
    assert_agrees(outer, normal(4))
    assert_agrees(with_nonlocal, normal(4))
    assert_agrees(recursive, normal(4), 2)


def test_annotations_docstrings_and_comments() -> None:
    report = assert_vectorized(typed, normal(4))
    assert "this line is no loop" in report.source
    assert "-> torch.Tensor" in report.source


def test_methods_of_every_kind() -> None:
    for model in (Model(), Subclass()):
        assert_agrees(Model.method, model, normal(4))
        assert_agrees(Model.with_its_own_range, model, normal(4))
        assert_agrees(Model.calls_a_method, model, normal(4))
        assert_agrees(Model.private, model, normal(4))
    assert_vectorized(Model.method, Model(), normal(4))
    assert_agrees(Model.static, normal(4))


def test_method_dispatches_on_the_class_of_its_object() -> None:
    rewrite = deloop.vectorize(Model.calls_a_method)
    x = normal(4)
    for model in (Model(), Subclass(), Model()):
        assert torch.equal(rewrite(model, x), Model.calls_a_method(model, x))


def test_class_method() -> None:
    for cls in (Model, Subclass):
        result = deloop.vectorize(cls.of_the_class)(values(1, 2))
        assert torch.equal(result, values(1, 2) * cls.factor)


def test_decorated_method_is_a_method() -> None:
    two, three = Decorated(2.0), Decorated(3.0)
    x = values(1, 2)
    assert two.double(x).tolist() == [2, 4]
    assert three.double(x).tolist() == [3, 6]
    assert two.double(x=x).tolist() == [2, 4]
    assert Decorated.double(two, x).tolist() == [2, 4]
    assert Decorated.static(x).tolist() == two.static(x).tolist() == [2, 4]
    assert two.double.explain(x).status == "vectorized"


def test_function_decorated_before_keeps_its_decorator() -> None:
    rewrite = deloop.vectorize(already_decorated)
    assert rewrite(values(1, 2)).tolist() == already_decorated(values(1, 2)).tolist() == [4, 6]


def test_decorator_with_options_and_twice() -> None:
    @deloop.vectorize(on_refusal="raise", inline=True)
    def loop(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * LIMIT
        return out

    assert loop(values(1, 2)).tolist() == [3, 6]
    assert deloop.vectorize(loop)(values(1, 2)).tolist() == [3, 6]
    assert "def loop(x):" in loop.explain(values(1, 2)).source
    assert "@" not in loop.explain(values(1, 2)).source
