"""Assignments and in-place changes as stores, and the temporaries that keep old values."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import NoReturn

from deloop.diagnostic import Place
from deloop.dtype import RANGES, Rank, can_cast, category
from deloop.frontend import expression as build
from deloop.frontend.evaluate import Environment
from deloop.frontend.header import HeaderReader
from deloop.frontend.indexed_stores import loop_over_indices
from deloop.frontend.items import Carried, Finished, Item, Point, Tuple, View, Whole, whole
from deloop.frontend.mixed import settle_stored, settled
from deloop.frontend.selections import is_choice
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.guarded import is_guarded
from deloop.ir.loop import PRIVATE, TOUCH, Loop, Node, Store
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import Function, Integer, Literal, Opaque, Scalar, Tensor, TensorType
from deloop.ops.pointwise import VIEWED
from deloop.ops.table import find_in_place_function, find_in_place_method
from deloop.text.names import names_in, names_read

_NARROW = frozenset({"uint8", "int8", "int16", "int32", "float16"})


class StoreReader(HeaderReader):
    """A reader of statements that bind names and write elements; nodes go to `out`."""

    def __init__(self, function: SourceFunction, environment: Environment) -> None:
        super().__init__(function, environment)
        self.loops: list[Loop] = []
        self._entry = dict(environment)
        self.locals: set[str] = set()
        self.implicit_sizes: dict[Affine, int] = {}
        self.out: list[Node] = []
        self.snapshots: list[tuple[str, Place]] = []
        self.chosen_stores: list[tuple[Node, Expression]] = []
        self.flat_as_number = False
        self.temporaries: dict[Expression, str] = {}
        self.unbound_store: Place | None = None
        self.iterated: set[str] = set()
        self.listed_from: set[str] = set()
        self.speculative = 0

    @cached_property
    def used_symbols(self) -> set[str]:
        """Names that no iterator may have; few readers ask."""
        return _symbols_in_use(self._entry)

    # ------------------------------------------------------------------ assignments
    def assign(self, target: ast.expr, item: Item, node: ast.AST) -> None:
        """``target = item``: a name, an element, a row or a tuple of these."""
        match target:
            case ast.Name(id=name):
                current = self.environment.get(name)
                if isinstance(current, Tensor) and current.name in self.locals:
                    self.store(whole(current), item, node)
                    return
                item = self.bound_to(name, item, node)
                self.environment[name] = item
                if isinstance(item, build.NODES) and self._is_part(item):
                    arrays = [x.array for x in scalar.loads(item)]
                    self.snapshots.extend((array, self.place(node)) for array in arrays)
                if isinstance(item, View) and item.tensor.made_of:
                    self.temporaries.setdefault(self.load(item, node), name)
                if isinstance(item, scalar.Cast) and _is_cut(item):
                    self.temporaries.setdefault(item, name)
                if self.loops and _is_looked_up(item) and self._is_unread(name):
                    self._refuse_unread(name, node)
                if isinstance(item, (scalar.Call, scalar.Select, scalar.Reduce)):
                    self.temporaries.setdefault(item, name)
                    if isinstance(item, scalar.Select) and (plain := settled(item)) is not None:
                        self.temporaries.setdefault(plain, name)
                    raises = any(map(build.may_raise, scalar.walk(item)))
                    is_unread = raises and self._is_unread(name)
                    is_row = item.type.rank is Rank.TENSOR
                    if is_row and self.loops and self._is_unread(name):
                        self._require_fit(item, node)
                    if self.loops and raises and not self.guards and not (is_unread and is_row):
                        self._materialise(name, node)
                    elif is_unread:
                        self._refuse_unread(name, node)
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                parts = self.unpack(item, len(targets), target)
                if len(parts) != len(targets):
                    self.unsupported(
                        target, f"{ast.unparse(target)} does not match what is assigned"
                    )
                kept = self._kept_apart(targets, parts, node)
                for part_target, part in zip(targets, kept, strict=True):
                    self.assign(part_target, part, node)
            case ast.Subscript():
                if self.update(target, item, node):
                    return
                view = self.evaluate(target)
                if isinstance(view, scalar.Select):
                    chosen = self.masked_part(view, item, node)
                    if chosen is not None:
                        self.store(chosen[0], chosen[1], node)
                        self.chosen_stores.append((self.out[-1], view))
                        return
                if not isinstance(view, View):
                    if self._store_to_indices(target, item, node):
                        return
                    self.unsupported(target, f"{ast.unparse(target)} is not an element of a tensor")
                self.store(view, item, node)
            case ast.Attribute():
                self.unliftable(
                    target, f"loop kept: the attribute {ast.unparse(target)} is written", "VEC923"
                )
            case _:
                self.unsupported(target, f"{ast.unparse(target)} as a target is not read yet")

    def _is_unread(self, name: str) -> bool:
        return name not in names_read(self.function.body)

    def _refuse_unread(self, name: str, node: ast.AST) -> NoReturn:
        self.unsupported(node, f"loop kept: nobody reads {name}, but it may raise", "VEC911")

    def _kept_apart(
        self, targets: Sequence[ast.expr], parts: Sequence[Item], node: ast.AST
    ) -> list[Item]:
        """Values of a tuple that were computed before the targets in front of them are written.

        ``x[i], x[j] = x[j].clone(), x[i].clone()`` swaps; of bare ``x[j], x[i]`` each is a view.
        """
        written: set[str] = set()
        result: list[Item] = []
        for target, part in zip(targets, parts, strict=True):
            if isinstance(part, Tuple) and written & self.storages_read(part):
                self.unsupported(node, "loop kept: a tuple of values is kept", "VEC918")
            if isinstance(part, build.NODES) and written & self.storages_read(Tuple((part,))):
                part = self._temporary("old", part, node, own=False)
            result.append(part)
            view = self.evaluate(target) if isinstance(target, ast.Subscript) else None
            if isinstance(view, View):
                written.add(view.tensor.storage)
        return result

    def bound_to(self, name: str, item: Item, node: ast.AST) -> Item:
        """What a name holds that is set to an item."""
        return item

    def update(self, target: ast.Subscript, item: Item, node: ast.AST) -> bool:
        """Whether a store is a new value of a name alone; a reader of rows knows."""
        return False

    def note_iterated(self, tensor: Tensor) -> None:
        """As every reader's, and remembered."""
        self.iterated.add(tensor.storage)

    def note_listed(self, tensor: Tensor) -> None:
        """As every reader's, and remembered."""
        self.listed_from.add(tensor.storage)

    def subscript(self, view: View, node: ast.Subscript) -> View | Expression:
        """As every reader's, and noted: a read out of bounds raises even where nobody uses it."""
        found = super().subscript(view, node)
        if not self.speculative and isinstance(found, View):
            self._touch(found, node)
        return found

    def range_of(self, place: Affine) -> tuple[Affine, Affine] | None:
        """As every reader's."""
        for loop in self.loops:
            if place == Affine.symbol(loop.iterator) and loop.stride == 1:
                return loop.lower, loop.upper
        return None

    def _store_to_indices(self, target: ast.Subscript, item: Item, node: ast.AST) -> bool:
        """``out[i, idx] = v`` as the loop over its indices; False for other targets."""
        if not self.loops or not isinstance(node, ast.Assign) or len(node.targets) != 1:
            return False
        names = [f"{word}{len(self.out)}" for word in ("_index", "_value", "_k")]
        loop = loop_over_indices(self, target, item, node, names)
        if loop is None:
            return False
        self.statement(loop)
        for name in (*names, f"{names[2]}s"):
            self.environment.pop(name, None)
        return True

    def statement(self, node: ast.stmt) -> None:
        """Read one statement; a builder of nests knows all of them."""
        raise NotImplementedError

    def note_snapshot(self, array: str, node: ast.AST) -> None:
        """As every reader's; a loop that writes the tensor stays."""
        self.snapshots.append((array, self.place(node)))

    def note_part(self, view: View, node: ast.AST) -> None:
        """As every reader's: what is read must be there."""
        if self.loops and not self.speculative:
            self._touch(view, node)

    def _touch(self, view: View, node: ast.AST) -> None:
        if view.tensor.name in self.locals:
            return
        self.arrays.setdefault(view.tensor.name, view.tensor)
        subscripts = tuple(d.subscript if isinstance(d, Point) else None for d in view.dimensions)
        kept = tuple(Affine() if s is None else s for s in subscripts)
        fixed = [k for k, s in enumerate(subscripts) if isinstance(s, Affine)]
        if not fixed:
            return
        kind = ElementType(view.tensor.type.dtype, Rank.SCALAR)
        value = scalar.Load(view.tensor.name, kept[: fixed[-1] + 1], kind)
        if any(s is None for s in subscripts[: fixed[-1] + 1]):
            value = self._partial(view, fixed, kind)
        touch = Store(TOUCH, (), value, kind.dtype, self.place(node), local=True)
        if touch not in self.out:
            self.arrays.setdefault(TOUCH, Tensor(TOUCH, TensorType("bool", ()), TOUCH, fresh=True))
            self.locals.add(TOUCH)
            self.out.append(touch)

    @staticmethod
    def _partial(view: View, fixed: list[int], kind: ElementType) -> scalar.Load:
        """A read that fixes later dimensions and leaves earlier ones whole: ``x[:, j]``."""
        subscripts: list[scalar.Subscript] = []
        for dimension in view.dimensions[: fixed[-1] + 1]:
            # A whole dimension needs no element; an index tensor is not checked for bounds.
            whole_dimension = not isinstance(dimension, Point)
            subscripts.append(scalar.Index(Affine()) if whole_dimension else dimension.subscript)  # type: ignore[union-attr]
        return scalar.Load(view.tensor.name, tuple(subscripts), kind)

    def _augmented(self, node: ast.AugAssign) -> None:
        name = type(node.op).__name__
        if isinstance(node.target, ast.Name):
            current = self.lookup(node.target.id, node.target)
            if isinstance(current, Carried):
                self.to_expression(current, node)  # refuses
            if isinstance(current, View) and current.tensor.made_of and not current.unbound:
                current = self.load(current, node)  # new memory, that nobody else has
                self.environment[node.target.id] = current
            if not isinstance(current, (View, Tensor)):
                self._augmented_value(node, node.target.id, name, current)
                return
            view = whole(current) if isinstance(current, Tensor) else current
        else:
            item = self.evaluate(node.target)
            if isinstance(item, scalar.Select):
                result = self.binary(name, item, self.evaluate(node.value), node)
                result = self.to_expression(result, node)
                self._check_in_place(item.type.dtype, result, node)
                chosen = self.masked_part(item, result, node)
                if chosen is not None:
                    self.store(chosen[0], chosen[1], node)
                    return
            if not isinstance(item, View):
                self.unsupported(node, f"{ast.unparse(node.target)} is not an element of a tensor")
            view = item
        self._in_place(view, name, self.evaluate(node.value), node)

    def _augmented_value(
        self, node: ast.AugAssign, name: str, operator: str, current: Item
    ) -> None:
        """``v += e`` on a computed value: a tensor keeps its dtype, a number takes the result's."""
        if isinstance(current, build.NODES) and self._is_part(current):
            self.unsupported(node, f"{ast.unparse(node)} may change a part of a tensor in memory")
        value = self.binary(operator, current, self.evaluate(node.value), node)
        if isinstance(current, build.NODES) and not build.is_number(current):
            holders = [n for n, item in self.environment.items() if item is current]
            if len(holders) > 1:
                self.unliftable(
                    node,
                    f"loop kept: {' and '.join(holders)} are one tensor, changed in place",
                    "VEC905",
                )
            value = self._in_own_dtype(current, self.to_expression(value, node), node)
        self.environment[name] = value
        if isinstance(value, build.NODES) and self.temporaries.get(value) is None:
            if isinstance(current, build.NODES) and self.temporaries.get(current) == name:
                del self.temporaries[current]  # the name goes on to what it holds now
            if isinstance(value, scalar.Call):
                self.temporaries[value] = name

    def _in_own_dtype(
        self, current: Expression, result: Expression, node: ast.AugAssign
    ) -> Expression:
        """What becomes of a value that is updated in place; of one that is a number on one path."""
        if build.is_number(current):
            return result
        if isinstance(current, scalar.Select) and current.is_mixed:
            if not isinstance(result, scalar.Select) or result.condition != current.condition:
                dtypes = {t.dtype for t in build.types_of(current) if t.rank is not Rank.NUMBER}
                if dtypes == {t.dtype for t in build.types_of(result)}:
                    return result
                sentence = f"loop kept: {ast.unparse(node)} may change a number or a tensor"
                self.unsupported(node, sentence, "VEC918")
            sides = (current.then, result.then), (current.otherwise, result.otherwise)
            then, otherwise = (self._in_own_dtype(old, new, node) for old, new in sides)
            return scalar.Select(result.condition, then, otherwise)
        self._check_in_place(current.type.dtype, result, node)
        return build.cast(result, ElementType(current.type.dtype, result.type.rank))

    def _is_part(self, value: Expression) -> bool:
        """Whether a value may be memory of a tensor's: ``x[i].unsqueeze(0)``, ``x[i].conj()``."""
        if is_choice(value):
            assert isinstance(value, scalar.Select)
            return self._is_part(value.then)
        if isinstance(value, scalar.Reduce) and build.aliased_arrays(value):
            return any(map(self._is_part, scalar.children(value.value)))  # ``x[i:j].flatten()``
        is_view = isinstance(value, scalar.Call) and value.operator in VIEWED
        while isinstance(value, scalar.Call) and value.operator in VIEWED:
            value = value.arguments[0]  # ``x[i].conj()``
        if not isinstance(value, scalar.Load) or value.type.rank < Rank.TENSOR - is_view:
            return False
        tensor = self.arrays.get(value.array)
        own = tensor is None or value.array in self.locals or bool(tensor.made_of)
        own = own or (tensor is not None and tensor.storage.startswith(PRIVATE))
        return not own and all(isinstance(s, Affine) for s in value.subscripts)

    def _in_place(self, view: View, operator: str, operand: Item, node: ast.AST) -> None:
        current = self.load(view, node)
        if build.is_number(current):  # a carried Python number
            self.store(view, self.binary(operator, current, operand, node), node)
            return
        result = self.to_expression(self.binary(operator, current, operand, node), node)
        self._check_in_place(view.tensor.type.dtype, result, node)
        self.store(view, result, node, augmented=True)

    def _check_in_place(self, dtype: str, result: Expression, node: ast.AST) -> None:
        for kind in build.types_of(result):
            if not can_cast(kind.dtype, dtype):
                self.unliftable(
                    node,
                    f"loop kept: {ast.unparse(node)} raises, a {kind.dtype} result cannot be put "
                    f"into a {dtype} tensor in place",
                    "VEC911",
                )

    def _effect(self, node: ast.Call) -> None:
        """A call as a statement: an in-place method, or an effect that keeps the loop."""
        if isinstance(node.func, ast.Attribute):
            first = _chained(node.func.value)
            if first is not None:
                self._effect(first)
                func = ast.Attribute(_receiver(first), node.func.attr, ast.Load())
                ast.copy_location(func, node.func)
                self._effect(ast.copy_location(ast.Call(func, node.args, node.keywords), node))
                return
            base = self.evaluate(node.func.value)
            name = node.func.attr
            if isinstance(base, (View, Tensor)):
                view = whole(base) if isinstance(base, Tensor) else base
                self._in_place_method(view, name, node)
                return
        callee = self.evaluate(node.func)
        if isinstance(callee, Function) and find_in_place_function(callee.qualified or "") is None:
            if callee.source is None and not callee.qualified:
                self._refuse_call(callee, node)
            if callee.qualified not in ("builtins.print",):
                self.evaluate(node)  # refuses with the reason, where it is not a pure function
        text = ast.unparse(node)
        self.unliftable(node, f"loop kept: the call {text} is made for its effect", "VEC923")

    def _in_place_method(self, view: View, name: str, node: ast.Call) -> None:
        if name in ("copy_", "fill_") and len(node.args) == 1:
            self.store(view, self.evaluate(node.args[0]), node)
            return
        if name == "zero_" and not node.args:
            self.store(view, Integer(Affine()), node)
            return
        operator = find_in_place_method(name)
        if operator is None or not operator.kind.is_elementwise:
            self.unsupported(node, f"loop kept: what .{name} changes is not known", "VEC923")
        current = self.load(view, node)
        result = self._operator(operator, [current, *node.args], node, f".{name[:-1]}")
        self._check_in_place(view.tensor.type.dtype, result, node)
        self.store(view, result, node, augmented=True)

    # ------------------------------------------------------------------ stores
    def store(self, view: View, item: Item, node: ast.AST, augmented: bool = False) -> None:
        """``view = item`` as a `Store`, once values that still need the old element are saved."""
        tensor = view.tensor
        if tensor.made_of:
            self.unsupported(node, f"loop kept: {ast.unparse(node)} changes what a call gave")
        if tensor.type.requires_grad and tensor.type.leaf:
            self.unliftable(
                node,
                f"loop kept: {tensor.name} is a leaf that requires grad, "
                "and writing into it raises",
                "VEC903",
            )
        if tensor.storage.endswith("?"):
            self.unliftable(
                node, f"loop kept: {tensor.name} may be a copy, so the write may be lost", "VEC905"
            )
        if tensor.type.overlapping:
            self.unliftable(
                node,
                f"loop kept: elements of {tensor.name} share memory, so the order of writes counts",
                "VEC905",
            )
        if view.unbound:
            self.unbound_store = self.place(node)
        self.arrays[tensor.name] = tensor
        value = build.uncopied(self.to_expression(item, node))
        value = settle_stored(value, tensor.type.dtype)
        self._check_number(value, tensor.type.dtype, node)
        if tensor.storage.startswith(PRIVATE):
            rank = value.type.rank if value.type.rank is Rank.TENSOR else Rank.SCALAR
            value = build.cast(value, ElementType(tensor.type.dtype, rank))
        self._save_before(tensor, node)
        value, subscripts, implicit = self._align(view, value, node)
        for kind in build.types_of(value):
            if category(kind.dtype) == "complex" and category(tensor.type.dtype) != "complex":
                self.unliftable(
                    node,
                    f"loop kept: a complex value is stored into a {tensor.type.dtype} tensor",
                    "VEC911",
                )
        self.out.append(
            Store(tensor.name, subscripts, value, tensor.type.dtype, self.place(node), implicit,
                  local=tensor.name in self.locals and not tensor.storage.startswith(PRIVATE),
                  augmented=augmented)
        )  # fmt: skip

    def _check_number(self, value: Expression, dtype: str, node: ast.AST) -> None:
        """A Python number that does not fit the dtype raises in a store; ask that each fits."""
        if isinstance(value, scalar.Select):
            self._check_number(value.then, dtype, node)
            self._check_number(value.otherwise, dtype, node)
            return
        if value.type.rank is not Rank.NUMBER or dtype in ("bool", "complex64", "complex128"):
            return
        if self.is_watched and not isinstance(value, scalar.Number):
            return
        lowest, highest = RANGES[dtype]
        if isinstance(value, scalar.Number):
            plain = not isinstance(value.value, complex) and lowest <= value.value <= highest
            special = isinstance(value.value, float) and value.value - value.value != 0  # inf, NaN
            if not plain and not (special and category(dtype) == "float"):
                self.unliftable(
                    node,
                    f"loop kept: {value.value} does not fit a {dtype}, and the store raises",
                    "VEC911",
                )
        elif isinstance(value, scalar.Index):
            if dtype in _NARROW:
                self.require(
                    at_least(value.affine, int(lowest)), node, f"{ast.unparse(node)} fits a {dtype}"
                )
                self.require(
                    at_least(Affine.number(int(highest)), value.affine),
                    node,
                    f"{ast.unparse(node)} fits a {dtype}",
                )
        elif dtype in ("float32", "bfloat16"):
            if self._may_overflow(value):
                single = scalar.Cast(value, ElementType(dtype, Rank.SCALAR))
                finite = scalar.Call("isfinite", (single,), build.BOOL, "torch.isfinite")
                self.require_data(finite, self.place(node), f"the number fits a {dtype}")
        else:
            is_cut = category(value.type.dtype) == "float" and category(dtype) == "int"
            counts = self.varies(value) or category(dtype) == "int"
            if counts and (is_cut or dtype in _NARROW):
                self.unsupported(
                    node,
                    f"loop kept: whether the number fits a {dtype} is not known, "
                    "and the store raises where it does not",
                    "VEC917",
                )

    @property
    def around(self) -> list[Loop]:
        """The loops around what is read, outermost first."""
        return self.loops

    def _may_overflow(self, value: Expression) -> bool:
        """Whether a computed Python float may be beyond what a float32 holds."""
        if isinstance(value, scalar.Cast) and value.value.type.dtype != "float64":
            return False
        is_computed = isinstance(value, (scalar.Cast, scalar.Call)) and self.varies(value)
        ends = self.bounds(value) if is_computed else (0.0, 0.0)
        return ends is None or max(map(abs, ends)) > RANGES["bfloat16"][1]

    def _align(
        self, view: View, value: Expression, node: ast.AST
    ) -> tuple[Expression, tuple[scalar.Subscript, ...], tuple[Loop, ...]]:
        """Iterators for the dimensions that the statement treats whole, on both sides."""
        sizes = view.sizes
        renamed: dict[str, Affine] = {}
        loops: list[Loop] = []
        for offset, size in enumerate(sizes):
            number = self.implicit_sizes.setdefault(size, len(self.implicit_sizes) + 1)
            name = f"_d{len(sizes) - offset}_{number}"
            renamed[f"_d{len(sizes) - offset}"] = Affine.symbol(name)
            loops.append(Loop(name, Affine(), size, (), self.place(node)))
        extents = {f"_d{len(sizes) - k}": size for k, size in enumerate(sizes)}
        one = Affine.number(1)
        for iterator, found in rows.extents(value).items():
            for extent in found:
                if extent in (one, extents.get(iterator)):
                    continue
                if iterator not in extents:
                    self.unliftable(
                        node,
                        f"loop kept: {ast.unparse(node)} stores a row into fewer dimensions, "
                        "which raises",
                        "VEC911",
                    )
                self.require(
                    equal(extent, extents[iterator]),
                    node,
                    f"{ast.unparse(node)} stores as many elements as there are",
                )
        value = rows.rename_implicit(value, renamed)
        subscripts: list[scalar.Subscript] = []
        queue = iter(loops)
        for dimension in view.dimensions:
            if isinstance(dimension, Point):
                subscripts.append(dimension.subscript)
            elif isinstance(dimension, Whole):
                iterator, single = next(queue).iterator, dimension.extent == one
                moved = Affine() if single else Affine.symbol(iterator)
                subscripts.append(dimension.at(moved))
        return value, tuple(subscripts), tuple(loops)

    def _save_before(self, tensor: Tensor, node: ast.AST) -> None:
        """Values computed from what is about to be written become temporaries."""
        for name, item in list(self.environment.items()):
            if isinstance(item, Tuple) and tensor.storage in self.storages_read(item):
                self.unsupported(
                    node, f"loop kept: {name} holds values of what is overwritten here", "VEC918"
                )
            if not isinstance(item, build.NODES):
                continue
            if any(
                self.arrays[load.array].storage == tensor.storage for load in scalar.loads(item)
            ):
                self._materialise(name, node)

    def storages_read(self, item: Tuple) -> set[str]:
        """The memory that the computed parts of a tuple read."""
        found: set[str] = set()
        for part in item.items:
            if isinstance(part, Tuple):
                found |= self.storages_read(part)
            elif isinstance(part, build.NODES):
                found |= {self.arrays[load.array].storage for load in scalar.loads(part)}
        return found

    def _require_fit(self, value: Expression, node: ast.AST) -> None:
        """Ask that rows which are combined, and then go nowhere, could be combined."""
        for found in rows.extents(value).values():
            first, *others = found  # a size of 1 stands last, and fits any other
            for other in (x for x in others if x != Affine.number(1)):
                self.require(equal(first, other), node, f"{ast.unparse(node)} has rows that fit")

    def _materialise(self, name: str, node: ast.AST) -> None:
        item = self.environment[name]
        if isinstance(item, build.NODES):
            fresh = self._temporary(name, item, node)
            for other, held in list(self.environment.items()):
                if held is item:
                    self.environment[other] = fresh

    def _temporary(
        self, name: str, value: Expression, node: ast.AST, own: bool = True
    ) -> Expression:
        """A value kept in an array over the iterators around it: ``v[i, j] = value``.

        A name of our `own` making must not be one of the user's.
        """
        kinds = build.types_of(value)
        if len(kinds) != 1:
            self.unsupported(
                node, f"loop kept: {name} must be kept, and its type differs between paths",
                "VEC918",
            )  # fmt: skip
        unique, count = name, 1
        users = names_in(self.function.node)
        users |= set(self.function.parameters)
        while (
            unique in self.arrays
            or (not own and unique in users)
            or (unique in self.used_symbols and unique not in self.environment)
        ):
            count += 1
            unique = f"{name}_{count}"
        iterators = tuple(Affine.symbol(loop.iterator) for loop in self.loops)
        if rows.extents(value):
            return self._kept_rows(unique, value, kinds[0], node)
        kind = TensorType(kinds[0].dtype, tuple(Affine() for _ in iterators))
        self.arrays[unique] = Tensor(unique, kind, f"local:{unique}", fresh=True)
        self.locals.add(unique)
        self.out.append(
            Store(unique, iterators, value, kinds[0].dtype, self.place(node), local=True)
        )
        return scalar.Load(unique, iterators, kinds[0], (), scalar.requires_grad(value))


    def _kept_rows(
        self, name: str, value: Expression, kind: ElementType, node: ast.AST
    ) -> Expression:
        """A row kept in an array over the iterators around it: ``t[i, _d1] = x[i, _d1]``."""
        sizes = self.row_shape(value, node)
        if any(set(size.symbols) & self.iterators for size in sizes):
            sentence = f"loop kept: {name} must be kept, and has another length in each iteration"
            self.unsupported(node, sentence, "VEC918")
        points = [Point(Affine.symbol(loop.iterator)) for loop in self.loops]
        shape = (*(Affine() for _ in points), *sizes)
        tensor = Tensor(name, TensorType(kind.dtype, shape), f"local:{name}", fresh=True)
        self.arrays[name] = tensor
        self.locals.add(name)
        view = View(tensor, (*points, *(Whole(Affine(), size) for size in sizes)))
        value, subscripts, implicit = self._align(view, value, node)
        self.out.append(
            Store(name, subscripts, value, kind.dtype, self.place(node), implicit, local=True)
        )
        load = self.load(view, node)
        grad = scalar.requires_grad(value)
        return replace(load, requires_grad=grad) if isinstance(load, scalar.Load) else load


def _is_cut(item: scalar.Cast) -> bool:
    """Whether a value is a float made an int."""
    return category(item.value.type.dtype) == "float" and category(item.type.dtype) == "int"


def _is_looked_up(item: Item) -> bool:
    """Whether data say where a value is read, so that it may not be there."""
    places: list[scalar.Subscript] = []
    if isinstance(item, View):
        places = [d.subscript for d in item.dimensions if isinstance(d, Point)]
    elif isinstance(item, build.NODES):
        places = [s for load in scalar.loads(item) for s in load.subscripts]
    return any(not isinstance(s, (Affine, scalar.Index)) and not is_guarded(s) for s in places)


def _chained(node: ast.expr) -> ast.Call | None:
    """The call that comes first in ``t.sub_(m).div_(s)``: ``t.sub_(m)``, which gives ``t``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_in_place = find_in_place_method(node.func.attr) is not None
        receiver = _receiver(node)
        if is_in_place and isinstance(receiver, (ast.Name, ast.Subscript)):
            return node
    return None


def _receiver(node: ast.Call) -> ast.expr:
    """What the first call of a chain is made on."""
    assert isinstance(node.func, ast.Attribute)
    inner = node.func.value
    is_call = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute)
    return _receiver(inner) if is_call else inner  # type: ignore[arg-type]


def _symbols_in_use(environment: Environment) -> set[str]:
    """Names that no iterator may have: those of tensors and of what sizes are spelled with.

    A name that holds a number of its own, ``i = 0`` before ``for i in …``, is free.
    """
    free = {
        name
        for name, item in environment.items()
        if isinstance(item, (Literal, Opaque, Scalar, Finished, Carried))
        or (isinstance(item, Integer) and item.affine.is_constant)
    }
    sizes: list[Affine] = []
    for item in environment.values():
        tensor = item.tensor if isinstance(item, View) else item
        if isinstance(tensor, Tensor):
            sizes.extend(tensor.type.shape)
        elif isinstance(item, Integer):
            sizes.append(item.affine)
    spelled = {name for size in sizes for symbol in size.symbols for name in _words(symbol)}
    return (set(environment) - free) | spelled


@lru_cache(maxsize=4096)
def _words(symbol: str) -> frozenset[str]:
    return frozenset(names_in(ast.parse(symbol, mode="eval")))
