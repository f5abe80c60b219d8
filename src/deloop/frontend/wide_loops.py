"""Inner loops that fill lists, over the same range in each iteration around them.

    for j in range(i + 1, n):                  for j in range(n):
        out.append(x[i] * x[j])       ->           if j >= i + 1:
                                                       out.append(x[i] * x[j])

What is appended under a condition is a mask's selection.
"""

from __future__ import annotations

import ast
import copy

from deloop.frontend.lists import appended_names, appended_value
from deloop.text.names import names_in

_Bounds = tuple[ast.expr | None, ast.expr]


def widened(loop: ast.For) -> ast.For:
    """The loop with inner ones whose range depends on its variable widened, where that is plain."""
    outer = _range_of(loop)
    if outer is None or not isinstance(loop.target, ast.Name):
        return loop
    start, stop = outer
    if start is not None and not (isinstance(start, ast.Constant) and _is_size(start)):
        return loop
    body = [_wide(s, loop.target.id, stop) if isinstance(s, ast.For) else s for s in loop.body]
    if all(new is old for new, old in zip(body, loop.body, strict=True)):
        return loop
    changed = copy.copy(loop)
    changed.body = body
    return changed


def _wide(loop: ast.For, outer: str, stop: ast.expr) -> ast.For:
    own = _range_of(loop)
    is_plain = isinstance(loop.target, ast.Name) and not loop.orelse
    fills = all(
        any(appended_value(s, name) is not None for name in appended_names(s)) for s in loop.body
    )
    if own is None or not is_plain or not fills:
        return loop
    low, high = own
    assert isinstance(loop.target, ast.Name)
    at = ast.copy_location(ast.Name(loop.target.id, ast.Load()), loop.iter)
    if low is not None and _offset(low, outer) in (0, 1) and outer not in names_in(high):
        test, ends = ast.Compare(at, [ast.GtE()], [low]), [high]
    elif _offset(high, outer) in (0, 1) and outer not in names_in(low or ast.Pass()):
        beyond = [] if _offset(high, outer) else [ast.Constant(1)]
        last = stop if not beyond else ast.BinOp(stop, ast.Sub(), beyond[0])
        test, ends = ast.Compare(at, [ast.Lt()], [high]), [*([low] if low else []), last]
    else:
        return loop
    assert isinstance(loop.iter, ast.Call)
    changed = copy.copy(loop)
    changed.iter = ast.Call(loop.iter.func, ends, [])
    changed.body = [ast.copy_location(ast.If(test, loop.body, []), loop.body[0])]
    for made in (changed.iter, test):
        ast.fix_missing_locations(ast.copy_location(made, loop.iter))
    return changed


def _range_of(loop: ast.For) -> _Bounds | None:
    match loop.iter:
        case ast.Call(func=ast.Name(id="range"), args=[stop], keywords=[]):
            return None, stop
        case ast.Call(func=ast.Name(id="range"), args=[start, stop], keywords=[]):
            return start, stop
    return None


def _offset(node: ast.expr, name: str) -> int | None:
    """What is added to a name: ``i + 1 -> 1``."""
    match node:
        case ast.Name(id=same) if same == name:
            return 0
        case ast.BinOp(left=ast.Name(id=same), op=ast.Add(), right=ast.Constant(value=1)):
            return 1 if same == name else None
    return None


def _is_size(node: ast.Constant) -> bool:
    return type(node.value) is int and node.value >= 0
