"""A nest as a list of statements, each with its loops, domain and place in the schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from deloop.diagnostic import Refusal
from deloop.errors import Unsupported
from deloop.ir.affine import Affine, Constraint
from deloop.ir.loop import Loop, Node, Store, expressions_of, is_touch
from deloop.ir.plan import Statement
from deloop.ir.scalar import walk
from deloop.poly.domain import Domain

_MOST_OPERATIONS = 2000
"""No one could read more in one expression, and compiling it takes minutes."""


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


def check_readable(statement: Statement) -> None:
    """Raises `Unsupported` where one expression would be too long: a value used many times over.

    Temporaries are written where they are used, so that ``y = x * x; z = y * y; …`` doubles.
    """
    for expression in expressions_of(statement.store):
        if next(islice(walk(expression), _MOST_OPERATIONS, None), None) is not None:
            sentence = f"written as one expression it has more than {_MOST_OPERATIONS} operations"
            raise Unsupported(Refusal("VEC950", statement.store.place, f"loop kept: {sentence}"))


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
