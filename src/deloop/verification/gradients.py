"""First and second gradients of two runs, and where they differ.

The outputs are what requires grad after the call: results, and arguments that are no leaves. They
are pulled back with cotangents that are random, fixed, and the same for both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from deloop.diagnostic import Exactness
from deloop.verification.compare import (
    RELATIVE_TOLERANCE,
    Closeness,
    Difference,
    DifferenceKind,
    compare_tensors,
    describe,
    name_dtype,
)
from deloop.verification.copies import Leaf
from deloop.verification.parts import walk_parts

COTANGENT_SEED = 20_240_229


@dataclass(frozen=True)
class _Pullback:
    """The gradients of one side with respect to its leaves, or why there are none."""

    gradients: tuple[torch.Tensor | None, ...] = ()
    error: str = ""


Named = Sequence[tuple[str, object]]


def find_gradient_differences(
    expected: tuple[Named, Sequence[Leaf]],
    actual: tuple[Named, Sequence[Leaf]],
    *,
    closeness: Closeness,
    second_gradients: bool = False,
) -> tuple[Difference, ...]:
    """Where the gradients of the rewrite are not those of the loop.

    Parameters
    ----------
    expected, actual:
        For each side its outputs with paths, and its leaves; the leaves in the same order.
    closeness:
        Tolerances. Gradients are compared up to rounding even where the values are bitwise equal,
        since autograd accumulates in the order of the graph; signs of zero are not compared, and
        where the loop's own gradient is NaN any value is accepted.
    second_gradients:
        Also the gradients of the gradients.

    A gradient of None is a gradient of zeros. Where the loop's backward pass raises, nothing is
    asked of the rewrite; where only the rewrite's raises, that is a difference.
    """
    outputs = _pair_outputs(expected, actual)
    if not outputs or not expected[1]:
        return ()
    # What flows back through a float32 result has been rounded to it, whatever it flows into.
    dtypes = {closeness.precision, *(name_dtype(one.dtype) for _, one, _ in outputs)}
    precision = max(dtypes, key=lambda dtype: RELATIVE_TOLERANCE.get(dtype, 0.0))
    closeness = replace(
        closeness,
        exactness=Exactness.ROUNDING,
        signed_zero=False,
        any_where_nan=True,
        precision=precision,
    )
    loop = _pull_back([one for _, one, _ in outputs], expected[1], second_gradients)
    rewrite = _pull_back([other for _, _, other in outputs], actual[1], second_gradients)
    found = _compare_pullbacks(loop, rewrite, expected[1], DifferenceKind.GRADIENT, closeness)
    if second_gradients and not (loop.error or rewrite.error):
        loop, rewrite = _pull_back_again(loop, expected[1]), _pull_back_again(rewrite, actual[1])
        kind = DifferenceKind.SECOND_GRADIENT
        found += _compare_pullbacks(loop, rewrite, expected[1], kind, closeness)
    return found


def _compare_pullbacks(
    loop: _Pullback,
    rewrite: _Pullback,
    leaves: Sequence[Leaf],
    kind: DifferenceKind,
    closeness: Closeness,
) -> tuple[Difference, ...]:
    if loop.error:
        return ()
    if rewrite.error:
        sentence = f"the backward pass of the rewrite raises {rewrite.error}"
        return (Difference(kind.value, kind, sentence),)
    return tuple(
        difference
        for leaf, one, other in zip(leaves, loop.gradients, rewrite.gradients, strict=True)
        for difference in _compare_gradients(
            one, other, f"{kind.value} of {leaf.path}", kind, closeness
        )
    )


def _pair_outputs(
    expected: tuple[Named, Sequence[Leaf]], actual: tuple[Named, Sequence[Leaf]]
) -> list[tuple[str, torch.Tensor, torch.Tensor]]:
    """The tensors at the same path on both sides that both require grad and have one shape."""
    ours, theirs = _find_outputs(*expected), _find_outputs(*actual)
    return [
        (path, one, theirs[path])
        for path, one in ours.items()
        if path in theirs and theirs[path].shape == one.shape and theirs[path].dtype == one.dtype
    ]


def _find_outputs(named: Named, leaves: Sequence[Leaf]) -> dict[str, torch.Tensor]:
    # The gradient of a leaf with respect to itself says nothing, and would hide a lost one.
    own = {id(leaf.tensor) for leaf in leaves}
    return {
        where: part
        for path, value in named
        for where, part in walk_parts(value, path)
        if isinstance(part, torch.Tensor) and part.requires_grad and id(part) not in own
    }


def _pull_back(
    outputs: Sequence[torch.Tensor],
    leaves: Sequence[Leaf],
    create_graph: bool = False,
    seed: int = COTANGENT_SEED,
) -> _Pullback:
    generator = torch.Generator().manual_seed(seed)
    cotangents = [
        torch.randn(
            output.shape,
            generator=generator,
            dtype=torch.complex128 if output.is_complex() else torch.float64,
        )
        .to(output.dtype)
        .to(output.device)
        for output in outputs
    ]
    inputs = [leaf.tensor for leaf in leaves]
    try:
        with torch.enable_grad():
            gradients = torch.autograd.grad(
                outputs, inputs, cotangents,
                retain_graph=True, create_graph=create_graph, allow_unused=True,
            )  # fmt: skip
    except RuntimeError as error:
        return _Pullback(error=f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return _Pullback(gradients)


def _pull_back_again(pullback: _Pullback, leaves: Sequence[Leaf]) -> _Pullback:
    """The gradients of the gradients. Every side draws one cotangent a leaf, whichever gradients
    happen to depend on anything, so that both sides draw the same."""
    zero = [torch.zeros_like(leaf.tensor, requires_grad=True) for leaf in leaves]
    outputs = [
        gradient if gradient is not None and gradient.requires_grad else nothing
        for gradient, nothing in zip(pullback.gradients, zero, strict=True)
    ]
    return _pull_back(outputs, leaves, seed=COTANGENT_SEED + 1)


def _compare_gradients(
    expected: torch.Tensor | None,
    actual: torch.Tensor | None,
    path: str,
    kind: DifferenceKind,
    closeness: Closeness,
) -> tuple[Difference, ...]:
    if expected is None and actual is None:
        return ()
    if expected is None or actual is None:
        present = actual if expected is None else expected
        assert present is not None
        zeros = torch.zeros_like(present)
        sides = zeros if expected is None else expected, zeros if actual is None else actual
        if not compare_tensors(sides[0].detach(), sides[1].detach(), path, closeness):
            return ()  # up to rounding, as beside zeros that are there
        one = "no gradient" if expected is None else describe(expected)
        other = "no gradient" if actual is None else describe(actual)
        return (Difference(path, kind, f"{one} in the loop, {other} in the rewrite"),)
    # Whether a gradient itself requires grad is the graph's business, not a result.
    found = compare_tensors(expected.detach(), actual.detach(), path, closeness)
    return tuple(replace(difference, kind=kind) for difference in found)
