"""Index-set splitting: a choice by place as stores over parts of the domain.

``out[i] = x[i] if i == 0 else out[i - 1] + x[i]   ->   out[i] = x[i] where i == 0; elsewhere …``
(M. Wolfe, "High Performance Compilers for Parallel Computing", 1996, chapter 9.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.analysis.facts import Facts
from deloop.analysis.statements import domain_of
from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint, Sign
from deloop.ir.guarded import halves_of
from deloop.ir.loop import AffineBranch, Loop, Node, Store, stores
from deloop.ir.plan import Statement
from deloop.ir.scalar import Expression, Index, Load, Number, Select, Subscript
from deloop.poly.domain import Domain, is_empty

_MOST_SPLITS = 3
"""Conditions along which one statement is split."""


def split_stores(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """A choice by place between reads of what the loop writes, as stores under a condition.

    ``out[t] = x[t] + (out[t - 1] if t > 0 else 0)   ->   if t > 0: out[t] = … else: …``
    """
    result: list[Node] = []
    for node in nodes:
        inside = isinstance(node, Loop) and not any(isinstance(n, Loop) for n in node.body)
        if isinstance(node, Loop) and inside:
            written = frozenset(s.array for s in stores(node.body) if not s.local)
            body = tuple(_split(n, written, _MOST_SPLITS) for n in node.body)
            node = replace(node, body=body)
        result.append(node)
    return tuple(result)


def _split(node: Node, written: frozenset[str], left: int) -> Node:
    if not isinstance(node, Store) or node.local or node.cell is not None or not left:
        return node
    for choice in scalar.walk(node.value):
        if not isinstance(choice, Select):
            continue
        reads = {x.array for side in (choice.then, choice.otherwise) for x in scalar.loads(side)}
        found = _as_guards(choice.condition) if reads & written else None
        if found is None:
            continue
        guards, swapped = found
        sides = [
            replace(node, value=_chosen(node.value, choice.condition, holds), augmented=False)
            for holds in (not swapped, swapped)
        ]
        then, otherwise = (_split(side, written, left - 1) for side in sides)
        return AffineBranch(guards, (then,), (otherwise,), node.place)
    return node


def _chosen(value: Expression, condition: Expression, holds: bool) -> Expression:
    """A value where a condition is known to hold, or to fail."""
    if isinstance(value, Select) and value.condition == condition:
        return _chosen(value.then if holds else value.otherwise, condition, holds)
    return scalar.rebuild(value, lambda child: _chosen(child, condition, holds))


def _as_guards(condition: Expression) -> tuple[tuple[Constraint, ...], bool] | None:
    """A condition by place as constraints; whether it is where they fail that it holds."""
    halves = halves_of(condition)
    if halves is None or not any(halves.is_all):
        return None
    if halves.around is not None:
        return (Constraint(halves.around, Sign.ZERO),), halves.swapped
    swapped = not halves.is_all[0]
    slacks = halves.fails if swapped else halves.holds
    return tuple(Constraint(s) for s in slacks), swapped


def split_reads(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Reads at one of two places as a choice of two reads.

    ``x[max(i - 1, 0)]   ->   select(0 > i - 1, x[0], x[i - 1])``
    """
    result: list[Node] = []
    for node in nodes:
        if isinstance(node, Loop):
            node = replace(node, body=split_reads(node.body))
        elif isinstance(node, Store):
            node = replace(node, value=_apart(node.value))
        result.append(node)
    return tuple(result)


def _apart(value: Expression) -> Expression:
    value = scalar.rebuild(value, _apart)
    if not isinstance(value, Load):
        return value
    choices = [k for k, s in enumerate(value.subscripts) if isinstance(s, Select)]
    if len(choices) != 1:
        return value
    position = choices[0]
    chosen = value.subscripts[position]
    assert isinstance(chosen, Select)
    return _read(value, position, chosen) or value


def _read(load: Load, position: int, subscript: Subscript) -> Expression | None:
    """The read at one of the places that a choice by place names; None where it is another."""
    match subscript:
        case Select(condition, then, otherwise):
            sides = [_read(load, position, s) for s in (then, otherwise)]
            if halves_of(condition) is None or sides[0] is None or sides[1] is None:
                return None
            return Select(condition, sides[0], sides[1])
        case Index(affine):
            place = affine
        case Number(int() as number):
            place = Affine.number(number)
        case _:
            return None
    subscripts = (*load.subscripts[:position], place, *load.subscripts[position + 1 :])
    return replace(load, subscripts=subscripts)


def drop_unreached(statements: Sequence[Statement], facts: Facts) -> list[Statement]:
    """The statements without those of which no instance ever runs."""
    return [s for s in statements if not _never_runs(s, facts)] or list(statements)


def _never_runs(statement: Statement, facts: Facts) -> bool:
    if not statement.store.guards:
        return False
    domain = domain_of(statement)
    constraints = tuple(
        Constraint(facts.canonical(c.expression), c.sign) for c in domain.constraints
    )
    symbols = {s for c in constraints for s in c.expression.symbols} - set(domain.iterators)
    plain = Domain(domain.iterators, constraints)
    return is_empty(plain, facts.context(sorted(symbols)))
