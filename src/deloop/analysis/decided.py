"""Tests in front of a loop that the arguments decide: ``mask is None``, ``x.dim() == 2``."""

from __future__ import annotations

import ast
from collections.abc import Callable

from deloop.analysis.operands import Evaluate
from deloop.frontend import expression as build
from deloop.frontend.items import Item, Tuple, View
from deloop.ir.types import (
    Function,
    Integer,
    Literal,
    Module,
    Object,
    Scalar,
    Sequence,
    Shape,
    Tensor,
)

_PLAIN = (Integer, Literal, Scalar, Sequence, Tuple, Shape)


def decide(test: ast.expr, evaluate: Evaluate) -> bool | None:
    """Whether a test holds for arguments of these types; None where it is not known."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            found = decide(operand, evaluate)
            return None if found is None else not found
        case ast.BoolOp(op=op, values=values):
            settles = isinstance(op, ast.Or)
            parts = [decide(v, evaluate) for v in values]
            if settles in parts:
                return settles
            return None if None in parts else not settles
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot() as op], comparators=[right]):
            found = _are_one(evaluate(left), evaluate(right))
            return None if found is None else found is isinstance(op, ast.Is)
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _compared(op, evaluate(left), evaluate(right))
        case ast.Call(func=func, args=[value, kind], keywords=[]) if _is(
            func, "builtins.isinstance", evaluate
        ):
            named = evaluate(kind)
            is_class = isinstance(named, Module) and named.qualified == "torch.Tensor"
            return _is_tensor(evaluate(value)) if is_class else None
        case ast.Call(func=func, args=[value], keywords=[]) if _is(
            func, "torch.is_tensor", evaluate
        ):
            return _is_tensor(evaluate(value))
    return None


def is_of_absence(test: ast.expr) -> bool:
    """Whether a test asks for None: what it decides differs between calls of one spelling."""
    return any(isinstance(n, (ast.Is, ast.IsNot)) for n in ast.walk(test))


def _is(func: ast.expr, name: str, evaluate: Evaluate) -> bool:
    if not isinstance(func, (ast.Name, ast.Attribute)):
        return False
    item = evaluate(func)
    return isinstance(item, Function) and item.qualified == name


def _is_tensor(item: Item) -> bool | None:
    if isinstance(item, (Tensor, View)):
        return True
    return False if isinstance(item, _PLAIN) else None


def _are_one(first: Item, second: Item) -> bool | None:
    """Whether one of two items is None and the other one too."""
    absent = [isinstance(i, Literal) and i.value is None for i in (first, second)]
    if all(absent):
        return True
    other = second if absent[0] else first
    known = (Tensor, View, Object, Function, Module, *_PLAIN, *build.NODES)
    return False if any(absent) and isinstance(other, known) else None


_COMPARED: dict[type[ast.cmpop], Callable[[int, int], bool]] = {
    ast.Eq: lambda a, b: a == b, ast.NotEq: lambda a, b: a != b, ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
}  # fmt: skip


def _compared(op: ast.cmpop, first: Item, second: Item) -> bool | None:
    words = [i.value for i in (first, second) if isinstance(i, Literal)]
    if len(words) == 2 and all(isinstance(w, str) for w in words):
        same = words[0] == words[1]
        return same if isinstance(op, ast.Eq) else not same if isinstance(op, ast.NotEq) else None
    sizes = [i.affine for i in (first, second) if isinstance(i, Integer)]
    numbers = [size.constant for size in sizes if size.is_constant]
    compare = _COMPARED.get(type(op))
    return compare(*numbers) if compare is not None and len(numbers) == 2 else None
