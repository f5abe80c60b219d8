"""Values of the new code go where they are read once, and nowhere else."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest
import torch

import deloop
from deloop.verification.run import run_side_by_side


def read_twice(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total / (1 + total)


def behind_a_call(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return x.zero_(), total


def before_a_call(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total, x.zero_()


def in_a_lambda(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return (lambda: total)()


def used_later(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    mean = total / len(x)
    return mean + total


def another_count(x, y):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total / len(y)


def divided_in_place(x):  # type: ignore[no-untyped-def]
    total = torch.tensor(0.0)
    for i in range(len(x)):
        total += x[i]
    total /= len(x)
    return total


def divided_in_place_under_two_names(x):  # type: ignore[no-untyped-def]
    total = torch.tensor(0.0)
    same = total
    for i in range(len(x)):
        total += x[i]
    total /= len(x)
    return same


def number_of_python(x):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(len(x)):
        total += x[i].item()
    return total / len(x)


def chosen_are_fewer(x):  # type: ignore[no-untyped-def]
    total = torch.tensor(0.0)
    for i in range(len(x)):
        if x[i] > 0:
            total += x[i]
    return total / len(x)


def several_starts(x):  # type: ignore[no-untyped-def]
    total, count = 0.0, 0
    for i in range(len(x)):
        if x[i] > 0:
            total += x[i].item()
            count += 1
    return total, count


def start_read_between(x):  # type: ignore[no-untyped-def]
    total, count = 0.0, 0
    first = count + 1
    for i in range(len(x)):
        if x[i] > 0:
            total += x[i].item()
            count += 1
    return total, count, first


BODIES: dict[Callable[..., Any], str] = {
    read_twice: "total = x.sum()\nreturn total / (1 + total)",
    behind_a_call: "total = x.sum()\nreturn x.zero_(), total",
    before_a_call: "return x.sum(), x.zero_()",
    in_a_lambda: "total = x.sum()\nreturn (lambda: total)()",
    used_later: "total = x.sum()\nmean = total / len(x)\nreturn mean + total",
    another_count: "return x.sum() / len(y)",
    divided_in_place: "return x.mean()",
    divided_in_place_under_two_names: "total = torch.tensor(0.0)\nsame = total\n"
    "total[...] = x.sum()\ntotal /= len(x)\nreturn same",
    number_of_python: "return x.sum(dtype=torch.float64).item() / len(x)",
    chosen_are_fewer: "return x[x > 0].sum() / len(x)",
    several_starts: "mask = x > 0\n"
    "return x[mask].sum(dtype=torch.float64).item(), mask.sum().item()",
    start_read_between: "total, count = 0.0, 0\nfirst = count + 1\n"
    "mask = x > 0\n"
    "return x[mask].sum(dtype=torch.float64).item(), mask.sum().item(), first",
}


def arguments(function: Callable[..., Any]) -> list[torch.Tensor]:
    count = len(inspect.signature(function).parameters)
    return [torch.linspace(-1, 2, 5 + k) for k in range(count)]


@pytest.mark.parametrize("function", BODIES, ids=lambda f: f.__name__)
def test_value_stands_where_it_is_read(function: Callable[..., Any]) -> None:
    source = deloop.vectorize(function).explain(*arguments(function)).source
    header = f"def {function.__name__}{inspect.signature(function)}:"
    lines = [line for line in source.splitlines() if line.strip()]
    assert lines[0].split("  #")[0] == header
    assert textwrap.dedent("\n".join(lines[1:])) == BODIES[function]


@pytest.mark.parametrize("function", BODIES, ids=lambda f: f.__name__)
def test_order_of_effects_is_the_loops(function: Callable[..., Any]) -> None:
    rewrite = deloop.vectorize(function)
    given = tuple(arguments(function))
    (loop,) = rewrite.explain(*given).loops
    outcome = run_side_by_side(function, rewrite, given, exactness=loop.exactness)
    assert outcome.agrees, str(outcome)
