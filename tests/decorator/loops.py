"""Loops that the tests of this folder decorate."""

from __future__ import annotations

from typing import Any

import torch


def slow_addition(tensor1: Any, tensor2: Any) -> Any:
    """Adds two matrices."""
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def slow_doubling(x: Any) -> Any:
    result = torch.zeros_like(x)
    for i in range(x.shape[0]):
        result[i] = x[i] * 2
    return result


def running_sum(x: Any) -> Any:
    for i in range(1, x.shape[0]):
        x[i] = x[i] * x[i - 1] + x[i] / (1 + x[i - 1])
    return x
