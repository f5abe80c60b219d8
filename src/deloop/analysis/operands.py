"""What is known of a tensor by its type alone: dtype, sizes as far as known, whose memory it is."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace

from deloop.dtype import category
from deloop.frontend.items import Item, Tuple, View
from deloop.ir.affine import Affine
from deloop.ir.types import Integer, Literal, Sequence, Shape, Tensor, TensorType

MEMORY_OF_ITS_OWN: frozenset[str] = frozenset()

Evaluate = Callable[[ast.expr], Item]
"""What an expression stands for, as far as it is read; `Opaque` where it is not."""

ONE = Affine.number(1)

Size = Affine | None
"""The size of a dimension; None where it is not known."""


@dataclass(frozen=True)
class Made:
    """A tensor that an operation makes.

    `memory` names the memory that it may lie in; empty where it is new.
    """

    dtype: str
    sizes: tuple[Size, ...]
    device: str = "cpu"
    requires_grad: bool = False
    memory: frozenset[str] = MEMORY_OF_ITS_OWN
    overlapping: bool = False

    @property
    def rank(self) -> int:
        """How many dimensions."""
        return len(self.sizes)

    def new(self, sizes: tuple[Size, ...] | None = None, dtype: str | None = None) -> Made:
        """New memory of other sizes, or of another dtype."""
        made = self.dtype if dtype is None else dtype
        grad = self.requires_grad and category(made) in ("float", "complex")
        shape = self.sizes if sizes is None else sizes
        return Made(made, shape, self.device, grad)

    def view(self, sizes: tuple[Size, ...]) -> Made:
        """The same memory, perhaps, seen with other sizes."""
        return replace(self, sizes=sizes)

    def forget(self, prefix: str) -> Made:
        """The same without sizes that are spelled through certain names."""
        sizes = tuple(
            None if s is None or any(prefix in x for x in s.symbols) else s for s in self.sizes
        )
        return replace(self, sizes=sizes)

    def tensor(self, own: str) -> Tensor:
        """A tensor without a name; sizes that are not known are spelled ``own.shape[k]``."""
        shape = tuple(
            Affine.symbol(f"{own}.shape[{k}]") if s is None else s
            for k, s in enumerate(self.sizes)
        )
        leaf = not self.requires_grad and not self.memory
        kind = TensorType(
            self.dtype, shape, self.device, self.requires_grad, leaf, False, self.overlapping
        )
        storage = "".join(f"{memory}?" for memory in self.memory)
        return Tensor("", kind, storage, fresh=not self.memory)


def of_item(item: Item) -> Made | None:
    """What is known of a tensor; None for what is no tensor of one type."""
    if isinstance(item, Tensor):
        kind = item.type
        is_new = item.storage in ("", "fresh:")  # made by what is being read, without a name
        memory = MEMORY_OF_ITS_OWN if is_new else frozenset({item.memory})
        memory = item.made_of or memory
        return Made(
            kind.dtype, kind.shape, kind.device, kind.requires_grad, memory, kind.overlapping
        )
    if isinstance(item, View):
        made = of_item(item.tensor)
        return None if made is None else made.view(item.sizes)
    return None


def with_name(tensor: Tensor, name: str, own: str) -> Tensor:
    """A tensor with a name, sizes spelled through that."""
    shape = tuple(
        s.substitute({x: Affine.symbol(x.replace(own, name)) for x in s.symbols})
        for s in tensor.type.shape
    )
    storage = tensor.storage or f"fresh:{name}"
    return replace(tensor, name=name, type=replace(tensor.type, shape=shape), storage=storage)


@dataclass(frozen=True)
class Operands:
    """What a call is given, read."""

    positional: tuple[Item, ...]
    keywords: Mapping[str, Item]

    def at(self, place: int, *names: str) -> Item | None:
        """An argument by its place or its name."""
        if place < len(self.positional):
            return self.positional[place]
        return next((self.keywords[n] for n in names if n in self.keywords), None)

    def tensor(self, place: int, *names: str) -> Made | None:
        """An argument that is a tensor."""
        item = self.at(place, *names)
        return None if item is None else of_item(item)

    def integer(self, place: int, *names: str) -> int | None:
        """An argument that is an int of the source."""
        item = self.at(place, *names)
        is_known = isinstance(item, Integer) and item.affine.is_constant
        return item.affine.constant if is_known else None  # type: ignore[union-attr]

    def size(self, place: int, *names: str) -> Affine | None:
        """An argument that is an int."""
        item = self.at(place, *names)
        return item.affine if isinstance(item, Integer) else None

    def flag(self, place: int, *names: str) -> bool | None:
        """An argument that is a bool of the source, False where it is not given."""
        item = self.at(place, *names)
        if item is None:
            return False
        return item.value if isinstance(item, Literal) and isinstance(item.value, bool) else None

    def dim(self, rank: int, place: int, *names: str, default: int | None = None) -> int | None:
        """An argument that is a dimension of a tensor of `rank`."""
        found = default if self.at(place, *names) is None else self.integer(place, *names)
        if found is None or not -rank <= found < rank:
            return None
        return found % rank

    def sizes(self, start: int, *names: str) -> tuple[Affine, ...] | None:
        """Sizes from a place on: ``(2, -1)``, ``((2, -1),)`` or ``(x.shape,)``."""
        items = list(self.positional[start:])
        if not items:
            items = [self.keywords[n] for n in names if n in self.keywords]
        if len(items) == 1:
            items = _parts(items[0])
        found = [i.affine for i in items if isinstance(i, Integer)]
        return tuple(found) if len(found) == len(items) else None


def _parts(item: Item) -> list[Item]:
    match item:
        case Tuple(items) | Sequence(items):
            return list(items)
        case Shape(tensor):
            return [Integer(size) for size in tensor.type.shape]
    return [item]


Rule = Callable[[Operands], Made | Items[Made] | None]
"""What an operation makes of its operands; None where that is not known."""
