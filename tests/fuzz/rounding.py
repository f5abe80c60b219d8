"""Whether two results differ by rounding only, where large summands cancel each other.

``2147483647 - 2147483648 + 3 + …`` in float32 is 5 in one order and 0 in another, and each is as
right as the other: the error of a sum is measured against its summands, not against what is left of
them. Both results are compared with what the program gives in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from deloop.diagnostic import Exactness
from deloop.verification.run import Outcome

_ROUNDINGS = 4
"""So many units in the last place of the largest summand, beside twice the loop's own error."""


def is_rounding(
    function: Callable[..., Any],
    make_arguments: Callable[[], tuple[Any, ...]],
    outcome: Outcome,
    exactness: Exactness,
) -> bool:
    """Whether all that differs are returned numbers, by what a sum in any order may be off."""
    if exactness is not Exactness.ROUNDING or outcome.exception or outcome.rewrite_exception:
        return False
    if any(d.kind.value != "value" or "result" not in str(d)[:8] for d in outcome.differences):
        return False
    exact = _run(function, make_arguments(), torch.Tensor.double)
    large = _run(function, make_arguments(), lambda t: t.double().abs())
    sides = [tree_leaves(s) for s in (outcome.result, outcome.rewrite_result, exact, large)]
    if exact is None or large is None or len({len(leaves) for leaves in sides}) != 1:
        return False
    given = [t for t in tree_leaves(make_arguments()) if isinstance(t, torch.Tensor)]
    summand = max((float(t.double().abs().max()) for t in given if _is_whole(t)), default=0.0)
    return all(_is_near(*leaves, summand) for leaves in zip(*sides, strict=True))


def _is_whole(tensor: torch.Tensor) -> bool:
    kinds = (torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8)
    return tensor.dtype in kinds and tensor.numel() > 0


def _run(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    change: Callable[[torch.Tensor], torch.Tensor],
) -> Any:
    """What the function gives in float64 for changed arguments; None where it raises.

    Integers are indices as often as numbers, and stay; the largest is a summand as it is.
    """

    def changed(item: Any) -> Any:
        is_float = isinstance(item, torch.Tensor) and item.is_floating_point()
        return change(item.detach()) if is_float else item

    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        return function(*tree_map(changed, arguments))
    except Exception:
        return None
    finally:
        torch.set_default_dtype(before)


def _is_near(loop: Any, rewrite: Any, exact: Any, large: Any, summand: float) -> bool:
    """Whether an answer is no farther from the exact one than rounding may take it."""
    if not all(isinstance(x, torch.Tensor) for x in (loop, rewrite, exact, large)):
        return bool(loop == rewrite)
    if not loop.shape == rewrite.shape == exact.shape == large.shape or loop.dtype.is_complex:
        return False
    unit = torch.finfo(loop.dtype if loop.is_floating_point() else torch.float32).eps
    first, second, truth, scale = (x.detach().double() for x in (loop, rewrite, exact, large))
    largest = torch.cat([scale.flatten().abs(), truth.flatten().abs()])
    largest = largest[largest.isfinite()]
    allowed = _ROUNDINGS * unit * max(summand, *largest.tolist(), 0.0)
    same = (first == second) | (first.isnan() & second.isnan())
    near = (second - truth).abs() <= allowed + 2 * (first - truth).abs()
    return bool((same | near).all())
