"""What a name can stand for while one iteration is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from deloop.diagnostic import Place
from deloop.ir import scalar, types
from deloop.ir.affine import Affine, Constraint


@dataclass(frozen=True)
class Point:
    """A dimension fixed by one subscript."""

    subscript: scalar.Subscript


@dataclass(frozen=True)
class Whole:
    """A dimension taken from `start` over `extent` elements, every `step`-th of them."""

    start: Affine
    extent: Affine
    step: int = 1

    def at(self, place: Affine) -> Affine:
        """Where an element of the part lies in its dimension."""
        return self.start + place * self.step

    @property
    def cut(self) -> tuple[Affine, Affine, int]:
        """What tells whether the part is all of its dimension."""
        return self.start, self.extent, self.step


@dataclass(frozen=True)
class View:
    """Part of a tensor, still the same memory: ``x[i]``, ``x[i, j]``, ``x[:, j]``."""

    tensor: types.Tensor
    dimensions: tuple[Point | Whole, ...]
    unbound: bool = False
    """Made by iterating or unpacking: writing into it raises where a gradient is recorded."""

    @property
    def rank(self) -> int:
        """How many dimensions are left."""
        return sum(isinstance(d, Whole) for d in self.dimensions)

    @property
    def sizes(self) -> tuple[Affine, ...]:
        """The sizes of the dimensions that are left."""
        return tuple(d.extent for d in self.dimensions if isinstance(d, Whole))


@dataclass(frozen=True)
class FlatIndex:
    """The iterator of a loop over all elements, delinearised: ``k = i * m + j``."""

    iterators: tuple[str, ...]
    factors: tuple[Affine, ...]
    is_tensor: bool = False
    """Whether the loop made a 0-d tensor of it (``torch.tensor(k)``)."""


@dataclass(frozen=True)
class Carried:
    """A name that, where it is read, still holds the previous iteration's value."""

    name: str
    written: Place
    loop: object = field(default=None, compare=False)


@dataclass(frozen=True)
class Finished:
    """A name that a loop bound; its value is the last iteration's, if there was one."""

    name: str
    place: Place
    loop: object = field(default=None, compare=False)


@dataclass(frozen=True)
class Listed:
    """What ``view.tolist()`` holds, a list of lists of Python numbers."""

    view: View


@dataclass(frozen=True)
class Tuple:
    """A tuple or a list made while reading: like `ir.types.Sequence`, but of any items."""

    items: tuple[Item, ...]
    is_list: bool = False
    names: tuple[str, ...] = ()
    """The attributes that the items have, if it is a named tuple of PyTorch."""


@dataclass(frozen=True)
class Grown:
    """A list that a loop has filled, as the array of its elements.

    It was made inside `depth` loops; `is_number` says that its elements are Python numbers,
    `is_single` that they are numbers, 0-d tensors, or lists of those.
    """

    name: str
    view: View
    depth: int
    is_number: bool
    is_single: bool


@dataclass(frozen=True)
class Places:
    """The indices at which a row of bools is true, in a row or, of ``nonzero``, in a column."""

    mask: scalar.Expression
    is_column: bool = False


@dataclass(frozen=True)
class Requirement:
    """Something that reading the loop relied on, to be proved or assumed later."""

    constraint: Constraint
    place: Place
    reason: str
    guards: tuple[Constraint, ...] = ()
    """Conditions by place under which alone it is relied on."""


Item = (
    types.Value | scalar.Expression | View | FlatIndex | Carried | Finished | Tuple | Grown | Places
    | Listed
)


def whole(tensor: types.Tensor) -> View:
    """The view of a tensor that is all of it."""
    return View(tensor, tuple(Whole(Affine(), size) for size in tensor.type.shape))


def shape_of(items: list[Item]) -> tuple[Affine, ...] | None:
    """A shape given size by size, as a tuple or as ``x.shape``; None where one is not known.

    ``torch.zeros(x.shape, 3)`` raises: a shape stands alone.
    """
    sizes: list[Affine] = []
    if len(items) > 1 and not all(isinstance(item, types.Integer) for item in items):
        return None
    for item in items:
        match item:
            case types.Integer(affine):
                sizes.append(affine)
            case types.Sequence(items=parts) | Tuple(items=parts):
                inner = shape_of(list(parts))
                if inner is None:
                    return None
                sizes.extend(inner)
            case types.Shape(tensor):
                sizes.extend(tensor.type.shape)
            case _:
                return None
    return tuple(sizes)
