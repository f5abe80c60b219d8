"""Calls of the user's source: operators of PyTorch and Python, and the user's own functions."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import NoReturn

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.evaluate import Environment
from deloop.frontend.items import FlatIndex, Item, Tuple, View
from deloop.frontend.operators import OperatorReader
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Object,
    Opaque,
    Sequence,
    Shape,
    Tensor,
)
from deloop.ops.kinds import Accepts, MathResult, Operator
from deloop.ops.math_functions import find_math_function
from deloop.ops.table import find_function, find_in_place_method, find_method
from deloop.text.names import substitute

_RANDOM = (
    "rand",
    "bernoulli",
    "multinomial",
    "normal",
    "dropout",
    "poisson",
    "shuffle",
    "choice",
    "uniform",
)
_OUTPUT = ("print", "write", "log", "info", "debug", "warning", "error", "logging.")
_MAX_DEPTH = 8
_CAST_METHODS = {
    "float": "float32", "double": "float64", "half": "float16", "bfloat16": "bfloat16",
    "int": "int32", "long": "int64", "short": "int16", "char": "int8", "byte": "uint8",
    "bool": "bool",
}  # fmt: skip


@dataclass(frozen=True)
class DataRequirement:
    """A condition on data: without it the loop raises, or records no gradient."""

    condition: scalar.Expression
    place: object
    reason: str
    every: bool = True
    """Whether it must hold at every instance, or at one at least."""


class CallReader(OperatorReader):
    """An `OperatorReader` that also reads calls."""

    inline = False

    def _read_Call(self, node: ast.Call) -> Item:
        if isinstance(node.func, ast.Attribute):
            base = self.evaluate(node.func.value)
            if not isinstance(base, (Module, Object)):
                return self._method(base, node, node.func)
        callee = self.evaluate(node.func)
        if isinstance(callee, Function):
            return self._call(callee, node)
        if isinstance(callee, Opaque):
            self.unsupported(
                node, f"{ast.unparse(node.func)} is called, and {callee.reason}", "VEC921"
            )
        self.unsupported(node, f"what {ast.unparse(node.func)} does is not known", "VEC921")

    def _call(self, callee: Function, node: ast.Call) -> Item:
        qualified = callee.qualified or ""
        special = getattr(self, "_call_" + qualified.replace(".", "_"), None)
        if special is not None:
            item: Item = special(node)
            return item
        function = find_math_function(qualified)
        if function is not None:
            return self._math(qualified, node)
        operator = find_function(qualified)
        if operator is not None and operator.kind.is_elementwise:
            return self._operator(operator, list(node.args), node, callee.spelling)
        if isinstance(callee.source, SourceFunction):
            return self._inline(callee, callee.source, node)
        self._refuse_call(callee, node)

    def _refuse_call(self, callee: Function, node: ast.Call) -> NoReturn:
        name = callee.qualified or callee.spelling
        last = name.rsplit(".", 1)[-1]
        if any(word in last for word in _RANDOM):
            self.unliftable(
                node,
                f"loop kept: {callee.spelling} draws random numbers, "
                "and the order of draws decides the result",
                "VEC922",
            )
        if last in _OUTPUT or name.startswith("logging."):
            self.unliftable(
                node,
                f"loop kept: {callee.spelling} has an effect outside of the loop, "
                "once an iteration",
                "VEC923",
            )
        if callee.qualified and callee.qualified.startswith("torch."):
            self.unsupported(
                node, f"{callee.spelling} on an element or a row is not read yet", "VEC924"
            )
        self.unsupported(
            node, f"what {callee.spelling} does is not known (its source is not at hand)", "VEC921"
        )

    # ------------------------------------------------------------------ operators
    def _operator(
        self,
        operator: Operator,
        positional: list[ast.expr | scalar.Expression],
        node: ast.Call,
        spelling: str,
    ) -> scalar.Expression:
        names = [k.arg for k in node.keywords]
        if None in names or any(isinstance(p, ast.Starred) for p in positional):
            self.unsupported(node, f"{ast.unparse(node)} passes arguments by * or **")
        parameters = operator.bind(len(positional), [str(n) for n in names])
        if parameters is None:
            self.unsupported(
                node,
                f"{ast.unparse(node)} has arguments that {operator.name} does not take here",
                "VEC924",
            )
        operands: list[scalar.Expression] = []
        constants: list[tuple[str, scalar.Expression]] = []
        for position, parameter in enumerate(parameters):
            is_keyword = position >= len(positional)
            given = (
                node.keywords[position - len(positional)].value
                if is_keyword
                else positional[position]
            )
            value = self._argument(given, parameter.accepts, node)
            if parameter.accepts is Accepts.FALSE:
                continue
            if parameter.accepts is Accepts.TENSOR and build.is_number(value) and position == 0:
                self.unsupported(
                    node,
                    f"{spelling} takes a tensor, and {ast.unparse(node)} gives it a number",
                    "VEC911",
                )
            if is_keyword or not parameter.accepts.is_operand:
                constants.append((parameter.name if is_keyword else "", value))
            else:
                operands.append(value)
        if operator.same_if and not build.is_number(operands[0]):
            self._require_same(operator, operands[0], node)
        return build.make_call(operator, operands, self.place(node), spelling, constants)

    def _require_same(
        self, operator: Operator, operand: scalar.Expression, node: ast.Call
    ) -> None:
        """Ask for the data on which an operator's kernels for one and for many elements agree."""
        test = "isinf" if "infinite" in operator.same_if else "isnan"
        kind = scalar.ElementType("bool", operand.type.rank)
        found = scalar.Call(test, (operand,), kind, f"torch.{test}")
        reason = f"{ast.unparse(node.func)} treats many elements as it does one: {operator.same_if}"
        self.require_data(build.negate(found), self.place(node), reason)

    def _argument(
        self, given: ast.expr | scalar.Expression, accepts: Accepts, node: ast.Call
    ) -> scalar.Expression:
        if not isinstance(given, ast.expr):
            return given
        item = self.evaluate(given)
        if accepts.is_operand:
            return self.to_expression(item, given)
        if isinstance(item, Literal) and (accepts is not Accepts.FALSE or item.value is False):
            if isinstance(item.value, (bool, int, float)):
                return build.number(item.value)
            if item.value is None or isinstance(item.value, str):
                is_dtype = str(item.value).startswith("torch.")
                text = str(item.value) if is_dtype else repr(item.value)
                return scalar.Invariant(text, scalar.ElementType("bool", Rank.NUMBER))
        value = self.to_expression(item, given)
        if accepts is Accepts.NUMBER and not self.varies(value):
            return value
        self.unsupported(
            given, f"{ast.unparse(given)} must be a constant in {ast.unparse(node)}", "VEC924"
        )

    def varies(self, value: scalar.Expression) -> bool:
        """Whether the value depends on an iterator or reads memory."""
        return bool(scalar.iterators_of(value, frozenset(self.iterators))) or bool(
            scalar.loads(value)
        )

    def _math(self, qualified: str, node: ast.Call) -> scalar.Expression:
        function = find_math_function(qualified)
        assert function is not None
        arguments = [
            self._as_number(self._real(self.element(a), node), "float64") for a in node.args
        ]
        place = self.place(node)
        if len(arguments) != function.arity or node.keywords:
            self.unsupported(node, f"{ast.unparse(node)} is not read yet", "VEC924")
        dtype = {MathResult.INT: "int64", MathResult.BOOL: "bool"}.get(function.result, "float64")
        kind = scalar.ElementType(dtype, Rank.NUMBER)
        result = scalar.Call(qualified, tuple(arguments), kind, ast.unparse(node.func))
        if any(self.varies(a) for a in arguments):
            if function.torch_name is None:
                self.unsupported(
                    node, f"{qualified} has no tensor form of the same values", "VEC924"
                )
            if not function.total:
                operator = find_function("torch.isfinite")
                assert operator is not None
                as_float = scalar.Call(
                    qualified, tuple(arguments), build.FLOAT, ast.unparse(node.func)
                )
                finite = scalar.Call("isfinite", (as_float,), build.BOOL, "torch.isfinite")
                self.require_data(finite, place, f"{ast.unparse(node)} does not raise")
        return result

    def require_data(self, condition: scalar.Expression, place: object, reason: str) -> None:
        """Note that a condition must hold at every instance that reaches this point."""
        for guard in reversed(self.guards):
            condition = build.both(build.negate(guard), condition, "logical_or")
        self.data_requirements.append(DataRequirement(condition, place, reason))

    @property
    def data_requirements(self) -> list[DataRequirement]:
        """What must hold of the data, or the loop would have raised."""
        found: list[DataRequirement] = self.__dict__.setdefault("_data", [])
        return found

    def _real(self, value: scalar.Expression, node: ast.AST) -> scalar.Expression:
        if any(category(t.dtype) == "complex" for t in build.types_of(value)):
            self.unsupported(node, f"{ast.unparse(node)} of a complex number raises", "VEC911")
        return value

    def _as_number(self, value: scalar.Expression, dtype: str | None = None) -> scalar.Expression:
        """``value.item()``, then converted to `dtype`."""
        widest = {"bool": "bool", "int": "int64", "float": "float64", "complex": "complex128"}
        target = dtype or widest[category(value.type.dtype)]
        return build.cast(value, scalar.ElementType(target, Rank.NUMBER))

    # ------------------------------------------------------------------ builtins
    def _call_builtins_len(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0])
        match item:
            case Tensor() if item.type.rank:
                return Integer(item.type.shape[0])
            case View() if item.rank:
                return Integer(item.sizes[0])
            case Sequence() | Tuple():
                return Integer(Affine.number(len(item.items)))
            case Shape(tensor):
                return Integer(Affine.number(tensor.type.rank))
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

    def _extreme(self, comparison: str, node: ast.Call) -> Item:
        """Python's ``max(a, b)`` keeps ``a`` unless ``b > a``: NaN and ties stay with the first."""
        if len(node.args) < 2 or node.keywords:
            self.unsupported(node, f"{ast.unparse(node)} over a sequence is not read yet")
        items = [self.evaluate(a) for a in node.args]
        constants = [
            i.affine.constant for i in items if isinstance(i, Integer) and i.affine.is_constant
        ]
        if len(constants) == len(items):
            chosen = min(constants) if comparison == "Lt" else max(constants)
            return Integer(Affine.number(chosen))
        best = self.to_expression(items[0], node)
        for item in items[1:]:
            other = self.to_expression(item, node)
            better = build.compare(comparison, other, best, self.place(node))
            best = build.select(build.truth(better, self.place(node)), other, best)
        return best

    def _call_builtins_float(self, node: ast.Call) -> Item:
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            return Literal(float(node.args[0].value))
        return self._as_number(self._real(self.element(node.args[0]), node), "float64")

    def _call_builtins_int(self, node: ast.Call) -> Item:
        item = self.evaluate(node.args[0])
        if isinstance(item, (Integer, FlatIndex)):
            return item
        return self._to_int(self.to_expression(item, node), node)

    def _to_int(self, value: scalar.Expression, node: ast.Call) -> scalar.Expression:
        value = self._real(value, node)
        if category(value.type.dtype) == "float":
            finite = scalar.Call("isfinite", (value,), build.BOOL, "torch.isfinite")
            self.require_data(finite, self.place(node), f"{ast.unparse(node)} does not raise")
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
            return item
        if isinstance(item, (Sequence, Tuple, Shape)):
            self.unsupported(node, f"{ast.unparse(node)} inside the loop is not read yet", "VEC924")
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

    def _call_torch_unravel_index(self, node: ast.Call) -> Item:
        index, shape = self.evaluate(node.args[0]), self.evaluate(node.args[1])
        sizes = tuple(i.affine for i in self.unpack(shape, None, node) if isinstance(i, Integer))
        if isinstance(index, FlatIndex) and sizes == index.factors:
            return Tuple(tuple(Integer(Affine.symbol(i)) for i in index.iterators))
        if isinstance(index, Integer) and len(sizes) == 1:
            return Tuple((index,))
        self.unsupported(
            node, f"{ast.unparse(node)} is not the multi-index of this loop's elements"
        )

    _call_numpy_unravel_index = _call_torch_unravel_index

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
            operator = find_method(name)
            if operator is not None and operator.kind.is_elementwise:
                return self._operator(operator, [receiver, *node.args], node, f".{name}")
            if find_in_place_method(name) is not None:
                self.unsupported(
                    node, f"{ast.unparse(node)} changes a tensor inside of an expression", "VEC918"
                )
            if any(word in name for word in _RANDOM):
                self.unliftable(node, f"loop kept: .{name} draws random numbers in order", "VEC922")
            self.unsupported(
                node, f"the method .{name} on an element or a row is not read yet", "VEC924"
            )
        if isinstance(base, Opaque):
            self.unsupported(node, f"{ast.unparse(func)} is called, and {base.reason}", "VEC921")
        self.unsupported(node, f"{ast.unparse(func)} is not read yet", "VEC921")

    def _method_size(self, base: Item, node: ast.Call) -> Item | None:
        if not isinstance(base, (Tensor, View)):
            return None
        sizes = base.type.shape if isinstance(base, Tensor) else base.sizes
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
        return None

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
        if isinstance(base, (Integer, FlatIndex)):
            return base
        value = self.to_expression(base, node)
        if value.type.rank is Rank.TENSOR:
            self.unsupported(node, f"{ast.unparse(node)} of more than one element raises", "VEC911")
        return None if build.is_number(value) else self._as_number(value)

    def _method_tolist(self, base: Item, node: ast.Call) -> Item | None:
        if isinstance(base, View) and base.rank == 0:
            return self._method_item(base, node)
        return None

    def _method_clone(self, base: Item, node: ast.Call) -> Item | None:
        """A value of its own: what is stored into the source later does not change it."""
        value = self.to_expression(base, node)
        return build.cast(value, value.type)

    def _method_view(self, base: Item, node: ast.Call) -> Item | None:
        return self._flattened(base, node, "view")

    def _method_reshape(self, base: Item, node: ast.Call) -> Item | None:
        return self._flattened(base, node, "reshape")

    def _method_flatten(self, base: Item, node: ast.Call) -> Item | None:
        return self._flattened(base, node, "flatten") if not node.args else None

    _method_ravel = _method_flatten

    def _flattened(self, base: Item, node: ast.Call, how: str) -> Item | None:
        """The one-dimensional form of a whole tensor; shared memory where that is certain."""
        if not isinstance(base, Tensor):
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

    # ------------------------------------------------------------------ the user's own functions
    def _inline(self, callee: Function, source: SourceFunction, node: ast.Call) -> Item:
        if self.depth >= _MAX_DEPTH:
            self.unsupported(node, f"{callee.spelling} calls itself, or too deeply", "VEC921")
        if getattr(source.node, "decorator_list", None):
            self.unsupported(
                node,
                f"{callee.spelling} is decorated; what its decorator does is not known",
                "VEC921",
            )
        environment = self._bind(callee, source, node)
        passed = dict(environment)
        inner = CallReader(
            source, environment, self.arrays, self.requirements, self.products, self.depth + 1
        )
        inner.scope_iterators = self.scope_iterators
        inner.hints = self.hints
        inner.guards = list(self.guards)
        inner.__dict__["_data"] = self.data_requirements
        value = inner.returned(source.body, environment, node)
        if isinstance(value, (Integer, Literal, Sequence, Tuple, View)):
            return value
        body = inner.to_expression(value, node)
        given = source.parameters[: len(node.args)]
        returned = _returned_text(source, given)
        if not returned or node.keywords or callee.spelling == "<lambda>":
            return body
        arguments = tuple(self.to_expression(passed[p], node) for p in given)
        return scalar.Inlined(callee.spelling, arguments, body, given, returned)

    def _bind(self, callee: Function, source: SourceFunction, node: ast.Call) -> Environment:
        parameters = source.parameters
        if source.node.args.vararg or source.node.args.kwarg or len(node.args) > len(parameters):
            self.unsupported(
                node, f"the arguments of {callee.spelling} do not fit its parameters", "VEC921"
            )
        environment: Environment = {}
        for parameter, argument in zip(parameters, node.args, strict=False):
            if isinstance(argument, ast.Starred):
                self.unsupported(node, f"{ast.unparse(node)} passes arguments by *", "VEC921")
            environment[parameter] = self.evaluate(argument)
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg not in parameters:
                self.unsupported(
                    node, f"the arguments of {callee.spelling} do not fit its parameters", "VEC921"
                )
            environment[keyword.arg] = self.evaluate(keyword.value)
        scope = CallReader(
            source, {}, self.arrays, self.requirements, self.products, self.depth + 1
        )
        for parameter, default in source.defaults.items():
            if parameter not in environment:
                environment[parameter] = scope.evaluate(default)
        missing = [p for p in parameters if p not in environment]
        if missing:
            self.unsupported(node, f"{callee.spelling} is called without {missing[0]}", "VEC921")
        return environment

    def returned(self, body: list[ast.stmt], environment: Environment, node: ast.AST) -> Item:
        """What a function body returns: assignments, conditions and returns are read."""
        self.environment = environment
        for position, statement in enumerate(body):
            match statement:
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    continue
                case ast.Return(value=None):
                    return Literal(None)
                case ast.Return(value=ast.expr() as value):
                    return self.evaluate(value)
                case ast.Assign(targets=[target], value=value):
                    self.assign_local(target, self.evaluate(value))
                case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                    self.assign_local(target, self.evaluate(value))
                case ast.AugAssign(target=ast.Name(id=name), op=operator, value=value):
                    current = self.lookup(name, statement)
                    if isinstance(current, (View, Tensor)):
                        self.unsupported(
                            statement,
                            f"{ast.unparse(statement)} changes the caller's tensor",
                            "VEC918",
                        )
                    environment[name] = self.binary(
                        type(operator).__name__, current, self.evaluate(value), statement
                    )
                case ast.If():
                    return self._returned_branch(statement, body[position + 1 :], environment, node)
                case ast.Assert():
                    self.unliftable(
                        statement,
                        "an assert inside the function can raise for one element",
                        "VEC923",
                    )
                case _:
                    text = ast.unparse(statement).splitlines()[0]
                    self.unsupported(
                        statement, f"{text} inside a called function is not read yet", "VEC921"
                    )
        return Literal(None)

    def _returned_branch(
        self, statement: ast.If, rest: list[ast.stmt], environment: Environment, node: ast.AST
    ) -> Item:
        condition = build.truth(self.element(statement.test), self.place(statement))
        if isinstance(condition, scalar.Number):
            taken = statement.body if condition.value else statement.orelse
            return self.returned([*taken, *rest], environment, node)
        values = []
        for block, guard in (
            (statement.body, condition),
            (statement.orelse, build.negate(condition)),
        ):
            self.guards.append(guard)
            item = self.returned([*block, *rest], dict(environment), node)
            if isinstance(item, Literal) and item.value is None:
                self.unsupported(statement, "the function returns None on some path", "VEC914")
            values.append(self.to_expression(item, node))
            self.guards.pop()
        self.environment = environment
        return build.select(condition, values[0], values[1])

    def assign_local(self, target: ast.expr, item: Item) -> None:
        """Bind a name, or the names of a tuple."""
        match target:
            case ast.Name(id=name):
                self.environment[name] = item
            case ast.Tuple(elts=names) | ast.List(elts=names):
                for name_node, part in zip(
                    names, self.unpack(item, len(names), target), strict=True
                ):
                    self.assign_local(name_node, part)
            case _:
                self.unsupported(
                    target, f"{ast.unparse(target)} is written inside a called function", "VEC918"
                )


def _owner(tensor: Tensor) -> str:
    """The name that a tensor's sizes are spelled with: its own, or that of the one it is like."""
    owners = {s.partition(".shape[")[0] for size in tensor.type.shape for s in size.symbols}
    owner = next(iter(owners)) if len(owners) == 1 else tensor.name
    spelled = tuple(Affine.symbol(f"{owner}.shape[{k}]") for k in range(tensor.type.rank))
    return owner if spelled == tensor.type.shape else tensor.name


def _returned_text(source: SourceFunction, given: tuple[str, ...]) -> str:
    """What a straight-line function returns, as one expression of its given parameters.

    ``def f(x, s=2): y = x * s; return y + 1   ->   "x * 2 + 1"``; empty where it is not that plain.
    """
    values: dict[str, ast.expr] = {}
    for parameter, default in source.defaults.items():
        if parameter not in given:
            if not isinstance(default, ast.Constant):
                return ""
            values[parameter] = default
    for statement in source.body[_docstring(source.body) :]:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = substitute(value, values)
            case ast.Return(value=ast.expr() as value):
                return ast.unparse(substitute(value, values))
            case _:
                return ""
    return ""


def _docstring(body: list[ast.stmt]) -> int:
    first = body[0]
    return int(isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant))


def _unravel(node: ast.Call) -> str:
    shape = ast.unparse(node.args[-1]) if node.args else "shape"
    index = ast.unparse(node.args[0]) if node.args else "index"
    return f"torch.unravel_index({index}, {shape})"
