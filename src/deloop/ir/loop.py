"""Loop IR: nests of loops, guards and stores.

Loops are normalised: an iterator counts 0, 1, 2, … and the user's variable is an affine expression
of it. Temporaries are substituted forward by the front end, so that what is left is stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from deloop.diagnostic import Place
from deloop.ir.affine import Affine, Constraint
from deloop.ir.axis import Axis
from deloop.ir.scalar import ElementType, Expression, Number, Subscript, loads
from deloop.ir.types import Tensor

TOUCH = "_touch"
"""A local store to a name that begins so stands for a read whose value may never be used."""

NUMBERS, STACK = "_deloop_numbers", "_deloop_stack"
"""Names of arrays that are made of Python sequences: ``_deloop_numbers(mean)``."""

LIST = "list:"
"""The storage of an array that stands for a Python list begins so."""

PRIVATE = "private:"
"""The storage of an array of which each iteration makes and fills its own row begins so."""


@dataclass(frozen=True)
class Store:
    """``array[subscripts] = value``.

    `implicit` iterators run over dimensions that the statement treats whole; all its reads come
    before all its writes along them. `guards` are affine conditions on iterators under which it
    runs. A `local` store defines a temporary of the iteration, kept over the iterators around it.
    """

    array: str
    subscripts: tuple[Subscript, ...]
    value: Expression
    dtype: str
    place: Place
    implicit: tuple[Loop, ...] = ()
    guards: tuple[Constraint, ...] = ()
    local: bool = False
    augmented: bool = False
    cell: ElementType | None = None
    """For a store to a cell, the type that the loop's own variable has."""


@dataclass(frozen=True)
class Cell:
    """A variable carried from one iteration to the next, kept like an array.

    Its key in the nest's arrays differs from `name`, the user's own. `starts_unset` says that it
    holds nothing before the loop, `changes_type` that what it holds then is of another type,
    `starts_beyond` that it is an infinity, for which the type's own extreme stands, and
    `starts_shared` that it is the very tensor of others, where an update leaves a new one. `start`
    is what it begins with, as the loop's own value has it. The `resets` are numbers that it holds
    on some paths, where it is an element on others.
    """

    key: str
    name: str
    kind: ElementType
    starts_unset: bool = False
    changes_type: bool = False
    starts_beyond: bool = False
    starts_shared: bool = False
    start: Expression | None = None
    resets: tuple[Number, ...] = ()


@dataclass(frozen=True)
class Diagonal:
    """What one iteration of a loop over diagonals covers: places ``(row, number - slope * row)``.

    `row` and `column` are the user's variables, `rows` and `columns` their ranges; `values` says
    what the iterators of the two loops are in those terms.
    """

    row: str
    column: str
    slope: int
    rows: tuple[Affine, Affine]
    columns: tuple[Affine, Affine]
    values: tuple[tuple[str, Affine], ...] = ()


@dataclass(frozen=True)
class Chunks:
    """A loop over pieces of another one's range: ``for start in range(0, n, step)``.

    `stop` is where a piece ends, `step` how many iterations it has at most: so many that a piece
    takes `elements` of the values that each iteration makes, as many as the product of `extents`.
    """

    stop: str
    step: str
    elements: int
    extents: tuple[Affine, ...]


@dataclass(frozen=True)
class Loop:
    """``for iterator in range(lower, upper)``.

    A loop with another step counts 0, 1, 2, … and the user's variable is an affine expression of
    the iterator; then iterations go on while ``stride * iterator < span``.
    """

    iterator: str
    lower: Affine
    upper: Affine
    body: tuple[Node, ...]
    place: Place
    stride: int = 1
    span: Affine | None = None
    variable: tuple[str, Affine] | None = None
    """The user's name and its value, where that is not the iterator itself."""
    diagonal: Diagonal | None = None
    """For a loop over the diagonals of two others, which those are."""
    chunks: Chunks | None = None
    """For a loop over pieces of another one, which those are."""
    stays: bool = False
    """Whether the loop is to stay, though its iterations may be run at once."""

    @property
    def axis(self) -> Axis:
        """The iterator's values."""
        return Axis(self.iterator, self.lower, self.upper, self.stride, self.span)

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The iterations, as constraints on the iterator."""
        return self.axis.constraints


@dataclass(frozen=True)
class Branch:
    """``if condition: then else: otherwise``; the condition is data, not affine."""

    condition: Expression
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class AffineBranch:
    """``if guards: then else: otherwise`` with affine conditions (a conjunction)."""

    guards: tuple[Constraint, ...]
    then: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    place: Place


Node = Store | Loop | Branch | AffineBranch


@dataclass(frozen=True)
class Nest:
    """A candidate loop with everything that its body needs to be understood."""

    body: tuple[Node, ...]
    place: Place
    arrays: dict[str, Tensor] = field(default_factory=dict)
    locals: frozenset[str] = frozenset()
    cells: tuple[Cell, ...] = ()
    live: frozenset[str] = frozenset()
    """Keys of the cells that the code behind the nest reads."""
    steps: dict[int, Affine] = field(default_factory=dict)
    """How strides that are parameters at the function's entry are written: ``{2: step}``."""


def expressions_of(store: Store) -> tuple[Expression, ...]:
    """All that a store evaluates: its value, and subscripts that are not affine."""
    return (store.value, *(s for s in store.subscripts if not isinstance(s, Affine)))


def arrays_read(store: Store) -> frozenset[str]:
    """What a store reads, in its value or in its subscripts."""
    return frozenset(x.array for e in expressions_of(store) for x in loads(e))


def is_touch(node: Node) -> bool:
    """Whether a node only makes sure that a read is in bounds."""
    return isinstance(node, Store) and node.array.startswith(TOUCH)


def stores(nodes: tuple[Node, ...]) -> Iterator[Store]:
    """Every store, in textual order."""
    for node in nodes:
        match node:
            case Store():
                yield node
            case Loop(body=body):
                yield from stores(body)
            case (
                Branch(then=then, otherwise=otherwise)
                | AffineBranch(then=then, otherwise=otherwise)
            ):
                yield from stores(then)
                yield from stores(otherwise)
