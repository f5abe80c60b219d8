"""What a function's own ``import`` statements bind."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from types import CodeType

from deloop.text.names import names_bound_by

_KNOWN = frozenset({"torch", "math", "operator", "itertools", "functools", "numpy", "builtins"})


def find_imported(
    code: CodeType, name: str, constant: Callable[[object], str]
) -> tuple[object, str] | None:
    """What a function binds a name to by importing it, and an expression that says it anew.

    ``import itertools`` in the body -> the module, ``_deloop_3['itertools']``. None for another
    name, and for a module not loaded yet that is not one of a few known ones: the function has not
    imported it, so nobody does it for it.
    """
    module, attribute = _imports_of(code).get(name, ("", ""))
    if module.partition(".")[0] in _KNOWN:
        with suppress(ImportError):
            importlib.import_module(module)
    access = f"{constant(sys.modules)}[{module!r}]"
    if module not in sys.modules or not hasattr(sys.modules[module], attribute or "__name__"):
        return None
    if not attribute:
        return sys.modules[module], access
    return getattr(sys.modules[module], attribute), f"{access}.{attribute}"


@lru_cache(maxsize=256)
def _imports_of(code: CodeType) -> Mapping[str, tuple[str, str]]:
    """Names bound by one import at the top of a function's body and by nothing else.

    ``from torch.nn import functional as F`` -> ``{"F": ("torch.nn", "functional")}``
    """
    try:
        tree = ast.parse(textwrap.dedent("".join(inspect.getsourcelines(code)[0])))
    except (OSError, TypeError, IndexError, SyntaxError):
        return {}
    node = tree.body[0] if tree.body else None
    if not isinstance(node, ast.FunctionDef):
        return {}
    times = Counter(_names_bound(node))
    found: dict[str, tuple[str, str]] = {}
    for statement in node.body:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                name = _name_of(alias)
                found[name] = (alias.name if alias.asname else name, "")
        elif isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
            for alias in statement.names:
                found[_name_of(alias)] = (statement.module, alias.name)
    return {name: where for name, where in found.items() if times[name] == 1}


def _names_bound(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        yield from names_bound_by(inner)
        if isinstance(inner, ast.arg):
            yield inner.arg


def _name_of(alias: ast.alias) -> str:
    return alias.asname or alias.name.partition(".")[0]
