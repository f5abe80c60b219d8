"""Calls: to the library's operators, or into the user's own functions, which are inlined."""

from __future__ import annotations

import ast
from typing import NoReturn

from deloop.frontend import expression as build
from deloop.frontend.evaluate import Environment
from deloop.frontend.intervals import Interval, bounds_of
from deloop.frontend.item_modules import ItemModuleReader
from deloop.frontend.items import Item, Tuple, View
from deloop.ir import scalar
from deloop.ir.source import SourceFunction
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Object,
    Opaque,
    Sequence,
    Tensor,
)
from deloop.ops.making import draws
from deloop.ops.math_functions import find_math_function
from deloop.ops.table import find_function
from deloop.text.names import substitute

_OUTPUT = ("print", "write", "log", "info", "debug", "warning", "error", "logging.")
_MAKING = frozenset(
    {"zeros", "ones", "empty", "full", "eye", "arange", "linspace", "tensor", "stack", "cat"}
)
_MAX_DEPTH = 8


class CallReader(ItemModuleReader):
    """A `Reader` that also reads calls."""

    def bounds(self, value: scalar.Expression) -> Interval | None:
        """Between which finite numbers a value lies, in any iteration; None where unknown."""
        return bounds_of(value, self.around)

    def _read_Call(self, node: ast.Call) -> Item:
        if isinstance(node.func, ast.Attribute):
            base = self.evaluate(node.func.value)
            if not isinstance(base, (Module, Object)):
                return self._method(base, node, node.func)
        callee = self.evaluate(node.func)
        if isinstance(callee, Function):
            return self._call(callee, node)
        if isinstance(callee, Object) and callee.called is not None:
            return self.module_call(callee, node)
        if isinstance(callee, Opaque):
            self.unsupported(
                node, f"{ast.unparse(node.func)} is called, and {callee.reason}", "VEC921"
            )
        self.unsupported(node, f"what {ast.unparse(node.func)} does is not known", "VEC921")

    def _call(self, callee: Function, node: ast.Call) -> Item:
        qualified = callee.qualified or ""
        special = getattr(self, "_call_" + qualified.replace(".", "_"), None)
        if special is not None:
            item: Item | None = special(node)
            if item is not None:
                return item
        function = find_math_function(qualified)
        if function is not None:
            return self._math(qualified, node)
        spelling = self._spelled(callee)
        if (combined := self.row_function(qualified, node, spelling)) is not None:
            return combined
        operator = find_function(qualified)
        if operator is not None and operator.kind.is_elementwise:
            return self._operator(operator, list(node.args), node, spelling)
        if (found := self.batched_function(qualified, node, spelling)) is not None:
            return found
        if isinstance(callee.source, SourceFunction):
            return self._inline(callee, callee.source, node)
        self._refuse_call(callee, node)

    def _spelled(self, callee: Function) -> str:
        """A callee's name in the function that holds the loop; a helper may have its own."""
        root = callee.spelling.partition(".")[0]
        if self.caller is None or not callee.qualified:
            return callee.spelling
        here, there = self.lookup(root, self.function.node), self.caller.function.resolve(root)
        plain = isinstance(here, (Module, Function)) and root not in self.caller.environment
        return callee.spelling if plain and here == there else callee.qualified

    def _refuse_call(self, callee: Function, node: ast.Call) -> NoReturn:
        name = callee.qualified or callee.spelling
        last = name.rsplit(".", 1)[-1]
        if draws(name):
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
            sentence = f"{callee.spelling} on an element or a row is not read yet"
            if last in _MAKING:
                sentence = f"the tensor that {ast.unparse(node)} makes is not read yet"
            self.unsupported(node, sentence, "VEC924")
        self.unsupported(
            node, f"what {callee.spelling} does is not known (its source is not at hand)", "VEC921"
        )

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
        inner.hints, inner.is_watched = self.hints, self.is_watched
        inner.caller = self.caller or self
        inner.guards, inner.choices = list(self.guards), self.choices
        inner.__dict__["_data"] = self.data_requirements
        value = inner.returned(source.body, environment, node)
        if isinstance(value, (Integer, Literal, Sequence, Tuple, View)):
            return value
        body = inner.to_expression(value, node)
        given = source.parameters[: len(node.args)]
        returned = _returned_text(source, given)
        if not returned or node.keywords or callee.spelling == "<lambda>":
            return body
        if any(isinstance(passed[p], (Object, Module, Function)) for p in given):
            return body
        if any(isinstance(n, scalar.Reduce) for n in scalar.walk(body)):
            return body  # of rows, it is not the same call that takes all of them
        if isinstance(body, scalar.Select) and body.is_mixed:
            return body  # a number or an element: what is around has to tell them apart
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
