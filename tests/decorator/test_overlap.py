"""Memory that a rewrite writes into."""

from __future__ import annotations

import ast

import pytest
import torch

from deloop.decorator.overlap import (
    find_overlap_assumptions,
    find_written,
    is_free_of_overlap,
    spell_disjoint,
    spell_no_overlap,
)
from deloop.ir.types import Tensor, TensorType

KIND = TensorType("float32", ())


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("return x + y", ()),
        ("x[1:] = y[1:]", ("x",)),
        ("x += y", ("x",)),
        ("x.T[0] = y", ("x",)),
        ("x.add_(y)", ("x",)),
        ("x.view(-1)[3] = 1", ("x",)),
        ("torch.add(x, y, out=y)", ("y",)),
        ("r = torch.zeros_like(x)\n r[1:] = x", ()),
        ("r = x * 2\n r[0] = 1", ()),
        ("r = x.view(-1)\n r[0] = 1", ("x", "y")),
        ("r = torch.zeros(3)\n r = x\n r[0] = 1", ("x", "y")),
    ],
)
def test_written_arguments_are_found(body: str, written: tuple[str, ...]) -> None:
    tree = ast.parse(f"def f(x, y):\n {body}\n")
    assert find_written(tree, ("x", "y")) == written


def test_reading_rewrite_needs_no_test() -> None:
    tensors = {"x": Tensor("x", KIND, "x"), "y": Tensor("y", KIND, "y")}
    assert find_overlap_assumptions("def f(x, y):\n return x + y", tensors) == ()


def guards(body: str, tensors: dict[str, Tensor]) -> list[str]:
    found = find_overlap_assumptions(f"def f(x, y):\n {body}", tensors)
    return [assumption.guard for assumption in found]


def test_writing_rewrite_needs_memory_of_its_own() -> None:
    tensors = {"x": Tensor("x", KIND, "x"), "y": Tensor("y", KIND, "y")}
    assert guards("x[1:] = y[:-1]", tensors) == [
        spell_no_overlap("x"),
        spell_disjoint("x", "y"),
    ]


def test_tensors_known_to_share_memory_are_not_asked_to_be_apart() -> None:
    tensors = {"x": Tensor("x", KIND, "x"), "y": Tensor("y", KIND, "x")}
    assert guards("x += y", tensors) == [spell_no_overlap("x")]


def are_disjoint(x: torch.Tensor, y: torch.Tensor) -> bool:
    return bool(eval(spell_disjoint("x", "y"), {"x": x, "y": y}))


def test_overlap_within_one_tensor_is_found() -> None:
    x = torch.arange(12.0).reshape(3, 4)
    for free in (x, x.T, x[:, ::2], x[1:, 1:], x[:0], torch.tensor(1.0), x.permute(1, 0)):
        assert is_free_of_overlap(free)
    for shared in (torch.ones(1).expand(3), x[:1].expand(5, 4), x.as_strided((3, 3), (1, 1))):
        assert not is_free_of_overlap(shared)


def test_views_are_not_disjoint() -> None:
    x = torch.ones(4)
    assert not are_disjoint(x[:2], x[2:])
    assert are_disjoint(x, x.clone())
    assert are_disjoint(x[:0], x)
    assert are_disjoint(torch.empty(0), torch.empty(0))
