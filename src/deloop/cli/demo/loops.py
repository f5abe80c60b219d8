# mypy: allow-untyped-defs, allow-untyped-calls
"""The three loops, as people write them, and the arguments that they are shown with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deloop.decorator.pytorch import torch


def slow_addition(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def slow_function_application(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = func(tensor[idx])
    return result


def slow_conditional(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


def twice_plus_one(x):
    return x * 2.0 + 1.0


Shape = tuple[int, ...]


@dataclass(frozen=True)
class Example:
    """A loop with its sizes; `arguments` makes float32 arguments of a given shape on a device."""

    title: str
    loop: Callable[..., Any]
    full: Shape
    quick: Shape
    small: Shape
    arguments: Callable[[Shape, str], tuple[Any, ...]]


def _draw(shape: Shape, device: str) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(shape, generator=generator).to(device)


EXAMPLES = (
    Example(
        "addition",
        slow_addition,
        (1000, 1000),
        (100, 100),
        (7, 5),
        lambda shape, device: (
            _draw(shape, device),
            _draw((*shape, 2), device)[..., 1].contiguous(),
        ),
    ),
    Example(
        "function application",
        slow_function_application,
        (100, 100, 10),
        (20, 20, 10),
        (3, 4, 5),
        lambda shape, device: (_draw(shape, device), twice_plus_one),
    ),
    Example(
        "conditional",
        slow_conditional,
        (1000, 1000),
        (100, 100),
        (7, 5),
        lambda shape, device: (_draw(shape, device), 0.25),
    ),
)
