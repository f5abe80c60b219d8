"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

FOOTNOTE = (
    "One thread. Vectorized: median of repeated calls, guards included. Gradients: first and"
    " second, at small sizes, where the graph of the loop fits into memory."
)


def spell_seconds(seconds: float) -> str:
    """Three digits and a unit: ``0.00123 -> "1.23 ms"``."""
    unit, factor = next(
        (pair for pair in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)) if seconds * pair[1] >= 1),
        ("ns", 1e9),
    )
    scaled = seconds * factor
    digits = 2 if scaled < 10 else 1 if scaled < 100 else 0
    return f"{scaled:.{digits}f} {unit}"


def spell_ratio(ratio: float) -> str:
    """Two digits that mean something: ``12345.6 -> "12,000×"``, ``3.14 -> "3.1×"``."""
    if ratio < 10:
        return f"{ratio:.1f}×"
    magnitude = 10 ** (len(str(int(ratio))) - 2)
    return f"{round(ratio / magnitude) * magnitude:,}×"


def spell_shape(shape: Sequence[int]) -> str:
    """``(100, 100, 10) -> "100×100×10"``."""
    return "×".join(map(str, shape))
