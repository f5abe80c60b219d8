"""Python's math held against its twins on float64 tensors, special values included."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from deloop.ops.kinds import MathFunction, MathResult
from deloop.ops.math_functions import (
    CONSTANTS,
    FUNCTIONS,
    find_math_constant,
    find_math_function,
)
from deloop.ops.table import find_function

SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -3.5, 1e-310, 1e300, -1e300, 710.0, -746.0,
    math.inf, -math.inf, math.nan, 1.7976931348623157e308, 5e-324,
)  # fmt: skip
RESULTS = {MathResult.FLOAT: float, MathResult.INT: int, MathResult.BOOL: bool}

present = pytest.mark.parametrize(
    "function", [f for f in FUNCTIONS if hasattr(math, f.name)], ids=lambda f: f.name
)


def arguments(function: MathFunction) -> Iterator[tuple[float, ...]]:
    yield from itertools.product(SPECIAL, repeat=function.arity)
    generator = random.Random(5)
    for _ in range(300):
        scale = 10 ** generator.uniform(-3, 3)
        yield tuple(generator.gauss(0, 1) * scale for _ in range(function.arity))


def in_python(function: MathFunction, values: tuple[float, ...]) -> Any:
    """What Python's function returns, None where it raises."""
    try:
        return getattr(math, function.name)(*values)
    except (ValueError, OverflowError):
        return None


def in_torch(function: MathFunction, values: tuple[float, ...]) -> Any:
    assert function.torch_name is not None
    called = getattr(torch, function.torch_name.removeprefix("torch."))
    return called(*(torch.tensor(v, dtype=torch.float64) for v in values)).item()


@present
def test_total_functions_raise_for_no_double(function: MathFunction) -> None:
    raises = any(in_python(function, values) is None for values in arguments(function))
    assert raises != function.total


@present
def test_result_has_the_python_type_that_the_table_says(function: MathFunction) -> None:
    for values in arguments(function):
        result = in_python(function, values)
        assert result is None or type(result) is RESULTS[function.result]


@present
def test_torch_twin_gives_the_same_wherever_python_does_not_raise(function: MathFunction) -> None:
    if function.torch_name is None:
        assert function.name in ("gamma", "cbrt", "remainder")
        return
    assert find_function(function.torch_name) is not None
    for values in arguments(function):
        expected = in_python(function, values)
        if expected is None:
            continue
        result = in_torch(function, values)
        if function.exact:
            same = result == expected or (math.isnan(result) and math.isnan(expected))
            assert same, values
            if function.result is MathResult.FLOAT and result == 0:
                assert math.copysign(1, result) == math.copysign(1, expected), values
        else:
            assert result == pytest.approx(expected, rel=1e-11, abs=1e-300, nan_ok=True), values


def test_every_function_of_math_on_floats_is_in_the_table() -> None:
    left = {name for name in dir(math) if not name.startswith("_")}
    left -= {function.name for function in FUNCTIONS} | set(CONSTANTS)
    assert left <= {
        "comb", "dist", "factorial", "frexp", "fsum", "gcd", "isclose", "isqrt", "lcm", "ldexp",
        "modf", "perm", "prod", "sumprod", "ulp", "fma",
    }  # fmt: skip


def test_lookups_take_qualified_names_only() -> None:
    sine = find_math_function("math.sin")
    assert sine is not None
    assert sine.torch_name == "torch.sin"
    assert find_math_function("sin") is None
    assert find_math_function("cmath.sin") is None
    assert find_math_constant("math.pi") == math.pi
    assert find_math_constant("math.sin") is None
    assert find_math_constant("pi") is None
