"""Loops that stay, written with the user's own variable.

Inside of the compiler an iterator counts upwards; ``for t in reversed(range(n))`` is read as
``t = n - 1 - k``. What stays is written over `t` again.
"""

from __future__ import annotations

from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.affine import Affine, Constraint
from deloop.ir.loop import Loop, Store
from deloop.ir.plan import Serial, Statement, Step, Vector


def in_users_terms(step: Serial) -> tuple[Serial, dict[str, Affine]]:
    """The loop over the user's variable, and the old iterator in terms of that.

    A loop that runs downwards has the stride -1 then.
    """
    loop = step.loop
    if loop.variable is None or loop.span is not None:
        return step, {}
    name, value = loop.variable
    sign = value.coefficient(loop.iterator)
    if abs(sign) != 1:
        return step, {}
    rest = value.without([loop.iterator])
    first, last = rest + loop.lower * sign, rest + (loop.upper - 1) * sign
    lower, upper = (first, last + 1) if sign == 1 else (last, first + 1)
    changed = replace(
        loop, iterator=name, lower=lower, upper=upper, stride=sign, variable=None, body=()
    )
    values = {loop.iterator: (Affine.symbol(name) - rest) * sign}
    return Serial(changed, _steps(step.body, values)), values


def _steps(steps: tuple[Step, ...], values: dict[str, Affine]) -> tuple[Step, ...]:
    result: list[Step] = []
    for step in steps:
        if isinstance(step, Serial):
            result.append(Serial(_loop(step.loop, values), _steps(step.body, values)))
        else:
            result.append(_vector(step, values))
    return tuple(result)


def _loop(loop: Loop, values: dict[str, Affine]) -> Loop:
    axis = loop.axis.substituted(values)
    variable = loop.variable and (loop.variable[0], loop.variable[1].substitute(values))
    return replace(loop, lower=axis.lower, upper=axis.upper, span=axis.span, variable=variable)


def _vector(step: Vector, values: dict[str, Affine]) -> Vector:
    statement = step.statement
    changed = Statement(
        statement.name,
        _store(statement.store, values),
        tuple(_loop(x, values) for x in statement.loops),
        statement.schedule,
        _constraints(statement.domain, values),
    )
    return replace(step, statement=changed, conditions=_constraints(step.conditions, values))


def _store(store: Store, values: dict[str, Affine]) -> Store:
    subscripts = tuple(
        s.substitute(values) if isinstance(s, Affine) else scalar.substitute_symbols(s, values)
        for s in store.subscripts
    )
    return replace(
        store,
        subscripts=subscripts,
        value=scalar.substitute_symbols(store.value, values),
        implicit=tuple(_loop(x, values) for x in store.implicit),
        guards=_constraints(store.guards, values),
    )


def _constraints(
    constraints: tuple[Constraint, ...], values: dict[str, Affine]
) -> tuple[Constraint, ...]:
    return tuple(Constraint(c.expression.substitute(values), c.sign) for c in constraints)
