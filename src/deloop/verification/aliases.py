"""Which results and arguments are one object, and which of them overlap in memory.

Two sides are compared by labels that do not depend on addresses: for every path, the first path
that is the same object, and the earlier paths whose elements it overlaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch

from deloop.verification.compare import Difference, DifferenceKind
from deloop.verification.parts import ATOMS, walk_parts

Named = Sequence[tuple[str, object]]


def find_alias_differences(expected: Named, actual: Named) -> tuple[Difference, ...]:
    """Where an object is another one, or overlaps it, on one side only.

    Parameters
    ----------
    expected, actual:
        The loop's and the rewrite's arguments and results, in the same order, with paths.

    Method: every storage that several tensors share is painted element by element in the order of
    the paths; what a tensor finds painted where it lies is what it overlaps.
    """
    loop, rewrite = _collect(expected), _collect(actual)
    found = []
    same_loop, same_rewrite = _label_identities(loop), _label_identities(rewrite)
    over_loop, over_rewrite = _label_overlaps(loop), _label_overlaps(rewrite)
    for path in loop:
        if path not in rewrite:
            continue
        for one, other, verb in (
            (same_loop[path], same_rewrite[path], "is"),
            (over_loop.get(path, ()), over_rewrite.get(path, ()), "shares memory with"),
        ):
            if one != other:
                sentence = f"{_say(verb, one)} in the loop, {_say(verb, other)} in the rewrite"
                found.append(Difference(path, DifferenceKind.ALIAS, sentence))
                break
    return tuple(found)


def _say(verb: str, paths: tuple[str, ...]) -> str:
    return f"{verb} {' and '.join(paths)}" if paths else f"{verb} no other"


def _collect(named: Named) -> dict[str, object]:
    """Everything reachable that could be told apart from an equal object, by path."""
    found: dict[str, object] = {}
    for path, value in named:
        for where, part in walk_parts(value, path):
            # An empty tuple is one object everywhere, and other tuples cannot be changed.
            if not isinstance(part, (tuple, *ATOMS)):
                found.setdefault(where, part)
    return found


def _label_identities(values: dict[str, object]) -> dict[str, tuple[str, ...]]:
    first: dict[int, str] = {}
    labels: dict[str, tuple[str, ...]] = {}
    for path, value in values.items():
        labels[path] = (first[id(value)],) if id(value) in first else ()
        first.setdefault(id(value), path)
    return labels


def _label_overlaps(values: dict[str, object]) -> dict[str, tuple[str, ...]]:
    groups: dict[int, list[tuple[str, torch.Tensor]]] = defaultdict(list)
    for path, value in values.items():
        if isinstance(value, torch.Tensor) and _has_memory(value):
            groups[value.untyped_storage()._cdata].append((path, value))
    labels: dict[str, tuple[str, ...]] = {}
    for group in groups.values():
        if len(group) > 1:
            labels.update(_paint(group))
    return labels


def _has_memory(tensor: torch.Tensor) -> bool:
    # No element of an empty tensor can be written, so nobody can tell where it lies.
    return tensor.layout is torch.strided and not tensor.is_meta and tensor.numel() > 0


def _paint(group: list[tuple[str, torch.Tensor]]) -> dict[str, tuple[str, ...]]:
    unit = min(tensor.element_size() for _, tensor in group)
    size = -(-group[0][1].untyped_storage().nbytes() // unit)
    paint = torch.zeros(size, dtype=torch.int32)
    labels = {}
    for number, (path, tensor) in enumerate(group, start=1):
        wide = tensor.element_size() // unit
        # An element of more bytes than the unit covers several places.
        shape = (*tensor.shape, wide)
        strides = (*(stride * wide for stride in tensor.stride()), 1)
        place = paint.as_strided(shape, strides, tensor.storage_offset() * wide)
        met: list[int] = torch.unique(place).tolist()
        labels[path] = tuple(group[m - 1][0] for m in met if m)
        place.fill_(number)
    return labels
