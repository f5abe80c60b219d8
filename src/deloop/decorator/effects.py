"""Whether a function may run twice where it was called once: what it changes besides its arguments.

A check runs a function on copies of its arguments. What it prints, logs or writes to a file, and
what it changes in a global or a closure, would then happen twice. Only what is known to do none of
that is checked: operations on tensors, arithmetic, containers of its own, and functions made of
these.
"""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from deloop.decorator.functions import (
    MISSING,
    find_name,
    find_qualified_name,
    is_vectorized,
    parse_callable,
    read_attribute,
)
from deloop.decorator.overlap import find_written
from deloop.decorator.pytorch import torch
from deloop.ir.types import Opaque

_DEEPEST = 6

_BUILTINS = frozenset({
    "abs", "all", "any", "bool", "bytes", "complex", "dict", "divmod", "enumerate", "filter",
    "float", "frozenset", "getattr", "hasattr", "int", "isinstance", "issubclass", "len",
    "list", "map", "max", "min", "pow", "range", "reversed", "round", "set", "slice", "sorted",
    "str", "sum", "tuple", "type", "zip", "ArithmeticError", "AssertionError", "IndexError",
    "KeyError", "NotImplementedError", "RuntimeError", "TypeError", "ValueError",
    "ZeroDivisionError",
})  # fmt: skip
_LIBRARIES = ("math.", "operator.", "itertools.", "tqdm.", "numpy.", "torch.")
_NOT_OF_TORCH = (
    "set_", "save", "load", "manual_seed", "seed", "initial_seed", "compile", "use_deterministic",
    "import_ir_module", "fork", "wait",
)  # fmt: skip
_METHODS = frozenset(
    name
    for kind in (torch.Tensor, list, dict, str, tuple, set, int, float, complex)
    for name in dir(kind)
    if not name.startswith("_")
) - {
    "backward", "register_hook", "register_post_accumulate_grad_hook", "share_memory_", "tofile",
    "reinforce", "module_load",
}  # fmt: skip
_MUTATORS = frozenset({
    "append", "extend", "insert", "pop", "remove", "clear", "sort", "reverse", "update",
    "setdefault", "popitem", "add", "discard", "symmetric_difference_update",
    "intersection_update", "difference_update",
})  # fmt: skip
_CONSTANTS = (
    bool, int, float, complex, str, bytes, type(None), tuple, frozenset, torch.dtype, torch.device,
)  # fmt: skip
_DRAWING = (
    "rand", "dropout", "bernoulli", "multinomial", "normal", "poisson", "uniform", "exponential",
    "cauchy", "geometric", "rrelu", "gumbel", "scaled_dot",
)  # fmt: skip


class _Effect(Exception):
    """Something that may not happen twice; the text says what."""


def find_effect(function: FunctionType, arguments: Mapping[str, object]) -> str | None:
    """What a function might do besides changing its arguments, or None where it does nothing else.

    ``def f(x): print(x); …  ->  "it calls print"``

    Parameters
    ----------
    function:
        A function with source text.
    arguments:
        What it is called with: functions and objects among them are looked into.
    """
    try:
        _Search(function, arguments, 0).run()
    except _Effect as effect:
        return str(effect)
    return None


def may_draw(function: FunctionType) -> bool:
    """Whether a function's own text names anything that draws random numbers."""
    return any(word in name for name in function.__code__.co_names for word in _DRAWING)


class _Search:
    """One function's text under examination."""

    def __init__(
        self, function: FunctionType, arguments: Mapping[str, object], depth: int
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.depth = depth
        code = function.__code__
        self.locals = {*code.co_varnames, *code.co_cellvars}

    def run(self) -> None:
        if self.depth > _DEEPEST:
            raise _Effect(f"{self.function.__name__} calls too many others to be looked into")
        parsed = parse_callable(self.function, lambda name: Opaque(name))
        if parsed is None:
            raise _Effect(f"{self.function.__name__} has no source text")
        nodes = list(ast.walk(parsed.node))
        self.locals |= {n.id for n in nodes if isinstance(n, ast.Name) and _is_stored(n)}
        self.locals |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        for node in nodes:
            self._check(node)
        self._check_globals(parsed.node, nodes)

    def _check(self, node: ast.AST) -> None:
        if isinstance(node, ast.Global | ast.Nonlocal):
            raise _Effect(f"it sets {', '.join(node.names)}, which outlive it")
        if isinstance(node, ast.Attribute | ast.Subscript) and _is_stored(node):
            root, walked = _find_root(node), ast.walk(node)
            shared = any(isinstance(n, ast.Attribute) and n.attr == "__class__" for n in walked)
            if shared or (isinstance(root, ast.Name) and root.id not in self.locals):
                raise _Effect(f"it stores to {ast.unparse(node)}, which outlives it")
        if isinstance(node, ast.Yield | ast.YieldFrom | ast.Await):
            raise _Effect("it waits in the middle")
        if isinstance(node, ast.Call):
            self._check_call(node.func)

    def _check_globals(self, tree: ast.AST, nodes: list[ast.AST]) -> None:
        """No object from outside is changed under its own name or another."""
        outside = {n.id: self._lookup(n.id) for n in nodes if isinstance(n, ast.Name)}
        changeable = [name for name, value in outside.items() if _is_changeable(value)]
        written = find_written(tree, changeable)
        if written:
            raise _Effect(f"it may change {written[0]}, which outlives it")
        for node in nodes:
            value = getattr(node, "value", None)
            if isinstance(node, ast.Assign) and isinstance(value, ast.Name):
                held = outside.get(value.id)
                if value.id in changeable and not isinstance(held, torch.Tensor):
                    raise _Effect(f"it may change {value.id}, which outlives it")

    def _lookup(self, name: str) -> object:
        """A name from outside of the function; None for one of its own."""
        if name in self.locals:
            return None
        value, _ = find_name(self.function, name, lambda value: "")
        return None if value is MISSING else value

    def _check_call(self, func: ast.expr) -> None:
        shown = ast.unparse(func)
        value = self._resolve(func)
        if value is not MISSING:
            self._judge(value, shown)
            return
        if not isinstance(func, ast.Attribute):
            raise _Effect(f"it calls {shown}, and what that is is not known")
        if func.attr not in _METHODS:
            raise _Effect(f"it calls {shown}, and what that does is not known")
        root = _find_root(func)
        if isinstance(root, ast.Name) and root.id not in self.locals:
            in_place = func.attr in _MUTATORS or func.attr.endswith("_")
            if in_place:
                raise _Effect(f"it changes {root.id}, which outlives it")

    def _resolve(self, node: ast.expr) -> Any:
        """The object that a name or a dotted path stands for, where that can be known."""
        if isinstance(node, ast.Name):
            if node.id in self.arguments and node.id in self.function.__code__.co_varnames:
                return self.arguments[node.id]
            if node.id in self.locals:
                return MISSING
            return find_name(self.function, node.id, lambda value: "")[0]
        if isinstance(node, ast.Attribute):
            owner = self._resolve(node.value)
            if owner is MISSING:
                return MISSING
            if isinstance(owner, ModuleType):
                return getattr(owner, node.attr, MISSING)
            if isinstance(owner, torch.Tensor | list | dict | set | str | tuple | int | float):
                return MISSING
            return read_attribute(owner, node.attr)
        return MISSING

    def _judge(self, value: Any, shown: str) -> None:
        """Raise `_Effect` for a callable that may do more than compute."""
        qualified = find_qualified_name(value)
        if qualified is not None:
            _judge_by_name(qualified, shown)
        elif is_vectorized(value):
            bound = () if not hasattr(value, "__self__") else (value.__self__,)
            inner = value.__func__ if bound else value
            self._enter(inner.__wrapped__, bound)
        elif isinstance(value, MethodType) and isinstance(value.__func__, FunctionType):
            self._enter(value.__func__, (value.__self__,))
        elif isinstance(value, FunctionType):
            if value.__module__.startswith("torch."):
                # One that torch has put in the place of its own: `torch.compile` wraps seeding.
                _judge_by_name(f"torch.{value.__name__}", shown)
            else:
                self._enter(value, ())
        elif isinstance(value, torch.nn.Module):
            self._judge_module(value, shown)
        elif isinstance(value, BuiltinFunctionType) and isinstance(
            getattr(value, "__self__", None), torch.Tensor
        ):
            return
        elif not (isinstance(value, type) and value.__module__.startswith("torch")):
            raise _Effect(f"it calls {shown}, and what that does is not known")

    def _judge_module(self, module: Any, shown: str) -> None:
        root = shown.partition(".")[0]
        if root not in self.locals and any(True for _ in module.buffers()):
            raise _Effect(f"it calls {shown}, which keeps a state that outlives it")
        for part in module.modules():
            if not type(part).__module__.startswith("torch.nn"):
                self._enter(type(part).forward, (part,))

    def _enter(self, function: Any, leading: tuple[object, ...]) -> None:
        if function is self.function:
            return
        if not isinstance(function, FunctionType):
            raise _Effect(f"it calls {function!r}, and what that does is not known")
        names = list(inspect.signature(function, follow_wrapped=False).parameters)
        arguments = dict(zip(names, leading, strict=False))
        _Search(function, arguments, self.depth + 1).run()


def _judge_by_name(qualified: str, shown: str) -> None:
    library, _, name = qualified.rpartition(".")
    if library == "builtins":
        if name not in _BUILTINS:
            raise _Effect(f"it calls {shown}")
    elif not qualified.startswith(_LIBRARIES) or name.startswith(_NOT_OF_TORCH):
        raise _Effect(f"it calls {shown}, which changes more than its arguments")


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store | ast.Del)


def _is_changeable(value: object) -> bool:
    """Whether an object from outside could be changed by a function that knows it."""
    if isinstance(value, _CONSTANTS) or callable(value) or value is None:
        return False
    return not isinstance(value, ModuleType) and value is not builtins


def _find_root(node: ast.expr) -> ast.expr:
    """``CACHE[k].rows[0]`` → ``CACHE``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node
