"""Every function with a loop in files that deloop was not written for, with made-up arguments.

Nothing is imported or run: what a name stands for is guessed from the file's imports, and every
parameter is a tensor, a number or an object full of tensors. The compiler must say something about
each loop; what it says is of no matter here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deloop.ir.affine import Affine
from deloop.ir.types import (
    Function,
    Integer,
    Module,
    Object,
    Opaque,
    Scalar,
    Tensor,
    TensorType,
    Value,
)

_BUILTINS = frozenset(
    {"range", "len", "enumerate", "zip", "max", "min", "sum", "abs", "float", "int", "bool", "any"}
    | {"all", "reversed", "list", "tuple", "round", "pow", "divmod", "isinstance", "print"}
)
_LIBRARIES = ("torch", "math", "itertools", "operator", "numpy", "tqdm")
_FIRST_SIZE = 4


@dataclass(frozen=True)
class Found:
    """One function with a loop: its text, where it stands, and what its file imports."""

    text: str
    file: str
    line: int
    name: str
    parameters: tuple[str, ...]
    names: Mapping[str, Value]


def find_functions(path: Path) -> Iterator[Found]:
    """The functions of a file that hold a ``for`` or a ``while``; none where it does not parse."""
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError):
        return
    lines = text.splitlines(keepends=True)
    names = dict(_read_imports(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        if any(isinstance(inner, ast.For | ast.While) for inner in ast.walk(node)):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            yield Found(
                "".join(lines[first - 1 : node.end_lineno]),
                str(path),
                first,
                node.name,
                tuple(a.arg for a in arguments),
                names,
            )


def _read_imports(tree: ast.AST) -> Iterator[tuple[str, Value]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                if name.startswith(_LIBRARIES):
                    yield alias.asname or name, Module(name)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_LIBRARIES):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = alias.name[:1].isupper() or whole == "torch.nn.functional"
                name = alias.asname or alias.name
                yield name, Module(whole) if is_module else Function(name, whole)


def make_world(
    found: Found, scheme: int
) -> tuple[dict[str, Value], dict[str, int], Callable[[str], Value]]:
    """Arguments, sizes as if seen at a call, and what other names stand for.

    Scheme 0 makes every parameter a matrix; the others mix vectors, indices and numbers.
    """
    hints: dict[str, int] = {}
    arguments = {
        name: _make_value(name, 0 if scheme == 0 else (position + scheme) % 5, hints)
        for position, name in enumerate(found.parameters)
    }

    def resolve(name: str) -> Value:
        if name in found.names:
            return found.names[name]
        if name in _BUILTINS:
            return Function(name, f"builtins.{name}")
        return Opaque(f"the name {name} is not known here")

    return arguments, hints, resolve


def _make_value(name: str, kind: int, hints: dict[str, int]) -> Value:
    if name in ("self", "cls"):
        return Object(name, lambda attribute: _make_value(f"{name}.{attribute}", 0, hints))
    if kind == 3:
        hints[name] = _FIRST_SIZE
        return Integer(Affine.symbol(name))
    if kind == 4:
        return Scalar("float64", name)
    rank, dtype = {0: (2, "float32"), 1: (1, "float32"), 2: (1, "int64")}[kind]
    sizes = [f"{name}.shape[{axis}]" for axis in range(rank)]
    hints.update({size: _FIRST_SIZE for size in sizes})
    shape = tuple(Affine.symbol(size) for size in sizes)
    return Tensor(name, TensorType(dtype, shape), name)
