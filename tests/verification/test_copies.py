"""Copies of arguments behave like the originals: memory, views, leaves, identity."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch

from deloop.verification.compare import find_differences
from deloop.verification.copies import CopiedArguments, UncopyableArgument, copy_arguments


def copy(*args: Any) -> CopiedArguments:
    return copy_arguments(args, {}, [f"a{index}" for index in range(len(args))])


def test_copies_do_not_touch_the_originals() -> None:
    tensor = torch.zeros(2, 2)
    (made,) = copy(tensor).args
    made += 1
    assert tensor.eq(0).all()
    assert made.eq(1).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: x.t(),
        lambda x: x[::2, 1:],
        lambda x: x[:1].expand(4, 5),
        lambda x: x.unfold(0, 2, 1),
        lambda x: x[0, 0],
        lambda x: x[:0],
        lambda x: x.as_strided((3, 3), (1, 1)),
        lambda x: x.view(torch.int32),
    ],
)
def test_strides_offset_and_values_are_kept(make: Any) -> None:
    tensor = make(torch.arange(20.0).reshape(4, 5))
    (made,) = copy(tensor).args
    assert made.stride() == tensor.stride()
    assert made.storage_offset() == tensor.storage_offset()
    assert torch.equal(made, tensor)
    assert made.untyped_storage()._cdata != tensor.untyped_storage()._cdata


def test_arguments_that_share_memory_share_it_in_the_copy() -> None:
    base = torch.zeros(6)
    first, second, third = copy(base[:4], base[2:], base).args
    first[3] = 7.0
    assert second[1] == 7.0
    assert third[3] == 7.0


def test_one_tensor_given_twice_is_one_tensor_also_inside_containers_and_modules() -> None:
    module = torch.nn.Linear(2, 2)
    first, held, again, name = copy(module.weight, [module.weight], module, "x").args
    assert held[0] is first
    assert again.weight is first
    assert first is not module.weight
    assert type(first) is torch.nn.Parameter
    assert name == "x"


def test_leaf_stays_leaf_and_its_gradient_is_copied() -> None:
    leaf = torch.ones(2, requires_grad=True)
    leaf.grad = torch.full((2,), 3.0)
    copied = copy(leaf)
    made = copied.args[0]
    assert made.is_leaf and made.requires_grad
    assert made.grad is not leaf.grad
    assert torch.equal(made.grad, leaf.grad)
    assert [(found.path, found.tensor is made) for found in copied.leaves] == [
        ("argument a0", True)
    ]


def test_non_leaf_stays_non_leaf_with_a_leaf_behind_it() -> None:
    inner = torch.ones(2, 3, requires_grad=True).t() * 2
    copied = copy(inner)
    made = copied.args[0]
    assert made.requires_grad and not made.is_leaf
    assert made.stride() == inner.stride()
    (gradient,) = torch.autograd.grad(made.sum() * 5, copied.leaves[0].tensor)
    assert gradient.eq(5).all()


def test_view_of_a_leaf_reaches_that_leaf_and_refuses_change_in_place() -> None:
    leaf = torch.ones(3, requires_grad=True)
    copied = copy(leaf, leaf[1:])
    first, view = copied.args
    (gradient,) = torch.autograd.grad(view.sum(), first)
    assert gradient.tolist() == [0.0, 1.0, 1.0]
    with pytest.raises(RuntimeError, match="view of a leaf"):
        view.add_(1)
    assert len(copied.leaves) == 1


def test_leaf_behind_a_lone_view_is_among_the_leaves() -> None:
    copied = copy(torch.ones(3, requires_grad=True)[1:])
    assert [leaf.path for leaf in copied.leaves] == ["the base of argument a0"]
    assert copied.leaves[0].tensor.shape == (3,)


def test_detached_tensor_shares_memory_and_no_gradient() -> None:
    leaf = torch.ones(3, requires_grad=True)
    inner = leaf * 2
    first, detached, other, also = copy(leaf, leaf.detach(), inner, inner.detach()).args
    assert not detached.requires_grad and not also.requires_grad
    detached[0] = 9.0
    also[0] = 8.0
    assert first[0] == 9.0
    assert other[0] == 8.0


def test_detached_slice_keeps_its_place_in_the_storage() -> None:
    leaf = torch.arange(6.0, requires_grad=True)
    first, tail = copy(leaf, leaf[2:].detach()).args
    assert tail.storage_offset() == 2
    tail[0] = 9.0
    assert first.tolist() == [0.0, 1.0, 9.0, 3.0, 4.0, 5.0]


def test_detached_slice_of_lost_memory_keeps_its_values() -> None:
    tail = (torch.arange(6.0, requires_grad=True) * 1)[2:].detach()
    (made,) = copy(tail).args
    assert made.tolist() == [2.0, 3.0, 4.0, 5.0]
    assert made.storage_offset() == 2


def test_view_taken_under_no_grad_is_the_leaf_that_pytorch_makes_it() -> None:
    leaf = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        view = leaf[1:]
    first, made = copy(leaf, view).args
    assert (made.requires_grad, made.is_leaf) == (view.requires_grad, view.is_leaf)
    assert made.is_leaf
    with torch.no_grad():
        made.add_(1)
    assert first.tolist() == [1.0, 2.0, 2.0]


def test_leaf_that_is_a_view_of_plain_memory_stays_a_leaf() -> None:
    base = torch.zeros(4)
    view = base[1:].requires_grad_()
    first, made = copy(base, view).args
    assert made.is_leaf and made.requires_grad and not first.requires_grad
    first[1] = 5.0
    assert made[0] == 5.0


@pytest.mark.parametrize(
    "tensor",
    [
        torch.eye(2).to_sparse(),
        torch.ones(2, device="meta"),
        torch.tensor([1 + 2j]).conj(),
    ],
)
def test_tensors_of_other_representations_are_copied_by_themselves(tensor: torch.Tensor) -> None:
    (made,) = copy(tensor).args
    assert made is not tensor
    assert find_differences(tensor, made) == ()


def test_functions_and_types_are_passed_on() -> None:
    assert copy(torch.sin, torch.float32, int, test_functions_and_types_are_passed_on).args == (
        torch.sin,
        torch.float32,
        int,
        test_functions_and_types_are_passed_on,
    )


@pytest.mark.parametrize("value", [(x for x in "ab"), threading.Lock(), [threading.Lock()]])
def test_argument_that_cannot_be_copied_is_named(value: object) -> None:
    with pytest.raises(UncopyableArgument, match="argument a1 cannot be copied"):
        copy(1, value)


def test_keyword_arguments_share_with_positional_ones() -> None:
    tensor = torch.ones(2)
    copied = copy_arguments((tensor,), {"out": tensor}, ("x", "out"))
    assert copied.kwargs["out"] is copied.args[0]
    assert [path for path, _ in copied.named()] == ["argument x", "argument out"]
