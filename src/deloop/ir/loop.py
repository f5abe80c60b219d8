"""Loop IR: nests of loops, guards and stores.

Loops are normalised: an iterator counts 0, 1, 2, … and the user's variable is an affine expression
of it. Temporaries are substituted forward by the front end, so that what is left is stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from deloop.diagnostic import Place
from deloop.ir.affine import Affine, Constraint, at_least, less_than
from deloop.ir.scalar import Expression, Subscript
from deloop.ir.types import Tensor

TOUCH = "_touch"
"""A local store to a name that begins so stands for a read whose value may never be used."""


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

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The iterations, as constraints on the iterator."""
        iterator = Affine.symbol(self.iterator)
        if self.span is not None:
            return (at_least(iterator, 0), less_than(iterator * self.stride, self.span))
        return (at_least(iterator, self.lower), less_than(iterator, self.upper))


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
