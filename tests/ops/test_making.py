"""What creation fills with, and which views share memory, held against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from deloop.ops.kinds import Kind, Operator
from deloop.ops.making import VIEW_ATTRIBUTES, VIEWS
from deloop.ops.table import find_function, find_method

FILLED: dict[str, Any] = {"zero": 0.0, "one": 1.0, "value": 7.0}


def operator(name: str) -> Operator:
    found = find_function(name)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["zeros", "ones", "full"])
def test_creation_fills_with_what_the_table_says(name: str) -> None:
    x = torch.empty(2, 3, dtype=torch.float64)
    made = operator(f"torch.{name}")
    like = operator(f"torch.{name}_like")
    new = find_method(f"new_{name}")
    assert new is not None
    assert made.kind is like.kind is new.kind is Kind.CREATION
    assert made.fill == like.fill == new.fill
    assert (made.like, like.like, new.like) == (False, True, True)
    value = (7.0,) if made.fill == "value" else ()
    results = [
        getattr(torch, name)((2, 3), *value),
        getattr(torch, f"{name}_like")(x, *value),
        getattr(x, f"new_{name}")((2, 3), *value),
    ]
    assert made.fill is not None
    assert all(bool((r == FILLED[made.fill]).all()) for r in results)
    assert [r.dtype for r in results] == [torch.float32, torch.float64, torch.float64]


def test_empty_promises_no_value() -> None:
    for name in ("torch.empty", "torch.empty_like", "torch.Tensor.new_empty"):
        assert operator(name).fill == "empty"
    assert operator("torch.arange").fill is None


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "view": (4, 3), "expand": (3, 4), "unfold": (0, 2, 1), "transpose": (0, 1), "swapaxes": (0, 1),
    "swapdims": (0, 1), "permute": ((1, 0),), "movedim": (0, 1), "moveaxis": (0, 1),
    "unsqueeze": (0,), "unflatten": (1, (2, 2)), "select": (0, 1), "narrow": (0, 0, 2),
    "split": (2,), "chunk": (2,), "tensor_split": (2,), "hsplit": (2,), "vsplit": (3,),
    "dsplit": (2,), "unsafe_split": (2,), "unsafe_chunk": (2,), "split_with_sizes": ([1, 2],),
    "as_strided": ((2, 2), (1, 2)), "reshape": ((4, 3),), "broadcast_to": ((3, 4),),
}  # fmt: skip


@pytest.mark.parametrize("line", VIEWS, ids=lambda line: str(line.operator))
def test_always_view_means_shared_memory_for_every_layout(line: Any) -> None:
    name = line.operator.name
    contiguous = torch.arange(12.0).reshape(3, 4)
    layouts = [contiguous, torch.arange(12.0).reshape(4, 3).t()]
    if name in ("numpy", "cuda", "cpu"):
        assert not line.operator.always_view
        return
    if name == "view":
        layouts = layouts[:1]  # raises where strides do not allow it, and never copies
    if name == "dsplit":
        layouts = [x.reshape(1, 3, 4) for x in layouts[:1]]
    if name in ("view_as_complex",):
        layouts = [torch.zeros(3, 2)]
    if name in ("view_as_real", "imag"):
        layouts = [torch.zeros(3, 2, dtype=torch.complex64)]
    arguments = ARGUMENTS.get(name, ())
    if name.endswith("_as"):
        arguments = (torch.empty(4, 3) if name != "expand_as" else contiguous,)
    if name == "view_as":
        layouts = layouts[:1]
    shared = []
    for x in layouts:
        function = find_function(f"torch.{name}")
        called = getattr(torch, name) if function is line.operator else None
        result = called(x, *arguments) if called else getattr(x, name)(*arguments)
        first = result[0] if isinstance(result, (tuple, list)) else result
        storage = first.untyped_storage().data_ptr()
        shared.append(storage == x.untyped_storage().data_ptr())
    assert not line.operator.always_view or all(shared)
    assert any(shared)


def test_view_attributes_share_memory() -> None:
    z = torch.zeros(2, 3, dtype=torch.complex64)
    for name in VIEW_ATTRIBUTES:
        result = getattr(z, name)
        assert result.untyped_storage().data_ptr() == z.untyped_storage().data_ptr(), name
