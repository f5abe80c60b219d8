"""Plans whose tensors may or may not require grad where they begin, looked at both ways."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from deloop.ir import scalar
from deloop.ir.plan import Serial, Step, vectors
from deloop.ir.scalar import Expression, Load
from deloop.ir.types import Tensor
from deloop.transform.gradients import check_gradient_order
from deloop.transform.simplify import arrays_with_grad


def check_unsure(
    plan: tuple[Step, ...], arrays: Mapping[str, Tensor], changed_behind: frozenset[str]
) -> None:
    """Refuse a plan that is right only if a tensor requires grad from the start.

    ``for t: for i: y[i] = h[i]; h[i] = x[i]``: `h` may require grad when the inner loop begins, but
    not in the first round, in which `y` gets a gradient from the second element on.
    """
    unsure = {name for name, tensor in arrays.items() if tensor.type.unsure}
    if not unsure & {v.statement.store.array for v in vectors(plan)}:
        return
    without = {
        name: replace(tensor, type=replace(tensor.type, requires_grad=False))
        if name in unsure else tensor
        for name, tensor in arrays.items()
    }  # fmt: skip
    bare = _without_grad(plan, unsure)
    growing = arrays_with_grad(bare, without)
    if growing & unsure:
        check_gradient_order(bare, growing, without, changed_behind)


def _without_grad(plan: tuple[Step, ...], unsure: AbstractSet[str]) -> tuple[Step, ...]:
    """The plan with reads of such tensors that carry no gradient."""

    def change(node: Expression) -> Expression:
        if isinstance(node, Load) and node.array in unsure:
            node = replace(node, requires_grad=False)
        return scalar.rebuild(node, change)

    result: list[Step] = []
    for step in plan:
        if isinstance(step, Serial):
            result.append(replace(step, body=_without_grad(step.body, unsure)))
            continue
        store = replace(step.statement.store, value=change(step.statement.store.value))
        result.append(replace(step, statement=replace(step.statement, store=store)))
    return tuple(result)
