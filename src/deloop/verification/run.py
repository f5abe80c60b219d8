"""A loop and its rewrite run side by side on copies of the same arguments, and compared.

Either is only a callable here: nothing is known of how the second was made from the first.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import random
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from deloop.diagnostic import Exactness
from deloop.verification.aliases import find_alias_differences
from deloop.verification.compare import (
    RELATIVE_TOLERANCE,
    Closeness,
    Difference,
    DifferenceKind,
    find_differences,
    name_dtype,
)
from deloop.verification.copies import CopiedArguments, copy_arguments
from deloop.verification.gradients import find_gradient_differences
from deloop.verification.parts import walk_parts

SEED = 1_234_567


@dataclass(frozen=True)
class Outcome:
    """What came of running a loop and its rewrite on one set of arguments.

    Parameters
    ----------
    differences:
        Every difference found, the most telling first; none where the two agree.
    exception, rewrite_exception:
        What the loop and the rewrite raised, or None.
    loop_seconds, rewrite_seconds:
        The time each call took, once, copies and comparison not counted.
    has_gradients, has_second_gradients:
        Whether gradients were there to compare.
    result, rewrite_result:
        What the two returned.
    """

    differences: tuple[Difference, ...]
    exception: Exception | None
    rewrite_exception: Exception | None
    loop_seconds: float
    rewrite_seconds: float
    has_gradients: bool = False
    result: object = None
    rewrite_result: object = None
    has_second_gradients: bool = False

    @property
    def agrees(self) -> bool:
        """Whether no difference was found."""
        return not self.differences

    def __str__(self) -> str:
        if self.agrees:
            raised = f" (both raise {type(self.exception).__name__})" if self.exception else ""
            return f"loop and rewrite agree{raised}"
        return "\n".join(str(difference) for difference in self.differences)


@dataclass(frozen=True)
class _Side:
    """One of the two calls, after it ended."""

    arguments: CopiedArguments
    result: object
    exception: Exception | None
    printed: str
    random_state: tuple[object, ...]
    seconds: float

    def everything(self) -> list[tuple[str, object]]:
        """Arguments, then the result, with paths; aliases are told by the first path of two."""
        return [*self.arguments.named(), ("result", self.result)]


def run_side_by_side(
    loop: Callable[..., Any],
    rewrite: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None = None,
    *,
    exactness: Exactness = Exactness.BITWISE,
    gradients: bool = True,
    second_gradients: bool = False,
    signed_zero: bool | None = None,
    rtol: Mapping[str, float] | None = None,
    atol: Mapping[str, float] | None = None,
    isolated: bool = True,
    names: Sequence[str] | None = None,
) -> Outcome:
    """Call `loop` and `rewrite` on copies of the same arguments and compare all that can be seen.

    ``run_side_by_side(slow, fast, (torch.ones(3),))`` → ``Outcome(differences=(), ...)``.

    Parameters
    ----------
    loop, rewrite:
        Two callables with the same parameters. Each gets its own copy of the arguments, with the
        same random state before it; `args` themselves are not changed.
    exactness, signed_zero, rtol, atol:
        How values are compared; see `deloop.verification.compare.Closeness`.
    gradients, second_gradients:
        Whether to compare them, where something requires grad after the call.
    isolated:
        Whether both calls see the same random state and what they print is held back. Both are the
        whole process's: where other threads run, and neither draws nor prints, say False.
    names:
        What to call the arguments; the parameters of `loop` where not given.

    Where the loop raises, only the type of the exception is compared: what it had done to its
    arguments until then is not part of what is promised.

    Raises
    ------
    UncopyableArgument
        Where an argument cannot be copied.
    """
    kwargs = dict(kwargs or {})
    names = names or name_arguments(loop, args, kwargs)
    copies = [copy_arguments(args, kwargs, names) for _ in range(2)]
    closeness = _closeness(copies[0], exactness, signed_zero, rtol, atol)
    kept = _preserved_random_state(_find_cuda_devices(copies[0]))
    with kept if isolated else contextlib.nullcontext():
        one, other = _call(loop, copies[0], isolated), _call(rewrite, copies[1], isolated)
    differences = list(_compare_exceptions(one.exception, other.exception))
    has_gradients = False
    if one.exception is None and other.exception is None:
        differences += _compare_sides(one, other, closeness)
        has_gradients = gradients and _has_gradients(one)
        if has_gradients:
            differences += find_gradient_differences(
                (one.everything(), one.arguments.leaves),
                (other.everything(), other.arguments.leaves),
                closeness=closeness,
                second_gradients=second_gradients,
            )
    return Outcome(
        tuple(differences), one.exception, other.exception, one.seconds, other.seconds,
        has_gradients, one.result, other.result, has_gradients and second_gradients,
    )  # fmt: skip


def name_arguments(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, ...]:
    """The parameter's name for each positional argument, then the keywords."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = [p.name for p in parameters if p.kind in kinds]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    names = positional[: len(args)]
    for index in range(len(names), len(args)):
        names.append(str(index) if rest is None else f"{rest}[{index - len(positional)}]")
    return (*names, *kwargs)


_EXACT_INT = 2.0**53


def _closeness(
    arguments: CopiedArguments,
    exactness: Exactness,
    signed_zero: bool | None,
    rtol: Mapping[str, float] | None,
    atol: Mapping[str, float] | None,
) -> Closeness:
    """Tolerances that know the largest magnitude and the least precise dtype that went in."""
    magnitude, precision = 0.0, "float64"
    for path, value in arguments.named():
        for _, part in walk_parts(value, path):
            if not isinstance(part, torch.Tensor) or part.is_meta or part.is_quantized:
                continue
            dtype = name_dtype(part.dtype)
            if part.layout is not torch.strided:
                continue
            if dtype == "int64" and part.numel():
                # As a float such a number is rounded, and so is what it is added to.
                largest = float(part.detach().double().abs().max())
                magnitude = max(magnitude, largest if largest > _EXACT_INT else 0.0)
            if dtype not in RELATIVE_TOLERANCE:
                continue
            if RELATIVE_TOLERANCE[dtype] > RELATIVE_TOLERANCE[precision]:
                precision = dtype
            finite = part.detach().abs()
            finite = finite[finite.isfinite()]
            if finite.numel():
                magnitude = max(magnitude, float(finite.max()))
    return Closeness(exactness, signed_zero, rtol or {}, atol or {}, magnitude, precision)


def _call(function: Callable[..., Any], arguments: CopiedArguments, isolated: bool) -> _Side:
    printed = io.StringIO()
    result, exception = None, None
    devices = _find_cuda_devices(arguments)
    if isolated:
        _seed_everything()
    for device in devices:
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    with contextlib.redirect_stdout(printed) if isolated else contextlib.nullcontext():
        try:
            result = function(*arguments.args, **arguments.kwargs)
            if isinstance(result, types.GeneratorType):
                result = list(result)
        except Exception as error:
            exception = error
    for device in devices:
        torch.cuda.synchronize(device)
    seconds = time.perf_counter() - start
    state = _random_state(devices) if isolated else ((), (), ())
    return _Side(arguments, result, exception, printed.getvalue(), state, seconds)


def _find_cuda_devices(arguments: CopiedArguments) -> list[int]:
    """The CUDA devices that the arguments lie on; asking no more keeps CUDA asleep elsewhere."""
    devices = {
        part.device.index
        for path, value in arguments.named()
        for _, part in walk_parts(value, path)
        if isinstance(part, torch.Tensor) and part.is_cuda
    }
    return sorted(devices)


def _numpy_random() -> Any:
    """NumPy's global generator, where NumPy is in use at all."""
    return getattr(sys.modules.get("numpy"), "random", None)


def _seed_everything() -> None:
    torch.manual_seed(SEED)
    random.seed(SEED)
    numpy_random = _numpy_random()
    if numpy_random is not None:
        numpy_random.seed(SEED)


def _random_state(devices: Sequence[int]) -> tuple[object, ...]:
    numpy_random, numpy_state = _numpy_random(), None
    if numpy_random is not None:
        _, keys, *rest = numpy_random.get_state()
        numpy_state = (keys.tobytes(), rest)
    states = [torch.get_rng_state(), *map(torch.cuda.get_rng_state, devices)]
    return [bytes(state.tolist()) for state in states], random.getstate(), numpy_state


@contextlib.contextmanager
def _preserved_random_state(devices: Sequence[int]) -> Iterator[None]:
    """The caller's random draws afterwards are those it would have had without us."""
    state, numpy_random = random.getstate(), _numpy_random()
    numpy_state = None if numpy_random is None else numpy_random.get_state()
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            random.setstate(state)
            if numpy_random is not None:
                numpy_random.set_state(numpy_state)


def _compare_exceptions(
    expected: Exception | None, actual: Exception | None
) -> tuple[Difference, ...]:
    if type(expected) is type(actual):
        return ()
    sentence = f"the loop {_say_raised(expected)}, the rewrite {_say_raised(actual)}"
    return (Difference("call", DifferenceKind.EXCEPTION, sentence),)


def _say_raised(exception: Exception | None) -> str:
    if exception is None:
        return "returns"
    message = str(exception).splitlines()[0] if str(exception) else ""
    return f"raises {type(exception).__name__}" + (f" ({message})" if message else "")


def _compare_sides(one: _Side, other: _Side, closeness: Closeness) -> list[Difference]:
    found: list[Difference] = []
    pairs = zip(reversed(one.everything()), reversed(other.everything()), strict=True)
    for (path, expected), (_, actual) in pairs:
        found += find_differences(expected, actual, path=path, closeness=closeness)
    found += find_alias_differences(one.everything(), other.everything())
    if one.printed != other.printed:
        sentence = f"{one.printed[:80]!r} in the loop, {other.printed[:80]!r} in the rewrite"
        found.append(Difference("standard output", DifferenceKind.OUTPUT, sentence))
    for source, first, second in zip(
        ("torch", "random", "numpy"), one.random_state, other.random_state, strict=True
    ):
        if first != second:
            sentence = f"{source} has drawn other random numbers in the rewrite than in the loop"
            found.append(Difference("random state", DifferenceKind.RANDOM_STATE, sentence))
    return found


def _has_gradients(side: _Side) -> bool:
    return bool(side.arguments.leaves) and any(
        isinstance(part, torch.Tensor) and part.requires_grad
        for path, value in side.everything()
        for _, part in walk_parts(value, path)
    )
