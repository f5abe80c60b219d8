"""What stands behind a callable: its source text, or its name in a library."""

from __future__ import annotations

import ast
import builtins
import copy
import functools
import inspect
import itertools
import linecache
import math
import operator
import textwrap
from collections.abc import Callable
from dataclasses import replace
from types import CodeType, FunctionType, MemberDescriptorType, ModuleType
from typing import Any

from deloop.decorator.imports import find_imported
from deloop.decorator.pytorch import torch
from deloop.diagnostic import Place, Refusal
from deloop.errors import RefusalError
from deloop.frontend.parse import parse_function
from deloop.ir.source import SourceFunction
from deloop.ir.types import Value

_LIBRARIES: dict[str, ModuleType] = {
    "builtins": builtins,  # first: torch has names of its own for Python's (torch.py_int is int)
    "torch": torch,
    "torch.nn.functional": torch.nn.functional,
    "torch.special": torch.special,
    "torch.linalg": torch.linalg,
    "torch.fft": torch.fft,
    "math": math,
    "operator": operator,
    "itertools": itertools,
}


@functools.cache
def _library_names() -> dict[int, str]:
    """The canonical dotted name of each library callable, by identity; the first library wins."""
    names: dict[int, str] = {}
    for prefix, module in _LIBRARIES.items():
        for name, value in vars(module).items():
            if callable(value) and not name.startswith("_"):
                names.setdefault(id(value), f"{prefix}.{name}")
    return names


def find_qualified_name(value: Any) -> str | None:
    """The canonical name of a known library's callable: ``th.sin -> "torch.sin"``."""
    if isinstance(value, type | FunctionType) and value.__module__.split(".")[0] == "tqdm":
        return "tqdm.trange" if "range" in value.__name__ else "tqdm.tqdm"
    if isinstance(value, type) and value.__module__.split(".")[0] == "numpy":
        return f"numpy.{value.__name__}"
    return _library_names().get(id(value))


def find_source(function: FunctionType) -> tuple[str, str, int] | None:
    """The text of a function's definition, its file, its first line; None where there is none.

    The code object is asked, not the function: `inspect` would follow ``__wrapped__`` to the text
    of another function.
    """
    file = function.__code__.co_filename
    linecache.checkcache(file)
    code = function.__code__
    known = _texts.get((id(code), id(linecache.cache.get(file))))
    if known is not None:
        return known[0]
    found, lines = _find_source(code), linecache.cache.get(file)
    if lines is not None:
        if len(_texts) >= _MOST_TEXTS:
            _texts.clear()
        # What the key speaks of is held, so that nothing else can come to have its identity.
        _texts[id(code), id(lines)] = (found, (code, lines))
    return found


_Text = tuple[str, str, int]
_texts: dict[tuple[int, int], tuple[_Text | None, object]] = {}
_MOST_TEXTS = 64


def _find_source(code: CodeType) -> _Text | None:
    try:
        lines, first = inspect.getsourcelines(code)
    except (OSError, TypeError, IndexError, SyntaxError):
        return None
    text = "".join(lines)
    return (text, code.co_filename, max(first, 1)) if text.strip() else None


def check_readable(function: object) -> Refusal | None:
    """Why deloop cannot read a callable at all, or None where it can."""
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    code = getattr(function, "__code__", None)
    place = Place(code.co_filename, code.co_firstlineno, 1) if code else Place(f"<{name}>", 1, 1)
    sentence, way_out = _find_objection(function, name)
    return Refusal("VEC900", place, sentence, way_out=way_out) if sentence else None


def _find_objection(function: object, name: str) -> tuple[str, str]:
    if inspect.isclass(function):
        return f"{name} is a class, not a function", "decorate its methods"
    if inspect.isbuiltin(function) or isinstance(function, _BUILTIN_TYPES):
        return f"{name} is built in and has no Python source", ""
    if not isinstance(function, FunctionType):
        return f"{name} is an object that can be called, not a function", "decorate a function"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return f"{name} is an async function: its loops may wait", "move the loop to a function"
    if inspect.isgeneratorfunction(function):
        return f"{name} is a generator: its loops hand out values", "move the loop to a function"
    if function.__name__ == "<lambda>":
        return "a lambda is an expression and holds no loop statement", "write it with def"
    if find_source(function) is None:
        return f"{name} has no source text that could be read", "define it in a file or a notebook"
    return "", ""


_BUILTIN_TYPES: tuple[type, ...] = (type(len), type(str.join), type(str.__add__), type("".__add__))


MISSING = object()
"""What `read_attribute` and a resolver answer for a name that stands for nothing known."""


def read_attribute(owner: object, name: str) -> object:
    """An attribute that can be read without running anybody's code, else `MISSING`.

    Instance dictionaries, slots' values and plain class attributes count, and what an ``nn.Module``
    registers; properties and ``__getattr__`` do not.
    """
    if isinstance(owner, torch.nn.Module):
        for table in (owner._parameters, owner._buffers, owner._modules):
            if name in table:
                return table[name]
    if type(owner).__getattribute__ not in _PLAIN_LOOKUPS:
        return MISSING
    try:
        found: Any = inspect.getattr_static(owner, name)
    except AttributeError:
        return MISSING
    if isinstance(found, MemberDescriptorType):  # a slot
        return getattr(owner, name, MISSING)
    if isinstance(found, FunctionType | staticmethod | classmethod) or is_vectorized(found):
        return getattr(owner, name)
    return MISSING if hasattr(type(found), "__get__") else found


_PLAIN_LOOKUPS = (object.__getattribute__, ModuleType.__getattribute__, type.__getattribute__)


def is_vectorized(value: object) -> bool:
    """Whether `value` is a function or a bound method that `deloop.vectorize` made."""
    return type(value).__module__ == "deloop.decorator.vectorized"


def find_name(
    function: FunctionType, name: str, constant: Callable[[object], str]
) -> tuple[object, str]:
    """What a global or closure name means inside `function`, and an expression that says it anew.

    Its own imports hide closure cells, those hide globals, and globals hide builtins. The
    expression works anywhere; `constant` names the objects that it starts from.
    """
    if name in function.__code__.co_varnames:
        return find_imported(function.__code__, name, constant) or (MISSING, "")
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    if name in cells:
        try:
            return cells[name].cell_contents, f"{constant(cells[name])}.cell_contents"
        except ValueError:  # not bound yet
            return MISSING, ""
    if name in function.__globals__:
        return function.__globals__[name], f"{constant(function.__globals__)}[{name!r}]"
    return getattr(builtins, name, MISSING), f"{constant(builtins)}.{name}"


def parse_callable(
    function: FunctionType, resolve: Callable[[str], Value]
) -> SourceFunction | None:
    """The parsed definition of a function or a lambda, None where it cannot be had."""
    found = find_source(function)
    if found is None:
        return None
    text, file, first = found
    if function.__name__ == "<lambda>":
        return _parse_lambda(function, found, resolve)
    try:
        parsed = parse_function(text, file, first, resolve)
    except RefusalError:
        return None
    assert isinstance(parsed.node, ast.FunctionDef)
    # The function at hand is what the decorators left: they have nothing more to say.
    node = copy.copy(parsed.node)
    node.decorator_list = []
    return replace(parsed, node=node)


def bind_first(parsed: SourceFunction, receiver: Callable[[], Value]) -> SourceFunction:
    """A method as a function of its other parameters: the first stands for `receiver`."""
    first = parsed.parameters[0]
    assert isinstance(parsed.node, ast.FunctionDef)
    node = copy.deepcopy(parsed.node)
    arguments = node.args.posonlyargs or node.args.args
    del arguments[0]

    def resolve(name: str) -> Value:
        return receiver() if name == first else parsed.resolve(name)

    return replace(parsed, node=node, resolve=resolve)


def _parse_lambda(
    function: FunctionType, found: tuple[str, str, int], resolve: Callable[[str], Value]
) -> SourceFunction | None:
    """The one lambda in the statement's text that compiles to the function's code."""
    text, file, first = found
    dedented = textwrap.dedent(text)
    try:
        tree = ast.parse(dedented)
    except SyntaxError:
        return None
    lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    alike = [node for node in lambdas if _is_alike(_compile_lambda(node), function.__code__)]
    # A name of an enclosing function is read by another instruction than a global: then the code
    # of none is the same, and the rest has to do.
    same = [n for n in alike if _compile_lambda(n).co_code == function.__code__.co_code]
    alike = same or alike
    if len({ast.dump(node) for node in alike}) != 1:
        return None
    indent = len(text) - len(text.lstrip(" \t"))
    return SourceFunction("<lambda>", alike[0], dedented, file, first, indent, resolve)


def _compile_lambda(node: ast.Lambda) -> CodeType:
    whole = compile(ast.Expression(body=node), "<lambda>", "eval", dont_inherit=True)
    return next(const for const in whole.co_consts if isinstance(const, CodeType))


def _is_alike(code: CodeType, other: CodeType) -> bool:
    """Whether two codes have the same parameters, variables and constants."""
    mine, theirs = (
        (c.co_varnames, c.co_consts, c.co_argcount, c.co_kwonlyargcount) for c in (code, other)
    )
    return mine == theirs
