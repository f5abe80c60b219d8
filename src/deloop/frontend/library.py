"""Builtins, functions and methods with a meaning of their own: lengths, numbers, flat views."""

from __future__ import annotations

import ast
from dataclasses import replace

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.complex_numbers import ComplexReader
from deloop.frontend.items import FlatIndex, Item, Listed, Point, Tuple, View, Whole, whole
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least, equal
from deloop.ir.observed import evaluate_affine
from deloop.ir.polynomial import spelled_product
from deloop.ir.types import (
    Integer,
    Literal,
    Opaque,
    Sequence,
    Shape,
    Tensor,
)
from deloop.ops.making import draws
from deloop.ops.table import find_in_place_method, find_method

_CAST_METHODS = {
    "float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16",
    "int": "int32", "long": "int64", "short": "int16", "char": "int8", "byte": "uint8",
    "bool": "bool",
}  # fmt: skip


class LibraryReader(ComplexReader):
    """A reader of what Python and PyTorch bring with them."""

    # ------------------------------------------------------------------ builtins
    def _call_builtins_len(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0])
        match item:
            case Tensor() if item.type.rank:
                return Integer(item.type.shape[0])
            case View() if item.rank:
                return Integer(item.sizes[0])
            case Listed(view):
                return Integer(view.sizes[0])
            case Sequence() | Tuple():
                return Integer(Affine.number(len(item.items)))
            case Shape(tensor):
                return Integer(Affine.number(tensor.type.rank))
        if (count := self.chosen_count(item, node)) is not None:
            return count
        if (sizes := self.sizes_of_row(item, node)) is not None:
            return Integer(sizes[0])
        self.unsupported(node, f"{ast.unparse(node)}: the length is not known here")

    def _call_builtins_abs(self, node: ast.Call) -> Item:
        operator = find_method("abs")
        assert operator is not None
        return build.make_call(operator, [self.element(node.args[0])], self.place(node), "abs")

    def _call_builtins_pow(self, node: ast.Call) -> Item:
        if len(node.args) != 2 or node.keywords:
            self.unsupported(node, "pow with a modulus is not read yet")
        return self.binary("Pow", self.evaluate(node.args[0]), self.evaluate(node.args[1]), node)

    def _call_builtins_round(self, node: ast.Call) -> Item:
        value = self.element(node.args[0])
        operator = find_method("round")
        assert operator is not None
        if build.is_number(value):
            if not self.varies(value) and len(node.args) == 1 and not node.keywords:
                return scalar.Call("round", (value,), build.INT, "round")
            self.unsupported(node, "round of a Python number is not read yet")
        self.unsupported(
            node, "round of a tensor raises a TypeError; x.round() is its method", "VEC911"
        )

    def _call_builtins_min(self, node: ast.Call) -> Item:
        return self._extreme("Lt", node)

    def _call_builtins_max(self, node: ast.Call) -> Item:
        return self._extreme("Gt", node)

    def _call_builtins_sum(self, node: ast.Call) -> Item:
        """Python's sum of a row's elements, of which there is one at least: else it is an int."""
        row = self.evaluate(node.args[0])
        is_alone = len(node.args) == 1 and not node.keywords
        if (
            not isinstance(row, View)
            or (row.rank, is_alone) != (1, True)
            or row.tensor.type.dtype not in ("float32", "float64")
        ):
            self.unsupported(node, f"{ast.unparse(node)} over a sequence is not read yet")
        self.require(at_least(row.sizes[0], 1), node, f"{ast.unparse(node.args[0])} is not empty")
        method = ast.Attribute(node.args[0], "sum", ast.Load())
        spelled = ast.copy_location(ast.Call(method, [], []), node)
        return self.evaluate(ast.fix_missing_locations(spelled))

    def _extreme(self, comparison: str, node: ast.Call) -> Item:
        """Python's ``max(a, b)`` keeps ``a`` unless ``b > a``: NaN and ties stay with the first."""
        if node.keywords:
            self.unsupported(node, f"{ast.unparse(node)} with a key is not read yet")
        items = [self.evaluate(a) for a in node.args]
        if len(items) == 1:
            if not isinstance(items[0], (Sequence, Tuple, Shape)):
                self.unsupported(node, f"{ast.unparse(node)} over a sequence is not read yet")
            items = self.unpack(items[0], None, node)
        whole = [i.affine for i in items if isinstance(i, Integer)]
        if len(whole) == len(items) and (chosen := self._chosen(comparison, whole, node)):
            return Integer(chosen)
        best = self.to_expression(items[0], node)
        for item in items[1:]:
            other = self.to_expression(item, node)
            self.check_comparison(comparison, other, best, node)
            better = build.compare(comparison, other, best, self.place(node))
            best = build.select(build.truth(better, self.place(node)), other, best)
        return best

    def _chosen(self, comparison: str, sizes: list[Affine], node: ast.Call) -> Affine | None:
        """The least or the greatest of sizes, as they were seen; what that takes is required."""
        seen = [evaluate_affine(size, self.hints) for size in sizes]
        moving = {s for size in sizes for s in size.symbols} & self.iterators
        values = [value for value in seen if value is not None]
        if moving or not sizes or len(values) != len(sizes):
            return None
        best = sizes[values.index(min(values) if comparison == "Lt" else max(values))]
        for other in sizes:
            larger, smaller = (other, best) if comparison == "Lt" else (best, other)
            if not (larger - smaller).is_constant:
                reason = f"{ast.unparse(node)} is {best}"
                self.require(at_least(larger, smaller), node, reason)
        return best

    def _call_builtins_float(self, node: ast.Call) -> Item:
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            return Literal(float(node.args[0].value))
        return self._as_number(self._real(self.element(node.args[0]), node), "float64")

    def _call_builtins_int(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0])
        if isinstance(item, FlatIndex):
            return replace(item, is_tensor=False)
        if isinstance(item, Integer):
            return item
        return self._to_int(self.to_expression(item, node), node)

    def _to_int(self, value: scalar.Expression, node: ast.Call) -> scalar.Expression:
        value = self._real(value, node)
        if category(value.type.dtype) == "float":
            self.require_whole(value, node)
        return self._as_number(value, "int64")

    def _call_builtins_bool(self, node: ast.Call) -> Item:
        condition = build.truth(self.element(node.args[0]), self.place(node))
        return build.cast(condition, build.BOOL)

    def _call_builtins_divmod(self, node: ast.Call) -> Item:
        left, right = self.evaluate(node.args[0]), self.evaluate(node.args[1])
        quotient = self.binary("FloorDiv", left, right, node)
        return Tuple((quotient, self.binary("Mod", left, right, node)))

    def _call_builtins_tuple(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0]) if node.args else Tuple(())
        if isinstance(item, (Sequence, Tuple, Shape)):
            return Tuple(tuple(self.unpack(item, None, node)))
        self.unsupported(node, f"{ast.unparse(node)} is not read yet")

    _call_builtins_list = _call_builtins_tuple

    # ------------------------------------------------------------------ torch, one by one
    def _call_torch_tensor(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0])
        if isinstance(item, FlatIndex):
            return replace(item, is_tensor=True)
        if isinstance(item, (Sequence, Tuple)):
            return self.tensor_of(item, self._tensor_dtype(node), node)
        value = self.to_expression(item, node)
        if not build.is_number(value):
            self.unsupported(node, f"{ast.unparse(node)} copies a tensor", "VEC924")
        default = {
            "bool": "bool",
            "int64": "int64",
            "float64": "float32",
            "complex128": "complex64",
        }
        dtype = default[value.type.dtype]
        for keyword in node.keywords:
            chosen = self.evaluate(keyword.value)
            if keyword.arg == "dtype" and isinstance(chosen, Literal):
                dtype = str(chosen.value).removeprefix("torch.")
            elif keyword.arg != "device":
                self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC924")
        return build.cast(value, scalar.ElementType(dtype, Rank.SCALAR))

    def _tensor_dtype(self, node: ast.Call) -> str | None:
        """The dtype that ``torch.tensor`` is asked for; None where it follows from the numbers."""
        dtype = None
        for keyword in node.keywords:
            chosen = self.evaluate(keyword.value)
            if keyword.arg == "dtype" and isinstance(chosen, Literal):
                dtype = str(chosen.value).removeprefix("torch.") if chosen.value else None
            elif keyword.arg != "device" or chosen != Literal("device:cpu"):
                self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC924")
        return dtype

    def _call_torch_unravel_index(self, node: ast.Call) -> Item:
        """A tuple of 0-d tensors: what they promote to in arithmetic is not what ints do."""
        kind = scalar.ElementType("int64", Rank.SCALAR)
        parts = self._multi_index(node)
        return Tuple(tuple(scalar.Cast(scalar.Index(part), kind) for part in parts))

    def _call_numpy_unravel_index(self, node: ast.Call) -> Item:
        return Tuple(tuple(Integer(part) for part in self._multi_index(node)))

    def _multi_index(self, node: ast.Call) -> tuple[Affine, ...]:
        index, shape = self.evaluate(node.args[0]), self.evaluate(node.args[1])
        sizes = tuple(i.affine for i in self.unpack(shape, None, node) if isinstance(i, Integer))
        if isinstance(index, FlatIndex) and sizes == index.factors:
            return tuple(Affine.symbol(i) for i in index.iterators)
        if isinstance(index, scalar.Cast) and isinstance(index.value, scalar.Index):
            index = Integer(index.value.affine)
        if isinstance(index, Integer) and len(sizes) == 1:
            return (index.affine,)
        self.unsupported(
            node, f"{ast.unparse(node)} is not the multi-index of this loop's elements"
        )

    def _call_torch_unflatten(self, node: ast.Call) -> Item:
        self.unliftable(
            node,
            "torch.unflatten of a 0-d index raises: it splits a dimension of a tensor, "
            "and a single number has none",
            "VEC301",
            f"torch.unravel_index gives the multi-index: {_unravel(node)}",
        )

    # ------------------------------------------------------------------ methods
    def _method(self, base: Item, node: ast.Call, func: ast.Attribute) -> Item:
        name = func.attr
        special = getattr(self, f"_method_{name}", None)
        if special is not None:
            found: Item | None = special(base, node)
            if found is not None:
                return found
        if isinstance(base, (Tensor, View, *build.NODES)):
            receiver = self.to_expression(base, node)
            if build.is_number(receiver):
                self.unsupported(
                    node, f"a Python number has no method {name} that is read", "VEC921"
                )
            if name in _CAST_METHODS and not node.args:
                return build.cast(
                    receiver, scalar.ElementType(_CAST_METHODS[name], receiver.type.rank)
                )
            if (combined := self.row_method(base, node, name)) is not None:
                return combined
            operator = find_method(name)
            if operator is not None and operator.kind.is_elementwise:
                return self._operator(operator, [receiver, *node.args], node, f".{name}")
            if (whole_call := self.batched_method(base, node, name)) is not None:
                return whole_call
            if find_in_place_method(name) is not None:
                self.unsupported(
                    node, f"{ast.unparse(node)} changes a tensor inside of an expression", "VEC918"
                )
            if draws(name):
                self.unliftable(node, f"loop kept: .{name} draws random numbers in order", "VEC922")
            self.unsupported(
                node, f"the method .{name} on an element or a row is not read yet", "VEC924"
            )
        if isinstance(base, Opaque):
            self.unsupported(node, f"{ast.unparse(func)} is called, and {base.reason}", "VEC921")
        self.unsupported(node, f"{ast.unparse(func)} is not read yet", "VEC921")

    def batched_method(self, base: Item, node: ast.Call, name: str) -> Item | None:
        """What a method gives that takes a whole batch of rows; None for others."""
        return None

    def sizes_of_row(self, item: Item, node: ast.AST) -> tuple[Affine, ...] | None:
        """The sizes of a row that is computed, all of it; None for anything else."""
        if not isinstance(item, build.NODES) or item.type.rank is not Rank.TENSOR:
            return None
        if len(build.types_of(item)) != 1 or self.chosen_in(item, node) is not None:
            return None
        return self.row_shape(item, node) or None

    def _read_Attribute(self, node: ast.Attribute) -> Item:
        if node.attr in ("shape", "ndim"):
            sizes = self.sizes_of_row(self.evaluate(node.value), node)
            if sizes is not None and node.attr == "ndim":
                return Integer(Affine.number(len(sizes)))
            if sizes is not None:
                return Tuple(tuple(map(Integer, sizes)))
        return super()._read_Attribute(node)

    def _method_size(self, base: Item, node: ast.Call) -> Item | None:
        if isinstance(base, (Tensor, View)):
            sizes = base.type.shape if isinstance(base, Tensor) else base.sizes
        elif (row := self.sizes_of_row(base, node)) is not None:
            sizes = row
        else:
            return None
        if not node.args:
            return Tuple(tuple(Integer(s) for s in sizes))
        axis = self._constant(node.args[0])
        if not -len(sizes) <= axis < len(sizes):
            self.unsupported(
                node, f"{ast.unparse(node)} raises: there are {len(sizes)} dimensions", "VEC911"
            )
        return Integer(sizes[axis])

    def _method_dim(self, base: Item, node: ast.Call) -> Item | None:
        if isinstance(base, (Tensor, View)):
            rank = base.type.rank if isinstance(base, Tensor) else base.rank
            return Integer(Affine.number(rank))
        sizes = self.sizes_of_row(base, node)
        return None if sizes is None else Integer(Affine.number(len(sizes)))

    def _method_numel(self, base: Item, node: ast.Call) -> Item | None:
        match base:
            case Tensor():
                if base.type.rank == 1:
                    return Integer(base.type.shape[0])
                known = [
                    s
                    for s, f in self.products.items()
                    if f == base.type.shape and s.endswith(".numel()")
                ]
                symbol = known[0] if known else f"{_owner(base)}.numel()"
                self.products[symbol] = base.type.shape
                return Integer(Affine.symbol(symbol))
            case Shape(tensor):
                return self._method_numel(tensor, node)
        return None

    _method_nelement = _method_numel

    def _method_item(self, base: Item, node: ast.Call) -> Item | None:
        if isinstance(base, FlatIndex):
            return replace(base, is_tensor=False)
        if isinstance(base, Integer):
            return base
        value = self.to_expression(base, node)
        sizes = self.sizes_of_row(value, node)
        if sizes is not None and all(size == _ONE for size in sizes):
            value = self.squeezed(value, range(len(sizes)), len(sizes))
        if value.type.rank is Rank.TENSOR:
            self.unsupported(node, f"{ast.unparse(node)} of more than one element raises", "VEC911")
        return None if build.is_number(value) else self._as_number(value)

    def _method_tolist(self, base: Item, node: ast.Call) -> Item | None:
        if isinstance(base, View) and base.rank == 0:
            return self._method_item(base, node)
        if not self.scope_iterators or not isinstance(base, (Tensor, View)) or node.args:
            return None
        view = whole(base) if isinstance(base, Tensor) else base
        self.note_snapshot(view.tensor.name, node)
        return Listed(view) if view.rank else None

    def _method_clone(self, base: Item, node: ast.Call) -> Item | None:
        """A value of its own: what is stored into the source later does not change it."""
        value = self.to_expression(base, node)
        return scalar.Cast(value, value.type) if isinstance(value, scalar.Load) else value

    def _method_view(self, base: Item, node: ast.Call) -> Item | None:
        return self._flattened(base, node, "view")

    def _method_reshape(self, base: Item, node: ast.Call) -> Item | None:
        return self._flattened(base, node, "reshape")

    def _method_flatten(self, base: Item, node: ast.Call) -> Item | None:
        return self._flattened(base, node, "flatten")

    _method_ravel = _method_flatten

    def _flattened(self, base: Item, node: ast.Call, how: str) -> Item | None:
        """The one-dimensional form of a whole tensor; shared memory where that is certain."""
        if isinstance(base, View):
            return self._reshaped(base, node, how)
        if not isinstance(base, Tensor) or (how == "flatten" and node.args):
            return None
        if how in ("view", "reshape"):
            if len(node.args) != 1:
                return None
            size = self.evaluate(node.args[0])
            if not (
                isinstance(size, Integer) and size.affine in (Affine.number(-1), self._count(base))
            ):
                return None
        kind = replace(base.type, shape=(self._count(base),), leaf=False)
        flat = Tensor(ast.unparse(node), kind, base.storage, flat_of=base)
        if base.type.rank == 1:
            return base
        if how == "view" and not base.type.contiguous:
            self.unsupported(
                node, f"{ast.unparse(node)} raises unless the tensor is contiguous", "VEC911"
            )
        return (
            flat
            if base.type.contiguous or how == "view"
            else replace(flat, storage=f"{base.storage}?")
        )

    def _reshaped(self, base: View, node: ast.Call, how: str) -> Item | None:
        """``x[i].flatten()`` as part of ``x.flatten(1)``, ``x[i].view(h, w)`` of ``x.unflatten``.

        The elements may be the very memory of ``x``, or a copy.
        """
        if (row := self.as_row(base, node, how)) is not None:
            return row
        points = [isinstance(d, Point) for d in base.dimensions]
        lead, kind = sum(points), base.tensor.type
        own = kind.shape[lead:]
        wholes = tuple(Whole(Affine(), size) for size in own)
        if not all(points[:lead]) or base.dimensions[lead:] != wholes or node.keywords or not own:
            return None
        if how == "view" and not kind.contiguous:
            self.unsupported(
                node, f"{ast.unparse(node)} raises unless the tensor is contiguous", "VEC911"
            )
        found = self.reshaped_to(own, node, how)
        if found is None:
            return None
        shape, words = found
        if len(own) == 1 and len(shape) == 1:
            return base
        text = base.tensor.name + (f".flatten({lead})" if len(own) > 1 else "")
        if how == "flatten" and len(shape) > 1:
            ends = [self._constant(a) % len(own) + lead for a in node.args]
            text = f"{base.tensor.name}.flatten({', '.join(map(str, ends))})"
        elif len(shape) > 1:
            text += f".unflatten({lead}, ({', '.join(words)}))"
        made = replace(kind, shape=(*kind.shape[:lead], *shape), leaf=False)
        tensor = Tensor(text, made, f"{base.tensor.storage.rstrip('?')}?")
        rest = tuple(Whole(Affine(), size) for size in shape)
        return View(tensor, (*base.dimensions[:lead], *rest), base.unbound)

    def as_row(self, base: View, node: ast.Call, how: str) -> Item | None:
        """``x[i].view(1, -1)``, ``x[i].view(-1, 1)`` or ``x[i].reshape(1)``: a dimension more."""
        if how == "flatten" or node.keywords or len(node.args) != base.rank + 1 or base.rank > 1:
            return None
        sizes = [self.evaluate(a) for a in node.args]
        rest = [Integer(Affine.number(-1))], [Integer(size) for size in base.sizes]
        first, last = Integer(_ONE) == sizes[0], Integer(_ONE) == sizes[-1]
        if not (first and sizes[1:] in rest) and not (last and sizes[:-1] in rest):
            return None
        zero = ast.copy_location(ast.Constant(0 if first and sizes[1:] in rest else 1), node)
        call = ast.copy_location(ast.Call(node.func, [zero], []), node)
        return self._method(base, call, ast.Attribute(node, "unsqueeze", ast.Load()))

    def reshaped_to(
        self, own: tuple[Affine, ...], node: ast.Call, how: str
    ) -> tuple[tuple[Affine, ...], list[str]] | None:
        """The shape that a call gives to a row, and how its sizes are written; -1 stays -1."""
        if how == "flatten":
            if not own:
                return None
            ends = [self._constant(a) for a in node.args]
            first, last = (e % len(own) for e in (*ends, *(0, -1)[len(ends) :]))
            shape = (*own[:first], self._product_of(own[first : last + 1]), *own[last + 1 :])
            return shape, [str(s) for s in shape]
        items = [self.evaluate(a) for a in node.args]
        if len(items) == 1 and isinstance(items[0], (Sequence, Tuple, Shape)):
            items = self.unpack(items[0], None, node)
        sizes = [i.affine for i in items if isinstance(i, Integer)]
        total, open_ = self._product_of(own), Affine.number(-1)
        if len(sizes) != len(items) or not sizes or sizes.count(open_) > 1:
            return None
        rest = self._product_of(tuple(s for s in sizes if s != open_))
        words = [str(s) for s in sizes]
        if open_ not in sizes:
            self.require(equal(rest, total), node, f"{ast.unparse(node)} fits")
            return tuple(sizes), words
        if len(sizes) == 1:
            return (total,), words
        other = self._quotient(total, rest)
        self.require(equal(self._times(other, rest), total), node, f"{ast.unparse(node)} fits")
        return tuple(other if s == open_ else s for s in sizes), words

    @staticmethod
    def _product_of(sizes: tuple[Affine, ...]) -> Affine:
        return spelled_product(sizes)

    def _count(self, tensor: Tensor) -> Affine:
        count = self._method_numel(tensor, ast.Call(func=ast.Name("numel"), args=[], keywords=[]))
        assert isinstance(count, Integer)
        return count.affine

    def _method_to(self, base: Item, node: ast.Call) -> Item | None:
        if not isinstance(base, (Tensor, View, *build.NODES)):
            return None
        value = self.to_expression(base, node)
        arguments = [*node.args, *(k.value for k in node.keywords)]
        if len(arguments) == 1:
            chosen = self.evaluate(arguments[0])
            if isinstance(chosen, Literal) and str(chosen.value).startswith("torch."):
                return build.cast(value, scalar.ElementType(str(chosen.value)[6:], value.type.rank))
        self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC924")

    _method_type = _method_to


_ONE = Affine.number(1)


def _owner(tensor: Tensor) -> str:
    """The name that a tensor's sizes are spelled with: its own, or that of the one it is like."""
    owners = {s.partition(".shape[")[0] for size in tensor.type.shape for s in size.symbols}
    owner = next(iter(owners)) if len(owners) == 1 else tensor.name
    spelled = tuple(Affine.symbol(f"{owner}.shape[{k}]") for k in range(tensor.type.rank))
    return owner if spelled == tensor.type.shape else tensor.name


def _unravel(node: ast.Call) -> str:
    shape = ast.unparse(node.args[-1]) if node.args else "shape"
    index = ast.unparse(node.args[0]) if node.args else "index"
    return f"torch.unravel_index({index}, {shape})"
