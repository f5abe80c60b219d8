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
from deloop.ir.affine import Affine, Constraint
from deloop.ir.guarded import halves_of
from deloop.ir.loop import Loop, Node, Store
from deloop.ir.plan import Statement
from deloop.ir.scalar import Expression, Index, Load, Number, Select, Subscript
from deloop.poly.domain import Domain, is_empty


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
