"""The article's second loop as it stands there: it cannot run."""

from __future__ import annotations

import torch

from .dependence import matrix
from .program import Programs

PROGRAMS = Programs()


def twice(x):
    return x * 2


def slow_function_application(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unflatten(torch.tensor(i), 0, tensor.shape)  # refusal: raises
        result[idx] = func(tensor[idx])
    return result


PROGRAMS.add(
    slow_function_application, lambda: (matrix(), twice), "torch.unflatten", "torch.unravel_index"
)
