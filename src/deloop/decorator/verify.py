"""``deloop.verify``: a function's loops against what they become, on given and generated inputs."""

from __future__ import annotations

import itertools
import sys
import time
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from deloop.decorator.environment import find_hindrance
from deloop.decorator.examples import guess_example
from deloop.decorator.vectorized import BoundVectorized, Vectorized
from deloop.diagnostic import Exactness
from deloop.pipeline import Options
from deloop.report import Attempt, Counterexample, Report, Verification
from deloop.verification.inputs import Variation, generate_arguments, list_single_variations
from deloop.verification.run import Outcome, name_arguments, run_side_by_side
from deloop.verification.shrink import shrink_arguments
from deloop.verification.spell import spell_call, spell_import

SHRINK_SECONDS = 5.0


@dataclass(frozen=True)
class _Input:
    label: str
    aspect: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


def verify(
    fn: Callable[..., Any],
    *args: Any,
    inputs: Any = None,
    kwargs: Mapping[str, Any] | None = None,
    rewrite: Callable[..., Any] | None = None,
    exactness: Exactness | str | None = None,
    count: int = 100,
    seed: int = 0,
    seconds: float = 60.0,
) -> Verification:
    """Run a function as it is written and as deloop rewrites it, and compare all that can be seen.

    ``deloop.verify(slow_add, x, y)`` → a `Verification`, which prints as a table. Each input is
    given to the loop and to the rewrite as a copy; `fn` may still print, draw and log as often as
    it is run.

    Parameters
    ----------
    fn:
        A function, a method, or what `deloop.vectorize` made of one.
    args, kwargs:
        One input, tried as it is. Others are generated like it: sizes 0, 1, 2, odd and unequal
        ones, other dtypes, NaN, infinities, -0.0, denormals, extreme integers, views of every kind,
        arguments that share memory, tensors that require grad.
    inputs:
        More inputs, each a tuple of arguments, a dict of keyword arguments, or the one argument: an
        iterable, a function that makes one, or a hypothesis strategy. With neither `args` nor
        `inputs`, small tensors and numbers that `fn` accepts are looked for.
    rewrite:
        What to compare `fn` with in place of deloop's own rewrite: the source that you pasted.
    exactness:
        ``"bitwise"`` or ``"rounding"``; what the rewrite declares where not given, and rounding for
        a `rewrite` of yours.
    count, seed:
        How many inputs are generated, and which; 0 tries the given ones alone.
    seconds:
        No further input is tried after so long.

    Raises
    ------
    UncopyableArgument
        Where a given argument cannot be copied (a generator, an open file).
    """
    start = time.perf_counter()
    function, own, options = _unwrap(fn)
    given = list(_read_inputs(args, kwargs, inputs, own, count))
    if not given:
        given = [_Input("guessed", "guessed", *guess_example(function, own))]
    sides = _Sides(function, options, rewrite, None if exactness is None else Exactness(exactness))
    attempts: list[Attempt] = []
    failed: _Input | None = None
    for one in itertools.chain(given, _generate(given, count, seed)):
        if attempts and time.perf_counter() - start > seconds:
            break
        attempts.append(sides.attempt(one))
        if attempts[-1].differences and failed is None:
            failed = one
    return Verification(
        getattr(function, "__qualname__", repr(function)),
        sides.explain(given[0]),
        sides.exactness,
        tuple(attempts),
        None if failed is None else sides.shrink(failed),
        time.perf_counter() - start,
    )


def _unwrap(fn: Callable[..., Any]) -> tuple[Callable[..., Any], tuple[Any, ...], Options]:
    """The plain function, the object that a method is bound to, and what the decorator was told."""
    own: tuple[Any, ...] = ()
    function: Any = fn
    if isinstance(function, BoundVectorized | types.MethodType):
        own, function = (function.__self__,), function.__func__
    if isinstance(function, Vectorized):
        return function.__wrapped__, own, function.options
    if not callable(function):
        raise TypeError(f"deloop.verify takes a function, not {type(fn).__name__}")
    return function, own, Options()


def _read_inputs(
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any] | None,
    inputs: Any,
    own: tuple[Any, ...],
    count: int,
) -> Iterator[_Input]:
    if args or kwargs:
        yield _Input("given", "given", (*own, *args), kwargs or {})
    if inputs is None:
        return
    if _is_strategy(inputs):
        inputs = _draw(inputs, max(count, 1))
    for number, one in enumerate(inputs() if callable(inputs) else inputs):
        label = f"given #{number}"
        if isinstance(one, Mapping):
            yield _Input(label, "given", own, one)
        else:
            yield _Input(label, "given", (*own, *(one if isinstance(one, tuple) else (one,))), {})


def _is_strategy(value: object) -> bool:
    """Whether a value is a hypothesis strategy; hypothesis is then imported already."""
    return "hypothesis" in sys.modules and type(value).__module__.startswith("hypothesis.")


def _draw(strategy: Any, count: int) -> list[Any]:
    """`count` values of a hypothesis strategy, the same ones each time."""
    hypothesis: Any = sys.modules["hypothesis"]
    drawn: list[Any] = []

    def note(value: Any) -> None:
        drawn.append(value)

    settings = hypothesis.settings(
        max_examples=count, derandomize=True, database=None, deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    settings(hypothesis.given(strategy)(note))()
    return drawn


def _generate(given: list[_Input], count: int, seed: int) -> Iterator[_Input]:
    """Inputs like the given ones, in turn; numbers vary once every word was tried alone."""
    singles = len(list_single_variations())
    streams: list[Iterable[_Input]] = []
    shares = [count // len(given) + (k < count % len(given)) for k in range(len(given))]
    for number, (example, share) in enumerate(zip(given, shares, strict=True)):
        streams.append(
            _Input(made.label, _name_aspect(made.variation), made.args, made.kwargs)
            for vary in (False, True)
            for made in itertools.islice(
                generate_arguments(
                    example.args, seed + number, share, kwargs=example.kwargs, vary_numbers=vary
                ),
                singles if vary else 0,
                None if vary else singles,
            )
        )
    for row in itertools.zip_longest(*streams):
        yield from (one for one in row if one is not None)


def _name_aspect(variation: Variation) -> str:
    """Which aspect of an input is out of the ordinary, if it is one."""
    default = Variation()
    changed = [f.name for f in fields(Variation) if _differs(variation, default, f.name)]
    if not changed:
        return "like the example"
    return changed[0] if len(changed) == 1 else "combinations"


def _differs(one: Variation, other: Variation, name: str) -> bool:
    return bool(getattr(one, name) != getattr(other, name))


class _Sides:
    """The loop, and what it is compared with."""

    def __init__(
        self,
        loop: Callable[..., Any],
        options: Options,
        rewrite: Callable[..., Any] | None,
        exactness: Exactness | None,
    ) -> None:
        self.loop = loop
        self.options = options
        self.rewrite = rewrite
        self.declared = exactness
        self.exactness = exactness or Exactness.BITWISE
        if rewrite is not None:
            self.exactness = exactness or Exactness.ROUNDING
        self.vectorized = Vectorized(loop, inline=options.inline, keep_small=False)

    def explain(self, one: _Input) -> Report:
        try:
            return self.vectorized.explain(*one.args, **one.kwargs)
        except TypeError:  # the arguments do not fit
            return Report("kept", "", ())

    def attempt(self, one: _Input) -> Attempt:
        """Run both on one input."""
        outcome, rewritten = self._run(one.args, one.kwargs)
        return Attempt(
            one.label,
            one.aspect,
            rewritten,
            type(outcome.exception).__name__ if outcome.exception and outcome.agrees else "",
            outcome.has_gradients,
            outcome.has_second_gradients,
            tuple(map(str, outcome.differences)),
        )

    def _run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Outcome, bool]:
        """The outcome for these arguments, and whether a rewrite ran."""
        if self.rewrite is not None:
            outcome = run_side_by_side(
                self.loop, self.rewrite, args, kwargs, exactness=self.exactness,
                second_gradients=True,
            )  # fmt: skip
            return outcome, True
        if self.vectorized.is_full:
            # A dispatcher with no room left would only run the loop.
            self.vectorized = Vectorized(self.loop, inline=self.options.inline, keep_small=False)
        special = self.vectorized.find_specialisation(args, kwargs)
        rewritten = special is not None and not special.kept and find_hindrance() is None
        # Each rewrite by what it declares itself; the weakest is what is reported.
        exactness = self.declared or Exactness.BITWISE
        if rewritten and special is not None:
            exactness = self.declared or special.exactness
            self.exactness = self.declared or self.exactness & special.exactness
        outcome = run_side_by_side(
            self.loop, self.vectorized, args, kwargs, exactness=exactness, second_gradients=True
        )
        return outcome, rewritten

    def shrink(self, one: _Input) -> Counterexample:
        """The smallest input found that differs in a like way, with what it takes to see it."""
        first = self._run(one.args, one.kwargs)[0].differences[:1]
        kinds = {difference.kind for difference in first}
        alone = _Sides(self.loop, self.options, self.rewrite, self.declared or self.exactness)

        def differs(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[str, ...]:
            alone.vectorized = Vectorized(self.loop, inline=self.options.inline, keep_small=False)
            found = alone._run(args, kwargs)[0].differences
            return tuple(map(str, found)) if kinds & {d.kind for d in found} else ()

        args, kwargs = shrink_arguments(
            one.args, one.kwargs, lambda a, k: bool(differs(a, k)), seconds=SHRINK_SECONDS
        )
        sentences = differs(args, kwargs)
        text = self._reproduce(args, kwargs)
        if not sentences:  # it takes the calls before this one
            again = self._run(one.args, one.kwargs)[0].differences
            sentences = tuple(map(str, again)) or ("it differs after other calls only",)
            text = f"# after other calls only: verify again with the same seed\n{text}"
        return Counterexample(one.label, args, kwargs, sentences, text)

    def _reproduce(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
        """A program that shows the difference: the arguments, and a call of `verify` with them."""
        call = spell_call(self.loop, args, kwargs, name_arguments(self.loop, args, kwargs))
        passed = [getattr(self.loop, "__qualname__", "function"), *call.args]
        if kwargs:
            inside = ", ".join(f"{name!r}: {text}" for name, text in call.kwargs.items())
            passed.append(f"kwargs={{{inside}}}")
        lines = ["import deloop", *call.lines]
        if self.rewrite is not None:
            passed.append(f"rewrite={getattr(self.rewrite, '__qualname__', 'rewrite')}")
            lines.insert(len(lines) - len(call.lines), spell_import(self.rewrite))
        if self.declared is not None:
            passed.append(f"exactness={self.declared.value!r}")
        return "\n".join([*lines, f"print(deloop.verify({', '.join(passed)}, count=0))"])
