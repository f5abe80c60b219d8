"""What may run twice is known to change nothing but its arguments; everything else runs once."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import deloop
from deloop.decorator.effects import find_effect, may_draw

LOG = logging.getLogger(__name__)
CACHE: dict[str, Any] = {}
ROWS: list[Any] = []
WEIGHT = torch.ones(3)
FACTOR = 2.0
LAYER = torch.nn.Linear(3, 3)
NORM = torch.nn.BatchNorm1d(3)
COUNT = 0


class Model(torch.nn.Module):
    """An object that keeps a state of its own."""

    calls = 0

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.ReLU())
        self.history: list[Any] = []

    def helper(self, x: Any) -> Any:
        return self.inner(x) + 1

    def noisy(self, x: Any) -> Any:
        print(x)
        return x

    def keep(self, x: Any) -> Any:
        self.history.append(x.sum())
        self.last = x
        return self.helper(x)

    def shout(self, x: Any) -> Any:
        return self.noisy(x)

    def count_all(self, x: Any) -> Any:
        self.__class__.calls += 1
        return x


def square(x: Any) -> Any:
    return x * x


def printing_square(x: Any) -> Any:
    print("squared")
    return x * x


@deloop.vectorize
def decorated_square(x: Any) -> Any:
    return square(x)


# Harmless: run twice, nobody could tell.


def computes(x: Any) -> Any:
    rows, seen = [], {}
    for i in range(len(x)):
        rows.append(torch.relu(x[i]) * math.sqrt(2.0) * FACTOR + F.softplus(x[i]))
        seen[i] = max(1, min(i, 2))
    with torch.no_grad():
        rows[0].add_(1)
    return torch.stack(rows)


def changes_its_argument(x: Any) -> Any:
    for i in range(len(x)):
        x[i] = x[i] * 2
    return x


def reads_a_global_tensor(x: Any) -> Any:
    return x @ WEIGHT + WEIGHT.sum()


def calls_helpers(x: Any) -> Any:
    return square(x) + decorated_square(x) + LAYER(x)


def takes_a_function(x: Any, f: Any = square) -> Any:
    return f(x)


def draws(x: Any) -> Any:
    return x + torch.randn(3)


# What must not happen twice.


def prints(x: Any) -> Any:
    print(x)


def logs(x: Any) -> Any:
    LOG.info("x")


def appends_to_a_global(x: Any) -> Any:
    ROWS.append(x)


def appends_to_a_global_by_another_name(x: Any) -> Any:
    rows = ROWS
    rows.append(x)


def stores_in_a_global(x: Any) -> Any:
    CACHE["x"] = x


def changes_a_global_tensor(x: Any) -> Any:
    WEIGHT.add_(1)


def changes_a_view_of_a_global_tensor(x: Any) -> Any:
    w = WEIGHT[0]
    w += 1


def sets_a_global(x: Any) -> Any:
    global COUNT
    COUNT += 1


def writes_a_file(x: Any) -> Any:
    x.numpy().tofile("/tmp/never")


def saves(x: Any) -> Any:
    torch.save(x, "/tmp/never")


def seeds(x: Any) -> Any:
    torch.manual_seed(0)


def accumulates_gradients(x: Any) -> Any:
    (x * WEIGHT).sum().backward()


def calls_a_printing_helper(x: Any) -> Any:
    return printing_square(x)


def calls_a_layer_with_state(x: Any) -> Any:
    return NORM(x)


def draws_of_pythons_own(x: Any) -> Any:
    return x * random.random()


def calls_what_it_made(x: Any) -> Any:
    f = [square][0]
    return f(x)


def evaluates(x: Any) -> Any:
    return eval("print(x)")


HARMLESS: list[Callable[..., Any]] = [
    computes, changes_its_argument, reads_a_global_tensor, calls_helpers, takes_a_function, draws,
]  # fmt: skip
EFFECTS: list[Callable[..., Any]] = [
    prints, logs, appends_to_a_global, appends_to_a_global_by_another_name, stores_in_a_global,
    changes_a_global_tensor, changes_a_view_of_a_global_tensor, sets_a_global, writes_a_file, saves,
    seeds, accumulates_gradients, calls_a_printing_helper, calls_a_layer_with_state,
    draws_of_pythons_own, calls_what_it_made, evaluates,
]  # fmt: skip


def effect_of(function: Any, **arguments: object) -> str | None:
    return find_effect(function, {"x": torch.ones(3), **arguments})


@pytest.mark.parametrize("function", HARMLESS, ids=lambda f: f.__name__)
def test_computation_may_run_twice(function: Any) -> None:
    assert effect_of(function, f=square) is None


@pytest.mark.parametrize("function", EFFECTS, ids=lambda f: f.__name__)
def test_effect_is_named_in_a_sentence(function: Any) -> None:
    found = effect_of(function)
    assert found is not None
    assert found.startswith("it ")


def test_seeding_is_an_effect_where_the_compiler_has_wrapped_it() -> None:
    torch.compile(lambda x: x + 1, backend="eager")(torch.ones(2))
    assert effect_of(seeds) is not None


def test_what_an_object_keeps_is_its_own() -> None:
    model = Model()
    assert effect_of(Model.keep, self=model) is None
    assert effect_of(Model.helper, self=model) is None


def test_what_an_objects_methods_do_is_looked_into() -> None:
    model = Model()
    assert "print" in str(effect_of(Model.shout, self=model))
    assert "__class__" in str(effect_of(Model.count_all, self=model))


def test_function_that_is_given_is_looked_into() -> None:
    assert effect_of(takes_a_function, f=torch.sin) is None
    assert "print" in str(effect_of(takes_a_function, f=printing_square))
    assert effect_of(takes_a_function, f=object()) is not None


def test_random_draws_are_seen() -> None:
    assert may_draw(draws)
    assert not may_draw(computes)
