"""Running a loop and what deloop makes of it next to each other."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

import deloop
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

BITWISE = Exactness.BITWISE
ROUNDING = Exactness.ROUNDING


def declared_exactness(report: Any) -> Exactness:
    """Rounding if a loop of the report declares it, bitwise otherwise."""
    exactness = BITWISE
    for loop in report.loops:
        exactness = exactness & loop.exactness
    return exactness


def assert_agrees(
    loop: Callable[..., Any],
    *arguments: Any,
    status: str | None = None,
    exactness: Exactness | None = None,
    second: bool = False,
    **options: Any,
) -> Any:
    """The decorated function does what the loop does; returns the report.

    `status`, if given, is what `explain` must answer. `exactness`, if given, must be declared;
    otherwise whatever is declared must hold.
    """
    rewrite = deloop.vectorize(loop, keep_small=False, **options)
    report = rewrite.explain(*arguments)
    if status is not None:
        assert report.status == status, [str(found.refusal) for found in report.loops]
    declared = declared_exactness(report)
    if exactness is not None:
        assert declared == exactness
    outcome = run_side_by_side(
        loop, rewrite, arguments, exactness=declared, second_gradients=second
    )
    assert outcome.agrees, f"{outcome}\n{report.source}"
    if report.status == "vectorized" and outcome.exception is None:
        rewritten = rewritten_function(report.source, loop)
        outcome = run_side_by_side(loop, rewritten, arguments, exactness=declared)
        assert outcome.agrees, f"{outcome}\n{report.source}"
    return report


def assert_vectorized(loop: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """As `assert_agrees`, and no loop is left."""
    return assert_agrees(loop, *arguments, status="vectorized", **options)


def assert_serves(loop: Callable[..., Any], *calls: tuple[Any, ...]) -> None:
    """One vectorized function, called with one argument tuple after the other, agrees each time."""
    rewrite = deloop.vectorize(loop, keep_small=False)
    for arguments in calls:
        declared = declared_exactness(rewrite.explain(*arguments))
        outcome = run_side_by_side(loop, rewrite, arguments, exactness=declared)
        assert outcome.agrees, str(outcome)


def rewritten_function(source: str, loop: Callable[..., Any]) -> Callable[..., Any]:
    """The report's source as a function that sees the names that the loop sees."""
    function = inspect.unwrap(loop)
    outer = inspect.getclosurevars(function).nonlocals
    namespace: dict[str, Any] = {**function.__globals__, "torch": torch, **outer}
    exec(compile(source, f"<rewritten {function.__qualname__}>", "exec"), namespace)
    made: Callable[..., Any] = namespace[function.__name__]
    return made


def values(*numbers: float, dtype: torch.dtype = torch.float32, grad: bool = False) -> torch.Tensor:
    """A vector of these numbers."""
    made = torch.tensor(numbers, dtype=dtype)
    return made.requires_grad_() if grad else made


def normal(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Normally distributed values, the same each time."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype)


def integers(*shape: int, seed: int = 0, dtype: torch.dtype = torch.int64) -> torch.Tensor:
    """Integers from -9 to 9 (0 to 9 for unsigned dtypes), the same each time."""
    low = 0 if dtype == torch.uint8 else -9
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(low, 10, shape, generator=generator).to(dtype)


NAN = float("nan")
INFINITY = float("inf")


def special(dtype: torch.dtype = torch.float32, grad: bool = False) -> torch.Tensor:
    """NaN, infinities, both zeros, ordinary, huge and denormal values."""
    return values(
        NAN, INFINITY, -INFINITY, 0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 3e38, -3e38, 1e-40,
        dtype=dtype, grad=grad,
    )


def assert_promotes(loop: Callable[..., Any], *arguments: torch.Tensor) -> Any:
    """As `assert_vectorized`, but of a half beside a wider integer, which a 0-d one is not rounded
    to and a larger one is, the loop may stay."""
    kinds = {a.dtype for a in arguments}
    halves = kinds & {torch.float16, torch.bfloat16}
    wide = kinds & {torch.int16, torch.int32, torch.int64}
    check = assert_agrees if halves and wide else assert_vectorized
    return check(loop, *arguments)
