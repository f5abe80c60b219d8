"""The elements that a kernel reads and writes: its words for them, and indices kept in bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from deloop.backend.kernel_casts import DTYPES, cast
from deloop.backend.kernel_text import KernelText, bare
from deloop.backend.kernel_values import KernelValues
from deloop.dtype import Rank
from deloop.ir.affine import Affine
from deloop.ir.guarded import place_of
from deloop.ir.kernel import KernelArray, KernelNumber
from deloop.ir.loop import (
    TOUCH,
    AffineBranch,
    Branch,
    Loop,
    Nest,
    Node,
    Store,
    expressions_of,
    stores,
)
from deloop.ir.scalar import ElementType, Expression, Invariant, Subscript, loads

_INT = ElementType("int64", Rank.NUMBER)


@dataclass(frozen=True)
class KernelPlace:
    """What a kernel needs to know of the function around its loop.

    `spell` writes a size as the code at the loop has it, `hints` are the sizes that were seen,
    `names` the user's words for values. Results are `confirmed` where the loop must have set them.
    """

    name: str
    spell: Callable[[Affine], Affine]
    hints: Mapping[str, int]
    names: Mapping[Expression, str]
    confirmed: frozenset[str] = frozenset()
    made: Mapping[str, str] = field(default_factory=dict)
    """Names of tensors that stand for the lists that the loop fills."""
    is_parallel: bool = False
    """Whether no iteration of the outermost loop waits for another."""


class KernelElements:
    """Names for all that a nest touches, and its elements in the kernel's text.

    `loops` are those around what is written, `needed` the conditions on sizes that are asked in
    front of everything.
    """

    def __init__(
        self, nest: Nest, around: KernelPlace, repeated: Mapping[Expression, str]
    ) -> None:
        self.nest, self.around = nest, around
        self.text = KernelText()
        self.loops: list[Loop] = []
        self.arrays: dict[str, KernelArray] = {}
        self.numbers: dict[str, KernelNumber] = {}
        self.needed: dict[str, None] = {}
        self.held: dict[str, str] = {}
        self.written = {s.array for s in stores(nest.body)}
        self.variables: dict[str, str] = {}
        self.symbols = _Symbols(self._size)
        self.values = KernelValues(
            self.text, self.symbols, self.variables, self.element, self._outside, repeated
        )

    # ------------------------------------------------------------------ names
    def declare(self, array: str) -> None:
        """An array as an argument, or as a variable where each iteration has its own."""
        tensor = self.nest.arrays[array]
        if array.startswith(TOUCH) and array in self.nest.locals:
            return
        if tensor.type.dtype not in DTYPES:
            raise self.values.refuse(f"{tensor.name} is {tensor.type.dtype}")
        if array in self.nest.locals:
            if not self._is_own(array):
                raise self.values.refuse(f"{tensor.name} is kept from one iteration to another")
            self.variables[array] = self.text.name(tensor.name)
            return
        plain = tensor.name.replace(".", "").isidentifier()
        odd = tensor.made_of or tensor.splits or tensor.padding or tensor.flat_of or not plain
        if odd or tensor.name != array:
            raise self.values.refuse(f"{tensor.name} is no tensor of the function's own")
        name = self.text.name(array.rpartition(".")[2])
        spelling = self.around.made.get(array, array)
        self.arrays[array] = KernelArray(
            name, spelling, tensor.type.dtype, tensor.type.rank, array in self.written
        )

    def _is_own(self, array: str) -> bool:
        """Whether all that touches an array touches one element in an iteration."""
        uses = set(_uses(array, self.nest.body, ()))
        return len(uses) <= 1 and None not in uses

    def _size(self, symbol: str) -> str:
        """The kernel's word for a size or an int of the function's."""
        for array, known in self.arrays.items():
            if symbol.startswith(f"{array}.shape["):
                axis = symbol[len(array) + 7 : -1]
                if axis.isdigit() and int(axis) < known.rank:
                    return f"{known.name}.shape[{axis}]"
        spelling = str(self.around.spell(Affine.symbol(symbol)))
        return self._number(spelling, "int64")

    def _number(self, spelling: str, dtype: str) -> str:
        found = self.numbers.get(spelling)
        if found is None:
            found = KernelNumber(self.text.name(spelling), spelling, dtype)
            self.numbers[spelling] = found
        if found.dtype != dtype:
            raise self.values.refuse(f"{spelling} is read as two types")
        return found.name

    def _outside(self, value: Invariant) -> str:
        """A variable that no iteration changes."""
        plain = value.name.replace(".", "").isidentifier()
        if value.requires_grad or not plain or value.type.dtype not in DTYPES:
            raise self.values.refuse(f"{value.name} is no plain number")
        if value.type.rank is Rank.NUMBER:
            return self._number(value.name, value.type.dtype)
        if value.type.rank is Rank.TENSOR:
            raise self.values.refuse(f"{value.name} is taken whole")
        found = self.arrays.get(value.name)
        if found is None:
            name = self.text.name(value.name.rpartition(".")[2])
            found = KernelArray(name, value.name, value.type.dtype, 0)
            self.arrays[value.name] = found
        return self._held(found)

    def _held(self, array: KernelArray) -> str:
        """What a tensor without dimensions holds that the loop does not write, read once."""
        if array.name not in self.held:
            self.held[array.name] = self.text.name(f"{array.name}_value")
            self.values.before.append(f"    {self.held[array.name]} = {array.name}[()]")
        return self.held[array.name]

    # ------------------------------------------------------------------ elements
    def element(self, array: str, subscripts: tuple[Subscript, ...]) -> str:
        """An element of an array: ``y[t - 1]``."""
        known = self.arrays.get(array)
        if known is None or len(subscripts) != known.rank:
            raise self.values.refuse(f"{array} is not read element by element")
        if not known.rank and not known.written:
            return self._held(known)
        return f"{known.name}[{', '.join(self.places(array, subscripts)) or '()'}]"

    def places(self, array: str, subscripts: tuple[Subscript, ...]) -> list[str]:
        """Indices, each inside of its dimension."""
        return [self._place(array, axis, s) for axis, s in enumerate(subscripts)]

    def _place(self, array: str, axis: int, subscript: Subscript) -> str:
        """An index inside of a dimension: certain from the start, or asked for here."""
        plain = place_of(subscript)
        if plain is not None and self._is_inside(array, axis, plain):
            return self.values.affine(plain)
        key = ("place", array, axis, subscript)
        if key in self.text.known:
            return self.text.known[key]
        if plain is not None:
            value = self.values.affine(plain)
        else:
            assert not isinstance(subscript, Affine)
            kind = subscript.type
            if kind.dtype in ("bool", "float32", "float64"):
                raise self.values.refuse("an index that is no int")
            value = cast(self.text, self.values.value(subscript), kind, _INT)
        size = f"{self.arrays[array].name}.shape[{axis}]"
        name = self.text.name("k")
        self.text.line(f"{name} = {bare(value)}")
        self.text.line(f"if {name} < 0:")
        self.text.line(f"    {name} += {size}")
        self.text.stop_if(f"{name} < 0 or {name} >= {size}")
        self.text.known[key] = name
        return name

    def _is_inside(self, array: str, axis: int, place: Affine) -> bool:
        """Whether an index is in bounds in all iterations, going by the sizes seen: then it is
        asked once, before anything runs."""
        ends = self.ends(place, self.loops)
        if ends is None:
            return False
        low, high = ends
        sizes = self.nest.arrays[array].type.shape
        least, greatest = low.evaluate(self.around.hints), high.evaluate(self.around.hints)
        size = sizes[axis].evaluate(self.around.hints) if axis < len(sizes) else None
        if least is None or greatest is None or size is None:
            return False
        if least < 0 or greatest >= size:
            return False
        if not (low.is_constant and low.constant >= 0):
            self.needed[f"{self.values.affine(low)} >= 0"] = None
        extent = f"{self.arrays[array].name}.shape[{axis}]"
        if self.values.affine(high + 1) != extent:
            self.needed[f"{self.values.affine(high)} < {extent}"] = None
        return True

    @staticmethod
    def ends(place: Affine, loops: Sequence[Loop]) -> tuple[Affine, Affine] | None:
        """The least and the greatest value of an index over all loops around it."""
        low = high = place
        for loop in reversed(loops):
            last = loop.upper - 1
            first = loop.lower
            for is_low in (True, False):
                end = low if is_low else high
                factor = end.coefficient(loop.iterator)
                if not factor:
                    continue
                if loop.span is not None:
                    steps, rest = divmod(factor, loop.stride)
                    moving = end.without([loop.iterator])
                    if rest:
                        return None
                    beyond = (loop.span - 1) * steps
                    end = moving if (factor > 0) == is_low else moving + beyond
                else:
                    chosen = first if (factor > 0) == is_low else last
                    end = end.substitute({loop.iterator: chosen})
                low, high = (end, high) if is_low else (low, end)
        return low, high


class _Symbols(dict[str, str]):
    """The kernel's words for iterators and sizes; a size is asked for when it is first met."""

    def __init__(self, find: Callable[[str], str]) -> None:
        super().__init__()
        self.find = find

    def __missing__(self, symbol: str) -> str:
        self[symbol] = self.find(symbol)
        return self[symbol]

    def bind(self, symbol: str, name: str) -> str:
        """Take a name for an iterator."""
        self[symbol] = name
        return name


def _uses(
    array: str, nodes: tuple[Node, ...], around: tuple[Loop, ...]
) -> Iterator[tuple[tuple[Subscript, ...], tuple[int, ...]] | None]:
    """Each element of an array that is read or written, with the loops that it is one of; None for
    an element that iterations share."""
    for node in nodes:
        read: list[Expression] = []
        match node:
            case Loop(body=body):
                yield from _uses(array, body, (*around, node))
            case Branch(condition, then, otherwise):
                read.append(condition)
                yield from _uses(array, (*then, *otherwise), around)
            case AffineBranch(_, then, otherwise):
                yield from _uses(array, (*then, *otherwise), around)
            case Store():
                read.extend(expressions_of(node))
                if node.array == array:
                    yield _own_place(node.subscripts, around) if not node.implicit else None
        for load in (x for e in read for x in loads(e)):
            if load.array == array:
                yield _own_place(load.subscripts, around) if not load.implicit else None


def _own_place(
    subscripts: tuple[Subscript, ...], around: tuple[Loop, ...]
) -> tuple[tuple[Subscript, ...], tuple[int, ...]] | None:
    loops = {Affine.symbol(x.iterator): id(x) for x in around}
    if not all(isinstance(s, Affine) and s in loops for s in subscripts):
        return None
    return subscripts, tuple(loops[s] for s in subscripts if isinstance(s, Affine))
