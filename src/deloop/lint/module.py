"""What a whole file says before any function is read: its imports, classes and functions."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from deloop.lint.kinds import Kind
from deloop.text.trees import walk

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class ClassScope:
    """A class: its methods, and the values that its methods bind to attributes of ``self``."""

    node: ast.ClassDef
    methods: dict[str, Function] = field(default_factory=dict)
    is_module: bool = False
    attributes: dict[str, Kind] | None = None
    """What is known of the attributes of ``self``, once somebody has asked."""

    @property
    def bindings(self) -> Iterator[tuple[str, str, ast.expr]]:
        """Each ``self.name = value``, ``name = value`` and ``self.register_buffer("name", value)``.

        With the method in which it stands, in order.
        """
        for where, method in self.methods.items():
            for node in statements_in(method.body):
                match node:
                    case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
                        yield where, f"self.{name}", node.value
                    case ast.Assign(targets=[ast.Name(id=name)]):
                        yield where, name, node.value
                    case ast.Expr(
                        value=ast.Call(
                            func=ast.Attribute(
                                value=ast.Name(id="self"),
                                attr="register_buffer" | "register_parameter",
                            ),
                            args=[ast.Constant(value=str() as name), value, *_],
                        )
                    ):
                        yield where, f"self.{name}", value

    @property
    def annotations(self) -> Iterator[tuple[str, ast.expr]]:
        """Each ``name: annotation`` in the class's body."""
        for node in self.node.body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                yield node.target.id, node.annotation


@dataclass(frozen=True)
class Scope:
    """A function, or the whole module, in which loops stand."""

    node: Function | ast.Module
    owner: ClassScope | None = None
    outer: Scope | None = None

    @property
    def name(self) -> str:
        """The function's name, empty for the module."""
        return "" if isinstance(self.node, ast.Module) else self.node.name


class ModuleScope:
    """The names of one file.

    Parameters
    ----------
    tree:
        The parsed file.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.imports: dict[str, str] = {}
        self.functions: dict[str, Function] = {}
        self.classes: dict[str, ClassScope] = {}
        self.scopes: list[Scope] = [Scope(tree)]
        self._enter(tree.body, self.scopes[0], None)
        for scope in self.classes.values():
            scope.is_module = self._is_module(scope, set())

    @cached_property
    def bound(self) -> Counter[str]:
        """How often each name is bound, or declared global, anywhere in the file."""
        found: Counter[str] = Counter()
        for node in walk(self.tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] += 1
            elif isinstance(node, (ast.Global, ast.Nonlocal)):
                found.update(set(node.names))
        return found

    def _enter(self, body: list[ast.stmt], scope: Scope, owner: ClassScope | None) -> None:
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if owner is not None:
                    owner.methods.setdefault(node.name, node)
                elif isinstance(scope.node, ast.Module):
                    self.functions.setdefault(node.name, node)
                inner = Scope(node, owner, scope)
                self.scopes.append(inner)
                self._enter(node.body, inner, None)
            elif isinstance(node, ast.ClassDef):
                held = ClassScope(node)
                self.classes.setdefault(node.name, held)
                self._enter(node.body, scope, held)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    self.imports[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom):
                base = "." * node.level + (node.module or "")
                for alias in node.names:
                    self.imports[alias.asname or alias.name] = f"{base}.{alias.name}"
            else:
                for block in blocks_of(node):
                    self._enter(block, scope, owner)

    def _is_module(self, scope: ClassScope, seen: set[str]) -> bool:
        """Whether a class derives from ``nn.Module``, as far as the file tells."""
        for base in scope.node.bases:
            name = self.dotted(base)
            if name.rpartition(".")[2].endswith("Module"):
                return True
            is_known = name in self.classes and name not in seen
            if is_known and self._is_module(self.classes[name], seen | {name}):
                return True
        return False

    def dotted(self, node: ast.expr) -> str:
        """The full name of an imported thing: ``F.relu -> torch.nn.functional.relu``.

        Empty where the expression is no dotted name.
        """
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self.imports.get(node.id, node.id))
        return ".".join(reversed(parts))


def blocks_of(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The statement lists inside a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    for handler in getattr(node, "handlers", ()):
        yield handler.body
    for case in getattr(node, "cases", ()):
        yield case.body


def statements_in(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement of a block and of the blocks in it, functions of their own aside."""
    for node in body:
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for block in blocks_of(node):
                yield from statements_in(block)


def parameters_of(node: Function) -> list[ast.arg]:
    """All parameters of a function that hold one value each."""
    a = node.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs]
