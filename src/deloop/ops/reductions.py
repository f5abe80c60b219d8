"""Operators that combine all elements along dimensions, as data.

What a loop accumulates with comes first; the others are calls on whole rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from deloop.dtype import RANGES, category
from deloop.ops.kinds import Gradient


@dataclass(frozen=True)
class Reduction:
    """One way of combining the values of all iterations, or of a row, into one.

    Parameters
    ----------
    name:
        Its name here and of its Tensor method: ``sum``. ``first_max`` is the ``max`` along one
        dimension, whose gradient goes to the first of equals.
    operator:
        The operator of one step, ``add`` in ``s = s + x[i]``; empty where no step by step form
        is known.
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
    gradient:
        As an operator's.
    whole, along:
        The method's name where all dimensions are reduced, and where some are; `name` where empty.
    part:
        The attribute of the result that is meant: ``values``.
    keyword:
        Whether the dimension is best written as ``dim=1`` (else as the first argument).
    keeps_axis:
        Whether the result has the axis still: ``softmax``.
    """

    name: str
    operator: str
    neutral: int | bool | None
    is_exact: bool
    several: bool
    needs_values: bool = False
    widens: bool = False
    comparison: str = ""
    gradient: Gradient = Gradient.SMOOTH
    whole: str = ""
    along: str = ""
    part: str = ""
    keyword: bool = False
    keeps_axis: bool = False

    @property
    def takes_dtype(self) -> bool:
        """Whether PyTorch combines in a dtype that the call names."""
        return self.widens or self.name == "mean"


GROUP_SUM, GROUP_COUNT = "group_sum", "group_count"
"""For each group of the elements along an axis: their sum (of a pair of group and value), or how
many they are."""

STACK_ROWS, CAT = "stack", "cat"
"""Rows joined, of which the element at one place is meant."""

ITEM, ITEM_BATCH, ITEM_VMAP = "item", "item_batch", "item_vmap"
"""A call on items that is written for all of them (`deloop.ops.items`): of any number of batch
dimensions, of one, or by `torch.vmap`."""

ITEMS = frozenset({ITEM, ITEM_BATCH, ITEM_VMAP})

_LINEAR, _NONE, _SINGULAR = Gradient.LINEAR, Gradient.NONE, Gradient.SINGULAR
_REDUCTIONS = {
    r.name: r
    for r in (
        Reduction("sum", "add", 0, is_exact=False, several=True, widens=True, gradient=_LINEAR),
        Reduction(
            "prod", "mul", 1, is_exact=False, several=False, widens=True, gradient=_SINGULAR
        ),
        Reduction(
            "max", "maximum", None, is_exact=True, several=True, needs_values=True,
            comparison="gt", along="amax",
        ),
        Reduction(
            "min", "minimum", None, is_exact=True, several=True, needs_values=True,
            comparison="lt", along="amin",
        ),
        Reduction("any", "logical_or", False, is_exact=True, several=True, gradient=_NONE),
        Reduction("all", "logical_and", True, is_exact=True, several=True, gradient=_NONE),
        Reduction("mean", "", None, is_exact=False, several=True, gradient=_LINEAR),
        Reduction(
            "amax", "", None, is_exact=True, several=True, needs_values=True, whole="max"
        ),
        Reduction(
            "amin", "", None, is_exact=True, several=True, needs_values=True, whole="min"
        ),
        Reduction(
            "first_max", "", None, is_exact=True, several=False, needs_values=True, along="max",
            whole="max", part="values", gradient=_LINEAR,
        ),
        Reduction(
            "first_min", "", None, is_exact=True, several=False, needs_values=True, along="min",
            whole="min", part="values", gradient=_LINEAR,
        ),
        Reduction(
            "argmax", "", None, is_exact=True, several=False, needs_values=True, gradient=_NONE
        ),
        Reduction(
            "argmin", "", None, is_exact=True, several=False, needs_values=True, gradient=_NONE
        ),
        *(
            Reduction(
                name, "", None, is_exact=True, several=True, keeps_axis=True, gradient=_LINEAR
            )
            for name in (STACK_ROWS, CAT)
        ),
        *(
            Reduction(
                name, "", None, is_exact=False, several=True, keeps_axis=True, gradient=_SINGULAR
            )
            for name in sorted(ITEMS)
        ),
        Reduction(GROUP_SUM, "", None, is_exact=False, several=False, gradient=_LINEAR),
        Reduction(GROUP_COUNT, "", None, is_exact=True, several=False, gradient=_NONE),
        Reduction("var", "", None, is_exact=False, several=True, keyword=True),
        Reduction(
            "std", "", None, is_exact=False, several=True, keyword=True, gradient=_SINGULAR
        ),
        Reduction(
            "norm", "", None, is_exact=False, several=True, keyword=True, gradient=_SINGULAR
        ),
        Reduction(
            "logsumexp", "", None, is_exact=False, several=True, keyword=True,
            gradient=_SINGULAR,
        ),
        *(
            Reduction(
                name, "", None, is_exact=False, several=False, keyword=True, keeps_axis=True,
                gradient=_SINGULAR,
            )
            for name in ("softmax", "log_softmax", "softmin", "normalize")
        ),
        Reduction(
            "cumsum", "", None, is_exact=False, several=False, widens=True, keeps_axis=True,
            gradient=_LINEAR,
        ),
        Reduction(
            "cumprod", "", None, is_exact=False, several=False, widens=True, keeps_axis=True,
            gradient=_SINGULAR,
        ),
    )
}  # fmt: skip


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
