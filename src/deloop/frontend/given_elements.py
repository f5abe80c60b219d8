"""What expressions in a loop are by their form: elements of given tensors, and counters."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from deloop.dtype import category
from deloop.ir.types import Tensor, Value
from deloop.text.names import is_name, names_in, names_stored, substitute


class Elements:
    """The elements that a loop reads of what a function is given.

    Parameters
    ----------
    function, loop:
        The function, and the part of it that is asked about.
    arguments:
        What is known of its parameters.
    """

    def __init__(
        self, function: ast.FunctionDef, loop: ast.AST, arguments: Mapping[str, Value]
    ) -> None:
        self.loop = loop
        self.arguments = arguments
        self.stored = names_stored(function)

    def is_python(self, node: ast.expr) -> bool:
        """Whether an expression is a Python number, not a tensor."""
        match node:
            case ast.Call(func=ast.Attribute(attr="item"), args=[]):
                return True
            case ast.Call(func=ast.Name(id="int" | "float"), args=[_]):
                return True
            case ast.Name(id=name):
                if (value := self._value_of(name)) is not None:
                    return self.is_python(value)
                bound = [g for t, g in self._headers() if name in names_stored(t)]
                return bool(bound) and all(isinstance(g, ast.Call) for g in bound)
        return False

    def _value_of(self, name: str) -> ast.expr | None:
        """What a name is set to in the loop, where that is done at one place alone."""
        stores = [n for n in ast.walk(self.loop) if is_name(n, name)
                  and not isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]  # fmt: skip
        for node in ast.walk(self.loop):
            match node:
                case ast.Assign(targets=[ast.Name() as target], value=value) if stores == [target]:
                    return value
        return None

    def kind_of(self, node: ast.expr) -> str:
        """``"int"`` or ``"float"`` of an element of a tensor that is given, or of a counter."""
        match node:
            case ast.Call(func=ast.Name(id="float"), args=[_]):
                return "float"
            case ast.Name(id=name) if self._is_counter(name):
                return "int"
        given = self.arguments.get(self.base_of(node))
        return category(given.type.dtype) if isinstance(given, Tensor) else ""

    def base_of(self, node: ast.expr) -> str:
        """The tensor of which an expression is one element; empty where it is of none."""
        match node:
            case ast.Call(func=ast.Attribute(value=inner, attr="item"), args=[]):
                return self.base_of(inner)
            case ast.Call(func=ast.Name(id="int"), args=[inner]):
                base = self.base_of(inner)
                given = self.arguments.get(base)
                is_int = isinstance(given, Tensor) and category(given.type.dtype) == "int"
                return base if is_int else ""
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                entries = index.elts if isinstance(index, ast.Tuple) else [index]
                given = self.arguments.get(name)
                rank = given.type.rank if isinstance(given, Tensor) else -1
                is_element = len(entries) == rank and all(isinstance(e, ast.Name) for e in entries)
                is_element = is_element and all(self._is_counter(e) for e in names_in(index))
                return name if is_element and name not in self.stored else ""
            case ast.Name(id=name):
                value = self._value_of(name)
                return self._base_of_item(name) if value is None else self.base_of(value)
        return ""

    def _base_of_item(self, name: str) -> str:
        """The tensor of whose elements a loop makes `name` each."""
        found = [(t, g) for t, g in self._headers() if name in names_stored(t)]
        stores = [n for n in ast.walk(self.loop) if is_name(n, name)
                  and not isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]  # fmt: skip
        for target, given in found if len(found) == len(stores) == 1 else ():
            base = given
            match given:
                case ast.Call(func=ast.Attribute(value=inner, attr="tolist"), args=[]):
                    base = inner
            if is_name(target, name) and isinstance(base, ast.Name):
                held = self.arguments.get(base.id)
                is_flat = isinstance(held, Tensor) and held.type.rank == 1
                return base.id if is_flat and base.id not in self.stored else ""
        return ""

    def _is_counter(self, name: str) -> bool:
        found = [g for t, g in self._headers() if is_name(t, name)]
        return bool(found) and all(
            isinstance(g, ast.Call) and is_name(g.func, "range") for g in found
        )

    def _headers(self) -> Iterator[tuple[ast.expr, ast.expr]]:
        """What the loops bind, and to the items of what."""
        for node in ast.walk(self.loop):
            match node:
                case ast.For(target=target, iter=given) | ast.comprehension(
                    target=target, iter=given
                ):
                    yield from _bound(target, given)


def _bound(target: ast.expr, given: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """``i, v`` of ``enumerate(x)`` as a counter, and as each item of `x`."""
    match target, given:
        case (
            ast.Tuple(elts=[counter, item]),
            ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]),
        ):
            yield counter, ast.Call(ast.Name("range", ast.Load()), [], [])
            yield from _bound(item, inner)
        case ast.Tuple(elts=items), ast.Call(func=ast.Name(id="zip"), args=args):
            for item, inner in zip(items, args, strict=False):
                yield from _bound(item, inner)
        case _:
            yield target, given


def spelled_by_parameters(node: ast.expr, function: ast.FunctionDef) -> str | None:
    """An expression over what the function is given alone, where its names are set plainly."""
    given = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
    stored = names_stored(function)
    values: dict[str, ast.expr] = {}
    for name in names_in(node) & stored:
        setting = [s for s in ast.walk(function) if isinstance(s, ast.stmt)
                   and not hasattr(s, "body") and name in names_stored(s)]  # fmt: skip
        match setting:
            case [ast.Assign(targets=[ast.Name()], value=value)]:
                values[name] = value
            case [ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Attribute(attr="shape")
                             as shape)]:  # fmt: skip
                at = [k for k, p in enumerate(parts) if is_name(p, name)]
                values[name] = ast.Subscript(shape, ast.Constant(at[0]), ast.Load())
            case _:
                return None
    changed = substitute(node, values)
    free = names_in(changed) - {"len", "max", "min", "int", "sum"}
    return ast.unparse(changed) if free <= given and not free & stored else None
