"""What a function's parameters are: by annotation, by what is done with them, by custom."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from deloop.lint import library
from deloop.lint.kinds import ARRAY, INT, NUMBER, OTHER, UNKNOWN, Kind, Word, list_of, tensor
from deloop.lint.module import Function, ModuleScope, Scope
from deloop.lint.reader import read_annotation
from deloop.text.trees import walk

PARAMETER = Kind(Word.UNKNOWN, how="a parameter")
"""What a parameter is that nothing tells of."""

_ARRAYS = frozenset({"numpy", "np", "jax", "jnp", "tensorflow", "tf", "cv2", "pandas", "pd"})


def infer_parameters(scope: Scope, module: ModuleScope) -> dict[str, Kind]:
    """What is known of each parameter of a function when it is entered."""
    node = scope.node
    assert not isinstance(node, ast.Module)
    found: dict[str, Kind] = {}
    unknown: dict[str, Kind] = {}
    for parameter, default in _with_defaults(node):
        kind = read_annotation(parameter.annotation, module)
        if kind.word is Word.UNKNOWN and parameter.annotation is None:
            kind = _by_default(default)
        found[parameter.arg] = kind
        if kind.word is Word.UNKNOWN and parameter.arg != "self":
            unknown[parameter.arg] = kind
    if unknown:
        used = _by_use(node, module, frozenset(unknown))
        custom = scope.owner is not None and scope.owner.is_module and node.name == "forward"
        for name in unknown:
            kind = used.get(name, UNKNOWN)
            if custom and kind.word is Word.UNKNOWN:
                kind = replace(tensor("a parameter of forward"), weak=True)
            found[name] = kind if kind.word is not Word.UNKNOWN else PARAMETER
    return found


def _with_defaults(node: Function) -> list[tuple[ast.arg, ast.expr | None]]:
    a = node.args
    positional = [*a.posonlyargs, *a.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(a.defaults))
    return [
        *zip(positional, [*defaults, *a.defaults], strict=True),
        *zip(a.kwonlyargs, a.kw_defaults, strict=True),
    ]


def _by_default(default: ast.expr | None) -> Kind:
    """``n=3`` is an int, ``mode="mean"`` a string; None tells nothing."""
    if not isinstance(default, ast.Constant) or default.value is None:
        return UNKNOWN
    if isinstance(default.value, (bool, float)):
        return NUMBER
    return INT if isinstance(default.value, int) else OTHER


def _by_use(node: Function, module: ModuleScope, names: frozenset[str]) -> dict[str, Kind]:
    """What the first telling use of each parameter says, before the name holds something else."""
    nodes: dict[type[ast.AST], list[Any]] = defaultdict(list)
    for inner in walk(node):
        nodes[type(inner)].append(inner)
    elsewhere = _find_asked(nodes[ast.If])
    ends = _first_bindings(nodes[ast.Name], names)
    elsewhere_arrays = uses_arrays(nodes[ast.Name], module)
    signs: dict[str, list[tuple[int, int, Kind]]] = {}

    def tell(target: ast.expr, strength: int, kind: Kind) -> None:
        if kind.is_tensor:
            target = _whole(target)
        if not isinstance(target, ast.Name) or target.id not in names:
            return
        if target.lineno <= ends.get(target.id, target.lineno):
            signs.setdefault(target.id, []).append((strength, target.lineno, kind))

    def here(kind: type[ast.AST]) -> list[Any]:
        return [n for n in nodes[kind] if id(n) not in elsewhere]

    for inner in here(ast.Call):
        _tell_call(inner, module, tell)
    for inner in here(ast.Attribute):
        _tell_attribute(inner, tell, sure=not elsewhere_arrays)
    for inner in here(ast.Subscript):
        if _is_tensor_index(inner.slice):
            kind = tensor(ast.unparse(inner))
            tell(inner.value, 1, replace(kind, weak=elsewhere_arrays))
    return {
        name: min(found, key=lambda sign: (-sign[0], sign[1]))[2] for name, found in signs.items()
    }


def uses_arrays(nodes: Iterable[ast.AST], module: ModuleScope) -> bool:
    """Whether a function may be about NumPy's arrays: it names such a package, or torch nowhere."""
    if not any(path.partition(".")[0] == "torch" for path in module.imports.values()):
        return True
    known = {n for n, path in module.imports.items() if path.partition(".")[0] in _ARRAYS}
    return any(isinstance(n, ast.Name) and n.id in known for n in nodes)


def _whole(target: ast.expr) -> ast.expr:
    """What a part is taken of by an index that no list takes: ``x[:, i]``, ``x[labels == c]``."""
    while isinstance(target, ast.Subscript) and (
        _is_tensor_index(target.slice) or isinstance(target.slice, (ast.Slice, ast.Compare))
    ):
        target = target.value
    return target


def _is_tensor_index(index: ast.expr) -> bool:
    """Whether an index has several parts, of which one is a slice or an ellipsis."""
    parts = index.elts if isinstance(index, ast.Tuple) else []
    return len(parts) > 1 and any(
        isinstance(p, ast.Slice) or (isinstance(p, ast.Constant) and p.value in (..., None))
        for p in parts
    )


def _find_asked(nodes: list[ast.If]) -> set[int]:
    """What stands in the branches of ``if isinstance(...)``: true there, and not beside it."""
    found: set[int] = set()
    for node in nodes:
        if id(node) in found:
            continue
        asked = [n.func for n in walk(node.test) if isinstance(n, ast.Call)]
        if any(isinstance(f, ast.Name) and f.id == "isinstance" for f in asked):
            for statement in [*node.body, *node.orelse]:
                found.update(id(n) for n in walk(statement))
    return found


def _first_bindings(nodes: list[ast.Name], names: frozenset[str]) -> dict[str, int]:
    """The line at which each name is first bound anew."""
    found: dict[str, int] = {}
    for inner in nodes:
        if inner.id in names and isinstance(inner.ctx, ast.Store):
            found[inner.id] = min(found.get(inner.id, inner.lineno), inner.lineno)
    return found


Tell = Callable[[ast.expr, int, Kind], None]
"""Takes a sign: about which expression, how strong, and what it says."""


def _tell_call(node: ast.Call, module: ModuleScope, tell: Tell) -> None:
    name = module.dotted(node.func)
    space, _, word = name.rpartition(".")
    first = node.args[0] if node.args else None
    if first is not None:
        if space in library.NAMESPACES:
            if word in library.JOINERS:
                tell(first, 4, list_of(tensor(f"in torch.{word}(...)")))
            elif word not in library.CONVERTERS and word not in library.OTHER_FUNCTIONS:
                text = f"{ast.unparse(node.func)}({ast.unparse(first)})"
                tell(first, 3, tensor(text))
        elif name.partition(".")[0] in _ARRAYS and word not in ("prod", "isscalar"):
            tell(first, 2, ARRAY)
        elif name == "isinstance" and len(node.args) == 2:
            tell(first, 5, UNKNOWN)  # whoever asks has several kinds of it
    if isinstance(node.func, ast.Attribute):
        word = node.func.attr
        keywords = {k.arg for k in node.keywords}
        views = word == "view" and any(not isinstance(a, ast.Attribute) for a in node.args)
        if word in library.TENSOR_METHODS or library.TORCH_KEYWORDS & keywords or views:
            tell(node.func.value, 3, tensor(f"{ast.unparse(node.func)}(...)"))
        elif word in library.LIST_METHODS and word not in ("index", "sort"):
            tell(node.func.value, 4, OTHER)
        elif word == "astype":
            tell(node.func.value, 4, ARRAY)


def _tell_attribute(node: ast.Attribute, tell: Tell, *, sure: bool) -> None:
    if node.attr in library.TENSOR_ATTRIBUTES:
        tell(node.value, 3, tensor(f"{ast.unparse(node)}"))
    elif node.attr in ("shape", "ndim"):
        tell(node.value, 1, replace(tensor(ast.unparse(node)), weak=not sure))
