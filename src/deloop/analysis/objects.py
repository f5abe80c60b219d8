"""Which variables may hold one and the same object when a loop ends: ``if v < top: top = v``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from deloop.analysis.types import Candidate
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import Unliftable
from deloop.ir.loop import Nest

Pairs = frozenset[frozenset[str]]
"""Names two by two that may stand for one object."""

_CHOOSING = frozenset({"max", "min"})


def check_objects(candidate: Candidate, nest: Nest, escaping: frozenset[str]) -> None:
    """Refuse two variables that may be left with one new tensor, where somebody could tell.

    ``v = x[i] * 2; if v < top: top = v``: the new code computes the two one by one.
    """
    names = {
        c.name for c in nest.cells if c.key in escaping and c.kind.rank is not Rank.NUMBER
    }
    if len(names) < 2:
        return
    for pair in sorted(map(sorted, _after_loop(candidate.node, frozenset()))):
        if names >= set(pair):
            sentence = "loop kept: two names may stand for one tensor behind the loop"
            raise Unliftable(Refusal("VEC905", nest.place, sentence))


def _after_loop(loop: ast.For | ast.While, before: Pairs) -> Pairs:
    """After any number of iterations: what holds at the top of one is found by repetition."""
    target = loop.target if isinstance(loop, ast.For) else None
    known = before
    while True:
        start = known if target is None else _assigned(target, None, known)
        after = known | _after(loop.body, start)
        if after == known:
            return _after(loop.orelse, known) | known
        known = after


def _after(block: Sequence[ast.stmt], pairs: Pairs) -> Pairs:
    for statement in block:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    pairs = _assigned(target, value, pairs)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                pairs = _assigned(target, value, pairs)
            case ast.If(body=body, orelse=orelse):
                pairs = _after(body, pairs) | _after(orelse, pairs)
            case ast.For() | ast.While():
                pairs = _after_loop(statement, pairs)
            case ast.With(body=body):
                pairs = _after(body, pairs)
    return pairs


def _assigned(target: ast.expr, value: ast.expr | None, pairs: Pairs) -> Pairs:
    """What holds once a target is bound to a value; all parts of a tuple are bound at once."""
    if isinstance(target, (ast.Tuple, ast.List)):
        parts: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(parts):
            parts = list(value.elts)
        bound = [(t.id, v) for t, v in zip(target.elts, parts, strict=True)
                 if isinstance(t, ast.Name)]  # fmt: skip
    elif isinstance(target, ast.Name):
        bound = [(target.id, value)]
    else:
        return pairs
    names = {name for name, _ in bound}
    held = {name: _same_as(set(_objects(v)), pairs) for name, v in bound}
    kept = {pair for pair in pairs if not pair & names}
    for name, others in held.items():
        kept |= {frozenset((name, other)) for other in others - names}
        kept |= {frozenset((name, n)) for n, o in held.items() if n != name and o & others}
    return frozenset(kept)


def _same_as(names: set[str], pairs: Pairs) -> set[str]:
    return names.union(*(pair for pair in pairs if pair & names))


def _objects(value: ast.expr | None) -> Iterator[str]:
    """The names whose very object a value may be."""
    match value:
        case ast.Name(id=name):
            yield name
        case ast.IfExp(body=body, orelse=orelse):
            yield from _objects(body)
            yield from _objects(orelse)
        case ast.BoolOp(values=values):
            for part in values:
                yield from _objects(part)
        case ast.Call(func=ast.Name(id=word), args=arguments) if word in _CHOOSING:
            for part in arguments:
                yield from _objects(part)
        case ast.NamedExpr(value=inner):
            yield from _objects(inner)
