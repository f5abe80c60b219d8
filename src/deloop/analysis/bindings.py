"""Which names an item is spelled with, and what becomes of it when one of them is bound anew."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import lru_cache

from deloop.frontend import expression as build
from deloop.frontend.items import FlatIndex, Item, Point, Tuple, View
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.types import (
    Function,
    Integer,
    Object,
    Opaque,
    Scalar,
    Sequence,
    Shape,
    Tensor,
)
from deloop.text.names import names_in


@lru_cache(4096)
def names_spelled(text: str) -> frozenset[str]:
    """The identifiers of a spelling: ``"self.w.shape[0] // n" -> {"self", "n"}``."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return frozenset()
    return frozenset(names_in(tree))


def spellings(item: Item) -> set[str]:
    """Every spelling that writing an item back would use."""
    match item:
        case Tensor():
            own = {item.name} | _of_sizes(item.type.shape)
            return own | (spellings(item.flat_of) if item.flat_of else set())
        case Integer(affine):
            return set(affine.symbols)
        case Scalar(_, spelling) | Function(spelling):
            return {spelling}
        case Sequence(items) | Tuple(items):
            return {s for part in items for s in spellings(part)}
        case Shape(tensor):
            return spellings(tensor)
        case Object(name):
            return {name}
        case FlatIndex(_, factors):
            return _of_sizes(factors)
        case View(tensor, dimensions):
            found = spellings(tensor)
            for dimension in dimensions:
                if not isinstance(dimension, Point):
                    found |= _of_sizes((dimension.start, dimension.extent))
                elif isinstance(dimension.subscript, Affine):
                    found |= set(dimension.subscript.symbols)
                else:
                    found |= spellings(dimension.subscript)
            return found
    if isinstance(item, build.NODES):
        return _of_expression(item)
    return set()


def _of_sizes(sizes: tuple[Affine, ...]) -> set[str]:
    return {symbol for size in sizes for symbol in size.symbols}


def _of_expression(expression: scalar.Expression) -> set[str]:
    found: set[str] = set()
    for node in scalar.walk(expression):
        match node:
            case scalar.Index(affine):
                found |= set(affine.symbols)
            case scalar.Invariant(name):
                found.add(name)
            case scalar.Load(array, subscripts, _, implicit):
                found.add(array)
                found |= _of_sizes(tuple(s for s in subscripts if isinstance(s, Affine)))
                found |= _of_sizes(tuple(extent for _, extent in implicit))
    return found


def roots(item: Item) -> set[str]:
    """The identifiers that an item's meaning hangs on."""
    return {name for text in spellings(item) for name in names_spelled(text)}


def renamed(item: Item, old: str, new: str, is_as_large: bool = False) -> Item:
    """What another name holds, once the name it was spelled with is bound anew.

    ``z = x; x = 0``: the tensor is `z` now. `Opaque` where it cannot be spelled any more. Sizes may
    go on being spelled through a name whose new tensor `is_as_large` as the old one.
    """
    texts = {_without_sizes(t, old) for t in spellings(item)} if is_as_large else spellings(item)
    if old not in {name for text in texts for name in names_spelled(text)}:
        return item
    if isinstance(item, Scalar) and item.spelling == old:
        return replace(item, spelling=new)
    if isinstance(item, Tensor) and item.name == old:
        sizes = {name for s in _of_sizes(item.type.shape) for name in names_spelled(s)}
        if (is_as_large or old not in sizes) and item.flat_of is None:
            return replace(item, name=new)
    return Opaque(f"it was made from {old}, which holds something else by now")


def _without_sizes(text: str, name: str) -> str:
    """A spelling with a tensor's sizes left out: ``u.shape[0] // 2 -> 0 // 2``."""
    return re.sub(rf"(?<![\w.]){re.escape(name)}\.(shape\[\d+\]|numel\(\))", "0", text)


def have_one_shape(first: Item | None, second: Item | None) -> bool:
    """Whether two items are tensors of certainly the same shape."""
    both = isinstance(first, Tensor) and isinstance(second, Tensor)
    return both and first.type.shape == second.type.shape  # type: ignore[union-attr]


def is_consistent(name: str, item: Item) -> bool:
    """Whether an item that `name` is about to hold may be spelled through `name` itself.

    ``x = x * 2`` has the sizes that its own spelling says; ``x = x[1:]`` has not.
    """
    if name not in roots(item):
        return True
    if isinstance(item, (Scalar, Function)):
        return item.spelling == name
    if isinstance(item, Integer):
        return item.affine == Affine.symbol(name)
    if not isinstance(item, Tensor) or item.flat_of is not None:
        return False
    if item.name != name and name in names_spelled(item.name):
        return False
    return all(
        name not in {n for s in size.symbols for n in names_spelled(s)}
        or size == Affine.symbol(f"{name}.shape[{axis}]")
        for axis, size in enumerate(item.type.shape)
    )
