"""The text of the rewritten function, where the loop was not a plain ``for`` in it."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import torch

import deloop


def counting(x):
    i = 0
    out = torch.zeros_like(x)  # the result
    # above
    while i < len(x):  # counts
        out[i] = x[i] * 2
        i += 1  # next
    # below
    return (out,)


def counting_beside_a_kept_one(x, y):
    out = torch.zeros_like(x)
    i = 0  # for both
    while i < len(x):
        out[i] = x[i] * 2
        i += 1
    i = 1
    while i < len(y):  # stays
        y[i] = torch.tanh(y[i - 1]) * y[i]
        i += 1
    return (out, y)


def with_an_else(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * 2
    else:
        out = out + 1
        if len(x) > 100:
            out = out + 2
    return (out,)


def with_a_loop_in_the_else_of_a_kept_one(x, y):
    i = 0
    while y[i] < 1:
        y[i] += 1
        j = 0
        while j < len(x):
            y[j] = y[j - 1] + 1
            j += 1
    else:
        for k in range(len(x)):
            x[k] = x[k] * 2
    return (x, y)


def with_a_kept_counting_loop(x, y):
    t = 1
    while t < len(y):
        y[t] = torch.tanh(y[t - 1]) * y[t]
        t += 1
    else:
        y = y * 2
    for k in range(len(x)):
        x[k] = x[k] * 2
    else:
        x = x + 1
    return (x, y)


def with_an_else_left_alone(x, y):
    for t in range(1, len(y)):
        y[t] = torch.tanh(y[t - 1]) * y[t]
    else:
        y = y * 2
    for k in range(len(x)):
        x[k] = x[k] * 2
    return (x, y)


def on_one_line(x):
    out = torch.zeros_like(x)
    i = 0
    while i < len(x): out[i] = x[i] * 2; i += 1  # fmt: skip  # noqa: E701, E702
    return (out,)


def nothing_to_do(x, y):
    i = 1
    while i < len(y):
        y[i] = torch.tanh(y[i - 1]) * y[i]
        i += 1
    else:
        y = y + 1
    return (x, y)


def rewritten(function: Callable[..., Any]) -> str:
    """The source for small tensors, which must do what the function does."""
    count = len(inspect.signature(function).parameters)
    made = [[torch.linspace(-1, 2, 5) for _ in range(count)] for _ in range(3)]
    source = deloop.vectorize(function).explain(*made[0]).source
    namespace: dict[str, Any] = {"torch": torch}
    exec(source, namespace)
    expected, actual = function(*made[1]), namespace[function.__name__](*made[2])
    assert all(torch.equal(a, b) for a, b in zip(expected, actual, strict=True))
    return source


def assert_written(function: Callable[..., Any], expected: str) -> None:
    assert rewritten(function).rstrip() == textwrap.dedent(expected).strip()


def test_lines_of_the_while_are_replaced_and_its_start_goes() -> None:
    assert_written(
        counting,
        """
        def counting(x):
            # above
            # counts
            # next
            # below
            return (x * 2,)
        """,
    )


def test_start_of_another_loop_stays_and_so_does_its_text() -> None:
    source = rewritten(counting_beside_a_kept_one)
    assert "    i = 0  # for both\n    out = x * 2\n    i = 1\n" in source
    assert "    while i < len(y):  # stays\n" in source
    assert "        i += 1\n    return" in source


def test_else_line_goes_with_its_loop() -> None:
    assert_written(
        with_an_else,
        """
        def with_an_else(x):
            out = x * 2
            out = out + 1
            if len(x) > 100:
                out = out + 2
            return (out,)
        """,
    )


def test_only_statement_of_an_else_may_be_replaced() -> None:
    assert_written(
        with_a_loop_in_the_else_of_a_kept_one,
        """
        def with_a_loop_in_the_else_of_a_kept_one(x, y):
            i = 0
            while y[i] < 1:
                y[i] += 1
                j = 0
                while j < len(x):
                    y[j] = y[j - 1] + 1
                    j += 1
            x *= 2
            return (x, y)
        """,
    )


def test_kept_loop_that_was_read_as_a_for_is_still_the_users_while() -> None:
    source = rewritten(with_a_kept_counting_loop)
    assert "x *= 2" in source
    assert "else:" not in source
    assert "    while t < len(y):\n        y[t] = torch.tanh(y[t - 1]) * y[t]\n" in source
    assert "        t += 1\n    y = y * 2\n" in source


def test_else_of_a_kept_loop_is_left_where_it_is() -> None:
    source = rewritten(with_an_else_left_alone)
    assert "    else:\n        y = y * 2\n" in source
    assert "x *= 2" in source


def test_loop_on_one_line_is_replaced() -> None:
    source = rewritten(on_one_line)
    assert "while" not in source
    assert "i" not in {line.split(" ")[0] for line in map(str.strip, source.splitlines())}


def test_function_in_which_nothing_changes_is_the_users_text() -> None:
    text = textwrap.dedent(inspect.getsource(nothing_to_do))
    assert rewritten(nothing_to_do) == text


def with_a_start_that_is_compared(x, y):
    best = x[0]*y[0]  # the first pair
    for i in range(len(x)):
        for j in range(len(y)):
            if x[i] * y[j] > best:
                best = x[i] * y[j]
    return x, best


def test_start_that_the_new_code_computes_itself_is_not_computed_before() -> None:
    assert rewritten(with_a_start_that_is_compared).count("x[0]") == 1
