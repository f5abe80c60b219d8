"""Ranges that are cut off at the ends of a tensor, as whole ranges with a condition.

    for j in range(max(0, i - w), min(n, i + w + 1)):      for j in range(i - w, i + w + 1):
        s += x[j]                                     ->       if j < 0 or j >= n:
                                                                   continue
                                                               s += x[j]

Where the loop stores at `j`, it is the moving ends that become the condition: every place is asked.
"""

from __future__ import annotations

import ast
from collections.abc import Set as AbstractSet

from deloop.frontend.text_edits import TextEdits
from deloop.text.names import names_in, names_stored


def open_ranges(loop: ast.For | ast.While, edits: TextEdits) -> None:
    """Respell the headers of loops inside of a loop whose ends are `max` or `min` of several."""
    moving = names_stored(loop)
    for inner in ast.walk(loop):
        match inner:
            case ast.For(
                target=ast.Name(id=name),
                iter=ast.Call(func=ast.Name(id="range"), args=[first, last], keywords=[]) as header,
            ):
                lower, upper = _ends(first, "max"), _ends(last, "min")
                if len(lower) * len(upper) == 1 or name in names_in(header):
                    continue
                written = [
                    n for n in ast.walk(inner)
                    if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store)
                ]  # fmt: skip
                is_stored = any(name in names_in(n.slice) for n in written)
                chosen = _chosen(lower, upper, moving, prefer=not is_stored)
                if chosen is None:
                    continue
                start, stop = chosen
                left = [f"{name} < {ast.unparse(e)}" for e in lower if e is not start]
                left += [f"{name} >= {ast.unparse(e)}" for e in upper if e is not stop]
                edits.parts.append((header, f"range({ast.unparse(start)}, {ast.unparse(stop)})"))
                test = [f"if {' or '.join(left)}:", "    continue"]
                edits.before.setdefault(inner.body[0], []).extend(test)


def _ends(node: ast.expr, word: str) -> list[ast.expr]:
    """What the end of a range is the greatest or the least of."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[_, _, *_] as ends, keywords=[]) if name == word:
            return list(ends) if not any(isinstance(e, ast.Starred) for e in ends) else [node]
    return [node]


def _chosen(
    lower: list[ast.expr], upper: list[ast.expr], moving: AbstractSet[str], prefer: bool
) -> tuple[ast.expr, ast.expr] | None:
    """The ends that the range keeps: both that move with the loops around, or both that do not."""
    for move in (prefer, not prefer):
        ends = [
            next((e for e in side if bool(names_in(e) & moving) is move), None)
            for side in (lower, upper)
        ]
        if ends[0] is not None and ends[1] is not None:
            return ends[0], ends[1]
    return None
