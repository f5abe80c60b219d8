"""Calls around a loop in another spelling: headers by name, ``map`` as a comprehension.

    for c in torch.unique(labels):           values = torch.unique(labels)
        …                              ->    for c in values:

    outs.reverse()                           torch.stack(outs[::-1])
    torch.stack(outs)                  ->
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from deloop.frontend.lists import appended_names
from deloop.frontend.text_edits import Block, TextEdits
from deloop.text.names import is_name, names_captured, names_in

_LENGTHS_OF_DATA = frozenset({"unique", "unique_consecutive", "nonzero", "flatnonzero", "randperm"})


def name_headers(loop: ast.For, edits: TextEdits) -> None:
    """``for c in torch.unique(labels)`` over a name, which says how many there are."""
    for node in _iterated(loop.iter):
        match node:
            case ast.Call(func=ast.Attribute(attr=word)) if word in _LENGTHS_OF_DATA:
                target = loop.target.elts[-1] if isinstance(loop.target, ast.Tuple) else loop.target
                plural = f"{target.id}s" if isinstance(target, ast.Name) else "values"
                name = edits.fresh(plural if len(plural) > 2 else "values")
                edits.before.setdefault(loop, []).append(f"{name} = {ast.unparse(node)}")
                edits.parts.append((node, name))


def _iterated(node: ast.expr) -> Iterator[ast.expr]:
    """The iterable of a header, without what only counts or lists its items."""
    match node:
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *_]):
            yield from _iterated(inner)
        case ast.Call(func=ast.Attribute(value=inner, attr="tolist"), args=[]):
            yield from _iterated(inner)
        case _:
            yield node


def turn_lists(block: Block, position: int, edits: TextEdits) -> None:
    """``outs.reverse()`` behind a loop as ``outs[::-1]`` where the list is taken."""
    for name in sorted(appended_names(block[position])):
        places = [k for k, s in enumerate(block) if k > position and _reverses(s, name)]
        if len(places) != 1 or name in names_captured(edits.node):
            continue
        (at,) = places
        behind = [n for s in block[at + 1 :] for n in ast.walk(s) if is_name(n, name)]
        taken = [
            c.args[0]
            for s in block[at + 1 :]
            for c in ast.walk(s)
            if isinstance(c, ast.Call) and c.args and is_name(c.args[0], name)
        ]
        between = any(name in names_in(s) for s in block[position + 1 : at])
        if not between and taken and len(behind) == len(taken):
            edits.statements[block[at]] = []
            edits.parts += [(node, f"{name}[::-1]") for node in taken]


def _reverses(node: ast.stmt, name: str) -> bool:
    match node:
        case ast.Expr(
            value=ast.Call(func=ast.Attribute(value=ast.Name(id=same), attr="reverse"), args=[])
        ):
            return same == name
    return False


def append_one_by_one(block: Block, position: int, edits: TextEdits) -> None:
    """``outs.extend(row.tolist())`` in a loop as appends of its items.

    Of a few tensors, ``outs.extend([a, b])``, which are stacked behind the loop, their own stack.
    """
    for statement in ast.walk(block[position]):
        match statement:
            case ast.Expr(
                value=ast.Call(
                    func=ast.Attribute(value=ast.Name(id=name), attr="extend"), args=[given],
                    keywords=[],
                )
            ) if name not in names_in(given):
                pass
            case _:
                continue
        appends = [n for n in ast.walk(block[position]) if is_name(n, name)]
        if len(appends) != 1 or name in names_captured(edits.node):
            continue
        if not isinstance(given, (ast.List, ast.Tuple)):
            item = edits.fresh("item")
            lines = [f"for {item} in {ast.unparse(given)}:", f"    {name}.append({item})"]
            edits.statements[statement] = lines
            continue
        stacks = [
            n
            for s in block[position + 1 :]
            for n in ast.walk(s)
            if isinstance(n, ast.Call) and ast.unparse(n) == f"torch.stack({name})"
        ]
        behind = [n for s in block[position + 1 :] for n in ast.walk(s) if is_name(n, name)]
        if stacks and len(behind) == len(stacks):
            edits.statements[statement] = [f"{name}.append(torch.stack({ast.unparse(given)}))"]
            edits.parts += [(n, f"torch.cat({name})") for n in stacks]


def spell_maps(statement: ast.stmt, edits: TextEdits) -> None:
    """``list(map(f, x))`` as ``[f(item) for item in x]``."""
    for node in ast.walk(statement):
        match node:
            case ast.Call(
                func=ast.Name(id="list"),
                args=[ast.Call(func=ast.Name(id="map"), args=[function, given], keywords=[])],
                keywords=[],
            ):
                edits.parts.append((node, _comprehension(function, given, edits)))
                return


def _comprehension(function: ast.expr, given: ast.expr, edits: TextEdits) -> str:
    match function:
        case ast.Lambda(args=ast.arguments(args=[ast.arg(arg=name)], defaults=[]), body=body):
            return f"[{ast.unparse(body)} for {name} in {ast.unparse(given)}]"
    item = edits.fresh("item")
    return f"[{ast.unparse(function)}({item}) for {item} in {ast.unparse(given)}]"
