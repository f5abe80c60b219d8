"""What a size was at the call that is compiled: ``"(n - 1) // 2"`` from the value of ``n``."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping

from deloop.ir.affine import Affine

_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
}


def evaluate_symbol(symbol: str, hints: Mapping[str, int]) -> int | None:
    """The observed value of a parameter: ``"(n - 1) // 2"`` from the value of ``n``."""
    if symbol in hints:
        return hints[symbol]
    if symbol.endswith(".numel()"):
        base = symbol[: -len(".numel()")]
        sizes = [v for k, v in hints.items() if k.startswith(f"{base}.shape[")]
        total = 1
        for size in sizes:
            total *= size
        return total if sizes else None
    try:
        return _evaluate(ast.parse(symbol, mode="eval").body, hints)
    except SyntaxError:
        return None


def _evaluate(node: ast.expr, hints: Mapping[str, int]) -> int | None:
    text = ast.unparse(node)
    if text in hints:
        return hints[text]
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _evaluate(node.left, hints), _evaluate(node.right, hints)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.FloorDiv) and right == 0:
            return None
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _evaluate(node.operand, hints)
        return None if value is None else -value
    return None


def evaluate_affine(affine: Affine, hints: Mapping[str, int]) -> int | None:
    """The observed value of an affine expression of parameters."""
    values: dict[str, int] = {}
    for symbol in affine.symbols:
        found = evaluate_symbol(symbol, hints)
        if found is None:
            return None
        values[symbol] = found
    return affine.evaluate(values)
