"""Expressions of the user's source to values and scalar IR."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items
from dataclasses import replace
from typing import NoReturn

from deloop.diagnostic import Place, Refusal
from deloop.dtype import Rank
from deloop.errors import Unliftable, Unsupported
from deloop.frontend import expression as build
from deloop.frontend.items import (
    Carried,
    Finished,
    FlatIndex,
    Item,
    Point,
    Requirement,
    View,
    Whole,
    whole,
)
from deloop.ir import scalar
from deloop.ir.affine import Affine, at_least, equal
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
from deloop.ops.table import find_unary

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

    def require(self, constraint: object, node: ast.AST, reason: str) -> None:
        """Note a fact that must be proved or assumed later."""
        self.requirements.append(Requirement(constraint, self.place(node), reason))  # type: ignore[arg-type]

    # ------------------------------------------------------------------ names
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
            case Carried(name, written):
                raise Unliftable(
                    Refusal(
                        "VEC902",
                        self.place(node),
                        f"loop kept: {name} is read before this iteration has set it, so it holds what the "
                        f"iteration before wrote (flow dependence, distance 1)",
                        evidence=f"{name} is written at line {written.line}",
                    )
                )
            case Finished(name, _):
                self.unsupported(node, f"{name} is used after the loop that sets it", "VEC913")
            case Opaque(reason):
                self.unsupported(node, f"{ast.unparse(node)}: {reason}", "VEC914")
            case _ if isinstance(item, build.NODES):
                return item
        self.unsupported(
            node, f"{ast.unparse(node)} is neither a number nor a tensor here", "VEC914"
        )

    def _flat_expression(self, flat: FlatIndex, node: ast.AST) -> scalar.Expression:
        total: scalar.Expression | None = None
        for iterator, factor in zip(flat.iterators, flat.factors):
            index = scalar.Index(Affine.symbol(iterator))
            if total is None:
                total = index
                continue
            scaled = build.binary("Mult", total, build.integer(factor), self.place(node))
            total = build.binary("Add", scaled, index, self.place(node))
        assert total is not None
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
            if dimension.extent == Affine.number(1):
                subscripts.append(dimension.start)
            else:
                subscripts.append(dimension.start + Affine.symbol(iterator))
                implicit.append((iterator, dimension.extent))
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
        items = []
        for entry in node.elts:
            if isinstance(entry, ast.Starred):
                items.extend(self.unpack(self.evaluate(entry.value), None, entry))
            else:
                items.append(self.evaluate(entry))
        return Sequence(tuple(items), isinstance(node, ast.List))  # type: ignore[arg-type]

    _read_List = _read_Tuple

    def unpack(self, item: Item, count: int | None, node: ast.AST) -> list[Item]:
        """The parts of a tuple, list, shape or of a tensor's first dimension."""
        match item:
            case Sequence(items):
                return list(items)
            case Shape(tensor):
                return [Integer(size) for size in tensor.type.shape]
            case Tensor():
                return self.unpack(whole(item), count, node)
            case View() if item.rank and count is not None:
                self.require(
                    equal(item.sizes[0], count), node, f"{ast.unparse(node)} has {count} parts"
                )
                return [
                    replace(self.fix_first(item, Affine.number(k)), unbound=True)
                    for k in range(count)
                ]
        self.unsupported(node, f"{ast.unparse(node)} cannot be taken apart here")

    @staticmethod
    def fix_first(view: View, subscript: scalar.Subscript) -> View:
        """The view with its first whole dimension fixed: ``row -> row[k]``."""
        dimensions = list(view.dimensions)
        for position, dimension in enumerate(dimensions):
            if isinstance(dimension, Whole):
                if isinstance(subscript, Affine):
                    subscript = dimension.start + subscript
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
                return Sequence(tuple(Integer(size) for size in base.sizes))
            case Tensor() | View() if node.attr == "dtype":
                tensor = base if isinstance(base, Tensor) else base.tensor
                return Literal(f"torch.{tensor.type.dtype}")
            case Tensor() | View() if node.attr == "device":
                tensor = base if isinstance(base, Tensor) else base.tensor
                return Literal(f"device:{tensor.type.device}")
        self.unsupported(node, f"the attribute {ast.unparse(node)} is not read yet")

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
        }
        if qualified in constants:
            return constants[qualified]
        if qualified.startswith("torch.") and qualified[6:] in _DTYPE_NAMES:
            return Literal(f"torch.{_DTYPE_NAMES[qualified[6:]]}")
        if qualified in _NAMESPACES:
            return Module(qualified)
        return Function(ast.unparse(node), qualified)

    # ------------------------------------------------------------------ subscripts
    def _read_Subscript(self, node: ast.Subscript) -> Item:
        base = self.evaluate(node.value)
        match base:
            case Shape() | Sequence():
                parts = self.unpack(base, None, node)
                return self._constant_item(parts, node)
            case Tensor():
                return self.subscript(whole(base), node)
            case View():
                return self.subscript(base, node)
            case _ if isinstance(base, (*build.NODES, Integer, Scalar)):
                self.unsupported(
                    node, f"{ast.unparse(node)} indexes a computed value, not a tensor in memory"
                )
            case Carried() | Finished() | Opaque():
                self.to_expression(base, node.value)
        self.unsupported(node, f"{ast.unparse(node.value)} cannot be indexed here")

    def _constant_item(self, parts: Items[Item], node: ast.Subscript) -> Item:
        if isinstance(node.slice, ast.Slice):
            bounds = [
                None if b is None else self._constant(b)
                for b in (node.slice.lower, node.slice.upper)
            ]
            return Sequence(tuple(parts[bounds[0] : bounds[1]]))  # type: ignore[arg-type]
        position = self._constant(node.slice)
        if not -len(parts) <= position < len(parts):
            self.unsupported(node, f"{ast.unparse(node)} is out of range")
        return parts[position]

    def _constant(self, node: ast.expr) -> int:
        item = self.evaluate(node)
        if isinstance(item, Integer) and item.affine.is_constant:
            return item.affine.constant
        self.unsupported(node, f"{ast.unparse(node)} is not a constant")

    def subscript(self, view: View, node: ast.Subscript) -> View:
        """The part of a view that a subscript takes: ``x[i, :k]``."""
        return self.index(view, self._index_entries(node.slice), node)

    def _index_entries(self, node: ast.expr) -> list[ast.expr | Item]:
        if isinstance(node, ast.Tuple):
            return list(node.elts)
        if isinstance(node, ast.Slice):
            return [node]
        item = self.evaluate(node)
        return list(item.items) if isinstance(item, Sequence) else [item]

    def index(self, view: View, entries: Items[ast.expr | Item], node: ast.AST) -> View:
        """Index entries applied to the dimensions of a view that are left."""
        left = view.rank
        explicit = [e for e in entries if not (isinstance(e, ast.Constant) and e.value is Ellipsis)]
        if len(explicit) > left:
            self.unsupported(
                node, f"{ast.unparse(node)} has more subscripts than dimensions", "VEC915"
            )
        full: list[ast.expr | Item | None] = []
        for entry in entries:
            if isinstance(entry, ast.Constant) and entry.value is Ellipsis:
                full.extend([None] * (left - len(explicit)))
            else:
                full.append(entry)
        full.extend([None] * (left - len(full)))
        dimensions: list[Point | Whole] = []
        if (
            view.tensor.flat_of is not None
            and len(full) == 1
            and isinstance(view.dimensions[0], Whole)
        ):
            parts = self._flat_parts(view.tensor.flat_of, full[0], node)
            if parts is not None:
                return View(view.tensor.flat_of, tuple(Point(p) for p in parts))
        queue = iter(full)
        for dimension in view.dimensions:
            if isinstance(dimension, Point):
                dimensions.append(dimension)
                continue
            entry = next(queue)
            if entry is None:
                dimensions.append(dimension)
            elif isinstance(entry, ast.Slice):
                dimensions.append(self._slice(dimension, entry))
            else:
                item = self.evaluate(entry) if isinstance(entry, ast.expr) else entry
                dimensions.append(Point(self._point(dimension, item, node)))
        return View(view.tensor, tuple(dimensions), view.unbound)

    def _flat_parts(
        self, tensor: Tensor, entry: ast.expr | Item | None, node: ast.AST
    ) -> tuple[Affine, ...] | None:
        """The multi-index that a flat index means: ``i * m + j -> (i, j)`` where ``0 <= j < m``."""
        shape = tensor.type.shape
        item = (
            self.evaluate(entry)
            if isinstance(entry, ast.expr) and not isinstance(entry, ast.Slice)
            else entry
        )
        if isinstance(item, FlatIndex):
            if len(item.factors) != len(shape):
                return None
            for factor, size in zip(item.factors, shape, strict=True):
                gap = factor - size
                if gap != Affine():
                    if gap.evaluate(self.hints) != 0:
                        return None
                    self.require(
                        equal(gap, 0), node, f"{tensor.name} has the shape that the loop runs over"
                    )
            return tuple(map(Affine.symbol, item.iterators))
        parts: list[Affine] = []
        rest = item
        for size in reversed(shape[1:]):
            match rest:
                case scalar.Call("add", (scalar.Call("mul", (major, factor)), scalar.Index(minor))):
                    pass
                case scalar.Call("add", (scalar.Index(minor), scalar.Call("mul", (major, factor)))):
                    pass
                case _:
                    return None
            if factor != build.integer(size):
                major, factor = factor, major
            if factor != build.integer(size):
                return None
            parts.append(minor)
            rest = major
        if not isinstance(rest, scalar.Index):
            return None
        for minor, size in zip(parts, reversed(shape[1:])):
            self.require(at_least(minor, 0), node, f"{ast.unparse(node)} stays in its row")
            self.require(at_least(size - 1, minor), node, f"{ast.unparse(node)} stays in its row")
        return (rest.affine, *reversed(parts))

    def _point(self, dimension: Whole, item: Item, node: ast.AST) -> scalar.Subscript:
        if isinstance(item, Integer):
            affine = item.affine
            if affine.is_constant and affine.constant < 0:
                affine = affine + dimension.extent  # x[-1] is the last element
            return dimension.start + affine
        if isinstance(item, scalar.Cast) and isinstance(item.value, scalar.Index):
            return dimension.start + item.value.affine  # torch.tensor(i) as an index
        index = self.to_expression(item, node)
        if index.type.rank is Rank.TENSOR:
            self.unsupported(node, f"{ast.unparse(node)} is indexed by a whole tensor", "VEC916")
        if isinstance(index, scalar.Index):
            return dimension.start + index.affine
        if index.type.dtype not in ("int64", "int32", "int16", "int8"):
            self.unsupported(
                node, f"{ast.unparse(node)} is indexed by a {index.type.dtype}", "VEC916"
            )
        if dimension.start != Affine():
            self.unsupported(
                node, f"{ast.unparse(node)} indexes a slice by a computed value", "VEC916"
            )
        return index

    def _slice(self, dimension: Whole, node: ast.Slice) -> Whole:
        if node.step is not None:
            self.unsupported(node, "a slice with a step inside the loop is not read yet", "VEC916")
        start = self._bound(node.lower, Affine(), dimension.extent)
        stop = self._bound(node.upper, dimension.extent, dimension.extent)
        # A slice clamps where an index would raise: ask that nothing is clamped.
        text = ast.unparse(node)
        for constraint in (
            at_least(start, 0),
            at_least(stop - start, 0),
            at_least(dimension.extent - stop, 0),
        ):
            if constraint.expression != Affine() and (
                not constraint.expression.is_constant or constraint.expression.constant < 0
            ):
                self.require(constraint, node, f"the slice {text} stays inside the tensor")
        return Whole(dimension.start + start, stop - start)

    def _bound(self, node: ast.expr | None, default: Affine, extent: Affine) -> Affine:
        if node is None:
            return default
        item = self.evaluate(node)
        if not isinstance(item, Integer):
            self.unsupported(
                node, f"the slice bound {ast.unparse(node)} is not an int known before", "VEC916"
            )
        affine = item.affine
        return affine + extent if affine.is_constant and affine.constant < 0 else affine

    # ------------------------------------------------------------------ operators
    def _read_BinOp(self, node: ast.BinOp) -> Item:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        return self.binary(type(node.op).__name__, left, right, node)

    def binary(self, name: str, left: Item, right: Item, node: ast.AST) -> Item:
        """A Python binary operator; affine where it can be."""
        if isinstance(left, Integer) and isinstance(right, Integer):
            affine = self._affine_binary(name, left.affine, right.affine)
            if affine is not None:
                return Integer(affine)
        if isinstance(left, FlatIndex) and isinstance(right, Integer):
            split = self._split_flat(name, left, right.affine)
            if split is not None:
                return split
        if isinstance(left, Sequence) and isinstance(right, Sequence) and name == "Add":
            return Sequence(left.items + right.items, left.is_list)
        result = build.binary(
            name, self.to_expression(left, node), self.to_expression(right, node), self.place(node)
        )
        return self.check_number_division(name, result, node)

    def check_number_division(
        self, name: str, result: scalar.Expression, node: ast.AST
    ) -> scalar.Expression:
        """Python raises for a division of numbers by zero, tensors do not: ask that it cannot be zero."""
        if name in ("Div", "FloorDiv", "Mod") and isinstance(result, scalar.Call):
            divisor = result.arguments[1]
            if result.type.rank is Rank.NUMBER and not (
                isinstance(divisor, scalar.Number) and divisor.value
            ):
                self.nonzero(divisor, node)
        if (
            name in ("Add", "Sub", "Mult", "LShift")
            and isinstance(result, scalar.Call)
            and result.type == build.INT
            and scalar.loads(result)
        ):
            self.unsupported(
                node,
                f"{ast.unparse(node)} computes with Python ints, which have no bound",
                "VEC917",
            )
        if name == "Pow" and isinstance(result, scalar.Call) and result.type.rank is Rank.NUMBER:
            base, exponent = result.arguments
            growing = result.type.dtype == "int64" and isinstance(base, scalar.Number)
            fixed = isinstance(exponent, scalar.Number) and exponent.value in (0, 1, 2, 3, 0.5)
            if not fixed and (growing or not isinstance(base, scalar.Number)):
                self.unsupported(
                    node, f"{ast.unparse(node)} may leave the range of a tensor's numbers", "VEC917"
                )
        return result

    def nonzero(self, divisor: scalar.Expression, node: ast.AST) -> None:
        """Ask that a Python number is not zero wherever the division is reached."""
        if isinstance(divisor, scalar.Index):
            self.require(
                at_least(divisor.affine, 1), node, f"{ast.unparse(node)} does not divide by zero"
            )
            return
        nonzero = build.compare("NotEq", divisor, build.number(0), self.place(node))
        self.require_data(nonzero, self.place(node), f"{ast.unparse(node)} does not divide by zero")

    def require_data(self, condition: scalar.Expression, place: object, reason: str) -> None:
        """Note that a condition must hold at every instance that reaches this point."""
        raise NotImplementedError

    def _affine_binary(self, name: str, left: Affine, right: Affine) -> Affine | None:
        if name == "Add":
            return left + right
        if name == "Sub":
            return left - right
        if name == "Mult" and (left.is_constant or right.is_constant):
            return left * right.constant if right.is_constant else right * left.constant
        if left.is_constant and right.is_constant:
            try:
                folded = _FOLD[name](left.constant, right.constant)
            except (KeyError, ArithmeticError, ValueError):
                return None
            return Affine.number(folded)
        invariant = not (set(left.symbols) | set(right.symbols)) & self.iterators
        if invariant and name in ("Mult", "FloorDiv"):
            symbol = f"{_atom(left)} {'*' if name == 'Mult' else '//'} {_atom(right)}"
            if name == "Mult":
                self.products[symbol] = (*self._factors(left), *self._factors(right))
            return Affine.symbol(symbol)
        return None

    def _factors(self, affine: Affine) -> tuple[Affine, ...]:
        if len(affine.terms) == 1 and affine.constant == 0 and affine.terms[0][1] == 1:
            return self.products.get(affine.terms[0][0], (affine,))
        return (affine,)

    @property
    def iterators(self) -> set[str]:
        """The iterators in scope (they start with an underscore and end with a number)."""
        return set(self._iterators)

    _iterators: tuple[str, ...] = ()
    hints: dict[str, int] = {}

    def _split_flat(self, name: str, flat: FlatIndex, divisor: Affine) -> Item | None:
        """``k // m`` and ``k % m`` of ``k = i * m + j`` are ``i`` and ``j``."""
        for cut in range(1, len(flat.factors)):
            inner = flat.factors[cut:]
            if self._product_of(divisor) == inner:
                part = slice(0, cut) if name == "FloorDiv" else slice(cut, None)
                if name not in ("FloorDiv", "Mod"):
                    return None
                iterators, factors = flat.iterators[part], flat.factors[part]
                if len(iterators) == 1:
                    return Integer(Affine.symbol(iterators[0]))
                return FlatIndex(iterators, factors)
        return None

    def _product_of(self, affine: Affine) -> tuple[Affine, ...]:
        return self._factors(affine)

    def _read_UnaryOp(self, node: ast.UnaryOp) -> Item:
        operand = self.evaluate(node.operand)
        if isinstance(operand, Integer) and isinstance(node.op, ast.USub):
            return Integer(-operand.affine)
        if isinstance(operand, Literal) and isinstance(operand.value, (int, float, complex)):
            if isinstance(node.op, ast.USub):
                return Literal(-operand.value)
            if isinstance(node.op, ast.Not):
                return Literal(not operand.value)
        value = self.to_expression(operand, node)
        if isinstance(node.op, ast.Not):
            return build.negate(build.truth(value, self.place(node)))
        if isinstance(node.op, ast.UAdd):
            return value
        operator = find_unary(type(node.op).__name__)
        if operator is None:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet")
        return build.make_call(operator, (value,), self.place(node))

    def _read_Compare(self, node: ast.Compare) -> Item:
        if len(node.ops) == 1 and isinstance(node.ops[0], (ast.Is, ast.IsNot)):
            return self._identity(node)
        left = self.evaluate(node.left)
        parts: list[scalar.Expression] = []
        for operator, right_node in zip(node.ops, node.comparators):
            right = self.evaluate(right_node)
            parts.append(self._compare(operator, left, right, node))
            left = right
        result = parts[0]
        for later in parts[1:]:  # a < b < c is (a < b) and (b < c)
            result = build.both(
                build.truth(result, self.place(node)), build.truth(later, self.place(node))
            )
        return result

    def _compare(
        self, operator: ast.cmpop, left: Item, right: Item, node: ast.Compare
    ) -> scalar.Expression:
        if isinstance(left, Integer) and isinstance(right, Integer):
            gap = left.affine - right.affine
            if gap.is_constant and type(operator).__name__ in _DECIDE:
                return build.number(_DECIDE[type(operator).__name__](gap.constant))
        if (
            isinstance(left, Literal)
            and isinstance(right, Literal)
            and isinstance(operator, (ast.Eq, ast.NotEq))
        ):
            return build.number((left.value == right.value) == isinstance(operator, ast.Eq))
        return build.compare(
            type(operator).__name__,
            self.to_expression(left, node),
            self.to_expression(right, node),
            self.place(node),
        )

    def _identity(self, node: ast.Compare) -> Item:
        left, right = self.evaluate(node.left), self.evaluate(node.comparators[0])
        if isinstance(right, Literal) and right.value is None and not isinstance(left, Opaque):
            is_none = isinstance(left, Literal) and left.value is None
            return build.number(is_none == isinstance(node.ops[0], ast.Is))
        self.unsupported(node, f"{ast.unparse(node)} is not decided before the loop runs")

    def _read_BoolOp(self, node: ast.BoolOp) -> Item:
        is_and = isinstance(node.op, ast.And)
        result = self.element(node.values[0])
        for value_node in node.values[1:]:
            right = self.element(value_node)
            result = self._bool_op(is_and, result, right, node)
        return result

    def _bool_op(
        self, is_and: bool, left: scalar.Expression, right: scalar.Expression, node: ast.AST
    ) -> scalar.Expression:
        place = self.place(node)
        if all(t.dtype == "bool" for e in (left, right) for t in build.types_of(e)):
            if not isinstance(left, scalar.Select) and not isinstance(right, scalar.Select):
                return build.both(left, right, "logical_and" if is_and else "logical_or")
        condition = build.truth(left, place)
        return (
            build.select(condition, right, left) if is_and else build.select(condition, left, right)
        )

    def _read_IfExp(self, node: ast.IfExp) -> Item:
        condition = build.truth(self.element(node.test), self.place(node))
        if isinstance(condition, scalar.Number):
            return self.evaluate(node.body if condition.value else node.orelse)
        return build.select(condition, self.element(node.body), self.element(node.orelse))

    def _read_JoinedStr(self, node: ast.JoinedStr) -> Item:
        return Opaque("a formatted string")

    def _read_Lambda(self, node: ast.Lambda) -> Item:
        inner = SourceFunction(
            "<lambda>", node, self.function.text, self.function.file, self.function.first_line,
            self.function.indent, self.function.resolve,
        )  # fmt: skip
        return Function("<lambda>", None, inner)


_FOLD = {
    "Mult": lambda a, b: a * b,
    "FloorDiv": lambda a, b: a // b,
    "Mod": lambda a, b: a % b,
    "Pow": lambda a, b: a**b if 0 <= b < 64 else None,
}
_DECIDE = {
    "Lt": lambda gap: gap < 0,
    "LtE": lambda gap: gap <= 0,
    "Gt": lambda gap: gap > 0,
    "GtE": lambda gap: gap >= 0,
    "Eq": lambda gap: gap == 0,
    "NotEq": lambda gap: gap != 0,
}
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


def _atom(affine: Affine) -> str:
    text = str(affine)
    return text if len(affine.terms) + bool(affine.constant) == 1 else f"({text})"
