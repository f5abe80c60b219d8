"""Variables that keep the Python number which they began as, unless an iteration sets them.

``best = 0.0; for i: if x[i] > best: best = x[i]   ->   if (x > 0.0).any(): best = x.max()``

Written where it cannot be asked, or does not hold, that some iteration sets the variable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from deloop.analysis.masks import comparison_of
from deloop.diagnostic import Refusal
from deloop.dtype import Rank
from deloop.errors import Unsupported
from deloop.ir.affine import Constraint
from deloop.ir.loop import Nest
from deloop.ir.plan import Step, Vector, arrays_read_in, vectors
from deloop.ir.scalar import Call, Expression
from deloop.transform.protect import protect
from deloop.transform.tidy import tidy


def guard_updates(
    plan: tuple[Step, ...],
    guards: Mapping[str, Expression],
    nest: Nest,
    variables: Set[str],
) -> tuple[Step, ...]:
    """The plan with the updates of such variables under their conditions, their starts left out.

    The variable itself holds what it started as: `variables` are the function's own. Raises
    `Unsupported` where another statement reads what may be the number still.
    """
    for key in guards:
        if nest.arrays[key].name not in variables:
            raise _refuse(nest, nest.arrays[key].name)
    steps: list[Step] = []
    for step in plan:
        inside = vectors((step,))
        mine = [v for v in inside if v.statement.store.array in guards]
        if not mine:
            read = arrays_read_in((step,)) & set(guards)
            if read:
                raise _refuse(nest, nest.arrays[min(read)].name)
            steps.append(step)
        elif isinstance(step, Vector) and step.accumulation is not None:
            store = step.statement.store
            if arrays_read_in((step,)) & (set(guards) - {store.array}):
                raise _refuse(nest, nest.arrays[store.array].name)
            when = (*step.when, *_conjuncts(protect(tidy(guards[store.array]))))
            steps.append(replace(step, when=tuple(dict.fromkeys(when))))
        elif not isinstance(step, Vector) or step.statement.loops:
            raise _refuse(nest, nest.arrays[mine[0].statement.store.array].name)
    return tuple(steps)


def _conjuncts(condition: Expression) -> tuple[Expression, ...]:
    """``n > 0 and m > 0`` as its parts, where they are of numbers."""
    match condition:
        case Call("logical_and", (left, right), kind) if kind.rank is Rank.NUMBER:
            return (*_conjuncts(left), *_conjuncts(right))
    return (condition,)


def guard_sizes(
    plan: tuple[Step, ...], sizes: Mapping[str, Sequence[Constraint]], nest: Nest
) -> tuple[Step, ...]:
    """The plan with statements of loops that may not run under a condition on sizes.

    ``for i in range(n - 2): out[i] = w * x[i]   ->   if n > 2: out[:n - 2] = w * x[:n - 2]``
    """
    steps: list[Step] = []
    for step in plan:
        needed = [c for v in vectors((step,)) for c in sizes.get(v.statement.name, ())]
        if needed and not isinstance(step, Vector):
            sentence = "loop kept: with these sizes it runs no iterations"
            raise Unsupported(Refusal("VEC944", nest.place, sentence))
        if isinstance(step, Vector) and needed:
            when = tuple(comparison_of(c, set()) for c in dict.fromkeys(needed))
            step = replace(step, when=when)
        steps.append(step)
    return tuple(steps)


def _refuse(nest: Nest, name: str) -> Unsupported:
    sentence = f"loop kept: whether an iteration sets {name} is not known"
    return Unsupported(Refusal("VEC918", nest.place, sentence))
