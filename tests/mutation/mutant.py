"""What a mutant is: a function of deloop with one thing broken on purpose.

A mutant is an edit inside one function, found by name, so that changes elsewhere do not touch it.
The edited function is compiled in its own module and takes the place of the original wherever a
module of deloop holds it. `install` is for a process of its own: nothing is put back.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
import textwrap
from dataclasses import dataclass
from types import ModuleType
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Parameters
    ----------
    name:
        What is broken, in a few words.
    kind:
        The hazard that it belongs to: a row of the table.
    where:
        ``deloop.poly.dependence:_StatementPair.levels``.
    old, new:
        Text of the function, which must occur once, and what stands there instead.
    tests:
        The test files that should notice, the likeliest first; all hazards are tried after them.
    """

    name: str
    kind: str
    where: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


class MutantError(Exception):
    """A mutant does not fit the source any more: the function or its text has changed."""


def edited_source(mutant: Mutant) -> str:
    """The function's text with the fault in it; raises `MutantError` where it does not fit."""
    _, function = find_function(mutant)
    text = textwrap.dedent(inspect.getsource(function))
    if text.count(mutant.old) != 1:
        raise MutantError(f"{mutant.name}: {mutant.old!r} is {text.count(mutant.old)} times in it")
    return text.replace(mutant.old, mutant.new)


def find_function(mutant: Mutant) -> tuple[Any, Any]:
    """What holds the function (a module or a class), and the function below any property."""
    path, _, name = mutant.where.partition(":")
    owner: Any = importlib.import_module(path)
    *outer, last = name.split(".")
    for part in outer:
        owner = getattr(owner, part)
    try:
        found = inspect.getattr_static(owner, last)
    except AttributeError as error:
        raise MutantError(f"{mutant.name}: there is no {mutant.where}") from error
    if isinstance(found, property):
        return owner, found.fget
    if isinstance(found, functools.cached_property):
        return owner, found.func
    return owner, found


def install(mutant: Mutant) -> None:
    """Break deloop in this process."""
    owner, function = find_function(mutant)
    path, _, name = mutant.where.partition(":")
    module = sys.modules[path]
    last = name.rpartition(".")[2]
    namespace: dict[str, Any] = {}
    code = f"from __future__ import annotations\n{edited_source(mutant)}"
    exec(compile(code, f"<mutant {mutant.name}>", "exec"), module.__dict__, namespace)
    made = namespace[last]
    if isinstance(owner, ModuleType):
        _replace_everywhere(function, made)
    else:
        setattr(owner, last, made)
        if isinstance(made, functools.cached_property):
            made.__set_name__(owner, last)


def _replace_everywhere(old: Any, new: Any) -> None:
    """The new function under every name of deloop's modules that held the old one."""
    for name, module in list(sys.modules.items()):
        if name == "deloop" or name.startswith("deloop."):
            for key, value in list(vars(module).items()):
                if value is old:
                    setattr(module, key, new)
