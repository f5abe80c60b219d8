"""The three loops that everybody writes first, and what deloop makes of them.

    python examples/three_loops.py
"""

from __future__ import annotations

import time

import torch

import deloop


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


def double_and_add_one(x):
    return x * 2.0 + 1.0


def show(loop, *arguments):
    """Run the loop and its rewrite once each, and print what came of it."""
    fast = deloop.vectorize(loop)
    report = fast.explain(*arguments)
    fast(*arguments)  # the first call compiles; later ones dispatch
    start = time.perf_counter()
    expected = loop(*arguments)
    middle = time.perf_counter()
    actual = fast(*arguments)
    end = time.perf_counter()
    print(report.source)
    print(f"# {middle - start:.3f} s as a loop, {end - middle:.6f} s now,", end=" ")
    print("equal\n" if torch.equal(actual, expected) else "DIFFERENT\n")


if __name__ == "__main__":
    torch.manual_seed(0)
    show(slow_addition, torch.randn(100, 100), torch.randn(100, 100))
    show(slow_function_application, torch.randn(20, 20, 5), double_and_add_one)
    show(slow_conditional, torch.randn(100, 100), 0.5)
