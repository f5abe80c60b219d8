"""One program run decorated and plain on all its argument sets, and what came of it."""

from __future__ import annotations

import inspect
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import torch

from deloop.decorator import vectorize
from deloop.diagnostic import Exactness
from deloop.verification.run import run_side_by_side

from .generator import Program
from .rounding import is_rounding


@dataclass
class Verdict:
    """What happened to one program."""

    seed: int
    status: str = "kept"
    refusals: list[tuple[str, str]] = field(default_factory=list)
    differences: list[tuple[int, str, str]] = field(default_factory=list)
    failure: str = ""
    raised: int = 0
    ran: int = 0
    rewritten: int = 0
    parallel: bool = False
    carried: tuple[str, ...] = ()
    hard: tuple[str, ...] = ()
    seconds: float = 0.0
    family: str = "parallel"
    constructs: tuple[str, ...] = ()


def check_program(
    program: Program, *, second_gradients: bool = False, backend: str = "eager"
) -> Verdict:
    """Run `program` and its vectorized form on every argument set, one dispatcher for all."""
    start = time.perf_counter()
    verdict = Verdict(
        program.seed, parallel=program.parallel, carried=program.carried, hard=program.hard,
        constructs=tuple(program.description),
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        function = program.load()
        vectorized = vectorize(function, keep_small=False, backend=backend)
        # Tensors are small here: asked is whether there are tensor operations, not what they cost.
        vectorized._options = replace(vectorized._options, wants_small=True)
        exactness = Exactness.BITWISE
        for index in range(len(program.arguments)):
            exactness = _check_one(
                verdict,
                program,
                vectorized,
                index,
                exactness,
                second_gradients,
            )
    for warning in said:
        if warning.category.__name__ == "DeloopWarning":
            verdict.failure = verdict.failure or f"call: {_last_line(str(warning.message))}"
    verdict.seconds = time.perf_counter() - start
    return verdict


def _check_one(
    verdict: Verdict,
    program: Program,
    vectorized: Any,
    index: int,
    exactness: Exactness,
    second_gradients: bool,
) -> Exactness:
    """One argument set; returns the exactness that holds from here on."""
    function, args = program.load(), program.make_arguments(index)
    try:
        report = vectorized.explain(*args)
    except Exception as error:
        verdict.failure = verdict.failure or f"explain: {type(error).__name__}: {error}"
        report = None
    if report is not None:
        _judge(verdict, report, index)
        for loop in report.loops:
            if loop.refusal is not None and loop.refusal.code == "VEC909":
                verdict.failure = verdict.failure or f"explain: {loop.refusal.sentence}"
            exactness = exactness & loop.exactness
    outcome = run_side_by_side(
        function, vectorized, args, exactness=exactness, second_gradients=second_gradients
    )
    if outcome.differences and _passes_through_half(function):
        # A gradient that is added up in half precision is rounded there, whatever its own dtype.
        loose = {"float32": 4e-3, "float64": 4e-3, "float16": 2e-2, "bfloat16": 5e-2}
        relaxed = run_side_by_side(
            function, vectorized, args, exactness=exactness, second_gradients=second_gradients,
            rtol=loose, atol=loose,
        )  # fmt: skip
        if all(d.kind.value == "gradient" or "gradient" in str(d) for d in outcome.differences):
            outcome = relaxed
    if outcome.differences and _passes_through_single(function):
        # What a float32 tensor of the program's own has rounded shows in wider results.
        single = {"float64": 2e-5}
        relaxed = run_side_by_side(
            function, vectorized, args, exactness=exactness, second_gradients=second_gradients,
            rtol=single, atol=single,
        )  # fmt: skip
        if all(d.kind.value in ("value", "gradient") for d in outcome.differences):
            outcome = relaxed
    if outcome.differences and is_rounding(
        function, partial(program.make_arguments, index), outcome, exactness
    ):
        outcome = replace(outcome, differences=())
    verdict.ran += 1
    verdict.rewritten += _is_rewritten(vectorized, args)
    verdict.raised += outcome.exception is not None
    if index == 0 and outcome.exception is not None:
        verdict.parallel = False
    if index == 0 and verdict.parallel and verdict.status != "vectorized":
        verdict.parallel = not _loses_its_gradient(function, program.make_arguments(index))
    verdict.differences += [
        (index, difference.kind.value, str(difference)) for difference in outcome.differences
    ]
    return exactness


_EMPTY = re.compile("VEC944|whether an iteration runs|whether there is a value to take the extreme")
"""The refusals for sizes at which a loop runs no iterations."""


def _judge(verdict: Verdict, report: Any, index: int) -> None:
    """Note what became of the program: for the first arguments for which its loops run at all.

    A loop that runs no iterations is left alone, whatever is in it; other sizes are compiled anew.
    Where it is left alone for all arguments, the first ones count.
    """
    refusals = [(x.refusal.code, x.refusal.sentence) for x in report.loops if x.refusal]
    was_empty = any(_EMPTY.search(f"{code} {text}") for code, text in verdict.refusals)
    is_empty = any(_EMPTY.search(f"{code} {text}") for code, text in refusals)
    if index == 0 or (was_empty and not is_empty):
        verdict.status, verdict.refusals = report.status, refusals


def _loses_its_gradient(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether the loop's own backward pass raises, so that no tensor form does what it does.

    ``out[0] *= 1 + x[i]`` changes in place what the derivative of the product needs.
    """
    outputs: list[torch.Tensor] = []
    queue: list[Any] = [function(*args), *args]
    while queue:
        match queue.pop():
            case torch.Tensor() as tensor if tensor.requires_grad and tensor.grad_fn is not None:
                outputs.append(tensor)
            case list() | tuple() as parts:
                queue.extend(parts)
    try:
        for tensor in outputs:
            torch.autograd.backward(tensor, torch.ones_like(tensor), retain_graph=True)
    except RuntimeError as error:
        return "modified by an inplace operation" in str(error)
    return False


def _passes_through_half(function: Callable[..., Any]) -> bool:
    source = inspect.getsource(function)
    return any(word in source for word in ("half", "float16", "bfloat16"))


def _passes_through_single(function: Callable[..., Any]) -> bool:
    """Whether the program makes tensors of the default dtype."""
    lines = inspect.getsource(function).splitlines()
    made = ("torch.zeros(", "torch.ones(", "torch.full(", "torch.tensor(")
    return any(word in line and "dtype" not in line for line in lines for word in made)


def _is_rewritten(vectorized: Any, args: tuple[Any, ...]) -> bool:
    """Whether these arguments are dispatched to a rewrite: its guards hold, not only its status."""
    chosen = vectorized._select(*args)
    return chosen is not None and chosen is not vectorized.__wrapped__


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1]


def settle_torch() -> None:
    """One thread, so that workers beside each other do not wait for each other."""
    torch.set_num_threads(1)
