"""From source text to a function that lives where the original lives.

The new function has the original's globals, closure cells, defaults, annotations and names. What
its source needs beyond that comes in as additional free variables, so that nothing is ever written
into the user's module.
"""

from __future__ import annotations

import ast
import itertools
import linecache
from collections.abc import Callable, Iterable, Mapping
from types import CellType, CodeType, FunctionType
from typing import Any

_serial = itertools.count(1)


def register_source(text: str, title: str) -> str:
    """Make `text` visible to tracebacks and `inspect`; returns the file name given to it."""
    file = f"<deloop {title} {next(_serial)}>"
    # No modification time: linecache.checkcache() then keeps the entry.
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    return file


def import_names(lines: Iterable[str]) -> dict[str, Any]:
    """The names that import lines bind: ``("import torch as th",) -> {"th": <module torch>}``."""
    namespace: dict[str, Any] = {}
    for line in lines:
        exec(line, namespace)  # written by the compiler: an import statement
    namespace.pop("__builtins__", None)
    return namespace


def build_function(
    original: FunctionType, source: str, extra: Mapping[str, Any], title: str
) -> Callable[..., Any]:
    """The function that `source` defines, in the surroundings of `original`.

    Parameters
    ----------
    original:
        The user's function: its globals, cells, defaults and names are taken over.
    source:
        One ``def`` without decorators.
    extra:
        Further names that the source uses; they hide globals of the same name.
    title:
        What a traceback shows in the place of a file name.

    Raises
    ------
    SyntaxError
        Where `source` is not Python.
    """
    file = register_source(source, title)
    cells = dict(zip(original.__code__.co_freevars, original.__closure__ or (), strict=True))
    cells |= {name: CellType(value) for name, value in extra.items() if name not in cells}
    code = _compile_inside(source, file, tuple(cells), _find_class_name(original))
    code = _named_like(code, original)
    closure = tuple(cells[name] for name in code.co_freevars)
    function = FunctionType(
        code, original.__globals__, original.__name__, original.__defaults__, closure
    )
    function.__kwdefaults__ = original.__kwdefaults__
    function.__annotations__ = original.__annotations__
    function.__qualname__ = original.__qualname__
    function.__module__ = original.__module__
    function.__doc__ = original.__doc__
    return function


def _named_like(code: CodeType, original: FunctionType) -> CodeType:
    names: dict[str, str] = {"co_name": original.__code__.co_name}
    if hasattr(code, "co_qualname"):  # Python 3.11 and later
        names["co_qualname"] = original.__qualname__
    return code.replace(**names)  # type: ignore[arg-type]


def _find_class_name(original: FunctionType) -> str | None:
    """The class whose body holds the function: private names (``self.__x``) are spelt with it."""
    parts = original.__qualname__.split(".")
    return parts[-2] if len(parts) > 1 and parts[-2].isidentifier() else None


def _compile_inside(source: str, file: str, free: tuple[str, ...], owner: str | None) -> CodeType:
    """The code of `source`'s function, compiled where the names `free` are enclosing variables.

    The surroundings are added to the tree and not to the text, so that line numbers stay true.
    """
    holder = ast.parse(f"class {owner or '_'}: pass")
    _body_of(holder)[:] = ast.parse(source, file).body
    # A class's names are invisible to the functions in it: a function that calls itself by its
    # global name still does. A class named _ leaves private names as they are.
    shield = ast.parse("class _: pass")
    _body_of(shield)[:] = holder.body
    factory = ast.parse(f"def _deloop_factory({', '.join(free)}): pass")
    _body_of(factory)[:] = shield.body
    name = _name_of(_body_of(holder)[0])
    code = compile(factory, file, "exec", dont_inherit=True)
    for part in ("_deloop_factory", "_", owner or "_", name):
        code = _find_inner(code, part)
    return code


def _find_inner(code: CodeType, name: str) -> CodeType:
    """The code of a definition inside another: not that of a lambda in its defaults.

    The type parameters of a generic function are a scope of their own between the two.
    """
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    found = [const for const in inner if const.co_name == name]
    if not found:
        found = [_find_inner(const, name) for const in inner if "generic" in const.co_name]
    return found[-1]


def _name_of(statement: ast.stmt) -> str:
    assert isinstance(statement, ast.FunctionDef)
    return statement.name


def _body_of(module: ast.Module) -> list[ast.stmt]:
    statement = module.body[0]
    assert isinstance(statement, ast.ClassDef | ast.FunctionDef)
    return statement.body
