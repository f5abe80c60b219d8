"""Appends to lists as stores: a list that a loop fills is an array over the loop's iterators."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import NoReturn

from deloop.dtype import Rank, category
from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.aliases import is_only_indexed, may_change_later
from deloop.frontend.append_forms import join_appends
from deloop.frontend.apply import DataRequirement
from deloop.frontend.evaluate import Environment
from deloop.frontend.find_lists import ListFinder
from deloop.frontend.items import Grown, Item, Point, Tuple, View, Whole, whole
from deloop.frontend.lists import (
    Block,
    FilledList,
    Filling,
    Use,
    apply_fillings,
    needs_preparing,
)
from deloop.frontend.stores import StoreReader
from deloop.frontend.structure import eliminate_continue
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.loop import LIST, PRIVATE, STACK, Loop
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import Function, Integer, Literal, Module, Opaque, Tensor, TensorType
from deloop.text.names import names_in
from deloop.text.trees import walk


@dataclass(frozen=True)
class Element:
    """What is appended: its value, its shape, and whether the loop makes Python numbers of it.

    `is_single` says that it is a number, a 0-d tensor, or a list of those.
    """

    value: Expression
    sizes: tuple[Affine, ...]
    is_number: bool
    is_single: bool


_DEFAULTS = {"bool": "bool", "int64": "int64", "float64": "float32", "complex128": "complex64"}


class Prepared:
    """Blocks of one nest as they are read, so that each reading sees the same nodes."""

    def __init__(self, node: ast.AST | None = None) -> None:
        self.blocks: dict[tuple[int, ...], tuple[Block, Block, list[Filling]]] = {}
        names = () if node is None else walk(node)
        own = [n for n in names if isinstance(n, ast.Name)]
        self.names = {n.id for n in own}
        self.stored = {n.id for n in own if isinstance(n.ctx, ast.Store)}


class AppendReader(StoreReader):
    """A reader of loops that fill lists."""

    def __init__(self, function: SourceFunction, environment: Environment) -> None:
        super().__init__(function, environment)
        self.lists: dict[str, FilledList] = {}
        self.list_depths: dict[str, tuple[int, int]] = {}
        self.list_loops: dict[str, ast.For] = {}
        self.appends: dict[str, ast.AST] = {}
        self.appended_views: list[tuple[str, str, ast.AST]] = []
        self.rough: dict[str, ast.AST] = {}
        self.masks: dict[str, Expression] = {}
        self.mask_places: dict[str, View] = {}
        self.positions: dict[str, bool] = {}
        """Lists of the positions where a mask is true; whether they are tuples of them."""
        self.flattened: dict[str, tuple[int, ...] | None] = {}
        """The dimensions of a list's array that are one in what becomes of the list."""
        self.starts_empty: dict[str, bool] = {}
        """Whether nothing of what a list is put behind shows: ``torch.zeros(0, m)``."""
        self.prepared = Prepared()

    def qualified(self, node: ast.expr) -> str:
        """The canonical name of what an expression denotes; empty where it is not known."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return ""
        try:
            item = self.evaluate(node)
        except RefusalError:
            return ""
        return (item.qualified or "") if isinstance(item, (Function, Module)) else ""

    def fill(self, filling: Filling | None) -> None:
        """Read a nest that fills lists made in front of it."""
        if filling is not None:
            self.lists.update(filling.lists)
            self.list_loops.update(dict.fromkeys(filling.lists, filling.loop))

    # ------------------------------------------------------------------ blocks
    def prepare(self, body: list[ast.stmt]) -> Block:
        """A block without ``continue``, comprehensions as loops, sums of lists as sums."""
        key = tuple(map(id, body))
        if key not in self.prepared.blocks:
            plain = eliminate_continue(body)
            fillings: list[Filling] = []
            if any(map(needs_preparing, plain)):
                plain = join_appends(plain)
                finder = ListFinder(self.function.node, self.qualified, is_inner=bool(self.loops))
                finder.names |= self.prepared.names
                fillings = finder.find(plain)
                self.prepared.names |= finder.names
                plain = apply_fillings(plain, fillings)
            self.prepared.blocks[key] = (body, plain, fillings)
        _, plain, fillings = self.prepared.blocks[key]
        for filling in fillings:
            for name, filled in filling.lists.items():
                self.lists[name] = filled
                self.list_loops[name] = filling.loop
                self.list_depths[name] = (len(self.loops), len(self.guards))
        return plain

    # ------------------------------------------------------------------ appends
    def _effect(self, node: ast.Call) -> None:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[value]
            ) | ast.Call(
                func=ast.Attribute(value=ast.Name(id=name), attr="insert"),
                args=[ast.Constant(value=0), value],
            ) if isinstance(self.environment.get(name), (Tuple, Grown)):
                self._append(name, value, node)
            case _:
                super()._effect(node)

    def _append(self, name: str, given: ast.expr, node: ast.Call) -> None:
        filled = self.lists.get(name)
        depth, guards = self.list_depths.get(name, (0, 0))
        loops = self.loops[depth:]
        if filled is None or not loops:
            self._refuse_list(node, f"{name} is not an empty list in front of the loop")
        if filled.reason:
            self._refuse_list(node, filled.reason)
        if len(self.guards) > guards:
            self._refuse_list(node, f"how often {name} is appended to depends on data")
        if self.appends.setdefault(name, node) is not node:
            self._refuse_list(node, f"{name} is appended to at two places")
        if filled.kept[0].kind == "mask":
            item: Item = build.truth(self.element(given), self.place(given))
            self.masks[name] = self.to_expression(item, given)
        else:
            item = self._item_under(filled, given)
        if filled.mask and self._is_position(filled, item, loops):
            self.positions[name] = isinstance(item, Tuple)
            self.environment[name] = Opaque(f"{name} is a list of positions")
            return
        if filled.kept[0].kind == "tensor" and isinstance(item, Tuple):
            filled, item = self._of_tuples(name, filled, item, node)
        self._check_shared_item(item, name, filled, node)
        element = self._element(item, node)
        dtype, value = self._stored_as(filled, element, item, node)
        if filled.mask:
            self._select(filled, dtype, value, depth, node)
            value = self._where_appended(filled, value, node)
        if filled.kept[0].kind == "cat" and filled.kept[0].start is not None:
            self.starts_empty[name] = self._starts_empty(filled.kept[0], dtype, element, node)
        written, read = self._array(name, filled, depth, dtype, element, node)
        rank = len(element.sizes)
        if filled.kept[0].kind == "cat" and written.rank < rank:  # along a dimension of size 1
            value = self.squeezed(value, [filled.kept[0].dim % rank], rank)
        super().store(written, value, node)
        if filled.kept[0].kind == "mask":
            self.mask_places[name] = written
        self.environment[name] = Grown(name, read, depth, element.is_number, element.is_single)

    def _item_under(self, filled: FilledList, given: ast.expr) -> Item:
        """What is appended; what it asks of the data need hold where it is, and nowhere else."""
        condition = self.masks.get(filled.mask)
        if condition is None:
            return self.evaluate(given)
        self.guards.append(build.negate(condition) if filled.negated else condition)
        try:
            return self.evaluate(given)
        finally:
            self.guards.pop()

    def _of_tuples(
        self, name: str, filled: FilledList, item: Tuple, node: ast.Call
    ) -> tuple[FilledList, Item]:
        """``torch.tensor`` of a list of pairs as the stack of what it makes of each."""
        use = filled.kept[0]
        if use.device is not None:
            self._refuse_list(node, f"{ast.unparse(use.node)} is not read yet")
        row = self.tensor_of(item, self._asked_dtype(use.dtype, node), node)
        uses = tuple(u if u.is_reduced else replace(u, kind="stack") for u in filled.uses)
        self.lists[name] = replace(filled, uses=uses)
        return self.lists[name], row

    def _is_position(self, filled: FilledList, item: Item, loops: list[Loop]) -> bool:
        """Whether the elements are the loops' own counters: where the mask is true."""
        own: list[Item] = [Integer(Affine.symbol(x.iterator)) for x in loops]
        given = list(item.items) if isinstance(item, Tuple) else [item]
        use = filled.kept[0]
        is_plain = use.kind == "tensor" and use.device is None and use.dtype in (None, "int64")
        is_plain |= use.kind in ("list", "index") and not isinstance(item, Tuple)
        if given != own or not is_plain or any(x.lower != Affine() for x in loops):
            return False
        if any(set(x.upper.symbols) & {y.iterator for y in self.loops} for x in loops):
            return False
        if use.kind == "tensor":
            self._need_some(filled, use.node)
        return True

    def _select(
        self, filled: FilledList, dtype: str, value: Expression, depth: int, node: ast.AST
    ) -> None:
        """Check that the elements under a mask may be computed for all iterations."""
        use = filled.kept[0]
        is_along = not use.dim or (use.kind in ("stack", "cat") and use.dim > 0)
        if depth or use.kind == "row" or not is_along:
            self._refuse_list(node, f"how often {filled.name} is appended to depends on data")
        if category(dtype) in ("float", "complex") and not _is_smooth(value):
            self.rough[filled.name] = node
        is_joined = use.kind in ("stack", "cat") and not use.may_be_empty
        is_joined |= use.kind == "array" and dtype != "float64"
        is_joined |= use.may_be_empty is False
        if is_joined or (use.kind == "tensor" and dtype != "float32"):
            self._need_some(filled, node)

    def _where_appended(
        self, filled: FilledList, value: Expression, node: ast.AST
    ) -> Expression:
        """A value that may raise where it is not appended, and so is not made there.

        ``if ok[i]: out.append(x[idx[i]])``   ->   the elements of ``x[torch.where(ok, idx, 0)]``
        """
        if not build.needs_its_condition(value):
            return value
        place = self.mask_places.get(filled.mask)
        if place is None:
            self._refuse_list(node, "an element may raise where it is not appended")
        condition = self.load(place, node)
        if filled.negated:
            condition = build.negate(condition)
        return build.select(condition, value, scalar.Cast(build.number(0), value.type))

    def _need_some(self, filled: FilledList, node: ast.AST) -> None:
        """An empty list raises, or gives another dtype: ask that some element is appended."""
        reason = f"some element goes into {filled.name}"
        for loop in self.loops:  # the mask may be the same in all iterations of one of them
            self.require(at_least(loop.upper - loop.lower, 1), node, reason)
        condition = self.masks[filled.mask]
        if filled.negated:
            condition = build.negate(condition)
        self.data_requirements.append(
            DataRequirement(condition, self.place(node), reason, every=False)
        )

    def _refuse_list(self, node: ast.AST, reason: str) -> NoReturn:
        self.unsupported(node, f"loop kept: {reason}", "VEC931")

    def _element(self, item: Item, node: ast.AST) -> Element:
        """The value that is appended, with the shape that it has in every iteration."""
        if isinstance(item, Grown):
            value = self.load(item.view, node)
            return Element(value, item.view.sizes, item.is_number, item.is_single)
        if isinstance(item, (View, Tensor)):
            view = item if isinstance(item, View) else whole(item)
            return Element(self.load(view, node), view.sizes, False, not view.sizes)
        value = self.to_expression(item, node)
        kinds = build.types_of(value)
        if len(kinds) != 1:
            self.unsupported(node, "loop kept: the type of the elements differs", "VEC918")
        sizes = self._element_shape(value, node)
        return Element(value, sizes, build.is_number(value), not sizes)

    def _element_shape(self, value: Expression, node: ast.AST) -> tuple[Affine, ...]:
        """The shape of a computed row: that of the rows which it is made of, broadcast."""
        return self.row_shape(value, node) if value.type.rank is Rank.TENSOR else ()

    # ------------------------------------------------------------------ what is stored
    def _stored_as(
        self, filled: FilledList, element: Element, item: Item, node: ast.Call
    ) -> tuple[str, Expression]:
        """The dtype of the array, and the value as it goes into it."""
        use = filled.kept[0]
        value = element.value
        own = value.type.dtype
        joined = use.kind in ("stack", "cat")
        if not joined and any(category(t.dtype) == "complex" for t in build.types_of(value)):
            self._refuse_list(node, f"the elements of {filled.name} are complex")
        if use.kind in ("stack", "cat"):
            if isinstance(item, Grown):
                self.unliftable(
                    node, f"loop kept: {ast.unparse(use.node)} of lists raises", "VEC911"
                )
            if element.is_number:
                self.unliftable(
                    node, f"loop kept: {ast.unparse(use.node)} of Python numbers raises", "VEC911"
                )
            if use.kind == "cat" and not element.sizes:
                self.unliftable(
                    node, f"loop kept: {ast.unparse(use.node)} of 0-d tensors raises", "VEC911"
                )
            return own, value
        if use.kind == "index" and (own != "int64" or not element.is_number):
            self._refuse_list(node, f"the elements of {filled.name} are no ints")
        if use.kind == "list" and not element.is_number:
            self._refuse_list(node, f"the list {filled.name} itself is returned, of tensors")
        if use.kind == "list" and isinstance(value, scalar.Cast):
            inner = value.value  # a float as Python's is what tolist makes of it
            same = category(inner.type.dtype) == category(own) and category(own) != "int"
            if same and inner.type.rank is not Rank.NUMBER:
                return inner.type.dtype, inner
        if use.kind == "array":
            if not element.is_number or self._may_record(value):
                self._refuse_list(node, f"{filled.name} becomes an array of more than numbers")
            return own, value
        if use.kind in ("list", "row", "mask"):
            return own, value
        if element.sizes and not (isinstance(item, Grown) and element.is_single):
            self.unliftable(
                node, f"loop kept: {ast.unparse(use.node)} of rows raises", "VEC911"
            )
        if not element.is_number and self._may_record(value):
            value = self._as_number(value)
        dtype = self._asked_dtype(use.dtype, node)
        if dtype is None:
            dtype = _DEFAULTS[own] if element.is_number else own
        if category(own) == "float" and category(dtype) == "int":
            self._refuse_list(node, f"{ast.unparse(use.node)} cuts floats to ints")
        inner = value.value if isinstance(value, scalar.Cast) else value
        widened = inner.type.dtype == dtype == "float32" and own == "float64"
        if widened and inner.type.rank is Rank.SCALAR and not self._may_record(inner):
            return dtype, inner  # a float32 as a double is a float32 again
        if category(own) in ("float", "bool") or own == dtype:
            value = build.cast(value, ElementType(dtype, Rank.SCALAR))
        return dtype, value

    def _may_record(self, value: Expression) -> bool:
        """Whether a gradient may flow into a value, through what the loop fills as well."""
        known = (*self.arrays.values(), *self.environment.values())
        return category(value.type.dtype) == "float" and any(
            isinstance(t, Tensor) and t.type.requires_grad for t in known
        )

    def _asked_dtype(self, given: ast.expr | str | None, node: ast.AST) -> str | None:
        if given is None or isinstance(given, str):
            return given
        chosen = self.evaluate(given)
        if isinstance(chosen, Literal) and chosen.value is None:
            return None
        if isinstance(chosen, Literal) and str(chosen.value).startswith("torch."):
            return str(chosen.value).removeprefix("torch.")
        self._refuse_list(node, f"the dtype {ast.unparse(given)} is not known")

    def _device_of(self, filled: FilledList, value: Expression, node: ast.AST) -> str:
        """The device on which the use makes its tensor."""
        use = filled.kept[0]
        if use.device is not None:
            chosen = self.evaluate(use.device)
            text = str(chosen.value) if isinstance(chosen, Literal) else ""
            if not text or text == "None":
                self._refuse_list(node, f"the device {ast.unparse(use.device)} is not known")
            return text.removeprefix("device:").split(":")[0]
        if use.kind == "tensor" or (use.kind == "list" and not scalar.loads(value)):
            return "cpu"
        if use.kind == "array" and any(
            self.arrays[x.array].type.device != "cpu" for x in scalar.loads(value)
        ):
            self._refuse_list(node, f"{filled.name} becomes an array, of values of another device")
        return next((self.arrays[x.array].type.device for x in scalar.loads(value)), "cpu")

    def _starts_empty(self, use: Use, dtype: str, element: Element, node: ast.AST) -> bool:
        """Whether the tensor in front has no elements, and the type of those behind it."""
        if not isinstance(use.start, ast.Call) or use.start.keywords:
            return False
        name = self.qualified(use.start.func)
        given = [self.evaluate(a) for a in use.start.args]
        of_nothing = given in ([], [Integer(Affine())]) or (
            isinstance(given[0], Tuple) and not given[0].items
        )
        if dtype != "float32" or not name.startswith("torch."):
            return False
        if of_nothing:
            return name in ("torch.tensor", "torch.Tensor", "torch.zeros", "torch.empty")
        parts = list(given[0].items) if isinstance(given[0], Tuple) else given
        sizes = [p.affine for p in parts if isinstance(p, Integer)]
        known = name in ("torch.zeros", "torch.empty") and len(sizes) == len(parts)
        if not known or len(sizes) != len(element.sizes):
            return False
        dim = use.dim % len(sizes)
        if sizes[dim] != Affine():
            return False
        for place, (mine, theirs) in enumerate(zip(sizes, element.sizes, strict=True)):
            if place != dim and mine != theirs:
                self.require(equal(mine, theirs), node, f"{ast.unparse(use.start)} fits")
        return True

    # ------------------------------------------------------------------ the array
    def _array(
        self, name: str, filled: FilledList, depth: int, dtype: str, element: Element, node: ast.AST
    ) -> tuple[View, View]:
        """The array that stands for a list: the element to be written, and all of it."""
        use = filled.kept[0]
        around, loops = self.loops[:depth], self.loops[depth:]
        for loop in loops:
            names = {x.iterator for x in self.loops}
            if names & {s for a in (loop.lower, loop.upper) for s in a.symbols}:
                self._refuse_list(node, f"{name} has more elements in some iterations than others")
            may_be_empty = use.kind in ("list", "mask", "index") or bool(filled.mask)
            may_be_empty |= use.kind == "tensor" and dtype == "float32" and not depth
            may_be_empty |= use.kind == "array" and dtype == "float64"
            if not (may_be_empty if use.may_be_empty is None else use.may_be_empty):
                self.require(at_least(loop.upper - loop.lower, 1), node, f"{name} is not empty")
        dim = use.dim + len(element.sizes) + (use.kind == "stack") if use.dim < 0 else use.dim
        if not 0 <= dim <= len(element.sizes) - (use.kind == "cat"):
            self.unliftable(node, f"loop kept: {ast.unparse(use.node)} raises", "VEC911")
        joins = use.kind == "cat" and element.sizes[dim] == Affine.number(1)
        if use.kind == "cat" and not joins and (depth or (dim and filled.mask)):
            self._refuse_list(node, f"{ast.unparse(use.node)} is not read yet")
        fixed = tuple(Point(Affine.symbol(x.iterator)) for x in around)
        sizes: list[Point | Whole] = [Whole(Affine(), s) for s in element.sizes]
        before, behind = sizes[:dim], sizes[dim + 1 if joins else dim :]
        is_local = depth > 0
        if filled.turned and filled.mask:
            self._refuse_list(node, f"{name} is filled in front under a condition")
        places = [
            x.lower + x.upper - 1 - Affine.symbol(x.iterator)
            if filled.turned
            else Affine.symbol(x.iterator)
            for x in loops
        ]
        here = [
            Point(place - (Affine() if is_local else x.lower))
            for place, x in zip(places, loops, strict=True)
        ]
        all_here = [
            Whole(x.lower if is_local else Affine(), x.upper - x.lower) for x in loops
        ]
        written: tuple[Point | Whole, ...] = (*fixed, *before, *here, *behind)
        read: tuple[Point | Whole, ...] = (*fixed, *before, *all_here, *behind)
        last = dim + (use.kind == "cat" and not joins)
        last += 0 if filled.mask else len(loops) - 1
        everything = dim == 0 and last == len(element.sizes) + len(loops) - 1 and not filled.mask
        self.flattened[name] = ((dim, last) if not everything else ()) if last > dim else None
        shape = tuple(d.extent if isinstance(d, Whole) else Affine() for d in read)
        if is_local:
            self.locals.add(name)
        device = self._device_of(filled, element.value, node)
        tensor = Tensor(name, TensorType(dtype, shape, device), f"{LIST}{name}", fresh=True)
        return View(tensor, written), View(tensor, read)

    # ------------------------------------------------------------------ what is shared
    def _check_shared_item(
        self, item: Item, name: str, filled: FilledList, node: ast.Call
    ) -> None:
        """A list holds objects: a later change in place shows in it, as in no array."""
        if isinstance(item, Grown) or (isinstance(item, build.NODES) and build.is_number(item)):
            return
        match node.args[0]:
            case ast.Call(func=ast.Attribute(attr="clone")):
                return
        if isinstance(item, (View, Tensor)):
            tensor = item if isinstance(item, Tensor) else item.tensor
            is_named = isinstance(node.args[0], ast.Name) and tensor.storage.startswith(PRIVATE)
            if not tensor.storage.startswith(LIST) and not is_named:
                self.appended_views.append((tensor.storage, name, node))
        elif isinstance(item, build.NODES) and not self.is_own_row(item):
            shared = [self.arrays[a] for a in build.aliased_arrays(item) if a in self.arrays]
            own = [t for t in shared if not t.storage.startswith((LIST, "cell:"))]
            self.appended_views.extend((t.storage, name, node) for t in own)
            if own and not filled.settled:
                self._refuse_shared(name, node)
        elif not isinstance(item, build.NODES):
            return
        holders = {
            n
            for n, held in self.environment.items()
            if held is item
            or (isinstance(held, View) and held.tensor.storage.startswith(PRIVATE)
                and isinstance(item, View) and held.tensor == item.tensor)
        }  # fmt: skip
        given = node.args[0]
        holders |= {given.id} if isinstance(given, ast.Name) else set()
        if not holders and (isinstance(item, build.NODES) or tensor.storage.startswith(LIST)):
            return
        if not filled.settled:
            self._refuse_shared(name, node)
        own_rows = {n for n in holders if self.is_own_row(self.environment.get(n))}
        if holders and may_change_later(self.list_loops[name], node, holders, own_rows):
            self._refuse_shared(name, node)

    def is_own_row(self, item: Item | None) -> bool:
        """Whether a value is a row that the iteration has made; a reader of rows knows."""
        return False

    def settle_length(self, at: Affine, length: int, node: ast.AST) -> None:
        """As every reader's: ``for c in range(3): x[c] - mean[c]`` reads all of ``mean``."""
        for loop in self.loops:
            extent = loop.upper - loop.lower
            is_all = at == Affine.symbol(loop.iterator) - loop.lower
            if is_all and not extent.is_constant and extent.evaluate(self.hints) == length:
                text = ast.unparse(node)
                self.require(equal(extent, length), node, f"the loop reads {text} of each item")

    def store(self, view: View, item: Item, node: ast.AST, augmented: bool = False) -> None:
        """As every reader's, but not into a tensor that a list holds, or has become."""
        if view.tensor.storage.startswith(LIST):
            self._refuse_list(node, f"{ast.unparse(node)} changes what a list has become")
        if view.tensor.name.startswith(STACK):
            self.unsupported(
                node,
                "loop kept: the tensors of a list are written, each in its own memory",
                "VEC932",
            )
        super().store(view, item, node, augmented)

    def is_outside(self, node: ast.expr) -> bool:
        """As every reader's: a list that the nest does not bind, under one name only."""
        names = names_in(node)
        if names & self.prepared.stored:
            return False
        own = isinstance(self.environment.get(getattr(node, "id", "")), Tuple)
        return not own or is_only_indexed(names, self.function.node)

    def note_held(self, tensor: Tensor, holder: str, node: ast.AST) -> None:
        """As every reader's, and remembered."""
        self.appended_views.append((tensor.storage, holder, node))

    def check_appended(self, storages: set[str]) -> None:
        """Refuse a nest that writes a tensor of which a list holds views.

        Also one in which a gradient flows through what a mask leaves out.
        """
        for name, place in self.rough.items():
            if any(tensor.type.requires_grad for tensor in self.arrays.values()):
                self._refuse_list(
                    place, f"the gradient of what {name} leaves out may not be finite"
                )
        for storage, name, node in self.appended_views:
            if storage.rstrip("?") in {s.rstrip("?") for s in storages}:
                self._refuse_shared(name, node)

    def _refuse_shared(self, name: str, node: ast.AST) -> NoReturn:
        self.unliftable(
            node,
            f"loop kept: what {name} holds may be changed in place after it was appended",
            "VEC905",
        )

    # ------------------------------------------------------------------ what takes a list
    def _call(self, callee: Function, node: ast.Call) -> Item:
        first = node.args[0] if node.args else None
        item = self.environment.get(first.id) if isinstance(first, ast.Name) else None
        if isinstance(item, Grown):
            return self._taken(item, node)
        return super()._call(callee, node)

    def _taken(self, item: Grown, node: ast.Call) -> Item:
        """The array that a list of this iteration becomes: ``torch.stack(row)``."""
        filled = self.lists.get(item.name)
        uses = filled.kept if filled is not None else ()
        if len(self.loops) != item.depth or len(uses) != 1:
            self._refuse_list(node, f"{ast.unparse(node)} is not read yet")
        return item.view


def _is_smooth(value: Expression) -> bool:
    """Whether a gradient of zero that flows in comes out as zero, whatever the values are."""
    match value:
        case scalar.Load():
            return not any(not isinstance(s, Affine) for s in value.subscripts)
        case scalar.Number() | scalar.Index() | scalar.Invariant():
            return True
        case scalar.Cast(inner):
            return _is_smooth(inner)
        case scalar.Call("add" | "sub" | "neg", arguments):
            return all(map(_is_smooth, arguments))
        case scalar.Call("mul" | "div", (first, scalar.Number(value=number))):
            return _is_smooth(first) and number != 0 and number - number == 0
    return False
