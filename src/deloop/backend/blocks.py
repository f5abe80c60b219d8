"""Values laid into the blocks of a dimension: repeated, beside each other, as one again."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from functools import reduce

from deloop.backend import syntax
from deloop.ir.affine import Affine
from deloop.ir.types import Tensor


def repeated(
    node: ast.expr,
    has: Sequence[bool],
    tensor: Tensor,
    written: Callable[[Affine], ast.expr],
) -> ast.expr | None:
    """A value that is the same in some parts of split dimensions, as all of the tensor.

    ``out[i, k, j, l] = x[i, j]   ->   x.repeat_interleave(2, 0).repeat_interleave(2, 1)``, and
    ``out[i, k, j, l] = x[k, l]   ->   x.repeat(n, m)``. `has` says along which of the tensor's
    dimensions the value moves. None where it misses more than one part of a pair.
    """
    splits = dict(tensor.splits)
    inner: list[tuple[int, Affine]] = []
    outer: list[Affine] = []
    joined: list[int] = []
    place = 0
    for dim in range(len(tensor.whole)):
        parts = splits.get(dim, (tensor.whole[dim],))
        moves = has[place : place + len(parts)]
        place += len(parts)
        outer.append(Affine.number(1))
        if all(moves):
            joined.extend([dim] if len(parts) == 2 else [])
            if len(parts) > 2:
                return None
        elif len(parts) != 2 or not any(moves):
            return None
        elif moves[0]:
            inner.append((dim, parts[1]))
        else:
            outer[-1] = parts[0]
    for dim in joined:
        node = syntax.method(node, "flatten", ast.Constant(dim), ast.Constant(dim + 1))
    for dim, size in inner:
        node = syntax.method(node, "repeat_interleave", written(size), ast.Constant(dim))
    if any(size != Affine.number(1) for size in outer):
        node = syntax.method(node, "repeat", *map(written, outer))
    return node


def _product(first: ast.expr, second: ast.expr) -> ast.expr:
    return ast.BinOp(first, ast.Mult(), second)


def joined(
    node: ast.expr, tensor: Tensor, written: Callable[[Affine], ast.expr]
) -> ast.expr:
    """The dimensions that were split as they were: ``v.flatten(0, 1)``."""
    if not tensor.splits:
        return node
    if len(tensor.splits) > 1:
        splits = dict(tensor.splits)
        blocks = [splits.get(dim, (size,)) for dim, size in enumerate(tensor.whole)]
        shape = [reduce(_product, map(written, parts)) for parts in blocks]
        return syntax.method(node, "reshape", *shape)
    ((dim, sizes),) = tensor.splits
    last = dim + len(sizes) - 1
    is_last = last == len(tensor.type.shape) - 1
    ends = [dim] if is_last else [dim, last]
    return syntax.method(node, "flatten", *map(ast.Constant, ends if ends != [0] else []))
