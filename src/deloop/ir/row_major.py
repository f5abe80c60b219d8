"""Indices that number the iterations of a nest: ``i * m + j`` of ``for i in range(n): for j in …``.

Such an index meets each element once, in the order in which the nest's values lie one behind the
other: ``out[i * m + j] = v[i, j]`` is ``out[:] = v.flatten()``.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from deloop.ir.affine import Affine, Constraint
from deloop.ir.loop import Loop
from deloop.ir.scalar import Call, Cast, Expression, Index, Invariant, Number

_Polynomial = Mapping[tuple[str, ...], int]
"""Coefficients by the names that are multiplied: ``i * m + 2 -> {(i, m): 1, (): 2}``."""


def fills(
    index: Expression, loops: Sequence[Loop], size: Affine, domain: Iterable[Constraint] = ()
) -> bool:
    """Whether an index numbers the iterations from 0 on, and there are as many as elements.

    `domain` is what else holds of the iterations that run: then it is not all of them.
    """
    if not set(domain) <= {c for loop in loops for c in loop.constraints}:
        return False
    names = {loop.iterator for loop in loops}
    found, whole = _of_expression(index), _of_affine(size)

    place: _Polynomial = {}
    count: _Polynomial = {(): 1}
    for loop in loops:
        ends = set(loop.lower.symbols) | set(loop.upper.symbols)
        extent = _of_affine(loop.upper - loop.lower)
        passed = _of_affine(Affine.symbol(loop.iterator) - loop.lower)
        if ends & names or extent is None or passed is None:
            return False
        place = _sum(_product(place, extent), passed)
        count = _product(count, extent)
    return found == place and whole == count


def _of_expression(node: Expression) -> _Polynomial | None:
    match node:
        case Index(affine):
            return _of_affine(affine)
        case Number(value) if type(value) is int:
            return _of_affine(Affine.number(value))
        case Invariant(name, kind) if kind.dtype == "int64":
            return {(name,): 1}
        case Cast(value, kind) if kind.dtype == value.type.dtype == "int64":
            return _of_expression(value)
        case Call("add" | "sub" | "mul" as operator, (left, right), kind, _, ()) if (
            kind.dtype == "int64"
        ):
            return _combined(operator, _of_expression(left), _of_expression(right))
    return None


def _of_affine(affine: Affine) -> _Polynomial | None:
    total: _Polynomial = _sum({}, {(): affine.constant})
    for symbol, coefficient in affine.terms:
        term = _of_text(ast.parse(symbol, mode="eval").body)
        if term is None:
            return None
        total = _sum(total, {names: c * coefficient for names, c in term.items()})
    return total


def _of_text(node: ast.expr) -> _Polynomial | None:
    match node:
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _combined("add", _of_text(left), _of_text(right))
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _combined("sub", _of_text(left), _of_text(right))
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _combined("mul", _of_text(left), _of_text(right))
        case ast.Constant(value=value):
            return {(): value} if type(value) is int else None
    return {(ast.unparse(node),): 1}


def _combined(
    operator: str, left: _Polynomial | None, right: _Polynomial | None
) -> _Polynomial | None:
    if left is None or right is None:
        return None
    if operator == "mul":
        return _product(left, right)
    sign = 1 if operator == "add" else -1
    return _sum(left, {names: sign * c for names, c in right.items()})


def _sum(left: _Polynomial, right: _Polynomial) -> _Polynomial:
    total = {n: left.get(n, 0) + right.get(n, 0) for n in {*left, *right}}
    return {names: c for names, c in total.items() if c}


def _product(left: _Polynomial, right: _Polynomial) -> _Polynomial:
    total: _Polynomial = {}
    for a, x in left.items():
        for b, y in right.items():
            total = _sum(total, {tuple(sorted((*a, *b))): x * y})
    return total
