"""Operators that combine all elements along dimensions: what a loop accumulates with, as data."""

from __future__ import annotations

from dataclasses import dataclass

from deloop.dtype import RANGES, category


@dataclass(frozen=True)
class Reduction:
    """One way of combining the values of all iterations into one.

    Parameters
    ----------
    name:
        Its name here and of its Tensor method: ``sum``. ``first_max`` is the ``max`` along one
        dimension, whose gradient goes to the first of equals.
    operator:
        The operator of one step, ``add`` in ``s = s + x[i]``.
    comparison:
        For an extreme, the one that lets a new value in: ``gt`` for ``max``. Else empty.
    neutral:
        The value that changes nothing; None where dtypes differ in it.
    is_exact:
        Whether any order of the steps gives the same bits for integers and for floats.
    several:
        Whether PyTorch takes several dimensions at once.
    needs_values:
        Whether PyTorch raises where there is nothing to combine.
    widens:
        Whether PyTorch gives int64 for narrower integers and bool.
    """

    name: str
    operator: str
    neutral: int | bool | None
    is_exact: bool
    several: bool
    needs_values: bool = False
    widens: bool = False
    comparison: str = ""


_REDUCTIONS = {
    r.name: r
    for r in (
        Reduction("sum", "add", 0, is_exact=False, several=True, widens=True),
        Reduction("prod", "mul", 1, is_exact=False, several=False, widens=True),
        Reduction(
            "max", "maximum", None, is_exact=True, several=True, needs_values=True, comparison="gt"
        ),
        Reduction(
            "min", "minimum", None, is_exact=True, several=True, needs_values=True, comparison="lt"
        ),
        Reduction("first_max", "", None, is_exact=True, several=False, needs_values=True),
        Reduction("first_min", "", None, is_exact=True, several=False, needs_values=True),
        Reduction("argmax", "", None, is_exact=True, several=False, needs_values=True),
        Reduction("argmin", "", None, is_exact=True, several=False, needs_values=True),
        Reduction("any", "logical_or", False, is_exact=True, several=True),
        Reduction("all", "logical_and", True, is_exact=True, several=True),
    )
}


def find_reduction(name: str) -> Reduction:
    """The reduction of a name. Raises `KeyError` for any other."""
    return _REDUCTIONS[name]


def neutral_of(kind: str, dtype: str) -> int | float | bool | None:
    """The value of a dtype that changes nothing: minus infinity for the ``max`` of floats."""
    known = find_reduction(kind).neutral
    if known is not None or kind not in ("max", "min"):
        return known
    if category(dtype) == "float":
        return float("-inf") if kind == "max" else float("inf")
    if category(dtype) != "int":
        return None
    lowest, highest = RANGES[dtype]
    return int(lowest) if kind == "max" else int(highest)
