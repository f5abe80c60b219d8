"""Operators applied by calls: PyTorch's, and Python's `math` on numbers."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from deloop.dtype import Rank, category
from deloop.frontend import expression as build
from deloop.frontend.intervals import raises_nothing
from deloop.frontend.operators import OperatorReader
from deloop.ir import scalar
from deloop.ir.types import (
    Literal,
)
from deloop.ops.kinds import Accepts, MathResult, Operator
from deloop.ops.math_functions import find_math_function


@dataclass(frozen=True)
class DataRequirement:
    """A condition on data: without it the loop raises, or records no gradient."""

    condition: scalar.Expression
    place: object
    reason: str
    every: bool = True
    """Whether it must hold at every instance, or at one at least."""
    distinct: bool = False
    """The condition is no condition but a number that is not negative: no two may be equal."""
    before: bool = False
    """The condition is about what the function was given, whatever the loop makes of it."""
    avoidable: bool = False
    """New code with a condition of its own could do without it."""


class ApplyReader(OperatorReader):
    """A reader of operators that are called by name."""

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
            if parameter.accepts is Accepts.TENSOR and build.is_number(value):
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

    def _require_same(self, operator: Operator, operand: scalar.Expression, node: ast.Call) -> None:
        """Ask for the data on which an operator's kernels for one and for many elements agree."""
        test = "isinf" if "infinite" in operator.same_if else "isnan"
        kind = scalar.ElementType("bool", operand.type.rank)
        found = scalar.Call(test, (operand,), kind, f"torch.{test}")
        reason = f"{ast.unparse(node.func)} treats many elements as it does one: {operator.same_if}"
        some = self.somewhere(found, node)
        self.require_data(build.negate(some), self.place(node), reason)

    def somewhere(self, condition: scalar.Expression, node: ast.AST) -> scalar.Expression:
        """Whether a condition holds for some element of a row; a reader of rows knows."""
        return condition

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
            safe = function.total or (
                len(arguments) == 1 and raises_nothing(qualified, self.bounds(arguments[0]))
            )
            as_float = replace(result, type=build.FLOAT)
            if dtype == "int64":
                self.require_whole(as_float, node)
            elif not safe and not self.is_watched:
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
