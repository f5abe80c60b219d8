"""Draws, printing, logging, asserts, exceptions, attribute and global writes keep their order."""

from __future__ import annotations

import logging
import random
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import deloop

from .side_by_side import assert_agrees, assert_vectorized, normal, values

LOG = logging.getLogger(__name__)
TRACE: list[int] = []


def printing(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        print(i, "of", len(x))
        out[i] = x[i] * 2
    return out


def printing_in_a_helper(x):
    def double(value):
        print("doubling")
        return value * 2

    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = double(x[i])
    return out


def noise(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] + torch.rand(())
    return out


def noise_in_two_outputs(x):
    a = torch.zeros_like(x)
    b = torch.zeros_like(x)
    for i in range(len(x)):
        a[i] = torch.rand(())
        b[i] = torch.randn(())
    return a, b


def noise_drawn_only_sometimes(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] > 0:
            out[i] = torch.rand(())
    return out


def python_noise(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = random.random() + np.random.rand()
    return out


def bernoulli(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = torch.bernoulli(torch.sigmoid(x[i]))
        out[i] += x[i].clone().uniform_()
    return out


def applied(x, func):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = func(x[i])
    return out


def asserting(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        assert x[i] >= 0, f"element {i} is negative"
        out[i] = x[i].sqrt()
    return out


def raising(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] < 0:
            raise ArithmeticError(f"element {i}")
        out[i] = x[i].sqrt()
    return out


def raising_half_way_through_an_argument(x):
    for i in range(len(x)):
        if x[i] < 0:
            raise ArithmeticError(f"element {i}")
        x[i] = x[i] * 2
    return x


def caught(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        try:
            out[i] = x[i + 1]
        except IndexError:
            out[i] = -1
    return out


def dictionary_filled(x):
    seen = {}
    for i in range(len(x)):
        seen[i] = x[i] * 2
    return seen


def list_filled(x):
    rows = []
    for i in range(len(x)):
        rows.append(x[i] * 2)
    return torch.stack(rows) if rows else x


def traced(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        TRACE.append(i)
        out[i] = x[i] * 2
    return out


def warned(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if x[i] < -100:
            warnings.warn("small", stacklevel=2)
        out[i] = x[i]
    return out


def walrus(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        if (value := x[i] * 2) > 0:
            out[i] = value
    return out, value


class Counter:
    """An object that counts."""

    def __init__(self):
        self.calls = 0
        self.total = torch.zeros(())

    def step(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            self.calls += 1
            out[i] = x[i] * self.calls
        return out

    def accumulate(self, x):
        for i in range(len(x)):
            self.total = self.total + x[i]
        return self.total


class Watched:
    """An object whose attribute is computed by a property with an effect."""

    def __init__(self):
        self.reads = 0

    @property
    def scale(self):
        self.reads += 1
        return self.reads

    def apply(self, x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * self.scale
        return out


class Normalised(nn.Module):
    """Modules that keep state or draw, called once an iteration."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.drop = nn.Dropout(0.5)
        self.linear = nn.Linear(4, 4)

    def normalise(self, x):
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = self.norm(x[i])
        return out

    def dropped(self, x):
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = self.drop(x[i])
        return out

    def linearly(self, x):
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            out[i] = self.linear(x[i])
        return out


def hooked(value):
    TRACE.append(int(value))
    return value * 2


class Remembering:
    """A callable with state."""

    def __init__(self):
        self.previous = 0.0

    def __call__(self, value):
        result = value + self.previous
        self.previous = result
        return result


def test_printing_keeps_its_order() -> None:
    for n in (3, 1, 0):
        assert_agrees(printing, normal(n))
        assert_agrees(printing_in_a_helper, normal(n))


def test_random_draws_keep_their_order_and_number() -> None:
    for n in (4, 1, 0):
        assert_agrees(noise, normal(n))
        assert_agrees(noise_in_two_outputs, normal(n))
        assert_agrees(noise_drawn_only_sometimes, normal(n))
        assert_agrees(python_noise, normal(n))
        assert_agrees(bernoulli, normal(n))


def test_function_argument_may_draw_print_or_remember() -> None:
    assert_agrees(applied, normal(4), lambda value: value + torch.rand(()))
    assert_agrees(applied, normal(4), torch.rand_like)
    assert_agrees(applied, normal(4), Remembering())
    assert_agrees(applied, normal(4), nn.Dropout(0.5))
    assert_agrees(applied, normal(4), nn.ReLU())


def test_function_argument_may_look_at_more_than_one_element() -> None:
    # Applied to the whole tensor each of these would mean something else.
    for func in (torch.sum, torch.softmax, torch.mean, torch.numel, torch.cumsum, torch.zeros_like):
        assert_agrees(applied, normal(4), func)
    assert_agrees(applied, normal(4), lambda value: value - value.mean())
    assert_agrees(applied, normal(4), lambda value: value * value.dim())
    assert_agrees(applied, normal(4), lambda value: value.numel() * value)
    assert_agrees(applied, normal(4), lambda value: value if value > 0 else -value)
    assert_agrees(applied, normal(4), lambda value: float(value) * 2)
    assert_agrees(applied, normal(4), lambda value: 1.0)
    assert_agrees(applied, normal(4), lambda value: value.max())


def test_function_argument_may_change_its_argument() -> None:
    assert_agrees(applied, normal(4), lambda value: value.add_(1))
    assert_agrees(applied, normal(4), lambda value: value.relu_())


def test_called_functions_effects_happen_once_an_iteration() -> None:
    TRACE.clear()
    deloop.vectorize(applied)(values(3, 1, 2), hooked)
    assert TRACE == [3, 1, 2]


def test_one_function_serves_pure_and_impure_arguments() -> None:
    rewrite = deloop.vectorize(applied)
    TRACE.clear()
    assert torch.equal(rewrite(values(1, 2), lambda value: value * 2), values(2, 4))
    assert torch.equal(rewrite(values(1, 2), hooked), values(2, 4))
    assert TRACE == [1, 2]


def test_failed_assertion_raises() -> None:
    assert_agrees(asserting, values(1, 4, 9))
    assert_agrees(asserting, values(1, -4, 9))
    assert_agrees(asserting, values())


def test_exception_raises() -> None:
    for loop in (raising, raising_half_way_through_an_argument):
        assert_agrees(loop, values(1, 4, 9))
        assert_agrees(loop, values(1, -4, 9))


def test_what_was_written_before_an_exception_stays_written() -> None:
    x = values(1, 4, -9, 2)
    with pytest.raises(ArithmeticError, match="element 2"):
        deloop.vectorize(raising_half_way_through_an_argument)(x)
    assert x.tolist() == [2, 8, -9, 2]


def test_exception_caught_inside() -> None:
    for n in (3, 1, 0):
        assert_agrees(caught, normal(n))


def test_lists_and_dictionaries_are_filled_in_order() -> None:
    for n in (3, 1, 0):
        assert_agrees(dictionary_filled, normal(n))
        assert_agrees(list_filled, normal(n))


def test_global_list_is_appended_to() -> None:
    TRACE.clear()
    deloop.vectorize(traced)(normal(3))
    assert TRACE == [0, 1, 2]


def test_warnings_are_given() -> None:
    with pytest.warns(UserWarning, match="small"):
        deloop.vectorize(warned)(values(1, -200))


def test_assignment_inside_a_condition() -> None:
    for n in (4, 1, 0):
        assert_agrees(walrus, normal(n))


def test_attributes_are_written_once_an_iteration() -> None:
    assert_agrees(Counter.step, Counter(), normal(3))
    assert_agrees(Counter.accumulate, Counter(), normal(3))


def test_property_is_read_once_an_iteration() -> None:
    assert_agrees(Watched.apply, Watched(), normal(3))


def test_modules_with_state_are_called_once_an_iteration() -> None:
    model = Normalised()
    assert_agrees(Normalised.normalise, model, normal(3, 2, 4))
    assert_agrees(Normalised.dropped, model, normal(3, 4))
    assert_agrees(Normalised.linearly, model, normal(3, 4))
    model.eval()
    assert_agrees(Normalised.normalise, model, normal(3, 2, 4))
    assert_agrees(Normalised.dropped, model, normal(3, 4))


def test_progress_bar_is_only_a_bar() -> None:
    fakes = str(Path(__file__).parents[1] / "cases" / "fakes")
    sys.path.append(fakes)
    try:
        from tqdm import tqdm
    finally:
        sys.path.remove(fakes)

    def barred(x):
        out = torch.zeros_like(x)
        for i in tqdm(range(len(x))):
            out[i] = x[i] * 2
        return out

    assert_vectorized(barred, normal(4))


def test_range_lookalike_is_not_range() -> None:
    def every_other(n):
        TRACE.append(n)
        return range(0, n, 2)

    def loop(x):
        out = torch.zeros_like(x)
        for i in every_other(len(x)):
            out[i] = x[i] * 2
        return out

    assert_agrees(loop, normal(5))


def test_numbers_drawn_for_what_the_loop_overwrites_are_still_drawn() -> None:
    def loop(x):
        torch.manual_seed(3)
        out = torch.rand(len(x))
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out, torch.rand(2)

    report = assert_vectorized(loop, normal(5))
    assert "torch.rand(len(x))" in report.source


def test_tensors_of_random_numbers_are_read_like_others() -> None:
    def loop(n):
        torch.manual_seed(3)
        x, order = torch.randn(n, 4), torch.randperm(n)
        classes = torch.randint(0, 3, (n, 4))
        noise, weights = torch.rand_like(x), torch.normal(0.0, 1.0, size=(3,))
        out = torch.zeros(n, 4)
        for i in range(n):
            for j in range(4):
                out[i, j] = x[order[i], j] * weights[classes[i, j]] + noise[i, j]
        return out

    assert_vectorized(loop, 6)


def test_steps_of_floating_point_numbers_are_counted_as_pytorch_counts_them() -> None:
    def loop(x):
        times = torch.arange(0.0, 1.0, 0.1)
        out = torch.zeros(10)
        for t in range(10):
            out[t] = times[t] * x[t]
        return out

    assert_vectorized(loop, normal(10))
