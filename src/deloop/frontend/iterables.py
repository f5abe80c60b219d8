"""What a loop header means in source: how many items, and the item at a position."""

from __future__ import annotations

import ast
from dataclasses import dataclass

CUT = "_first_items"
"""``_first_items(iterable, stop)`` in a header: the loop ends after `stop` items.

Such a header exists between stages only; it is never written for the user.
"""


@dataclass(frozen=True)
class Iterable:
    """An iterable whose items can be asked for by position.

    With `is_reversed`, `node` runs through the same items in the opposite order.
    """

    node: ast.expr
    is_reversed: bool = False


def turned(node: ast.expr) -> Iterable:
    """``range(n - 1, -1, -1)`` as ``range(n)`` from behind."""
    match node:
        case ast.Call(func=ast.Name(id="range"), args=[start, stop, step], keywords=[]) if (
            _constant(step) == -1
        ):
            low, high = plus(stop, 1), plus(start, 1)
            arguments = [high] if _constant(low) == 0 else [low, high]
            return Iterable(_call("range", *arguments), True)
        case ast.Call(
            func=ast.Name(id="reversed"),
            args=[ast.Call(func=ast.Name(id="range"), args=arguments, keywords=[]) as inner],
        ) if len(arguments) < 3:
            return Iterable(inner, True)
    return Iterable(node)


def count_of(node: ast.expr) -> ast.expr | None:
    """How many items an iterable has, as source; None where that is not known."""
    match node:
        case ast.Call(func=ast.Name(id="range"), args=[stop], keywords=[]):
            return stop
        case ast.Call(func=ast.Name(id="range"), args=[start, stop], keywords=[]):
            return minus(stop, start)
        case ast.Call(func=ast.Name(id="range"), keywords=[]):
            return _call("len", node)
        case ast.Call(func=ast.Name(id="enumerate" | "zip" | "tqdm"), args=[first, *_]):
            return count_of(first)
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return _call("len", node)
    return None


def items_at(
    target: ast.expr, node: ast.expr, index: ast.expr
) -> list[tuple[ast.expr, ast.expr]] | None:
    """What a target's parts hold at a position, as source; None where that is not known.

    ``i, v`` over ``enumerate(x)`` at ``k``  ->  ``i`` is ``k`` and ``v`` is ``x[k]``
    """
    match node:
        case ast.Call(func=ast.Name(id="range"), args=[_], keywords=[]):
            return [(target, index)]
        case ast.Call(func=ast.Name(id="range"), args=[start, _], keywords=[]):
            return [(target, added(start, index))]
        case ast.Call(func=ast.Name(id="range"), args=[start, _, step], keywords=[]):
            return [(target, added(start, ast.BinOp(index, ast.Mult(), step)))]
        case ast.Call(func=ast.Name(id="tqdm"), args=[inner, *_]):
            return items_at(target, inner, index)
        case ast.Call(func=ast.Name(id="enumerate"), args=[inner, *start], keywords=keywords):
            if not isinstance(target, ast.Tuple) or len(target.elts) != 2:
                return None
            extra = [*start, *(k.value for k in keywords)]
            count = added(extra[0], index) if extra else index
            rest = items_at(target.elts[1], inner, index)
            return None if rest is None else [(target.elts[0], count), *rest]
        case ast.Call(func=ast.Name(id="zip"), args=parts, keywords=[]):
            if not isinstance(target, ast.Tuple) or len(target.elts) != len(parts):
                return None
            found: list[tuple[ast.expr, ast.expr]] = []
            for part_target, part in zip(target.elts, parts, strict=True):
                inner_items = items_at(part_target, part, index)
                if inner_items is None:
                    return None
                found.extend(inner_items)
            return found
        case ast.Name() | ast.Attribute() | ast.Subscript():
            return [(target, ast.Subscript(node, index, ast.Load()))]
    return None


# ---------------------------------------------------------------------- arithmetic of sources
def plus(node: ast.expr, offset: int) -> ast.expr:
    """``n - 1`` and 1 -> ``n``."""
    value = _constant(node)
    if value is not None:
        return constant(value + offset)
    match node:
        case ast.BinOp(left, ast.Add() | ast.Sub() as operator, ast.Constant(value=size)) if (
            type(size) is int
        ):
            return plus(left, offset + (size if isinstance(operator, ast.Add) else -size))
    if offset == 0:
        return node
    operator_ = ast.Add() if offset > 0 else ast.Sub()
    return ast.BinOp(node, operator_, ast.Constant(abs(offset)))


def added(first: ast.expr, second: ast.expr) -> ast.expr:
    """``first + second``; a number goes behind."""
    value = _constant(first)
    return plus(second, value) if value is not None else ast.BinOp(first, ast.Add(), second)


def minus(first: ast.expr, second: ast.expr) -> ast.expr:
    """``first - second``."""
    value = _constant(second)
    return plus(first, -value) if value is not None else ast.BinOp(first, ast.Sub(), second)


def constant(value: int) -> ast.expr:
    """An int as Python writes it."""
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def _constant(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return None if inner is None else -inner
    return None


def _call(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])
