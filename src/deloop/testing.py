"""For tests of your own: that a function and its rewrite are the same, or the test fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from deloop.decorator.verify import verify
from deloop.errors import DeloopError, DifferenceError
from deloop.report import Verification
from deloop.verification.inputs import CHOICES, Variation, make_arguments


def assert_same(
    fn: Callable[..., Any],
    *args: Any,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    rewrite: Callable[..., Any] | None = None,
    must_rewrite: bool = False,
    count: int = 50,
    seed: int = 0,
    seconds: float = 60.0,
) -> Verification:
    """Fail where `fn` and what deloop makes of it differ on any input.

    ``assert_same(slow_add, inputs=[(x, y), (y, x)])`` → the `Verification`, or `DifferenceError`,
    an AssertionError with the smallest input found and what differs.

    Parameters
    ----------
    fn, args, inputs, kwargs, rewrite, count, seed, seconds:
        As `deloop.verify` takes them.
    must_rewrite:
        Also fail where no rewrite ran, with the reason that the loop was kept.
    """
    __tracebackhide__ = True
    found = verify(
        fn, *args, inputs=inputs, kwargs=kwargs, rewrite=rewrite, count=count, seed=seed,
        seconds=seconds,
    )  # fmt: skip
    found.raise_for_difference()
    if must_rewrite and not found.rewritten:
        raise DifferenceError(str(found))
    return found


def arguments_like(*args: Any, **kwargs: Any) -> Any:
    """A hypothesis strategy of argument tuples like these: for property tests of your own.

    ``@given(arguments_like(torch.ones(3, 4), 0.5))`` → tuples of a tensor and a number, of every
    size, dtype, value and layout that `deloop.verify` tries. `kwargs` only say what goes with them.

    Raises
    ------
    DeloopError
        Where hypothesis is not installed.
    """
    try:
        from hypothesis import strategies
    except ImportError as error:
        raise DeloopError(
            "arguments_like needs hypothesis, which is not installed: pip install"
            " 'deloop[testing]'"
        ) from error
    words = {aspect: strategies.sampled_from(list(words)) for aspect, words in CHOICES.items()}

    def make(variation: Variation, seed: int) -> tuple[Any, ...]:
        return make_arguments(args, kwargs, variation, seed=seed, vary_numbers=seed % 2 == 1)[0]

    seeds = strategies.integers(min_value=0, max_value=2**31)
    return strategies.builds(make, strategies.builds(Variation, **words), seeds)
