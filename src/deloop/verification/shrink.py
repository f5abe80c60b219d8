"""A smaller set of arguments on which something still goes wrong.

Sizes, gradients, layouts, aliases and values are made plainer one after the other; what still fails
is kept. Delta debugging in its simplest form (A. Zeller and R. Hildebrandt, "Simplifying and
isolating failure-inducing input", 2002), with steps that know tensors.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch

from deloop.verification.copies import copy_arguments
from deloop.verification.inputs import find_tensors, make_inner, map_leaves

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
Fails = Callable[[tuple[Any, ...], dict[str, Any]], bool]

MOST_VALUES = 64
"""Tensors of more elements are not made plainer element by element."""


def shrink_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], fails: Fails, *, seconds: float = 5.0
) -> Arguments:
    """The plainest arguments found, within `seconds`, for which `fails` is still true.

    ``x of shape (7, 5), all random  ->  x = torch.tensor([[0.0, 1.0]])``

    Parameters
    ----------
    args, kwargs:
        Arguments for which it is true; they are not changed.
    fails:
        The question; what it raises counts as no.
    """
    deadline = time.perf_counter() + seconds
    found: Arguments = (tuple(args), dict(kwargs))
    changed = True
    while changed:
        changed = False
        for step in (_list_sizes, _list_grads, _list_layouts, _list_fills, _list_values):
            while (smaller := _first_failing(step(found), fails, deadline)) is not None:
                found, changed = smaller, True
        if time.perf_counter() > deadline:
            break
    return found


def _first_failing(
    candidates: Iterator[Arguments], fails: Fails, deadline: float
) -> Arguments | None:
    for candidate in candidates:
        if time.perf_counter() > deadline:
            return None
        try:
            if fails(*candidate):
                return candidate
        except Exception:
            continue
    return None


def _copy(found: Arguments) -> Arguments:
    """Arguments of one's own, everything shared still shared."""
    args, kwargs = found
    names = [str(number) for number in range(len(args) + len(kwargs))]
    copied = copy_arguments(args, kwargs, names)
    return copied.args, copied.kwargs


def _replace(
    found: Arguments, new: Mapping[int, torch.Tensor], numbers: Mapping[int, int] | None = None
) -> Arguments:
    """The arguments with tensors replaced by identity, and ints by value."""

    def substitute(leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            return new.get(id(leaf), leaf)
        return (numbers or {}).get(leaf, leaf) if type(leaf) is int else leaf

    args, kwargs = map_leaves(found, substitute)
    return args, kwargs


def _as_before(tensor: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
    """`made`, which does not require grad, with the place in the graph that `tensor` has."""
    if not tensor.requires_grad:
        return made
    return made.requires_grad_() if tensor.is_leaf else make_inner(made)


def _list_sizes(found: Arguments) -> Iterator[Arguments]:
    """Every dimension of one size made smaller, the numbers that are this size too."""
    for size in sorted({n for tensor in find_tensors(found) for n in tensor.shape}, reverse=True):
        for smaller in sorted({0, 1, 2, size // 2, size - 1}):
            if smaller >= size or smaller < 0:
                continue
            for kept in (slice(0, smaller), slice(size - smaller, size)):
                args = _copy(found)
                new = _cut(find_tensors(args), size, kept)
                yield _replace(args, new, {size: smaller})
                yield _replace(args, new)


def _cut(tensors: Sequence[torch.Tensor], size: int, kept: slice) -> dict[int, torch.Tensor]:
    """The tensors with that part of every dimension of one size, by identity."""
    new = {}
    for tensor in tensors:
        if size in tensor.shape:
            cut = tuple(kept if n == size else slice(None) for n in tensor.shape)
            new[id(tensor)] = _as_before(tensor, tensor.detach()[cut])
    return new


def _list_grads(found: Arguments) -> Iterator[Arguments]:
    """One tensor after the other that no longer requires grad."""
    for index, tensor in enumerate(find_tensors(found)):
        if tensor.requires_grad:
            args = _copy(found)
            other = find_tensors(args)[index]
            yield _replace(args, {id(other): other.detach()})


def _list_layouts(found: Arguments) -> Iterator[Arguments]:
    """Every tensor in memory of its own, then every tensor contiguous."""
    tensors = find_tensors(found)
    if all(_is_compact(tensor) for tensor in tensors):
        return
    new = {
        id(tensor): _as_before(tensor, tensor.detach().contiguous().clone())
        for tensor in tensors
        if not _is_compact(tensor)
    }
    yield _replace(found, new)
    for identity, tensor in new.items():
        yield _replace(found, {identity: tensor})


def _is_compact(tensor: torch.Tensor) -> bool:
    """Whether a tensor fills memory of its own."""
    own = tensor.numel() * tensor.element_size()
    return tensor.is_contiguous() and tensor.untyped_storage().nbytes() == own


def _list_fills(found: Arguments) -> Iterator[Arguments]:
    """One tensor after the other full of zeros, then of ones."""
    for index, tensor in enumerate(find_tensors(found)):
        for value in (0, 1):
            if tensor.numel() and not bool((tensor.detach() == value).all()) and (
                value == 0 or bool((tensor.detach() != 0).any())
            ):
                args = _copy(found)
                find_tensors(args)[index].detach().fill_(value)
                yield args


def _list_values(found: Arguments) -> Iterator[Arguments]:
    """One element after the other 0, 1 or a whole number."""
    for index, tensor in enumerate(find_tensors(found)):
        if not 0 < tensor.numel() <= MOST_VALUES or tensor.is_complex():
            continue
        for place in range(tensor.numel()):
            value = tensor.detach().reshape(-1)[place].item()
            for plain in _plainer(value):
                args = _copy(found)
                other = find_tensors(args)[index].detach()
                where = torch.unravel_index(torch.tensor(place), other.shape)
                other[tuple(int(i) for i in where)] = plain
                yield args


def _plainer(value: float) -> list[float]:
    """The plainer values to try instead of one; nothing where it is plain."""
    if value in (0, 1):
        return [0] if value == 1 else []
    if value != value or value in (float("inf"), float("-inf")):
        return [0, 1]
    return [0, 1, *([round(value)] if round(value) != value else [])]
