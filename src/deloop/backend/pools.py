"""Windows of images combined: ``max_pool2d`` and ``avg_pool2d``, which copy no windows."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from deloop.backend import syntax

_WORDS = {"amax": "max_pool", "mean": "avg_pool"}


def pooled(node: ast.expr, torch: str) -> ast.expr | None:
    """``x.unfold(2, k, s).unfold(3, k, s).amax((4, 5)) -> max_pool2d(x, k, s)``.

    The windows are of the last two or three dimensions, behind at most two others. None for
    anything else.
    """
    match node:
        case ast.Call(
            func=ast.Attribute(value=windows, attr="amax" | "mean" as word),
            args=[ast.Tuple(elts=dims)],
            keywords=[],
        ):
            places = [d.value for d in dims if isinstance(d, ast.Constant)]
        case _:
            return None
    base, cuts = _unfolded(windows)
    count = len(cuts)
    if count not in (2, 3) or len(places) != count or not isinstance(places[0], int):
        return None
    rank = places[0]
    if places != [*range(rank, rank + count)] or not count <= rank <= count + 2:
        return None
    if [dim for dim, _, _ in cuts] != [*range(rank - count, rank)]:
        return None
    sizes, steps = [size for _, size, _ in cuts], [step for _, _, step in cuts]
    arguments = [_one_or_all(sizes)]
    if not all(syntax.same(a, b) for a, b in zip(sizes, steps, strict=True)):
        arguments.append(_one_or_all(steps))
    data = syntax.index(base, [ast.Constant(None)]) if rank == count else base
    name = f"{torch}.nn.functional.{_WORDS[word]}{count}d"
    made: ast.expr = syntax.call(name, [data, *arguments])
    return syntax.index(made, [ast.Constant(0)]) if rank == count else made


def _unfolded(node: ast.expr) -> tuple[ast.expr, list[tuple[int, ast.expr, ast.expr]]]:
    """What is unfolded, and along which dimensions, the first one first."""
    cuts: list[tuple[int, ast.expr, ast.expr]] = []
    while True:
        match node:
            case ast.Call(
                func=ast.Attribute(value=base, attr="unfold"),
                args=[ast.Constant(int() as dim), size, step],
            ):
                node = base
                cuts.insert(0, (dim, size, step))
            case _:
                return node, cuts


def _one_or_all(sizes: Sequence[ast.expr]) -> ast.expr:
    same = all(syntax.same(size, sizes[0]) for size in sizes)
    return sizes[0] if same else ast.Tuple(list(sizes), ast.Load())
