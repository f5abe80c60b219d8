"""Expressions of the user's source to values and scalar IR."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import NoReturn

from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank, category
from deloop.errors import CarriedRead, Unliftable, Unsupported
from deloop.frontend import expression as build
from deloop.frontend.items import (
    Carried,
    Finished,
    FlatIndex,
    Item,
    Listed,
    Point,
    Requirement,
    Tuple,
    View,
    Whole,
    whole,
)
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, equal
from deloop.ir.source import SourceFunction
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Object,
    Opaque,
    Scalar,
    Sequence,
    Shape,
    Tensor,
    TensorType,
)

Environment = dict[str, Item]


class Reader:
    """Reads the expressions of one function in an environment of known names.

    Parameters
    ----------
    function:
        The function whose text is read (an inlined helper has its own).
    environment:
        What local names stand for; other names are asked of the function's scope.
    arrays, requirements:
        Filled with every tensor read and every fact relied on.
    """

    is_watched = False
    """Whether what is read will run one operation after the other, each of which looks out for
    what Python or PyTorch would raise for, and for ints that get large."""

    def __init__(
        self,
        function: SourceFunction,
        environment: Environment,
        arrays: dict[str, Tensor] | None = None,
        requirements: list[Requirement] | None = None,
        products: dict[str, tuple[Affine, ...]] | None = None,
        depth: int = 0,
    ) -> None:
        self.function = function
        self.environment = environment
        self.arrays = {} if arrays is None else arrays
        self.requirements = [] if requirements is None else requirements
        self.products = {} if products is None else products
        self.depth = depth
        self.guards: list[scalar.Expression] = []
        self.choices = 0
        """How many operators around do not evaluate all of their operands."""
        self.hints: dict[str, int] = {}
        self.steps: dict[int, Affine] = {}
        """How the steps of ranges that are parameters are written, by what they are."""
        self.scope_iterators: tuple[str, ...] = ()
        self.holding: list[Constraint] = []
        """Conditions by place that hold where the reader is."""

    # ------------------------------------------------------------------ refusals
    def unsupported(
        self, node: ast.AST, sentence: str, code: str = "VEC910", way_out: str = ""
    ) -> NoReturn:
        """Raise: this form is not read yet."""
        raise Unsupported(Refusal(code, self.place(node), sentence, way_out=way_out))

    def unliftable(
        self, node: ast.AST, sentence: str, code: str = "VEC920", way_out: str = ""
    ) -> NoReturn:
        """Raise: this can never become a tensor operation."""
        raise Unliftable(Refusal(code, self.place(node), sentence, way_out=way_out))

    def place(self, node: ast.AST) -> Place:
        """Where a node stands in the user's file."""
        return self.function.place(node)

    def require(self, constraint: Constraint, node: ast.AST, reason: str) -> None:
        """Note a fact that must be proved or assumed later."""
        guards = tuple(self.holding)
        self.requirements.append(Requirement(constraint, self.place(node), reason, guards))

    # ------------------------------------------------------------------ names
    @property
    def iterators(self) -> set[str]:
        """The iterators in scope."""
        return set(self.scope_iterators)

    def lookup(self, name: str, node: ast.AST) -> Item:
        """What a name stands for here."""
        if name in self.environment:
            return self.environment[name]
        return self.function.resolve(name)

    def evaluate(self, node: ast.expr) -> Item:
        """The item that an expression denotes."""
        method = getattr(self, f"_read_{type(node).__name__}", None)
        if method is None:
            self.unsupported(node, f"the expression {ast.unparse(node)} is not read yet")
        item: Item = method(node)
        return item

    def element(self, node: ast.expr) -> scalar.Expression:
        """The element expression that an expression denotes."""
        return self.to_expression(self.evaluate(node), node)

    def to_expression(self, item: Item, node: ast.AST) -> scalar.Expression:
        """An item as scalar IR; refuses what is not a number or a tensor."""
        match item:
            case Integer(affine):
                return build.integer(affine)
            case Scalar(dtype, spelling):
                return scalar.Invariant(spelling, scalar.ElementType(dtype, Rank.NUMBER))
            case Literal(value) if isinstance(value, (bool, int, float, complex)):
                return build.number(value)
            case Tensor():
                return self.load(whole(item), node)
            case View():
                return self.load(item, node)
            case FlatIndex():
                return self._flat_expression(item, node)
            case Carried(name, written, loop):
                refusal = Refusal(
                    "VEC902",
                    self.place(node),
                    f"loop kept: {name} is read before this iteration has set it, so it holds "
                    "what the iteration before wrote (flow dependence, distance 1)",
                    evidence=f"{name} is written at line {written.line}",
                )
                raise CarriedRead(refusal, loop, name)
            case Finished(name, _, loop):
                sentence = f"{name} is used after the loop that sets it"
                raise CarriedRead(Refusal("VEC913", self.place(node), sentence), loop, name)
            case Opaque(reason):
                text = ast.unparse(node).splitlines()[0]
                self.unsupported(node, f"{text}: {reason}", "VEC914")
            case _ if isinstance(item, build.NODES):
                return item
        self.unsupported(
            node,
            f"{ast.unparse(node).splitlines()[0]} is neither a number nor a tensor here",
            "VEC914",
        )

    def _flat_expression(self, flat: FlatIndex, node: ast.AST) -> scalar.Expression:
        total: scalar.Expression | None = None
        for iterator, factor in zip(flat.iterators, flat.factors, strict=True):
            index = scalar.Index(Affine.symbol(iterator))
            if total is None:
                total = index
                continue
            scaled = build.binary("Mult", total, build.integer(factor), self.place(node))
            total = build.binary("Add", scaled, index, self.place(node))
        assert total is not None
        if flat.is_tensor:
            return build.cast(total, scalar.ElementType("int64", Rank.SCALAR))
        return total

    def load(self, view: View, node: ast.AST) -> scalar.Expression:
        """The element (or, along whole dimensions, the row) that a view denotes."""
        tensor = view.tensor
        self.arrays[tensor.name] = tensor
        subscripts: list[scalar.Subscript] = []
        implicit: list[tuple[str, Affine]] = []
        left = view.rank
        for dimension in view.dimensions:
            if isinstance(dimension, Point):
                subscripts.append(dimension.subscript)
                continue
            iterator = f"_d{left}"
            left -= 1
            implicit.append((iterator, dimension.extent))
            if dimension.extent == Affine.number(1):
                subscripts.append(dimension.start)
            else:
                subscripts.append(dimension.at(Affine.symbol(iterator)))
        rank = Rank.TENSOR if view.rank else Rank.SCALAR
        kind = scalar.ElementType(tensor.type.dtype, rank)
        return scalar.Load(
            tensor.name, tuple(subscripts), kind, tuple(implicit), tensor.type.requires_grad
        )

    def _read_Name(self, node: ast.Name) -> Item:
        return self.lookup(node.id, node)

    def _read_Constant(self, node: ast.Constant) -> Item:
        if type(node.value) is int:
            return Integer(Affine.number(node.value))
        return Literal(node.value)

    def _read_Tuple(self, node: ast.Tuple | ast.List) -> Item:
        items: list[Item] = []
        for entry in node.elts:
            if isinstance(entry, ast.Starred):
                items.extend(self.unpack(self.evaluate(entry.value), None, entry))
            else:
                items.append(self.evaluate(entry))
        return Tuple(tuple(items), isinstance(node, ast.List))

    _read_List = _read_Tuple

    def unpack(self, item: Item, count: int | None, node: ast.AST) -> list[Item]:
        """The parts of a tuple, list, shape or of a tensor's first dimension."""
        match item:
            case Sequence() | Tuple():
                return list(item.items)
            case Shape(tensor):
                return [Integer(size) for size in tensor.type.shape]
            case Tensor():
                return self.unpack(whole(item), count, node)
            case Listed(view):
                return [self.listed(p, node) for p in self.unpack(view, count, node)]
            case View() if item.rank and count is not None:
                self.require(
                    equal(item.sizes[0], count), node, f"{ast.unparse(node)} has {count} parts"
                )
                return [
                    replace(self.fix_first(item, Affine.number(k)), unbound=True)
                    for k in range(count)
                ]
        self.unsupported(node, f"{ast.unparse(node)} cannot be taken apart here")

    def listed(self, item: Item, node: ast.AST) -> Item:
        """What a list of lists of numbers holds at a place: a list again, or a number."""
        if isinstance(item, View) and item.rank:
            return Listed(item)
        return self._as_number(self.to_expression(item, node))

    def _as_number(self, value: scalar.Expression, dtype: str | None = None) -> scalar.Expression:
        """``value.item()``, then converted to `dtype`."""
        widest = {"bool": "bool", "int": "int64", "float": "float64", "complex": "complex128"}
        target = dtype or widest[category(value.type.dtype)]
        return build.cast(value, scalar.ElementType(target, Rank.NUMBER))

    @staticmethod
    def fix_first(view: View, subscript: scalar.Subscript) -> View:
        """The view with its first whole dimension fixed: ``row -> row[k]``."""
        dimensions = list(view.dimensions)
        for position, dimension in enumerate(dimensions):
            if isinstance(dimension, Whole):
                if isinstance(subscript, Affine):
                    subscript = dimension.at(subscript)
                dimensions[position] = Point(subscript)
                break
        return View(view.tensor, tuple(dimensions), view.unbound)

    # ------------------------------------------------------------------ attributes
    def _read_Attribute(self, node: ast.Attribute) -> Item:
        base = self.evaluate(node.value)
        match base:
            case Module(qualified):
                return self._module_attribute(node, f"{qualified}.{node.attr}")
            case Object(_, attribute):
                return attribute(node.attr)
            case Tensor() if node.attr == "shape":
                return Shape(base)
            case Tensor() if node.attr in ("ndim",):
                return Integer(Affine.number(base.type.rank))
            case Tensor() if node.attr == "T" and base.type.rank == 2:
                dims = base.type.shape
                return self._transposed(base, (dims[1], dims[0]), node)
            case View() if node.attr == "shape":
                return Tuple(tuple(Integer(size) for size in base.sizes))
            case Tensor() | View() if node.attr == "dtype":
                tensor = base if isinstance(base, Tensor) else base.tensor
                return Literal(f"torch.{tensor.type.dtype}")
            case Tensor() | View() if node.attr == "device":
                tensor = base if isinstance(base, Tensor) else base.tensor
                return Literal(f"device:{tensor.type.device}")
            case Opaque(reason):
                self.unsupported(node.value, f"{ast.unparse(node.value)}: {reason}", "VEC914")
        self.unsupported(node, f"the attribute {ast.unparse(node)} is not read yet")

    def infinity_of(self, item: Item) -> float | None:
        """What ``math.inf`` or ``-torch.inf`` stands for; None for anything else."""
        match item:
            case scalar.Call("neg", (inner,)):
                found = self.infinity_of(inner)
                return None if found is None else -found
            case scalar.Cast(inner):
                return self.infinity_of(inner)
            case scalar.Number(float() as value) if abs(value) == float("inf"):
                return value
            case Scalar("float64", name) | scalar.Invariant(name) if name.endswith(".inf"):
                owner = self.evaluate(ast.parse(name.removesuffix(".inf"), mode="eval").body)
                return float("inf") if isinstance(owner, Module) else None
        return None

    def _transposed(self, base: Tensor, shape: tuple[Affine, ...], node: ast.Attribute) -> Tensor:
        kind = base.type
        flipped = TensorType(kind.dtype, shape, kind.device, kind.requires_grad, False)
        return Tensor(f"{base.name}.{node.attr}", flipped, base.storage)

    def _module_attribute(self, node: ast.Attribute, qualified: str) -> Item:
        constants: dict[str, Item] = {
            "math.pi": Scalar("float64", ast.unparse(node)),
            "math.e": Scalar("float64", ast.unparse(node)),
            "math.tau": Scalar("float64", ast.unparse(node)),
            "math.inf": Scalar("float64", ast.unparse(node)),
            "math.nan": Scalar("float64", ast.unparse(node)),
            "torch.pi": Scalar("float64", ast.unparse(node)),
            "torch.inf": Scalar("float64", ast.unparse(node)),
            "numpy.pi": Scalar("float64", ast.unparse(node)),
            "numpy.e": Scalar("float64", ast.unparse(node)),
            "numpy.inf": Scalar("float64", ast.unparse(node)),
        }
        if qualified in constants:
            return constants[qualified]
        if qualified.startswith("torch.") and qualified[6:] in _DTYPE_NAMES:
            return Literal(f"torch.{_DTYPE_NAMES[qualified[6:]]}")
        if qualified in _NAMESPACES:
            return Module(qualified)
        return Function(ast.unparse(node), qualified)

    def _read_JoinedStr(self, node: ast.JoinedStr) -> Item:
        return Opaque("a formatted string")

    def _read_Lambda(self, node: ast.Lambda) -> Item:
        inner = SourceFunction(
            "<lambda>", node, self.function.text, self.function.file, self.function.first_line,
            self.function.indent, self.function.resolve,
        )  # fmt: skip
        return Function("<lambda>", None, inner)


_DTYPE_NAMES = {
    **{
        name: name
        for name in (
            "bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16",
            "float32", "float64", "complex64", "complex128",
        )
    },
    "float": "float32", "double": "float64", "half": "float16", "long": "int64",
    "int": "int32", "short": "int16", "cfloat": "complex64", "cdouble": "complex128",
}  # fmt: skip
_NAMESPACES = frozenset(
    {"torch.nn", "torch.nn.functional", "torch.special", "torch.linalg", "torch.Tensor"}
)
