"""Whether somebody could see how far a loop came before it raised."""

from __future__ import annotations

from collections.abc import Sequence

from deloop.analysis.types import Candidate
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import Unliftable
from deloop.ir.affine import Affine
from deloop.ir.loop import Nest, expressions_of
from deloop.ir.plan import Statement
from deloop.ir.scalar import Call, Expression, Load, walk
from deloop.ops.table import find_operator


def check_tried(candidate: Candidate, nest: Nest, statements: Sequence[Statement]) -> None:
    """Refuse a loop in a ``try`` of which an iteration may raise once others have run."""
    if not candidate.is_tried:
        return
    for statement in statements:
        subscripts = statement.store.subscripts
        parts = [n for e in expressions_of(statement.store) for n in walk(e)]
        if all(isinstance(s, Affine) for s in subscripts) and not any(map(_may_raise, parts)):
            continue
        sentence = "loop kept: an iteration may raise, and what was done by then can be seen"
        raise Unliftable(Refusal("VEC923", statement.store.place, sentence))


def _may_raise(node: Expression) -> bool:
    """Whether an operation raises for some values, or reads where data says."""
    if isinstance(node, Load):
        return not all(isinstance(s, Affine) for s in node.subscripts)
    if not isinstance(node, Call) or node.operator.startswith("logical_"):
        return False
    if node.type.rank is Rank.NUMBER and any(a.type.rank is Rank.NUMBER for a in node.arguments):
        return node.operator not in _PLAIN
    try:
        return bool(find_operator(node.operator).may_raise)
    except KeyError:
        return True


_PLAIN = frozenset({"add", "sub", "mul", "neg", "lt", "le", "gt", "ge", "eq", "ne"})
