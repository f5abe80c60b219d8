"""Arguments copied so that a call on the copy does what a call on the original would have done.

`copy.deepcopy` alone does not: it refuses non-leaf tensors, makes every view of a leaf a leaf of
its own, and parts tensors that share storage unless they share it through the same Python object.
Here storages are copied once and every tensor is laid on its storage's copy with its own strides;
views stay views of their base, leaves leaves, and a non-leaf gets a hidden leaf to take its
gradient.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from deloop.errors import DeloopError
from deloop.verification.parts import walk_parts


class UncopyableArgument(DeloopError):
    """An argument cannot be copied, so that loop and rewrite cannot both be run on it."""


@dataclass(frozen=True)
class Leaf:
    """A tensor that takes a gradient: itself an argument, or what stands behind a non-leaf."""

    path: str
    tensor: torch.Tensor


@dataclass(frozen=True)
class CopiedArguments:
    """Arguments for one side, with their names and the leaves behind them.

    Both copies of the same arguments have the same paths and the same leaves in the same order.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    names: tuple[str, ...]
    leaves: tuple[Leaf, ...]

    def named(self) -> list[tuple[str, object]]:
        """Every argument with the path that sentences about it begin with."""
        values = (*self.args, *self.kwargs.values())
        return [(f"argument {n}", value) for n, value in zip(self.names, values, strict=True)]


def copy_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], names: Sequence[str]
) -> CopiedArguments:
    """Copy the arguments of a call, with everything that is shared among them shared in the copy.

    Parameters
    ----------
    args, kwargs:
        Any arguments. Functions, classes and modules of Python are not copied; neither is what a
        function closes over.
    names:
        What to call each of `args`, then each of `kwargs`.

    Raises
    ------
    UncopyableArgument
        For a generator, an open file, a lock: the sentence names the argument.
    """
    copies = _TensorCopies()
    values = [*args, *kwargs.values()]
    for name, value in zip(names, values, strict=True):
        for path, part in walk_parts(value, f"argument {name}"):
            if isinstance(part, torch.Tensor):
                copies.add(part, path)
    copied = []
    for name, value in zip(names, values, strict=True):
        try:
            copied.append(copy.deepcopy(value, copies.memo))
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise UncopyableArgument(f"argument {name} cannot be copied ({reason})") from error
    keywords = dict(zip(kwargs, copied[len(args) :], strict=True))
    leaves = tuple(copies.leaves)
    return CopiedArguments(tuple(copied[: len(args)]), keywords, tuple(names), leaves)


def _is_plain(tensor: torch.Tensor) -> bool:
    """Whether a tensor is nothing but strides over a storage (no subclass, layout or lazy bit)."""
    return (
        type(tensor) in (torch.Tensor, torch.nn.Parameter)
        and tensor.layout is torch.strided
        and not (tensor.is_quantized or tensor.is_meta or tensor.is_inference())
        and not (tensor.is_conj() or tensor.is_neg())
    )


class _TensorCopies:
    """The copies made so far, by the identity of the original: tensors, storages, leaves."""

    def __init__(self) -> None:
        self.memo: dict[int, Any] = {}
        self.originals: list[object] = []  # alive, so that no identity is used twice
        self.storages: dict[int, torch.UntypedStorage] = {}
        self.leaves: list[Leaf] = []

    def add(self, tensor: torch.Tensor, path: str) -> torch.Tensor:
        if id(tensor) in self.memo:
            found: torch.Tensor = self.memo[id(tensor)]
            return found
        if not _is_plain(tensor):
            # Left to the tensor's own __deepcopy__, which knows its representation.
            made = copy.deepcopy(tensor, self.memo)
            if made.is_leaf and made.requires_grad:
                self.leaves.append(Leaf(path, made))
        elif (base := _find_base(tensor)) is not None:
            made = self._add_view(tensor, self.add(base, f"the base of {path}"), path)
        elif tensor.requires_grad and not tensor.is_leaf:
            made = self._add_inner(tensor, path)
        else:
            made = self._add_leaf(tensor, path)
        self.originals.append(tensor)
        self.memo[id(tensor)] = made
        return made

    def _lay_out(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor with the same strides over the copy of the same storage."""
        storage = tensor.untyped_storage()
        if storage._cdata not in self.storages:
            self.originals.append(storage)
            self.storages[storage._cdata] = storage.clone()  # type: ignore[no-untyped-call]
        made = torch.empty(0, dtype=tensor.dtype, device=tensor.device)
        with torch.no_grad():
            made.set_(
                self.storages[storage._cdata],
                tensor.storage_offset(),
                tensor.size(),
                tensor.stride(),
            )
        return made

    def _add_leaf(self, tensor: torch.Tensor, path: str) -> torch.Tensor:
        made = self._lay_out(tensor)
        if isinstance(tensor, torch.nn.Parameter):
            made = torch.nn.Parameter(made, requires_grad=tensor.requires_grad)
        elif tensor.requires_grad:
            made.requires_grad_()
        if tensor.requires_grad:
            self.leaves.append(Leaf(path, made))
        if tensor.grad is not None:
            made.grad = self.add(tensor.grad, f"{path}.grad")
        return made

    def _add_inner(self, tensor: torch.Tensor, path: str) -> torch.Tensor:
        hidden = tensor.detach().clone().requires_grad_()
        self.leaves.append(Leaf(path, hidden))
        with torch.enable_grad():
            made = hidden.clone()
        # `.data` replaces memory and strides and keeps the place in the autograd graph.
        made.data = self._lay_out(tensor)
        return made

    def _add_view(self, tensor: torch.Tensor, base: torch.Tensor, path: str) -> torch.Tensor:
        differentiable = tensor.requires_grad and not tensor.is_leaf
        with torch.set_grad_enabled(differentiable):
            made = base.as_strided(tensor.size(), tensor.stride(), tensor.storage_offset())
        if tensor.requires_grad and tensor.is_leaf:
            made.requires_grad_()
            self.leaves.append(Leaf(path, made))
        return made


def _find_base(tensor: torch.Tensor) -> torch.Tensor | None:
    """The tensor of which this one is a view, where the view can be taken again by strides."""
    base = tensor._base if tensor._is_view() else None
    if base is None or not _is_plain(base) or base.dtype != tensor.dtype:
        return None
    if type(tensor) is not torch.Tensor:
        return None
    same = base.untyped_storage()._cdata == tensor.untyped_storage()._cdata
    # A view that requires grad by itself while its base does not, is a leaf on its own; one that
    # does not require grad of a base that does was taken under no_grad.
    return base if same else None
