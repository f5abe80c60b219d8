"""A loop nest as a kernel: its statements in the loop's own order, in the tensors' own memory.

``for t in range(1, n): y[t] = a * y[t - 1] + x[t]`` becomes the same loop over arrays. What the
loop would raise for stops the kernel, and the loop itself runs instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deloop.backend.kernel_casts import DTYPES, cast, typed
from deloop.backend.kernel_text import KernelText, bare
from deloop.backend.kernel_values import KernelValues
from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.guarded import place_of
from deloop.ir.kernel import Kernel, KernelArray, KernelNumber, KernelResult
from deloop.ir.loop import (
    AffineBranch,
    Branch,
    Cell,
    Loop,
    Nest,
    Node,
    Store,
    expressions_of,
    is_touch,
    stores,
)
from deloop.ir.scalar import (
    Call,
    Cast,
    ElementType,
    Expression,
    Invariant,
    Load,
    Select,
    Subscript,
    loads,
    walk,
)

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


def write_kernel(nest: Nest, around: KernelPlace) -> Kernel:
    """The kernel of a nest. Raises `Unsupported` where one of its operations has none.

    Iterations that may stop the kernel are not run at once.
    """
    found = _Writer(nest, around).write()
    if found.is_parallel and found.may_stop:
        return _Writer(nest, replace(around, is_parallel=False)).write()
    return found


class _Writer:
    def __init__(self, nest: Nest, around: KernelPlace) -> None:
        self.nest, self.around = nest, around
        self.text = KernelText()
        self.loops: list[Loop] = []
        self.arrays: dict[str, KernelArray] = {}
        self.numbers: dict[str, KernelNumber] = {}
        self.needed: dict[str, None] = {}
        self.steps = 0
        self.held: dict[str, str] = {}
        self.written = {s.array for s in stores(nest.body)}
        self.cells = {cell.key: cell for cell in nest.cells}
        self.variables: dict[str, str] = {}
        self.symbols = _Symbols(self._size)
        self.values = KernelValues(
            self.text, self.symbols, self.variables, self._read, self._outside,
            _repeated(nest, around.names),
        )  # fmt: skip
        self.results = tuple(
            KernelResult(c.name, c.kind.dtype, c.kind.rank is not Rank.NUMBER)
            for c in self._live()
        )

    def _live(self) -> list[Cell]:
        return [c for c in self.nest.cells if c.key in self.nest.live]

    def write(self) -> Kernel:
        """The kernel."""
        for array in sorted(self.nest.arrays):
            self._declare(array)
        for key in sorted(self.around.confirmed):
            self.variables[f"set:{key}"] = self.text.name(f"has_{self.cells[key].name}")
            self.text.line(f"{self.variables[f'set:{key}']} = False")
        self.nodes(self.nest.body)
        for key in sorted(self.around.confirmed):
            self.text.stop_if(f"not {self.variables[f'set:{key}']}")
        held = [self.variables[c.key] for c in self._live()]
        self.text.line(f"return {', '.join(['True', *held])}")
        zeros = [typed("0", c.kind.dtype) if c.kind.dtype != "bool" else "False"
                 for c in self._live()]  # fmt: skip
        stop = ", ".join(["False", *zeros])
        entry = [f"    if not ({' and '.join(self.needed)}):", "        return STOP"]
        lines = [*(entry if self.needed else []), *self.values.before, *self.text.lines]
        lines = [line.replace("STOP", stop) for line in lines]
        arrays, numbers = tuple(self.arrays.values()), tuple(self.numbers.values())
        taken = ", ".join([*(a.name for a in arrays), *(n.name for n in numbers)])
        header = f"def {self.around.name}({taken}):"
        return Kernel(
            self.around.name, "\n".join([header, *lines]) + "\n", arrays, numbers, self.results,
            self.text.may_stop, self.steps, self.around.is_parallel,
        )  # fmt: skip

    # ------------------------------------------------------------------ names
    def _declare(self, array: str) -> None:
        """An array as an argument, or as a variable where each iteration has its own."""
        tensor = self.nest.arrays[array]
        if array.startswith("_touch"):
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

    # ------------------------------------------------------------------ statements
    def nodes(self, body: tuple[Node, ...]) -> None:
        """The lines of a list of nodes."""
        for node in body:
            self.values.place = node.place
            match node:
                case Loop():
                    self._loop(node)
                case Store():
                    self._store(node)
                case Branch(condition, then, otherwise):
                    self._branch(bare(self.values.condition(condition)), then, otherwise)
                case AffineBranch(guards, then, otherwise):
                    self._branch(self._guards(guards), then, otherwise)

    def _loop(self, loop: Loop) -> None:
        ends = [bare(self.values.affine(e)) for e in (loop.lower, loop.upper)]
        if loop.span is not None:
            span = self.values.affine(loop.span)
            ends = ["0", f"({span} + {loop.stride - 1}) // {loop.stride}"]
        elif loop.stride != 1:
            raise self.values.refuse("a step is not written")
        for array in {s.array for s in stores(loop.body)}:
            self._forget(array)
        iterator = self.symbols.bind(loop.iterator, self.text.name(loop.iterator))
        inside = ", ".join(ends if ends[0] != "0" else ends[1:])
        is_parallel = self.around.is_parallel and not self.loops
        count = self.text.name("at") if is_parallel else iterator
        word = "prange" if is_parallel else "range"
        with self.text.block(f"for {count} in {word}({inside}):"):
            if is_parallel:
                self.text.line(f"{iterator} = np.int64({count})")  # Numba's may be unsigned
            self.loops.append(loop)
            self.nodes(loop.body)
            self.loops.pop()
        for array in {s.array for s in stores(loop.body)}:
            self._forget(array)

    def _branch(
        self, condition: str, then: tuple[Node, ...], otherwise: tuple[Node, ...]
    ) -> None:
        before = len(self.text.lines)
        with self.text.block(f"if {condition}:"):
            self.nodes(then)
        is_empty = len(self.text.lines) == before + 2 and self.text.lines[-1].endswith("pass")
        if otherwise:
            start = len(self.text.lines)
            with self.text.block("else:"):
                self.nodes(otherwise)
            if len(self.text.lines) == start + 2 and self.text.lines[-1].endswith("pass"):
                del self.text.lines[start:]
                if is_empty:
                    del self.text.lines[before:]
        elif is_empty:
            del self.text.lines[before:]
        for array in {s.array for s in stores((*then, *otherwise))}:
            self._forget(array)

    def _guards(self, guards: tuple[Constraint, ...]) -> str:
        parts = [
            f"{self.values.affine(g.expression)} {'==' if g.sign is Sign.ZERO else '>='} 0"
            for g in guards
        ]
        return " and ".join(parts) or "True"

    def _forget(self, array: str) -> None:
        """What was computed from an array has to be computed anew."""
        known = self.text.known
        for key in list(known):
            parts = key[-1:] if isinstance(key, tuple) else (key,)
            if any(isinstance(p, _NODES) and any(x.array == array for x in loads(p))
                   for p in parts):  # fmt: skip
                del known[key]

    def _store(self, store: Store) -> None:
        if store.guards:
            with self.text.block(f"if {self._guards(store.guards)}:"):
                self._plain_store(store)
            self._forget(store.array)
            return
        self._plain_store(store)

    def _count(self) -> int:
        """How often the statement runs, by the sizes that were seen."""
        total = 1
        for depth, loop in enumerate(self.loops):
            extent = loop.upper - loop.lower if loop.span is None else loop.span
            ends = self._ends(extent, self.loops[:depth])
            count = None if ends is None else ends[1].evaluate(self.around.hints)
            total *= 1 if count is None else max(count, 0) // loop.stride
        return total

    def _plain_store(self, store: Store) -> None:
        if store.implicit:
            raise self.values.refuse("a row at a time is not written")
        if is_touch(store):
            for load in loads(store.value)[::-1]:
                if load.array in self.arrays:
                    self._places(load.array, load.subscripts)
            return
        self.steps += self._count()
        target = self.variables.get(store.array)
        if target is None:
            target = self._element(store.array, store.subscripts)
        self._assign(store, target, store.value)
        self._forget(store.array)

    def _assign(self, store: Store, target: str, value: Expression) -> None:
        """``target = value``, each side of a choice for itself."""
        if isinstance(value, Load) and self._is_itself(store, value):
            return  # a block without lines gets its own
        if isinstance(value, Select):
            if value.is_mixed and (store.local or store.cell is not None):
                raise self.values.refuse("the type of a variable differs between paths")
            condition = bare(self.values.condition(value.condition))
            with self.text.block(f"if {condition}:"):
                self._assign(store, target, value.then)
                self._forget(store.array)
            if not (isinstance(value.otherwise, Load) and self._is_itself(store, value.otherwise)):
                with self.text.block("else:"):
                    self._assign(store, target, value.otherwise)
                    self._forget(store.array)
            self._forget(store.array)
            return
        rank = Rank.SCALAR if store.cell is None else store.cell.rank
        if store.local and store.cell is None:
            rank = value.type.rank
        written = self.values.as_type(value, ElementType(store.dtype, rank))
        self.text.line(f"{target} = {bare(written)}")
        flag = self.variables.get(f"set:{store.array}")
        if flag is not None and self.loops:
            self.text.line(f"{flag} = True")

    def _is_itself(self, store: Store, value: Load) -> bool:
        return value.array == store.array and value.subscripts == store.subscripts

    # ------------------------------------------------------------------ elements
    def _read(self, array: str, subscripts: tuple[Subscript, ...]) -> str:
        return self._element(array, subscripts)

    def _element(self, array: str, subscripts: tuple[Subscript, ...]) -> str:
        known = self.arrays.get(array)
        if known is None or len(subscripts) != known.rank:
            raise self.values.refuse(f"{array} is not read element by element")
        if not known.rank and not known.written:
            return self._held(known)
        return f"{known.name}[{', '.join(self._places(array, subscripts)) or '()'}]"

    def _places(self, array: str, subscripts: tuple[Subscript, ...]) -> list[str]:
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
        ends = self._ends(place, self.loops)
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
    def _ends(place: Affine, loops: Sequence[Loop]) -> tuple[Affine, Affine] | None:
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


_NODES = (Call, Select, Load)


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


def _conditions(nodes: tuple[Node, ...]) -> list[Expression]:
    found: list[Expression] = []
    for node in nodes:
        match node:
            case Loop(body=body):
                found.extend(_conditions(body))
            case Branch(condition, then, otherwise):
                found.append(condition)
                found.extend(_conditions((*then, *otherwise)))
            case AffineBranch(_, then, otherwise):
                found.extend(_conditions((*then, *otherwise)))
    return found


_MOST_OPERATIONS = 20_000


def _repeated(nest: Nest, names: Mapping[Expression, str]) -> dict[Expression, str]:
    """What the nest computes in several places, with the user's names for it."""
    found: Counter[Expression] = Counter()
    written = [e for s in stores(nest.body) if not is_touch(s) for e in expressions_of(s)]
    for expression in (*written, *_conditions(nest.body)):
        found.update(e for e in walk(expression) if isinstance(e, (Call, Cast, Select)))
        if found.total() > _MOST_OPERATIONS:
            raise Unsupported(Refusal("VEC970", Place("", 0, 0), "no kernel: it is too long"))
    return {e: names.get(e, "") for e, count in found.items() if count > 1}
