"""Mistakes are found where they are certain, and nowhere else."""

from __future__ import annotations

import ast

import pytest
import torch

from deloop.lint.bugs import Bug
from deloop.lint.scan import scan_module

WRONG = {
    "VEC401 in one statement": """
def f(a: torch.Tensor, i: int, j: int):
    a[i], a[j] = a[j], a[i]
""",
    "VEC401 by a third name": """
def f(a: torch.Tensor):
    for i in range(0, a.shape[0] - 1, 2):
        t = a[i]
        a[i] = a[i + 1]
        a[i + 1] = t
""",
    "VEC401 of columns": """
def f(a: torch.Tensor):
    a[:, 0], a[:, 1] = a[:, 1], a[:, 0]
""",
    "VEC402 of argmax": """
def f(x: torch.Tensor):
    return x.argmax().unflatten(0, x.shape)
""",
    "VEC402 as a function": """
def f(x):
    i = torch.argmax(x)
    return torch.unflatten(i, 0, (2, 3))
""",
    "VEC403 by division": """
def f(n):
    out = torch.zeros(3, dtype=torch.long)
    out[0] = 1 / n
""",
    "VEC403 in place": """
def f(n):
    out = torch.zeros(3, dtype=torch.int64)
    out[0] += 0.5
""",
    "VEC404 of a list": """
def f(x: torch.Tensor):
    out = []
    for i in range(x.shape[0]):
        out.append(x[i].sum())
    return torch.tensor(out)
""",
    "VEC405 by augmented assignment": """
def f(x: torch.Tensor):
    acc = torch.zeros(3)
    out = []
    for i in range(x.shape[0]):
        acc += x[i]
        out.append(acc)
""",
    "VEC405 by a method": """
def f(x: torch.Tensor):
    acc = torch.zeros(3)
    out = []
    for i in range(x.shape[0]):
        acc.mul_(0.9)
        out.append(acc)
""",
    "VEC302 over a loader": """
def f(loader):
    out = torch.empty(0)
    for x in loader:
        out = torch.cat([out, x])
    return out
""",
}  # fmt: skip

RIGHT = {
    "a swap of copies": """
def f(a: torch.Tensor, i: int, j: int):
    a[i], a[j] = a[j].clone(), a[i].clone()
""",
    "a swap in a list": """
def f(a: list, i: int, j: int):
    a[i], a[j] = a[j], a[i]
""",
    "a swap by index tensors": """
def f(a: torch.Tensor):
    i, j = torch.arange(3), torch.arange(3, 6)
    a[i], a[j] = a[j], a[i]
""",
    "unflatten of rows": """
def f(x: torch.Tensor):
    return x.argmax(dim=1).unflatten(0, (2, 3))
""",
    "whole numbers": """
def f(n: int):
    out = torch.zeros(3, dtype=torch.long)
    out[0] = 1.0
    out[1] = n // 2
""",
    "a list of numbers": """
def f(x: torch.Tensor):
    out = []
    for i in range(x.shape[0]):
        out.append(x[i].sum().item())
    return torch.tensor(out)
""",
    "an accumulator that is bound anew": """
def f(x: torch.Tensor):
    acc = torch.zeros(3)
    out = []
    for i in range(x.shape[0]):
        acc = acc + x[i]
        out.append(acc)
""",
    "an accumulator that starts again": """
def f(x: torch.Tensor):
    out = []
    for i in range(x.shape[0]):
        acc = torch.zeros(3)
        acc += x[i]
        out.append(acc)
""",
    "growth that each step reads": """
def f(model, ids: torch.Tensor, n):
    for _ in range(n):
        ids = torch.cat([ids, model(ids)])
    return ids
""",
}  # fmt: skip


def find(source: str) -> set[str]:
    bugs: list[Bug] = []
    tree = ast.parse(f"import torch\n{source}")
    list(scan_module(tree, lambda node: True, lambda node: True, bugs))
    return {bug.code for bug in bugs}


@pytest.mark.parametrize("name", WRONG)
def test_mistake_is_found(name: str) -> None:
    assert find(WRONG[name]) == {name.partition(" ")[0]}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_left_alone(name: str) -> None:
    assert find(RIGHT[name]) == set()


def test_swap_through_views_makes_both_the_same() -> None:
    a = torch.tensor([1.0, 2.0])
    a[0], a[1] = a[1], a[0]
    assert a.tolist() == [2.0, 2.0]


def test_appended_accumulator_is_one_tensor() -> None:
    acc, rows = torch.zeros(1), []
    for step in range(3):
        acc += step
        rows.append(acc)
    assert [row.item() for row in rows] == [3.0, 3.0, 3.0]
