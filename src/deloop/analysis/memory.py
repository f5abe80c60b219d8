"""Whether what a rewrite makes at once fits into the memory that it may take.

The limit is the larger of 256 MB and four times what the loop reads and writes, or what the user
said. A value that grows as one of these tensors does never reaches it; of any other one the
decorator asks at each call whether its size does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from deloop.analysis.facts import Facts
from deloop.backend.memory import Peak
from deloop.diagnostic import Assumption
from deloop.dtype import size_of
from deloop.ir.affine import Affine
from deloop.ir.loop import Nest
from deloop.ir.types import Tensor

LEAST_LIMIT = 2**28
PIECES = {"cpu": 2**20}
"""Bytes of the largest value of a piece: what a core's cache holds runs several times faster."""
OTHER_PIECE = 2**26
_TIMES = 4


@dataclass(frozen=True)
class Need:
    """What a rewrite takes at its worst moment, as seen, and the limit for it.

    `fits` says for which sizes it stays within the limit; None where no guard can ask that.
    """

    peak: Peak
    limit: int
    fits: Assumption | None
    device: str = "cpu"

    @property
    def is_over(self) -> bool:
        """Whether it does not fit for the sizes that were seen."""
        return self.peak.size > self.limit

    @property
    def elements(self) -> int:
        """How many elements the largest value of a piece may have, a power of two."""
        piece = PIECES.get(self.device, OTHER_PIECE)
        room = min(piece, self.limit // self.peak.times) // self.peak.width
        return int(2 ** max(0, room.bit_length() - 1))

    def __str__(self) -> str:
        return f"at once it would take {spell_bytes(self.peak.size)} of {spell_bytes(self.limit)}"


def find_need(peak: Peak | None, nest: Nest, facts: Facts, limit: int | None) -> Need | None:
    """What a rewrite takes; None where that never is more than the limit."""
    if peak is None:
        return None
    outside = [t for name, t in nest.arrays.items() if name not in nest.locals and t.type.shape]
    if limit is None and any(_grows_alike(peak, tensor, facts) for tensor in outside):
        return None
    total = _total(outside, facts)
    most = max(LEAST_LIMIT, _TIMES * total) if limit is None else limit
    device = next((t.type.device for t in outside if t.type.device != "cpu"), "cpu")
    return Need(peak, most, _spell(peak, outside, facts, limit), device)


def _grows_alike(peak: Peak, tensor: Tensor, facts: Facts) -> bool:
    """Whether a tensor is so large that the peak is no more than four times its size."""
    sizes = [facts.canonical(size) for size in tensor.type.shape]
    for extent in map(facts.canonical, peak.extents):
        if extent == Affine.number(1):
            continue
        found = next((s for s in sizes if _is_within(extent, s)), None)
        if found is None:
            return False
        sizes.remove(found)
    return peak.times * peak.width <= _TIMES * size_of(tensor.type.dtype)


def _is_within(extent: Affine, size: Affine) -> bool:
    gap = size - extent
    return gap.is_constant and gap.constant >= 0


def _total(tensors: Sequence[Tensor], facts: Facts) -> int:
    """The bytes of the tensors whose sizes were seen, each memory once."""
    found: dict[str, int] = {}
    for tensor in tensors:
        sizes = [facts.value(size) for size in tensor.type.shape]
        known = [size for size in sizes if size is not None]
        if len(known) == len(sizes):
            found[tensor.memory] = math.prod(known) * size_of(tensor.type.dtype)
    return sum(found.values())


def _spell(
    peak: Peak, tensors: Sequence[Tensor], facts: Facts, limit: int | None
) -> Assumption | None:
    """The sizes for which a peak fits, as a guard: ``n * m * d <= 67108864 or …``."""
    product = _product(peak.extents, facts)
    if product is None:
        return None
    width = peak.width * peak.times
    least = LEAST_LIMIT if limit is None else limit
    guard = f"{product} <= {least // width}"
    parts = dict.fromkeys(_product(t.type.shape, facts, size_of(t.type.dtype)) for t in tensors)
    whole = [part for part in parts if part is not None]
    if limit is None and whole:
        guard += f" or {width} * {product} <= {_TIMES} * ({' + '.join(whole)})"
    words = f"{product} elements of {width} bytes fit into {spell_bytes(least)}"
    return Assumption(words, guard, "memory limit")


def _product(extents: Sequence[Affine], facts: Facts, factor: int = 1) -> str | None:
    """``4 * x.shape[0] * (n - 1)``; None where it means nothing at the function's first line."""
    parts = [str(factor)] if factor != 1 else []
    for extent in map(facts.canonical, extents):
        if not all(map(facts.spellable, extent.symbols)):
            return None
        if extent != Affine.number(1):
            is_plain = len(extent.terms) == 1 and not extent.constant
            is_plain |= extent.is_constant
            parts.append(str(extent) if is_plain else f"({extent})")
    return " * ".join(parts) or "1"


def spell_bytes(size: int) -> str:
    """``3221225472 -> "3 GB"``."""
    for unit, word in ((2**40, "TB"), (2**30, "GB"), (2**20, "MB"), (2**10, "KB")):
        if size >= unit:
            return f"{size / unit:.3g} {word}"
    return f"{size} bytes"
