"""Operators that keep each step of a combination along a dimension, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ScanOperator:
    """The scan of a reduction.

    Parameters
    ----------
    reduction:
        The name of the reduction in `ops.reductions` whose steps it keeps.
    method:
        The Tensor method: ``cumsum``.
    has_indices:
        Whether the method gives indices beside the values, so that ``.values`` is wanted.
    widens:
        Whether it gives int64 for narrower integers and bool, unless told a dtype.
    """

    reduction: str
    method: str
    has_indices: bool = False
    widens: bool = False


CLIPPED = ("above", "below")
"""Kinds of scans: ``max(h + factor, value)`` keeps `h` above the value, ``min`` below it."""

NO_REDUCTION = ("last", "linear", "held", *CLIPPED)
"""Kinds of scans that are no reduction of their last step."""

_SCANS = {
    s.reduction: s
    for s in (
        ScanOperator("sum", "cumsum", widens=True),
        ScanOperator("prod", "cumprod", widens=True),
        ScanOperator("max", "cummax", has_indices=True),
        ScanOperator("min", "cummin", has_indices=True),
        ScanOperator("any", "cummax", has_indices=True),
        ScanOperator("all", "cummin", has_indices=True),
    )
}


def find_scan(reduction: str) -> ScanOperator | None:
    """The scan of a reduction's name, None where PyTorch has none."""
    return _SCANS.get(reduction)
