"""Mistakes that loops over tensors come with: each is a few lines, and certain from them.

They are found on the walk that looks for loops, with what is known of the names there.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from deloop.lint import library
from deloop.lint.kinds import UNKNOWN, Word
from deloop.lint.reader import Reader, spell
from deloop.text.names import is_name
from deloop.text.trees import walk

_WHOLE_DTYPES = library.words("int8 int16 int32 int64 uint8 bool")
_FLOATING = library.words(
    "mean std var sqrt rsqrt exp log log2 log10 log1p sigmoid softmax log_softmax tanh sin cos"
    " norm rand randn"
)
"""Functions and methods whose result is a floating-point number, whatever they are given."""


@dataclass(frozen=True)
class Bug:
    """One mistake: where, what it is, and what comes of it."""

    code: str
    node: ast.stmt | ast.expr
    message: str
    cost: str


def find_bugs(statement: ast.stmt, reader: Reader) -> Iterator[Bug]:
    """The mistakes in what one statement stores, before it changes what is known."""
    match statement:
        case ast.Assign():
            yield from _find_swap(statement, reader)
            yield from _find_cut_store(statement, statement.targets[0], statement.value, reader)
        case ast.AugAssign(target=target, value=value):
            yield from _find_cut_store(statement, target, value, reader)


def find_call_bugs(statement: ast.stmt, reader: Reader) -> Iterator[Bug]:
    """The mistakes in the calls of a statement that has no body, and of a loop."""
    if isinstance(statement, (ast.For, ast.While)):
        yield from _find_shared_rows(statement, reader)
        yield from _find_growth(statement, reader)
    for node in walk(statement) if not hasattr(statement, "body") else ():
        if isinstance(node, ast.Call):
            yield from _find_unflatten(node, reader)
            yield from _find_scalar_list(node, reader)


def find_swaps(body: list[ast.stmt], reader: Reader) -> Iterator[Bug]:
    """``t = a[i]; a[i] = a[j]; a[j] = t``: what t shows has changed by the time it is read."""
    for first, second, third in zip(body, body[1:], body[2:], strict=False):
        match first, second, third:
            case (
                ast.Assign(targets=[ast.Name(id=kept)], value=ast.Subscript() as one),
                ast.Assign(targets=[ast.Subscript() as to], value=ast.Subscript() as other),
                ast.Assign(targets=[ast.Subscript() as back], value=ast.Name(id=read)),
            ) if kept == read and _same(one, to) and _same(other, back):
                if not _same(one, other) and _is_view(one, reader) and _is_view(other, reader):
                    yield _swap(second, one, other)


def _find_swap(node: ast.Assign, reader: Reader) -> Iterator[Bug]:
    match node:
        case ast.Assign(
            targets=[ast.Tuple(elts=[ast.Subscript() as a, ast.Subscript() as b])],
            value=ast.Tuple(elts=[ast.Subscript() as c, ast.Subscript() as d]),
        ) if _same(a, d) and _same(b, c) and not _same(a, b):
            if _is_view(a, reader) and _is_view(b, reader):
                yield _swap(node, a, b)


def _swap(node: ast.stmt, one: ast.Subscript, other: ast.Subscript) -> Bug:
    first, second = ast.unparse(one), ast.unparse(other)
    return Bug(
        "VEC401",
        node,
        f"{first} and {second} are views, so this swaps nothing and both end up as {second} was",
        f"swap copies, as {first}.clone()",
    )


def _same(one: ast.expr, other: ast.expr) -> bool:
    return ast.unparse(one) == ast.unparse(other)


def _is_view(node: ast.Subscript, reader: Reader) -> bool:
    """Whether a subscript of a tensor shows its memory: it has numbers and slices alone."""
    base = reader.kind(node.value)
    if not base.is_tensor or base.weak:
        return False
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    return all(isinstance(p, ast.Slice) or reader.kind(p).word is Word.INT for p in parts)


def _find_unflatten(node: ast.Call, reader: Reader) -> Iterator[Bug]:
    match node:
        case ast.Call(func=ast.Attribute(value=base, attr="unflatten"), args=args):
            base = args[0] if reader.module.dotted(node.func) == "torch.unflatten" else base
            kind = reader.kind(base)
            if kind.is_tensor and kind.rank == 0:
                yield Bug(
                    "VEC402",
                    node,
                    f"{spell(base)} is one index and has no dimension to unflatten, so this raises",
                    "torch.unravel_index takes a flat index apart",
                )


def _find_scalar_list(node: ast.Call, reader: Reader) -> Iterator[Bug]:
    name = reader.module.dotted(node.func)
    if name not in ("torch.tensor", "torch.as_tensor") or len(node.args) < 1:
        return
    held = reader.kind(node.args[0])
    if not isinstance(node.args[0], ast.Name) or held.word is not Word.LIST:
        return
    if held.item is not None and held.item.is_tensor and not held.item.weak:
        listed = spell(node.args[0])
        joined = "cat" if held.item.rank == 1 else "stack"
        yield Bug(
            "VEC404",
            node,
            f"{listed} holds tensors, which {spell(node.func)} reads as numbers one by one",
            f"each waits for the device and loses its gradient; torch.{joined}({listed}) does not",
        )


def _find_cut_store(
    node: ast.stmt, target: ast.expr, value: ast.expr, reader: Reader
) -> Iterator[Bug]:
    """``counts[i] = total / n`` with an integer tensor: the fraction is lost without a word."""
    if not isinstance(target, ast.Subscript):
        return
    base = reader.kind(target.value)
    if not base.is_tensor or base.weak or base.dtype not in _WHOLE_DTYPES:
        return
    if not _is_floating(value, reader):
        return
    spelled = spell(target.value)
    raises = isinstance(node, ast.AugAssign)
    outcome = "which raises" if raises else "which are cut to whole ones"
    yield Bug(
        "VEC403",
        node,
        f"{spelled} is of dtype {base.dtype} and is given floating-point numbers, {outcome}",
        f"make {spelled} of a floating-point dtype, or round on purpose",
    )


def _is_floating(node: ast.expr, reader: Reader) -> bool:
    """Whether a value is certainly of a floating-point type and may have a fraction."""
    match node:
        case ast.Constant(value=float() as number):
            return not number.is_integer()
        case ast.BinOp(op=ast.Div()):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult(), right=right):
            return _is_floating(left, reader) or _is_floating(right, reader)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_floating(operand, reader)
        case ast.Call(func=ast.Attribute(attr=word), keywords=[]) if word in _FLOATING:
            return True
    kind = reader.kind(node)
    return kind.is_tensor and not kind.weak and kind.dtype.startswith(("float", "bfloat"))


def _find_shared_rows(loop: ast.For | ast.While, reader: Reader) -> Iterator[Bug]:
    """``acc += x[i]; rows.append(acc)``: the list holds one tensor many times."""
    nodes = [n for statement in loop.body for n in walk(statement)]
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    updated: dict[str, ast.stmt] = {}
    for node in nodes:
        match node:
            case ast.AugAssign(target=ast.Name(id=name)):
                updated[name] = node
                # the name is bound to what it held already, unless something else binds it too
                stores = sum(is_name(n, name) and isinstance(n.ctx, ast.Store)
                             for n in nodes if isinstance(n, ast.Name))  # fmt: skip
                if stores == 1:
                    bound.discard(name)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=word))):
                if word.endswith("_") and not word.startswith("_") and word != "requires_grad_":
                    updated[name] = node
    for node in nodes:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=held), attr="append"),
                args=[ast.Name(id=name)],
            ) if name in updated and name not in bound and held not in bound:
                kind = reader.names.get(name, UNKNOWN)
                if kind.is_tensor and not kind.weak:
                    yield Bug(
                        "VEC405",
                        node,
                        f"{held} gets the tensor {name} itself each time, which changes in place",
                        f"all its items show the last {name}; append {name}.clone()",
                    )


def _find_growth(loop: ast.For | ast.While, reader: Reader) -> Iterator[Bug]:
    """``out = torch.cat([out, part])`` where nobody reads what grows until the loop is over."""
    nodes = [n for statement in loop.body for n in walk(statement)]
    for node in nodes:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=func, args=[ast.List(elts=parts) | ast.Tuple(elts=parts), *_]),
            ):
                if not any(is_name(p, name) for p in parts) or len(parts) < 2:
                    continue
                if reader.module.dotted(func) not in ("torch.cat", "torch.concat", "torch.vstack"):
                    continue
                uses = sum(isinstance(n, ast.Name) and n.id == name for n in nodes)
                kind = reader.names.get(name, UNKNOWN)
                if uses == 2 and kind.is_tensor and not kind.weak:
                    yield Bug(
                        "VEC302",
                        node,
                        f"{name} grows by {spell(func)}, which copies all of it at each iteration",
                        "n parts cost n²/2 copies; a list that is joined once behind it costs n",
                    )
