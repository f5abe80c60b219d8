"""Windows of one tensor times a kernel, summed: ``conv1d`` to ``conv3d``.

What these call a convolution is a cross-correlation, as is the loop over ``x[i + k] * w[k]``
(V. Dumoulin, F. Visin, "A guide to convolution arithmetic for deep learning", 2016).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deloop.backend import syntax
from deloop.backend.context import Emitted
from deloop.dtype import Rank

_MOST_DIMENSIONS = 3
_DTYPES = frozenset({"float32", "float64"})


@dataclass(frozen=True)
class _Windows:
    """A tensor read in windows along its last dimensions: ``base.unfold(1, 3, 2).unfold(…)``."""

    base: ast.expr
    leading: tuple[str, ...]
    outer: tuple[str, ...]
    inner: tuple[str, ...]
    steps: tuple[ast.expr, ...]


def convolution(
    pieces: Sequence[Emitted],
    reduced: frozenset[str],
    torch: str,
    extent: Callable[[str], ast.expr],
    is_some: Callable[[str], bool],
) -> Emitted | None:
    """A sum of products as a convolution; None where it is not one.

    ``einsum('ijab,ab->ij', x.unfold(0, 3, 1).unfold(1, 3, 1), w)``
    -> ``conv2d(x[None, None], w[None, None])[0, 0]``

    Parameters
    ----------
    pieces:
        The two factors, on the CPU (on a GPU a convolution of float32 rounds to TF32).
    reduced:
        The axes that are summed over.
    torch:
        How the user's code names torch.
    extent:
        The size of an axis as source.
    is_some:
        Whether an axis has an element, assuming so where it is not known.
    """
    for image, kernel in (pieces, pieces[::-1]):
        windows = _read_windows(image)
        if windows is not None and image.dtype in _DTYPES:
            found = _convolved(windows, image, kernel, reduced, torch, extent, is_some)
            if found is not None:
                return found
    return None


def _read_windows(piece: Emitted) -> _Windows | None:
    node, sizes, steps = piece.node, list[int](), list[ast.expr]()
    while True:
        match node:
            case ast.Call(
                func=ast.Attribute(value=base, attr="unfold"),
                args=[ast.Constant(int() as dim), _, step],
            ):
                node = base
                sizes.insert(0, dim)
                steps.insert(0, step)
            case _:
                break
    count = len(sizes)
    whole = piece.axes[: len(piece.axes) - count]
    if not 1 <= count <= _MOST_DIMENSIONS or sizes != [*range(len(whole) - count, len(whole))]:
        return None
    cut = len(whole) - count
    return _Windows(node, whole[:cut], whole[cut:], piece.axes[len(whole) :], tuple(steps))


def _convolved(
    windows: _Windows,
    image: Emitted,
    kernel: Emitted,
    reduced: frozenset[str],
    torch: str,
    extent: Callable[[str], ast.expr],
    is_some: Callable[[str], bool],
) -> Emitted | None:
    count = len(windows.inner)
    split = len(kernel.axes) - count
    if split < 0 or kernel.axes[split:] != windows.inner or not reduced >= set(windows.inner):
        return None
    channels = tuple(a for a in windows.leading if a in kernel.axes)
    batch = tuple(a for a in windows.leading if a not in channels)
    made = tuple(a for a in kernel.axes[:split] if a not in channels)
    is_summed = set(channels) <= reduced
    if windows.leading != (*batch, *channels) or len(batch) > 1 or len(channels) > 1:
        return None
    if reduced - set(windows.inner) - set(channels) or len(made) > 1:
        return None
    if channels and not is_summed and made:
        return None
    if kernel.axes[:split] != (*made, *channels):
        return None
    if not all(is_some(a) for a in (*windows.outer, *windows.inner, *channels, *made)):
        return None
    keywords: dict[str, ast.expr] = {}
    if not all(isinstance(s, ast.Constant) and s.value == 1 for s in windows.steps):
        same = len({ast.dump(s) for s in windows.steps}) == 1
        keywords["stride"] = (
            windows.steps[0] if same else ast.Tuple(list(windows.steps), ast.Load())
        )
    base, margins = _without_margins(windows.base, count)
    if margins:
        same = all(syntax.same(m, margins[0]) for m in margins)
        keywords["padding"] = margins[0] if same else ast.Tuple(margins, ast.Load())
    data = _with_new(base, [not batch, not channels])
    if channels and not is_summed:
        weight = _with_new(kernel.node, [False, True])
        keywords["groups"] = extent(channels[0])
        outputs: tuple[str, ...] = channels
    else:
        weight = _with_new(kernel.node, [not made, not channels])
        outputs = made
    name = f"{torch}.nn.functional.conv{count}d"
    node: ast.expr = syntax.call(name, [data, weight], **keywords)
    missing = [not batch, not outputs]
    if any(missing):
        entries: list[ast.expr] = [
            syntax.constant(0) if gone else ast.Slice() for gone in missing
        ]
        node = syntax.index(node, entries[:1] if not missing[1] else entries)
    return Emitted(node, (*batch, *outputs, *windows.outer), image.dtype, Rank.TENSOR)


def with_bias(first: Emitted, second: Emitted) -> ast.expr | None:
    """``conv2d(x, w) + b[:, None, None]   ->   conv2d(x, w, b)``; None where it is not that."""
    for image, bias in ((first, second), (second, first)):
        match image.node:
            case ast.Call(
                func=ast.Attribute(attr="conv1d" | "conv2d" | "conv3d"), args=[data, weight]
            ) if len(image.axes) > 1 and bias.axes == image.axes[1:2] and bias.dtype == image.dtype:
                arguments = [data, weight, bias.node]
                return ast.Call(image.node.func, arguments, image.node.keywords)
    return None


def _without_margins(node: ast.expr, count: int) -> tuple[ast.expr, list[ast.expr]]:
    """``pad(x, (1, 1, 2, 2))`` as ``x`` and the margins of its last dimensions, ``[2, 1]``."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="pad"), args=[inner, ast.Tuple(elts=sizes)], keywords=[]
        ) if len(sizes) == 2 * count:
            pairs = list(zip(sizes[::2], sizes[1::2], strict=True))
            if all(syntax.same(one, two) for one, two in pairs):
                return inner, [one for one, _ in reversed(pairs)]
    return node, []


def _with_new(node: ast.expr, missing: Sequence[bool]) -> ast.expr:
    """The tensor with dimensions of size 1 where they are missing: ``x[None, None]``."""
    if not any(missing):
        return node
    entries: list[ast.expr] = [
        syntax.constant(None) if gone else ast.Slice() for gone in missing
    ]
    while not missing[len(entries) - 1]:
        entries.pop()
    return syntax.index(node, entries)
