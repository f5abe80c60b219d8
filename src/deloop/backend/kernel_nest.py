"""A loop nest as a kernel: its statements in the loop's own order, in the tensors' own memory.

``for t in range(1, n): y[t] = a * y[t - 1] + x[t]`` becomes the same loop over arrays. What the
loop would raise for stops the kernel, and the loop itself runs instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from deloop.backend.kernel_casts import typed
from deloop.backend.kernel_elements import KernelElements, KernelPlace
from deloop.backend.kernel_text import bare
from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.ir.affine import Constraint, Sign
from deloop.ir.kernel import Kernel, KernelResult
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
    Load,
    Select,
    loads,
    walk,
)


def write_kernel(nest: Nest, around: KernelPlace) -> Kernel:
    """The kernel of a nest. Raises `Unsupported` where one of its operations has none.

    Iterations that may stop the kernel are not run at once.
    """
    found = _Writer(nest, around).write()
    if found.is_parallel and found.may_stop:
        return _Writer(nest, replace(around, is_parallel=False)).write()
    return found


class _Writer(KernelElements):
    def __init__(self, nest: Nest, around: KernelPlace) -> None:
        super().__init__(nest, around, _repeated(nest, around.names))
        self.steps = 0
        self.cells = {cell.key: cell for cell in nest.cells}
        self.results = tuple(
            KernelResult(c.name, c.kind.dtype, c.kind.rank is not Rank.NUMBER)
            for c in self._live()
        )

    def _live(self) -> list[Cell]:
        return [c for c in self.nest.cells if c.key in self.nest.live]

    def write(self) -> Kernel:
        """The kernel."""
        for array in sorted(self.nest.arrays):
            self.declare(array)
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
        lines = [x.replace("STOP", stop) if x.endswith("return STOP") else x for x in lines]
        arrays, numbers = tuple(self.arrays.values()), tuple(self.numbers.values())
        taken = ", ".join([*(a.name for a in arrays), *(n.name for n in numbers)])
        header = f"def {self.around.name}({taken}):"
        return Kernel(
            self.around.name, "\n".join([header, *lines]) + "\n", arrays, numbers, self.results,
            self.text.may_stop, self.steps, self.around.is_parallel,
        )  # fmt: skip

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
            read = key[-1] if isinstance(key, tuple) else key
            if isinstance(read, _NODES) and any(x.array == array for x in loads(read)):
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
            ends = self.ends(extent, self.loops[:depth])
            count = None if ends is None else ends[1].evaluate(self.around.hints)
            total *= 1 if count is None else max(count, 0) // loop.stride
        return total

    def _plain_store(self, store: Store) -> None:
        if store.implicit:
            raise self.values.refuse("a row at a time is not written")
        if is_touch(store):
            for load in loads(store.value)[::-1]:
                if load.array in self.arrays:
                    self.places(load.array, load.subscripts)
            return
        self.steps += self._count()
        target = self.variables.get(store.array)
        if target is None:
            target = self.element(store.array, store.subscripts)
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

_NODES = get_args(Expression)


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
