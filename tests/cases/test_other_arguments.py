"""Each case's loop with arguments that it was not written for: the decorated function agrees.

Other dtypes, ranks, sizes that do not fit each other, views, the same tensor twice, leaves. What
the loop raises for them, the decorated function raises.
"""

from __future__ import annotations

import inspect
import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

from deloop.verification.run import run_side_by_side

from .case import Case
from .test_cases import CASES, exactness_of, vectorized

Arguments = tuple[Any, ...]
TRIES = 5


def each_tensor(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[Arguments], Arguments]:
    """The same change to every tensor among the arguments."""

    def changed(arguments: Arguments) -> Arguments:
        return tuple(
            change(value.detach()) if isinstance(value, torch.Tensor) else value
            for value in arguments
        )

    return changed


def same_tensor_everywhere(arguments: Arguments) -> Arguments:
    tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
    return tuple(
        tensors[0] if isinstance(value, torch.Tensor) and value.dim() == tensors[0].dim() else value
        for value in arguments
    )


def overlapping(arguments: Arguments) -> Arguments:
    tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
    if len(tensors) < 2 or len({tensor.shape for tensor in tensors}) > 1 or not tensors[0].dim():
        return arguments
    n, *rest = tensors[0].shape
    generator = torch.Generator().manual_seed(n)
    base = torch.randn(n + len(tensors), *rest, generator=generator)
    parts = iter(range(len(tensors)))
    return tuple(
        base[(k := next(parts)) : n + k] if isinstance(value, torch.Tensor) else value
        for value in arguments
    )


def first_in_double(arguments: Arguments) -> Arguments:
    return each_tensor(lambda t: t.double())(arguments[:1]) + arguments[1:]


def with_gradient(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.clone().requires_grad_() if tensor.is_floating_point() else tensor


CHANGES: dict[str, Callable[[Arguments], Arguments]] = {
    "double": each_tensor(lambda t: t.double() if t.is_floating_point() else t),
    "half": each_tensor(lambda t: t.half()),
    "integer": each_tensor(lambda t: (t * 3).long()),
    "bytes": each_tensor(lambda t: (t * 9).long().abs().to(torch.uint8)),
    "bool": each_tensor(lambda t: (t.real if t.is_complex() else t) > 0),
    "complex": each_tensor(
        lambda t: t if t.is_complex() else torch.complex(t.float(), t.float())
    ),
    "first_in_double": first_in_double,
    "one_dimension_more": each_tensor(lambda t: t[None]),
    "one_dimension_less": each_tensor(lambda t: t[0] if t.dim() and len(t) else t),
    "not_contiguous": each_tensor(lambda t: torch.stack([t, t], -1)[..., 0]),
    "expanded": each_tensor(lambda t: t[:1].expand(t.shape) if t.dim() and len(t) else t),
    "same_twice": same_tensor_everywhere,
    "overlapping": overlapping,
    "leaf": each_tensor(with_gradient),
    "inner": each_tensor(lambda t: with_gradient(t) * 1 if t.is_floating_point() else t),
}


ROUNDING_ALONE = {"control_flow.standardised_columns": "expanded"}
"""Arguments of which the loop gives nothing but its rounding: equal rows less their mean."""


def other_arguments(case: Case) -> list[tuple[str, Arguments]]:
    """A few changed argument tuples, the same in each run; some of unequal sizes."""
    chance = random.Random(case.name)
    cancelled = ROUNDING_ALONE.get(case.name)
    inputs = case.inputs()
    made: list[tuple[str, Arguments]] = []
    for name in chance.sample(sorted(CHANGES), TRIES):
        number = chance.randrange(len(inputs))
        arguments = CHANGES[name](inputs[number])
        if chance.random() < 0.3:
            arguments = (*arguments[:1], *inputs[(number + 1) % len(inputs)][1:])
        if name != cancelled:
            made.append((f"{name} of input {number}", arguments))
    return made


def leaves_memory_unwritten(case: Case) -> bool:
    """Whether the loop may return what `torch.empty` happened to find."""
    return "empty" in inspect.getsource(case.before)


COMPARABLE = [case for case in CASES if not leaves_memory_unwritten(case)]


def test_most_cases_are_comparable() -> None:
    assert len(COMPARABLE) >= 150


@pytest.mark.parametrize("case", COMPARABLE, ids=lambda case: case.name)
def test_arguments_of_another_kind_do_what_the_loop_does(case: Case) -> None:
    shared = vectorized(case)
    for name, arguments in other_arguments(case):
        for rewrite in (vectorized(case), shared):
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message=".*deloop failed.*")
                exactness = exactness_of(rewrite.explain(*arguments))
                outcome = run_side_by_side(case.before, rewrite, arguments, exactness=exactness)
            assert outcome.agrees, f"{name}: {outcome}"
