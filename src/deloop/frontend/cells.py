"""Variables carried from one iteration to the next, kept in cells.

A cell is an array over the iterators around the loop that carries it. It is written at the end of
each iteration and read where the name is read before the iteration has set it, so that a carried
variable is one more array to the analysis: ``s = s + x[i]`` is ``s[] = s[] + x[i]``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from deloop.diagnostic import Refusal
from deloop.dtype import RANGES, Rank, category
from deloop.errors import CarriedRead, RefusalError
from deloop.frontend import expression as build
from deloop.frontend.conditions import ConditionReader
from deloop.frontend.evaluate import Environment
from deloop.frontend.items import Finished, Item, Point, Tuple, View, Whole
from deloop.frontend.resets import find_resets, has_resets
from deloop.frontend.structure import assigned_names, target_names
from deloop.ir import scalar
from deloop.ir.affine import Affine, equal
from deloop.ir.loop import Cell, Store, stores
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import Integer, Literal, Opaque, Tensor, TensorType
from deloop.text.names import names_in
from deloop.text.trees import walk

Key = tuple[int, str]
"""A loop of the source, by the identity of its node, and a name that it carries."""


@dataclass(frozen=True)
class CellKind:
    """What a cell holds from the second iteration on: a number, an element, or a row."""

    type: ElementType
    shape: tuple[Affine, ...] = ()


class KindFound(RefusalError):
    """Reading must start again: the name holds something of another kind than was thought."""

    def __init__(self, refusal: Refusal, key: Key, kind: CellKind | None, step: int | None) -> None:
        super().__init__(refusal)
        self.key, self.kind, self.step = key, kind, step


@dataclass
class Carrying:
    """What is known so far of carried names; it grows from one reading of the nest to the next.

    Parameters
    ----------
    cells:
        The names kept in cells, by loop, with their kinds once those are known.
    read:
        Those that an iteration reads before it sets them (others are read behind the loop only).
    steps:
        Induction variables: names that grow by a constant in each iteration.
    bounded:
        Loops read in place of a statement whose range or slice ends at data.
    copies:
        The bodies of loops over a few known items, by loop.
    """

    cells: dict[Key, CellKind | None] = field(default_factory=dict)
    read: set[Key] = field(default_factory=set)
    steps: dict[Key, int] = field(default_factory=dict)
    changes: dict[Key, int] = field(default_factory=dict)
    bounded: dict[int, ast.For] = field(default_factory=dict)
    copies: dict[int, list[list[ast.stmt]]] = field(default_factory=dict)

    def knows(self, node: ast.For, name: str) -> bool:
        """Whether it is settled how a loop carries a name."""
        return (id(node), name) in self.cells or (id(node), name) in self.steps

    def learn(self, error: CarriedRead | KindFound) -> bool:
        """Take in what a reading has found; False where it says nothing new."""
        if isinstance(error, CarriedRead):
            key = (id(error.loop), error.name)
            if error.loop is None or key in self.read or key in self.steps:
                return False
            if key not in self.cells:
                self.cells[key] = None
            self.read.add(key)
            return True
        if error.step is not None:
            del self.cells[error.key]
            self.steps[error.key] = error.step
            return True
        self.changes[error.key] = self.changes.get(error.key, 0) + 1
        self.cells[error.key] = error.kind
        return self.changes[error.key] <= 3


class CellReader(ConditionReader):
    """A reader of loops that carry variables."""

    def __init__(
        self, function: SourceFunction, environment: Environment, carrying: Carrying | None = None
    ) -> None:
        super().__init__(function, environment)
        self.carrying = carrying or Carrying()
        self.active: dict[str, View] = {}
        self.cells: dict[str, Cell] = {}
        self.first_values: dict[Key, Item] = {}
        self.open_loops: list[int] = []
        self.live: tuple[str, ...] = ()
        self.in_place: dict[int, set[str]] = {}
        self.opened: dict[Key, str] = {}
        self.copies = 1
        """How often the bodies of loops over a few known items are read where reading is."""
        self.hidden: dict[Key, View | None] = {}
        self.own: set[str] = set()
        """Cells of an inner loop, beside one of the loop outside for the same name."""
        self.elements: set[str] = set()
        """Cells that may hold an element of a tensor itself."""

    # ------------------------------------------------------------------ the loop's start
    def open_cells(self, node: ast.For) -> list[str]:
        """Names that the loop carries, each of them set up and read from its cell from now on."""
        opened: list[str] = []
        changed = set(assigned_names(node)) | target_names(node)
        for name in self._carried_names(node):
            if name not in changed:
                continue
            item = self.environment.get(name)
            if item is not None:
                self.first_values[id(node), name] = item
            if name in self.active and not self._starts_anew(name, item):
                self._set(name, node)
            else:
                self.hidden[id(node), name] = self.active.get(name)
                self._open(name, item, node)
                opened.append(name)
            self.environment[name] = self.read_cell(name, node)
        return opened

    def close_cells(self, opened: list[str], node: ast.For) -> None:
        """Behind the loop, the names still stand for their cells, which nobody writes again."""
        for name in self._carried_by(node):
            self.environment[name] = self.read_cell(name, node)
        for name in opened:
            del self.active[name]
            outer = self.hidden.pop((id(node), name), None)
            if outer is not None:
                self.active[name] = outer

    def _starts_anew(self, name: str, item: Item | None) -> bool:
        """Whether each iteration of the loop outside sets a name before the one inside carries it.

        ``for i: s = 0; for j: s += x[i, j]`` with the last `s` read behind both: what the inner
        loop carries is an iteration's own, and the outer one keeps only what it ends as.
        """
        key = self.active[name].tensor.name
        outer = next(k for k, unique in self.opened.items() if unique == key)
        reads = isinstance(item, build.NODES) and any(x.array == key for x in scalar.loads(item))
        return item is not None and outer not in self.carrying.read and not reads

    def flush_cells(self, node: ast.For) -> None:
        """At the end of an iteration: what the names hold goes into their cells."""
        values = {name: self.environment.get(name) for name in self._carried_by(node)}
        self._check_shared(values, node)
        for name in assigned_names(node):
            if name not in values and isinstance(self.environment.get(name), build.NODES):
                del self.environment[name]  # nobody reads it any more, so it needs no saving
        for name in values:
            self._check_kind(name, node)
        for name in self._in_order(values):
            self._set(name, node)

    def _in_order(self, values: Mapping[str, Item | None]) -> list[str]:
        """The names so that none is set before another one whose new value reads its old one.

        ``best`` behind ``index``, which changes where ``x[i] > best``; where two read each other,
        the order is the alphabet's, and old values become temporaries.
        """
        needed: dict[str, set[str]] = {}
        for name in values:
            key = self.active[name].tensor.name
            needed[name] = {
                other
                for other, held in values.items()
                if other != name
                and isinstance(held, build.NODES)
                and any(load.array == key for load in scalar.loads(held))
            }
        ordered: list[str] = []
        while len(ordered) < len(needed):
            left = [n for n in needed if n not in ordered]
            ordered.append(next((n for n in left if needed[n] <= set(ordered)), left[0]))
        return ordered

    def keep_last(self, node: ast.For, names: Iterable[str]) -> None:
        """Behind the nest, induction variables that later code reads get their last values."""
        for name in names:
            item = self.environment.get(name)
            if (id(node), name) in self.carrying.steps and isinstance(item, Integer):
                self.carrying.cells[id(node), name] = None
                self._open(name, item, node)
                del self.carrying.cells[id(node), name]

    def read_cell(self, name: str, node: ast.AST) -> Expression:
        """What a cell holds, in the type that the loop's own variable has."""
        view = self.active[name]
        load = self.load(view, node)
        assert isinstance(load, scalar.Load)
        return replace(load, type=self.cells[view.tensor.name].kind)

    def is_cell(self, value: Expression) -> bool:
        """Whether a value is a carried variable's: an accumulation of ints is judged later."""
        return isinstance(value, scalar.Load) and value.array in self.cells

    def unset_of(self, value: Expression) -> Expression | None:
        """``best is None``: whether no iteration has set the variable, on some path at least."""
        if isinstance(value, scalar.Select):
            sides = [self.unset_of(value.then), self.unset_of(value.otherwise)]
            if sides == [None, None]:
                return None
            then, other = (build.number(False) if s is None else s for s in sides)
            return build.select(value.condition, then, other)
        cell = self.cells.get(value.array) if isinstance(value, scalar.Load) else None
        if cell is not None and cell.starts_unset:
            return scalar.Call(scalar.UNSET, (value,), build.BOOL)
        return None

    def keys_of(self, node: ast.For, names: Iterable[str]) -> frozenset[str]:
        """The cells in which a loop keeps names."""
        found = {self.opened.get((id(node), name)) for name in names}
        return frozenset(key for key in found if key is not None)

    def is_kept(self, node: ast.For, name: str) -> bool:
        """Whether a loop keeps a name in a cell."""
        return name in self.active and (id(node), name) in self.carrying.cells

    def changed_in_place(self, node: ast.For) -> set[str]:
        """Names of tensors that a loop only changes in place: ``out += x[i]`` binds nothing.

        They are what they were when the loop began.
        """
        if id(node) not in self.in_place:
            self.in_place[id(node)] = {
                name
                for name in _augmented_only(node)
                if isinstance(self.environment.get(name), (Tensor, View))
            }
        return self.in_place[id(node)]

    def _carried_by(self, node: ast.For) -> list[str]:
        return [name for name in self._carried_names(node) if name in self.active]

    def _carried_names(self, node: ast.For) -> list[str]:
        """The names that a loop carries, in the order in which it sets them."""
        names = {n for k, n in self.carrying.cells if k == id(node)}
        if len(names) < 2:
            return list(names)
        first: dict[str, tuple[int, int]] = {}
        for inner in walk(node):
            if isinstance(inner, ast.Name) and inner.id in names:
                place = (inner.lineno, inner.col_offset)
                first[inner.id] = min(place, first.get(inner.id, place))
        return sorted(names, key=lambda name: (first.get(name, (0, 0)), name))

    def _check_shared(self, values: Mapping[str, Item | None], node: ast.For) -> None:
        """Two names of one tensor that is changed in place would have to change together."""
        in_place = _augmented_names(node)
        for name, item in values.items():
            if not isinstance(item, build.NODES) or build.is_number(item):
                continue
            for other, held in values.items():
                if other != name and held is item and {name, other} & in_place:
                    sentence = (
                        f"loop kept: {name} and {other} are one tensor, which is changed in place"
                    )
                    self.unliftable(node, sentence, "VEC905")

    # ------------------------------------------------------------------ one cell
    def _open(self, name: str, item: Item | None, node: ast.For) -> None:
        key = (id(node), name)
        known = self.carrying.cells[key]
        value = self._initial(name, item, node)
        first = None if value is None else self._kind(name, value, node)
        kind = known or first
        if kind is None:
            kind = CellKind(ElementType("int64", Rank.NUMBER))  # a guess; the first iteration tells
        beyond = _beyond(value, kind.type)
        if beyond is None and value is not None and first is not None and first != kind:
            self._check_first(name, value, kind, node)
        unique, count = f"{name}'", 1
        while unique in self.arrays:
            count += 1
            unique = f"{name}'{count}"
        iterators = [loop.iterator for loop in self.loops]
        shape = (*(Affine() for _ in iterators), *kind.shape)
        shown = name if self.hidden.get(key) is None else self._several(name)
        tensor = Tensor(shown, TensorType(kind.type.dtype, shape), f"cell:{unique}", fresh=True)
        dimensions: tuple[Point | Whole, ...] = (
            *(Point(Affine.symbol(i)) for i in iterators),
            *(Whole(Affine(), size) for size in kind.shape),
        )
        self.arrays[unique] = tensor
        self.locals.add(unique)
        self.active[name] = View(replace(tensor, name=unique), dimensions)
        self.opened[id(node), name] = unique
        if shown != name:
            self.own.add(unique)
        changes = first is not None and first != kind
        shared = isinstance(item, View) or (isinstance(item, Tensor) and not item.fresh)
        missing, starts_beyond = value is None, beyond is not None
        self.cells[unique] = Cell(
            unique, shown, kind.type, missing, changes, starts_beyond, shared, value
        )
        if value is not None:
            held = value if beyond is None else beyond
            self._store(name, build.cast(held, kind.type), kind, node, node)

    def _several(self, name: str) -> str:
        """What to call the values that a variable has in all iterations of the loop outside."""
        used = names_in(self.function.node)
        used |= set(self.function.parameters)
        shown = f"{name}s"
        while shown in used:
            shown += "_"
        return shown

    def _initial(self, name: str, item: Item | None, node: ast.For) -> Expression | None:
        """The value before the loop; None where the name is not bound, or not to a number."""
        is_read = (id(node), name) in self.carrying.read
        if item is None and is_read:
            sentence = f"loop kept: {name} is read before anything has set it"
            self.unliftable(node, sentence, "VEC902")
        if item is None or (isinstance(item, Literal) and item.value is None):
            return None
        if isinstance(item, (Tensor, View)):
            self._check_bound_anew(name, node)
            if isinstance(item, Tensor) and item.fresh and item.fill is not None:
                kind = item.type
                if not kind.shape and kind.device == "cpu" and not kind.requires_grad:
                    return build.cast(build.number(item.fill), ElementType(kind.dtype, Rank.SCALAR))
            self._snapshot(item, node)
        if isinstance(item, (Opaque, Finished, Tuple)) and not is_read:
            return None
        infinity = self.infinity_of(item)
        return self.to_expression(item, node) if infinity is None else build.number(infinity)

    def _check_bound_anew(self, name: str, node: ast.For) -> None:
        """A name that holds a tensor of others' must not be changed in place as well."""
        if name in _augmented_names(node):
            sentence = f"loop kept: {name} is changed in place and bound anew"
            self.unliftable(node, sentence, "VEC905")

    def _snapshot(self, item: Tensor | View, node: ast.For) -> None:
        """The cell takes the elements as they are, so the loop must not write the tensor."""
        tensor = item if isinstance(item, Tensor) else item.tensor
        self.arrays.setdefault(tensor.name, tensor)
        self.snapshots.append((tensor.name, self.place(node)))

    def _check_first(self, name: str, value: Expression, kind: CellKind, node: ast.For) -> None:
        """A first value of another type must give the second one as the same number would."""
        first = value.type
        plain = first.rank is Rank.NUMBER and category(first.dtype) != "complex"
        fits = plain and kind.type.rank is not Rank.NUMBER
        widens = (
            first.rank is Rank.NUMBER
            and kind.type.rank is Rank.NUMBER
            and (first.dtype, kind.type.dtype) in (("int64", "float64"), ("bool", "int64"))
        )
        if isinstance(value, scalar.Number) and fits and not isinstance(value.value, complex):
            low, high = RANGES.get(kind.type.dtype, (0, 1))
            special = value.value - value.value != 0
            whole = isinstance(value.value, int)  # beside a float an int would be one
            group = category(kind.type.dtype)
            small = float(value.value).is_integer() and abs(value.value) <= 256
            fits = (
                (special and group in ("float", "complex"))
                or (whole and group in ("int", "bool") and low <= value.value <= high)
                or (group in ("float", "complex") and (small or kind.type.dtype not in _HALVES))
            )
        elif fits:
            fits = category(kind.type.dtype) == "float" and kind.type.dtype not in _HALVES
        if not (fits or widens or _is_widened(first, kind.type, self._fill_of(name, value))):
            sentence = f"loop kept: {name} begins as another type than it has later"
            self.unsupported(node, sentence, "VEC918")

    def _fill_of(self, name: str, value: Expression) -> object:
        """The number of which a tensor that a variable begins as is full, as far as is known."""
        item = self.environment.get(name)
        if isinstance(item, Tensor) and item.fresh:
            return item.fill
        while isinstance(value, scalar.Cast):
            value = value.value
        return value.value if isinstance(value, scalar.Number) else None

    def _kind(self, name: str, value: Expression, node: ast.AST, own: str = "") -> CellKind:
        """What a value is to a cell; on paths that leave the cell `own` as it was, what it will be.

        ``if x[i] > best: best = x[i]`` makes an element of what began as a number.
        """
        kinds = build.types_of(value)
        if len(kinds) > 1 and own:
            kinds = tuple(dict.fromkeys(_kinds_set(value, own)))
        starts = own in self.cells and self.cells[own].changes_type
        reset = find_resets(value, own, self.cells[own].kind) if own in self.cells else None
        if reset is not None and has_resets(value):
            return CellKind(reset[0], self.row_shape(value, node))
        if len(kinds) != 1 or _is_logical(value) or _may_be_number(value, own, starts):
            sentence = f"loop kept: the type of {name} differs between paths"
            self.unsupported(node, sentence, "VEC918")
        return CellKind(kinds[0], self.row_shape(value, node))

    def _set(self, name: str, node: ast.For) -> None:
        """The cell takes what the name holds now."""
        item = self.environment.get(name)
        if item is None or item == self.read_cell(name, node):
            return
        if isinstance(item, (Tensor, View)):
            self._check_bound_anew(name, node)
            self._snapshot(item, node)
        kind = self._check_kind(name, node)
        value = self._without_resets(name, self.to_expression(item, node))
        if isinstance(value, scalar.Load) and value.array in self.own:
            value = self._as_left(name, value, kind, node)
        self._store(name, value, kind, self.written_at(name, node), node)
        self.environment[name] = self.read_cell(name, node)

    def _without_resets(self, name: str, value: Expression) -> Expression:
        """The value with numbers as elements, where it is a number on some paths: noted as such."""
        unique = self.active[name].tensor.name
        cell = self.cells[unique]
        found = find_resets(value, unique, cell.kind)
        if found is None or not has_resets(value):
            return value
        resets = tuple(dict.fromkeys((*cell.resets, *found[1])))
        self.cells[unique] = replace(cell, resets=resets)
        return build.cast(value, cell.kind)

    def _as_left(
        self, name: str, value: scalar.Load, kind: CellKind, node: ast.For
    ) -> Expression:
        """What an inner loop has left, as a value of its own: no view of those of all iterations.

        An element that it left is that element behind the loop outside as well: then both loops
        keep the name in one cell.
        """
        if kind.type.rank is Rank.NUMBER:
            return value
        if value.array in self.elements:
            key = self._key(name)
            self.carrying.read.add(key)
            sentence = f"loop kept: {name} is left as an element of another tensor"
            raise KindFound(Refusal("VEC905", self.place(node), sentence), key, kind, None)
        return scalar.Cast(value, value.type)

    def _check_kind(self, name: str, node: ast.For) -> CellKind:
        """What the cell holds, which must be what the name holds now; else reading starts anew."""
        view = self.active[name]
        shape = tuple(d.extent for d in view.dimensions if isinstance(d, Whole))
        expected = CellKind(self.cells[view.tensor.name].kind, shape)
        item = self.environment.get(name)
        if item is None or item == self.read_cell(name, node):
            return expected
        value = self.to_expression(item, node)
        self._check_induction(name, value, view, node)
        found = self._kind(name, value, node, view.tensor.name)
        if found != expected and not self._same_sizes(found, expected, node):
            refusal = Refusal(
                "VEC918",
                self.place(node),
                f"loop kept: the type of {name} changes from one iteration to the next",
            )
            raise KindFound(refusal, self._key(name), found, None)
        return expected

    def _same_sizes(self, found: CellKind, expected: CellKind, node: ast.For) -> bool:
        """Whether two rows are of one type, and of one shape by what is seen of their sizes."""
        if found.type != expected.type or len(found.shape) != len(expected.shape):
            return False
        pairs = [p for p in zip(found.shape, expected.shape, strict=True) if p[0] != p[1]]
        if any((a - b).evaluate(self.hints) != 0 for a, b in pairs):
            return False
        for mine, theirs in pairs:
            self.require(equal(mine, theirs), node, "each iteration leaves a row of one length")
        return True

    def _key(self, name: str) -> Key:
        """The loop being read that keeps the name in the cell that holds it now."""
        unique = self.active[name].tensor.name
        return next(key for key, held in self.opened.items() if held == unique)

    def written_at(self, name: str, node: ast.For) -> ast.AST:
        """Where the loop sets a name (the last place)."""
        return assigned_names(node).get(name, node)

    def _check_induction(self, name: str, value: Expression, view: View, node: ast.For) -> None:
        """``k = k + 2`` in every iteration: `k` is affine if it is an int before the loop."""
        match value:
            case scalar.Call(
                "add", (scalar.Load(key, _, ElementType("int64", Rank.NUMBER)), other)
            ):
                sign = 1
            case scalar.Call(
                "sub", (scalar.Load(key, _, ElementType("int64", Rank.NUMBER)), other)
            ):
                sign = -1
            case scalar.Call(
                "add", (other, scalar.Load(key, _, ElementType("int64", Rank.NUMBER)))
            ):
                sign = 1
            case _:
                return
        if any(s.array == key for s in stores(tuple(self.out))):
            return  # a loop inside counts on: this is not what the iteration began with
        first = self.first_values.get((id(node), name))
        step = other.value if isinstance(other, scalar.Number) else None
        if key == view.tensor.name and type(step) is int and isinstance(first, Integer):
            refusal = Refusal("VEC902", self.place(node), f"loop kept: {name} counts iterations")
            raise KindFound(refusal, (id(node), name), None, sign * step)

    def _store(
        self, name: str, value: Expression, kind: CellKind, at: ast.AST, node: ast.For
    ) -> None:
        view = self.active[name]
        held = self.environment.pop(name, None)
        self._save_before(view.tensor, node)
        if held is not None:
            self.environment[name] = held
        if kind.type.rank is not Rank.NUMBER and build.aliased_arrays(value) - set(self.cells):
            self.elements.add(view.tensor.name)
        value, subscripts, implicit = self._align(view, value, node)
        self.out.append(
            Store(view.tensor.name, subscripts, value, kind.type.dtype, self.place(at), implicit,
                  cell=kind.type)
        )  # fmt: skip


def _beyond(value: Expression | None, kind: ElementType) -> Expression | None:
    """The integer that stands for a float with which a search among integers or bools begins.

    An infinity, or what else they do not reach, is beaten by the first of them; a whole number is
    compared alike.
    """
    group = category(kind.dtype)
    if not isinstance(value, scalar.Number) or group not in ("int", "bool"):
        return None
    start = value.value
    if isinstance(start, complex) or start != start:
        return None
    lowest, highest = RANGES.get(kind.dtype, (0, 1))
    nearest = int(min(max(start, lowest), highest))
    is_whole = isinstance(start, float) and start == nearest and abs(start) <= 256
    if group == "bool":
        return build.number(bool(nearest)) if start != nearest else None
    is_infinite = start != nearest and start * 0 != 0
    return build.number(nearest) if is_infinite or is_whole else None


def _is_widened(first: ElementType, kind: ElementType, fill: object) -> bool:
    """Whether a tensor counts as one of the wider dtype that its first update gives.

    ``total = torch.zeros(m); total = total + x[i]`` of float64: what an operator makes of both, it
    makes of the wider one. A bool, or small whole numbers, are the same in every dtype.
    """
    if Rank.NUMBER in (first.rank, kind.rank) or first.rank != kind.rank:
        return False
    order = ("bool", "int", "float").index
    groups = category(first.dtype), category(kind.dtype)
    if "complex" in groups or order(groups[0]) > order(groups[1]):
        return False
    if isinstance(fill, int | float) and float(fill).is_integer() and abs(fill) <= 100:
        return groups[1] != "bool" and (fill >= 0 or kind.dtype != "uint8")
    return first.dtype == "bool" or (first.dtype, kind.dtype) in _EXACTLY_WIDER


_EXACTLY_WIDER = frozenset(
    {
        ("float16", "float32"), ("float16", "float64"), ("float32", "float64"),
        ("bfloat16", "float32"), ("bfloat16", "float64"),
        ("uint8", "int32"), ("uint8", "int64"), ("int32", "int64"), ("int32", "float64"),
    }
)  # fmt: skip


def _kinds_set(value: Expression, own: str) -> list[ElementType]:
    """The types on those paths of a value that set the cell `own`."""
    if isinstance(value, scalar.Select):
        return [*_kinds_set(value.then, own), *_kinds_set(value.otherwise, own)]
    return [] if isinstance(value, scalar.Load) and value.array == own else [value.type]


def _is_logical(value: Expression) -> bool:
    """Whether Python's ``and``, ``or`` or ``not`` of tensors may give a bool or one of them."""
    if isinstance(value, scalar.Select):
        return _is_logical(value.then) or _is_logical(value.otherwise)
    if isinstance(value, scalar.Call) and value.operator.startswith("logical_"):
        return not value.spelling and value.type.rank is not Rank.NUMBER
    return False


def _may_be_number(value: Expression, own: str, begins_as_one: bool) -> bool:
    """Whether what counts as a tensor is a Python number on some path.

    In ``n + (i != 1 or x[i] > 0)`` it is. The variable `own` may be one still, if it began as one.
    """

    def is_number(part: Expression) -> bool:
        match part:
            case scalar.Load(array) if array == own:
                return begins_as_one
            case scalar.Call(operator, arguments, kind, "", ()) if kind.rank is not Rank.NUMBER:
                some = any if operator.startswith("logical_") else all
                return some(map(is_number, arguments))
            case scalar.Select(_, then, otherwise):
                return is_number(then) or is_number(otherwise)
        return part.type.rank is Rank.NUMBER

    def hides_one(part: Expression) -> bool:
        match part:
            case scalar.Call(operator, arguments, kind, "", ()) if kind.rank is not Rank.NUMBER:
                hidden = operator.startswith("logical_") and is_number(part)
                return hidden or any(map(hides_one, arguments))
            case scalar.Select(_, then, otherwise):
                return hides_one(then) or hides_one(otherwise)
        return False

    return value.type.rank is not Rank.NUMBER and hides_one(value) and is_number(value)


_HALVES = frozenset({"float16", "bfloat16"})


def _augmented_only(node: ast.AST) -> set[str]:
    """Names that are stored to by augmented assignments alone."""
    nodes = walk(node)
    own = [n.target for n in nodes if isinstance(n, ast.AugAssign)]
    targets = {id(n) for n in own}
    plain = {
        n.id
        for n in nodes
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and id(n) not in targets
    }
    return {n.id for n in own if isinstance(n, ast.Name)} - plain


def _augmented_names(node: ast.AST) -> set[str]:
    return {
        n.target.id
        for n in walk(node)
        if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)
    }
