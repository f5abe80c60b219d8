"""Dictionaries from ints to numbers as tensors that are looked up.

    out[i] = table[int(x[i])]   ->   out[i] = lookup[x[i]].item()

`lookup` has a place for each int up to the greatest key. That every key which is looked up is there
is asked of the data at each call, for it is `KeyError` where one is not.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from deloop.diagnostic import Assumption
from deloop.frontend.given_elements import Elements
from deloop.frontend.stand_ins import StandIn, Standing
from deloop.frontend.text_edits import TextEdits, parsed
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import Opaque, Table, Tensor, TensorType, Value
from deloop.text.names import is_name, names_captured, names_in, names_stored

_WHY = "the dictionary is made a tensor"
_TYPES = {"int64": "int", "float64": "float"}


def look_up(
    function: SourceFunction, arguments: Mapping[str, Value], torch: str
) -> Standing | None:
    """The function over tensors for the tables that it looks up; None where there are none."""
    if not isinstance(function.node, ast.FunctionDef):
        return None
    node = parsed(function.text)
    hidden = names_stored(node) | names_captured(node)
    for name in sorted(_asked(node) - hidden):
        table = arguments.get(name)
        if name not in function.parameters:
            table = function.resolve(name)
        if isinstance(table, Table):
            found = _Lookups(function, parsed(function.text), table, name, arguments, torch)
            if (standing := found.standing()) is not None:
                return standing
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value):
                own = _written(name, value, node)
                if own is None or name in names_captured(node):
                    continue
                found = _Lookups(function, parsed(function.text), own, name, arguments, torch)
                found.written = ast.unparse(value)
                if (standing := found.standing()) is not None:
                    return standing
    return None


def _asked(node: ast.FunctionDef) -> set[str]:
    """The names that are looked up in by their form."""
    found: set[str] = set()
    for inner in (n for s in node.body for n in ast.walk(s)):
        match inner:
            case (
                ast.Subscript(value=ast.Name(id=name), ctx=ast.Load())
                | ast.Attribute(value=ast.Name(id=name), attr="get")
                | ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[ast.Name(id=name)])
            ):
                found.add(name)
    return found


def _written(name: str, value: ast.Dict, node: ast.FunctionDef) -> Table | None:
    """The table that a display of numbers is; None for others, and where its name is set again."""
    stores = [n for n in ast.walk(node) if is_name(n, name) and not isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]
    try:
        items = ast.literal_eval(value)
    except ValueError:
        return None
    kinds = {type(v) for v in items.values()}
    plain = all(type(k) is int and 0 <= k <= 16 * len(items) + 1024 for k in items)
    dtype = {frozenset({int}): "int64", frozenset({float}): "float64"}.get(frozenset(kinds))
    if len(stores) != 1 or not plain or dtype is None:
        return None
    if any(isinstance(v, int) and not -(2**63) <= v < 2**63 for v in items.values()):
        return None
    return Table(name, _nothing, None, dtype, max(items))


def _nothing(attribute: str) -> Value:
    return Opaque(f"{attribute} of a dictionary")


class _Lookups:
    """What one function looks up in one table."""

    def __init__(
        self, function: SourceFunction, node: ast.FunctionDef, table: Table, name: str,
        arguments: Mapping[str, Value], torch: str,
    ) -> None:  # fmt: skip
        self.function = function
        self.node = node
        self.table = table
        self.name = name
        self.arguments = arguments
        self.torch = torch
        self.elements = Elements(node, node, arguments)
        self.edits = TextEdits(node, names_in(node) | set(function.parameters))
        self.parents = {c: n for n in ast.walk(node) for c in ast.iter_child_nodes(n)}
        self.written = ""
        """The table's display, where the function has it itself."""
        self.found: dict[str, StandIn] = {}
        self.guards: dict[str, Assumption] = {}

    def standing(self) -> Standing | None:
        for node in ast.walk(self.node):
            is_read = is_name(node, self.name) and isinstance(node.ctx, ast.Load)  # type: ignore[attr-defined]
            if is_read and not self._mention(node):
                return None
        changed = self.edits.applied_to(self.function)
        if changed is None:
            return None
        names = tuple(self.found.values())
        changed = replace(changed, given=tuple(s.name for s in names))
        number = _TYPES[self.table.dtype]
        bounds = " and -2 ** 63 <= v < 2 ** 63" if number == "int" else ""
        guard = (
            f"len({self.name}) > 0 and all(type(k) is int and k >= 0 for k in {self.name})"
            f" and all(type(v) is {number}{bounds} for v in {self.name}.values())"
            f" and max({self.name}) <= 16 * len({self.name}) + 1024"
        )
        sentence = f"{self.name} maps small ints to {number}s"
        first = () if self.written else (Assumption(sentence, guard, _WHY),)
        return Standing(changed, names, (*first, *self.guards.values()))

    def _mention(self, node: ast.AST) -> bool:
        """Whether one mention of the table is understood."""
        parent = self.parents[node]
        match parent, self.parents.get(parent):
            case ast.Subscript(value=value, slice=key, ctx=ast.Load()), _ if value is node:
                return self._read(parent, key, self._has_test(parent, key))
            case ast.Attribute(attr="get"), ast.Call(args=[key, default], keywords=[]) as call:
                text = ast.unparse(default)
                wanted = int if self.table.dtype == "int64" else float
                try:
                    value = ast.literal_eval(default)
                except ValueError:
                    return False
                return type(value) is wanted and self._read(call, key, True, text)
            case ast.Compare(left=key, ops=[ast.In() | ast.NotIn() as word]), _:
                return self._test(parent, key, isinstance(word, ast.NotIn))
        return False

    def _has_test(self, node: ast.expr, key: ast.expr) -> bool:
        """Whether a condition around a lookup says that the key is there."""
        wanted = f"{ast.unparse(key)} in {self.name}"
        inner: ast.AST = node
        while (outer := self.parents.get(inner)) is not None:
            match outer:
                case ast.If(test=test, body=body) if any(b is inner for b in body):
                    if ast.unparse(test) == wanted:
                        return True
                case ast.IfExp(test=test, body=body) if body is inner:
                    if ast.unparse(test) == wanted:
                        return True
            inner = outer
        return False

    def _element(self, key: ast.expr) -> tuple[str, str] | None:
        """The tensor whose element a key is, and the element's text."""
        base = self.elements.base_of(key)
        given = self.arguments.get(base)
        if not isinstance(given, Tensor) or given.type.dtype not in ("int64", "int32"):
            return None
        if given.type.device != "cpu" or not self._is_number(key):
            return None
        text = ast.unparse(key)
        match key:
            case ast.Call(func=ast.Name(id="int"), args=[inner]):
                text = ast.unparse(inner)
        return base, text.removesuffix(".item()")

    def _is_number(self, key: ast.expr) -> bool:
        """A tensor is no key: it is looked up by what it is, not by its value."""
        return self.elements.is_python(key)

    def _read(self, node: ast.expr, key: ast.expr, may_miss: bool, default: str = "") -> bool:
        element = self._element(key)
        if element is None:
            return False
        base, text = element
        zero = "0" if self.table.dtype == "int64" else "0.0"
        lookup = self._lookup(default or zero)
        self.edits.parts.append((node, f"{lookup}[{text}].item()"))
        if may_miss:
            self._ask_small(base)
        else:
            guard = f"set({base}.flatten().tolist()) <= {self.written or self.name}.keys()"
            self.guards[f"{base} in"] = Assumption(f"{self.name} has all of {base}", guard, _WHY)
        return True

    def _test(self, node: ast.expr, key: ast.expr, is_not: bool) -> bool:
        element = self._element(key)
        if element is None:
            return False
        base, text = element
        name = self.found["in"].name if "in" in self.found else self.edits.fresh("known")
        spelled = f"[k in {self.name} for k in range(max({self.name}) + 1)]"
        self._stand_in("in", name, f"{self.torch}.tensor({spelled})", "bool")
        found = f"{name}[{text}].item()"
        self.edits.parts.append((node, f"(not {found})" if is_not else found))
        self._ask_small(base)
        return True

    def _ask_small(self, base: str) -> None:
        """Beyond the tensor that is looked up there is no key; what is there may not be read."""
        most = self.table.greatest if self.written else f"max({self.name})"
        guard = f"bool((({base} >= 0) & ({base} <= {most})).all())"
        sentence = f"what {base} holds is between 0 and the greatest key of {self.name}"
        self.guards[f"{base} small"] = Assumption(sentence, guard, _WHY)

    def _lookup(self, default: str) -> str:
        name = self.found[default].name if default in self.found else self.edits.fresh("lookup")
        values = f"[{self.name}.get(k, {default}) for k in range(max({self.name}) + 1)]"
        dtype = "" if self.table.dtype == "int64" else f", dtype={self.torch}.float64"
        self._stand_in(default, name, f"{self.torch}.tensor({values}{dtype})", self.table.dtype)
        return name

    def _stand_in(self, key: str, name: str, text: str, dtype: str) -> None:
        size = f"{name}.shape[0]"
        kind = TensorType(dtype, (Affine.symbol(size),), leaf=False)
        sizes = {size: f"(max({self.written or self.name}) + 1)"}
        hints = {size: self.table.greatest + 1}
        self.found[key] = StandIn(name, Tensor(name, kind, name), text, hints, sizes)
