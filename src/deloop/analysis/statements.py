"""A nest as a list of statements, each with its loops, domain and place in the schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deloop.ir.affine import Affine, Constraint
from deloop.ir.loop import Loop, Node, Store, is_touch
from deloop.ir.plan import Statement
from deloop.poly.domain import Domain


def list_statements(nodes: tuple[Node, ...]) -> list[Statement]:
    """Every store with what surrounds it, in textual order.

    ``for i: (S1; for j: S2)`` gives ``S1 (0, i, 0)`` and ``S2 (0, i, 1, j, 0)``.
    """
    found: list[Statement] = []

    def visit(
        body: tuple[Node, ...], loops: tuple[Loop, ...], prefix: tuple[int | str, ...]
    ) -> None:
        for position, node in enumerate(body):
            if isinstance(node, Loop):
                visit(node.body, (*loops, node), (*prefix, position, node.iterator))
            elif isinstance(node, Store):
                constraints = [c for loop in (*loops, *node.implicit) for c in loop.constraints]
                constraints.extend(node.guards)
                found.append(
                    Statement(
                        f"S{len(found)}", node, loops, (*prefix, position), tuple(constraints)
                    )
                )

    visit(nodes, (), ())
    return found


def drop_touches(statements: list[Statement]) -> list[Statement]:
    """The statements without those that only see to it that an unused read is in bounds."""
    return [s for s in statements if not is_touch(s.store)]


def domain_of(statement: Statement) -> Domain:
    """The statement's instances."""
    return Domain(statement.iterators, statement.domain)


def restrict(statement: Statement, constraints: tuple[Constraint, ...]) -> Statement:
    """The statement under further affine conditions."""
    return Statement(
        statement.name,
        statement.store,
        statement.loops,
        statement.schedule,
        (*statement.domain, *constraints),
    )


def canonical_statement(statement: Statement, canonical: Callable[[Affine], Affine]) -> Statement:
    """The statement with equal sizes written as one, in its loops too."""
    loops = tuple(_canonical_loop(loop, canonical) for loop in statement.loops)
    implicit = tuple(_canonical_loop(loop, canonical) for loop in statement.store.implicit)
    domain = tuple(Constraint(canonical(c.expression), c.sign) for c in statement.domain)
    return replace(
        statement, loops=loops, domain=domain, store=replace(statement.store, implicit=implicit)
    )


def _canonical_loop(loop: Loop, canonical: Callable[[Affine], Affine]) -> Loop:
    span = None if loop.span is None else canonical(loop.span)
    return replace(
        loop, lower=canonical(loop.lower), upper=canonical(loop.upper), span=span, body=()
    )
