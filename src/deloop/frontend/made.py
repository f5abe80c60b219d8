"""Tensors that a call makes: their types, and those made inside of an iteration as rows.

``h = torch.zeros(D)`` in a loop over `i` is a row of zeros for each iteration: ``h[i, _d1] = 0``.
"""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet
from dataclasses import replace

from deloop.dtype import RANGES, Rank, category
from deloop.frontend import expression as build
from deloop.frontend.cells import Carrying
from deloop.frontend.cuts import CutReader
from deloop.frontend.evaluate import Environment
from deloop.frontend.items import Item, Point, View, Whole, shape_of, whole
from deloop.frontend.making import read_made
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least
from deloop.ir.loop import AffineBranch, Branch, Loop, Node, Store
from deloop.ir.scalar import ElementType, Expression
from deloop.ir.source import SourceFunction
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Scalar,
    Tensor,
    TensorType,
)
from deloop.ops.kinds import Kind, Operator
from deloop.ops.table import find_function, find_method
from deloop.text.names import names_in, names_stored

Fill = int | float | bool

_CONSTANT = frozenset({
    "torch.eye", "torch.linspace", "torch.arange", "torch.logspace", "torch.hann_window",
    "torch.hamming_window", "torch.blackman_window",
})  # fmt: skip
"""What makes the same tensor wherever it stands."""


class MadeReader(CutReader):
    """A reader of calls that make a tensor of one number in each iteration."""

    def __init__(
        self, function: SourceFunction, environment: Environment, carrying: Carrying | None = None
    ) -> None:
        super().__init__(function, environment, carrying)
        self.numbers: dict[str, Expression] = {}
        """What is in each array of one number alone, in each iteration."""
        self.arrays_of_numbers: dict[str, tuple[str, ...]] = {}
        """The iterators around each of them."""

    def _call(self, callee: Function, node: ast.Call) -> Item:
        operator = find_function(callee.qualified or "")
        if operator is not None and _makes(operator) and (row := self._made(node, operator, None)):
            return row
        if (callee.qualified or "") in _CONSTANT and (made := self._made_once(node)) is not None:
            return made
        return super()._call(callee, node)

    def _made_once(self, node: ast.Call) -> Tensor | None:
        """``torch.eye(d)`` where no loop changes `d`: one tensor for all iterations."""
        changed = {n for loop in ast.walk(self.function.node) if isinstance(loop, ast.For)
                   for n in names_stored(loop)}  # fmt: skip
        made = read_made(self, node)
        if made is None or made.type.requires_grad:
            return None
        text = ast.unparse(node)
        if names_in(node) & changed and (text := self._spelled_before(node, changed)) == "":
            return None
        if any(set(size.symbols) & self.iterators for size in made.type.shape):
            return None
        self._check_device(made, node)
        for size in made.type.shape:
            self.require(at_least(size, 0), node, f"{ast.unparse(node)} has a shape")
        return Tensor(text, made.type, f"made:{text}", made_of=frozenset({f"made:{text}"}))

    def counted(self, size: Affine, node: ast.AST) -> Expression:
        """``torch.arange(size)`` as a row of each iteration, the same in all of them."""
        names = names_in(ast.parse(str(size), mode="eval"))
        stored = {n for loop in ast.walk(self.function.node) if isinstance(loop, ast.For)
                  for n in names_stored(loop)}  # fmt: skip
        if set(size.symbols) & self.iterators or names & stored:
            return super().counted(size, node)
        text = f"{self.torch_name()}.arange({size})"
        kind = TensorType("int64", (size,), "cpu", False, True, True)
        made = Tensor(text, kind, f"made:{text}", made_of=frozenset({f"made:{text}"}))
        self._check_device(made, node)
        return self.load(whole(made), node)

    def torch_name(self) -> str:
        """What the user's function calls PyTorch."""
        for name, item in self.environment.items():
            if isinstance(item, Module) and item.qualified == "torch":
                return name
        return "torch"

    def _spelled_before(self, node: ast.Call, changed: AbstractSet[str]) -> str:
        """The call with sizes for its arguments: ``torch.arange(len(row))``; empty if it has none.

        What a loop binds, a row of `x` say, does not exist in front of it; ``x.shape[1]`` does.
        """
        sizes = [self.evaluate(a) for a in node.args]
        words = [str(s.affine) for s in sizes if isinstance(s, Integer)]
        text = f"{ast.unparse(node.func)}({', '.join(words)})"
        if len(words) != len(sizes) or node.keywords or "'" in text:
            return ""
        names = names_in(ast.parse(text, mode="eval"))
        known = {*self.environment, *names_in(node.func)}
        return text if names <= known and not names & changed else ""

    def _method(self, base: Item, node: ast.Call, func: ast.Attribute) -> Item:
        operator = find_method(func.attr)
        if operator is not None and _makes(operator) and isinstance(base, (Tensor, View)):
            like = base if isinstance(base, Tensor) else base.tensor
            if row := self._made(node, operator, like):
                return row
        return super()._method(base, node, func)

    def _made(self, node: ast.Call, operator: Operator, like: Tensor | None) -> Expression | None:
        """The tensor as a row of this iteration; None where it is not read."""
        made = read_filled(self, node, operator, like) if self.loops else None
        if made is None or made.type.requires_grad:
            return None
        number = self._number_in(node, operator, made)
        if number is None:
            return None
        self._check_device(made, node)
        kind = ElementType(made.type.dtype, Rank.SCALAR)
        if not made.type.shape:
            return build.cast(number, kind)
        sizes = made.type.shape
        if Affine.number(1) in sizes or any(set(s.symbols) & self.iterators for s in sizes):
            return None
        for size in sizes:
            self.require(at_least(size, 0), node, f"{ast.unparse(node)} has a shape")
        view = self._kept_row(made, number)
        value, subscripts, implicit = self._align(view, build.cast(number, kind), node)
        self.out.append(
            Store(view.tensor.name, subscripts, value, kind.dtype, self.place(node), implicit,
                  local=True)
        )  # fmt: skip
        return self.load(view, node)

    def _number_in(
        self, node: ast.Call, operator: Operator, made: Tensor
    ) -> Expression | None:
        """What fills a tensor: a number that is computed too, ``torch.full((n,), eps / c)``."""
        if made.fill is not None or operator.fill == "empty":
            return build.number(made.fill or 0)
        given = _filling(node)
        item = None if given is None else self.evaluate(given)
        if not isinstance(item, (Integer, Scalar, *build.NODES)):
            return None
        value = self.to_expression(item, node)
        if not build.is_number(value):
            return None
        self._check_number(value, made.type.dtype, node)
        for load in scalar.loads(value):
            self.note_snapshot(load.array, node)
        return value

    def _kept_row(self, made: Tensor, number: Expression) -> View:
        """A new array over the iterators around it, of which each iteration has its own row."""
        unique = f"made'{len(self.numbers)}"
        self.numbers[unique] = number
        self.arrays_of_numbers[unique] = tuple(loop.iterator for loop in self.loops)
        iterators = [Affine.symbol(loop.iterator) for loop in self.loops]
        shape = (*(Affine() for _ in iterators), *made.type.shape)
        kind = replace(made.type, shape=shape)
        tensor = Tensor(unique, kind, f"local:{unique}", fresh=True)
        self.arrays[unique] = tensor
        self.locals.add(unique)
        sizes = [Whole(Affine(), size) for size in made.type.shape]
        return View(tensor, (*map(Point, iterators), *sizes))

    def put_numbers(self, body: list[Node]) -> list[Node]:
        """The nest with the numbers themselves in place of rows of them.

        ``h[i, _d1] = 0; out[i, _d1] = h[i, _d1] + x[i, _d1]   ->   out[i, _d1] = 0 + x[i, _d1]``
        """
        if not self.numbers:
            return body
        needed = self.data_requirements
        needed[:] = [replace(n, condition=self._numbered(n.condition)) for n in needed]
        self.temporaries = {self._numbered(e): name for e, name in self.temporaries.items()}
        for name in self.numbers:
            del self.arrays[name]
            self.locals.discard(name)
        return list(self._with_numbers(tuple(body)))

    def _with_numbers(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        changed: list[Node] = []
        for node in nodes:
            match node:
                case Store(array=array) if array in self.numbers:
                    continue
                case Store(value=value, subscripts=subscripts):
                    places = tuple(
                        s if isinstance(s, Affine) else self._numbered(s) for s in subscripts
                    )
                    node = replace(node, value=self._numbered(value), subscripts=places)
                case Loop(body=body):
                    node = replace(node, body=self._with_numbers(body))
                case AffineBranch(then=then, otherwise=otherwise):
                    sides = self._with_numbers(then), self._with_numbers(otherwise)
                    node = replace(node, then=sides[0], otherwise=sides[1])
                case Branch(condition, then, otherwise):
                    sides = self._with_numbers(then), self._with_numbers(otherwise)
                    node = Branch(self._numbered(condition), *sides, node.place)
            changed.append(node)
        return tuple(changed)

    def _numbered(self, value: Expression) -> Expression:
        if isinstance(value, scalar.Load) and value.array in self.numbers:
            own = self.arrays_of_numbers[value.array]
            places = {name: at for name, at in zip(own, value.subscripts, strict=False)
                      if isinstance(at, Affine)}  # fmt: skip
            number = scalar.substitute_symbols(self.numbers[value.array], places)
            return build.cast(number, value.type)
        return scalar.rebuild(value, self._numbered)

    def _check_device(self, made: Tensor, node: ast.AST) -> None:
        """A tensor made elsewhere than those that it meets is left to PyTorch, which may raise."""
        held = [i.tensor if isinstance(i, View) else i for i in self.environment.values()]
        devices = {t.type.device for t in held if isinstance(t, Tensor)} | {made.type.device}
        if len(devices) > 1:
            self.unsupported(node, f"{ast.unparse(node)} where tensors are on several devices")


def _makes(operator: Operator) -> bool:
    return operator.kind is Kind.CREATION and operator.fill is not None


def read_filled(
    reader: CutReader, node: ast.Call, operator: Operator, like: Tensor | None
) -> Tensor | None:
    """The tensor that a call makes of one number: ``torch.full((n,), 2.0)``; None where unknown."""
    arguments = list(node.args)
    keywords = {k.arg: k.value for k in node.keywords}
    name = operator.name
    if name.endswith("_like"):
        like = _like(reader, arguments.pop(0), node)
        if like is None:
            return None
    fill: Fill | None = {"zero": 0, "one": 1}.get(operator.fill or "")
    fill_type: str | None = "float32"
    if "full" in name:
        given = keywords.pop("fill_value", None) or arguments.pop(0 if name == "full_like" else 1)
        value = reader.evaluate(given)
        fill = _constant_of(value)
        if fill is None:
            fill = reader.infinity_of(value)
        kinds = {bool: "bool", int: "int64", float: "float32"}
        fill_type = _dtype_of_fill(value) if fill is None else kinds.get(type(fill), "complex64")
    if name.endswith("_like"):
        assert like is not None
        shape: tuple[Affine, ...] | None = like.type.shape
    else:
        shape = _shape(arguments, keywords.pop("size", None), reader)
    if shape is None or fill_type is None:
        return None
    dtype = like.type.dtype if like is not None else fill_type
    device = like.type.device if like is not None else "cpu"
    requires_grad = False
    for keyword, given in keywords.items():
        item = reader.evaluate(given)
        text = str(item.value) if isinstance(item, Literal) else ""
        if keyword == "dtype" and text.startswith("torch."):
            dtype = text[6:]
        elif keyword == "device" and text:
            device = text.removeprefix("device:").split(":")[0]
        elif keyword == "requires_grad" and text in ("True", "False"):
            requires_grad = text == "True"
        elif text != "None":
            return None
    if fill is not None and dtype in RANGES and not _fits(fill, dtype):
        return None  # the allocation raises, and must go on raising
    contiguous = like.type.contiguous if name.endswith("_like") and like is not None else True
    kind = TensorType(dtype, shape, device, requires_grad, True, contiguous)
    return Tensor("", kind, "", fresh=True, fill=fill)


def _filling(node: ast.Call) -> ast.expr | None:
    """What a call fills the tensor with: its second argument, ``torch.full((n,), value)``."""
    named = [k.value for k in node.keywords if k.arg == "fill_value"]
    return next(iter([*named, *node.args[1:2]]), None)


def _like(reader: CutReader, node: ast.expr, call: ast.Call) -> Tensor | None:
    """What ``zeros_like`` takes dtype, shape and device from; a part of a tensor, or a value."""
    item = reader.evaluate(node)
    if isinstance(item, Tensor):
        return item
    if not reader.loops:
        return None
    if isinstance(item, View):
        kind = replace(item.tensor.type, shape=item.sizes, contiguous=False)
        return Tensor("", kind, "", fresh=True)
    if not isinstance(item, build.NODES) or build.is_number(item):
        return None
    if len(build.types_of(item)) != 1:
        return None
    devices = {reader.arrays[load.array].type.device for load in scalar.loads(item)}
    shape = reader.row_shape(item, call)
    device = devices.pop() if len(devices) == 1 else "cpu"
    return Tensor("", TensorType(item.type.dtype, shape, device), "", fresh=True)


def _shape(
    arguments: list[ast.expr], size: ast.expr | None, reader: CutReader
) -> tuple[Affine, ...] | None:
    entries = [size] if size is not None else arguments
    items: list[Item] = []
    for entry in entries:
        if not isinstance(entry, ast.Starred):
            items.append(reader.evaluate(entry))
            continue
        spread = shape_of([reader.evaluate(entry.value)])
        if spread is None:
            return None
        items.extend(map(Integer, spread))
    return shape_of(items)


def _fits(fill: Fill, dtype: str) -> bool:
    lowest, highest = RANGES[dtype]
    is_special = fill - fill != 0  # an infinity or NaN
    return lowest <= fill <= highest or (is_special and category(dtype) == "float")


def _constant_of(item: Item) -> Fill | None:
    if isinstance(item, Integer) and item.affine.is_constant:
        return item.affine.constant
    if isinstance(item, Literal) and isinstance(item.value, (bool, int, float)):
        return item.value
    return None


def _dtype_of_fill(item: Item) -> str | None:
    if isinstance(item, Integer):
        return "int64"
    numbers = {"bool": "bool", "int64": "int64", "float64": "float32"}
    if isinstance(item, Scalar):
        return numbers.get(item.dtype)
    if isinstance(item, build.NODES) and build.is_number(item):
        return numbers.get(build.types_of(item)[0].dtype)
    return None
