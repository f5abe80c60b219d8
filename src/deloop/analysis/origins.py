"""What a variable was computed from just before a loop: ``best = x[0].item()``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from deloop.analysis.types import Candidate
from deloop.errors import RefusalError
from deloop.frontend.build import NestBuilder
from deloop.frontend.expression import NODES, is_number, number
from deloop.frontend.items import View
from deloop.ir import rows, scalar
from deloop.ir.affine import Affine
from deloop.ir.scalar import Expression, Invariant, Load
from deloop.ir.source import SourceFunction
from deloop.ir.types import Module, Tensor
from deloop.text.names import names_in
from deloop.text.trees import walk

_PURE_BUILTINS = frozenset({"float", "int", "bool", "abs", "len", "min", "max", "range"})


def find_origins(function: SourceFunction, candidate: Candidate) -> dict[str, Expression]:
    """Names that plain assignments right before the loop set, with what they were set to.

    Nothing between such an assignment and the loop binds what it read, or writes memory: behind
    what does, only numbers made of numbers are known.
    """
    found: dict[str, Expression] = {}
    bound: set[str] = set()
    writes = False
    position = next(k for k, s in enumerate(candidate.block) if s is candidate.node)
    for statement in reversed(candidate.block[:position]):
        reader = NestBuilder(function, dict(candidate.environment))
        if not isinstance(statement, ast.Assign):
            break
        if not is_plain(statement, reader):
            trial = ast.Assign([ast.Name("_", ast.Store())], statement.value)
            if not isinstance(statement.targets[0], ast.Subscript) or not is_plain(trial, reader):
                break
            writes = True
            continue
        for name, value in reversed(list(_pairs(statement))):
            read = names_in(value)
            if name not in bound and not read & (bound | {name}):
                with suppress(RefusalError):
                    item = reader.element(value)
                    if writes and (scalar.loads(item) or not is_number(item)):
                        continue
                    infinity = reader.infinity_of(item)
                    found[name] = item if infinity is None else number(infinity)
        bound |= {n.id for t in statement.targets for n in walk(t) if isinstance(n, ast.Name)}
    return found


def find_elements(function: SourceFunction, candidate: Candidate) -> dict[Load, Expression]:
    """Elements that plain assignments right before the loop set: ``out[0] = x[0]``."""
    found: dict[Load, Expression] = {}
    position = next(k for k, s in enumerate(candidate.block) if s is candidate.node)
    for statement in reversed(candidate.block[:position]):
        reader = NestBuilder(function, dict(candidate.environment))
        if not isinstance(statement, ast.Assign):
            break
        target = statement.targets[0]
        if not isinstance(target, ast.Subscript):
            if not is_plain(statement, reader):
                break
            continue
        trial = ast.Assign([ast.Name("_", ast.Store())], statement.value)
        if len(statement.targets) > 1 or not is_plain(trial, reader):
            break
        try:
            place = reader.element(_as_read(target))
            value = reader.element(statement.value)
        except RefusalError:
            break
        if not isinstance(place, Load):
            break
        found.setdefault(replace(place, type=value.type, implicit=()), value)
    return found


def _as_read(target: ast.Subscript) -> ast.Subscript:
    return ast.copy_location(ast.Subscript(target.value, target.slice, ast.Load()), target)


def at_entry(
    arrays: Mapping[str, Tensor],
    named: Mapping[str, Tensor],
    origins: Mapping[str, Expression],
    elements: Mapping[Load, Expression],
    is_known: Callable[[str], bool],
    load: Load | Invariant,
) -> Expression | None:
    """What the loop reads as a guard at the function's first line can read it.

    ``out[0] -> x[0]`` behind ``out[0] = x[0]``; None where it cannot. `named` are the tensors that
    names hold in front of the loop.
    """
    if isinstance(load, Invariant):
        return _readable(origins.get(load.name, load), arrays, is_known)
    name = arrays[load.array].name
    tensor = named.get(name, arrays[load.array])
    if tensor.fresh and tensor.fill is not None:
        return number(tensor.fill)
    if is_known(load.array):
        return load
    found = _last_set(elements, load)
    if found is None and not any(e.array == load.array for e in elements):
        found = origins.get(name)
        if found is not None:
            rank = len(load.subscripts)
            places = {
                rows.dimension(rank - k): s
                for k, s in enumerate(load.subscripts)
                if isinstance(s, Affine)
            }
            found = scalar.substitute_symbols(rows.bare(found), places)
    return None if found is None else _readable(found, arrays, is_known)


def _last_set(elements: Mapping[Load, Expression], read: Load) -> Expression | None:
    """What an element holds, the last assignment first; None where some other may have set it."""
    for written, value in elements.items():
        if written.array != read.array:
            continue
        found = _of_row(written, value, read)
        pairs = zip(written.subscripts, read.subscripts, strict=False)
        gaps = [a - b for a, b in pairs if isinstance(a, Affine) and isinstance(b, Affine)]
        if found is not None or not any(gap.is_constant and gap.constant for gap in gaps):
            return found
    return None


def _of_row(written: Load, value: Expression, read: Load) -> Expression | None:
    """What an element holds of which a whole row was set: ``S[i, 0]`` behind ``S[:, 0] = s``."""
    if written.array != read.array or len(written.subscripts) != len(read.subscripts):
        return None
    places: dict[str, Affine] = {}
    for mine, theirs in zip(written.subscripts, read.subscripts, strict=True):
        if not isinstance(mine, Affine) or not isinstance(theirs, Affine):
            return None
        is_whole = len(mine.symbols) == 1 and mine == Affine.symbol(mine.symbols[0])
        if is_whole and mine.symbols[0].startswith("_d"):
            places[mine.symbols[0]] = theirs
        elif mine != theirs:
            return None
    return scalar.substitute_symbols(rows.bare(value), places) if places else value


def _readable(
    value: Expression, arrays: Mapping[str, Tensor], is_known: Callable[[str], bool]
) -> Expression | None:
    """The value, where it reads nothing but what a guard sees."""
    read = [x.array for x in scalar.loads(value)]
    return rows.bare(value) if all(a in arrays and is_known(a) for a in read) else None


def is_plain(statement: ast.Assign, reader: NestBuilder) -> bool:
    """Whether a statement binds names and writes no memory."""
    names = (ast.Name, ast.Tuple, ast.List, ast.expr_context)
    if not all(isinstance(n, names) for t in statement.targets for n in walk(t)):
        return False
    for node in walk(statement.value):
        if isinstance(node, ast.Call):
            func = node.func
            if isinstance(func, ast.Name) and func.id not in _PURE_BUILTINS:
                return False
            if isinstance(func, ast.Attribute) and not _is_pure_method(func, reader):
                return False
            if not isinstance(func, (ast.Name, ast.Attribute)):
                return False
        elif isinstance(node, (ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)):
            return False
    return True


def _is_pure_method(func: ast.Attribute, reader: NestBuilder) -> bool:
    """Whether a call is of a library or of a tensor, and changes nothing."""
    try:
        base = reader.evaluate(func.value)
    except RefusalError:
        return False
    known = isinstance(base, (Module, Tensor, View, *NODES))
    return known and not func.attr.endswith("_")


def _pairs(statement: ast.Assign) -> Iterator[tuple[str, ast.expr]]:
    for target in statement.targets:
        if isinstance(target, ast.Name):
            yield target.id, statement.value
        elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
            same_length = len(target.elts) == len(statement.value.elts)
            for one, value in zip(target.elts, statement.value.elts, strict=False):
                if isinstance(one, ast.Name) and same_length:
                    yield one.id, value
