"""Sums over the elements of each group, without a table of all groups and all elements.

``sum over i of select(labels[i] == c, x[i, k], 0)`` for every `c` adds each ``x[i, k]`` to one sum:
``torch.zeros(C, K).index_add_(0, labels, x)``. The count of the elements of each group beside it is
``torch.bincount(labels, minlength=C)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from deloop.analysis.facts import Facts
from deloop.dtype import Rank
from deloop.frontend.apply import DataRequirement
from deloop.frontend.expression import both, integer
from deloop.ir import scalar
from deloop.ir.affine import Affine
from deloop.ir.axis import Axis
from deloop.ir.loop import Loop
from deloop.ir.plan import Serial, Step, Vector
from deloop.ir.scalar import Call, Cast, ElementType, Expression, Index, Load, Reduce, Select
from deloop.ir.types import Tensor
from deloop.ops.reductions import GROUP_COUNT, GROUP_SUM

_MASK = ElementType("bool", Rank.TENSOR)


@dataclass(frozen=True)
class _Groups:
    """Elements along `axis`, each in the group that `labels` says; `group` is their loop."""

    labels: Load
    axis: Axis
    group: Loop


def group_sums(
    plan: tuple[Step, ...], arrays: Mapping[str, Tensor], facts: Facts
) -> tuple[Step, ...]:
    """The plan with masked sums for all groups as one sum; what labels must be goes to `facts`."""
    result: list[Step] = []
    for step in plan:
        if isinstance(step, Serial):
            result.append(replace(step, body=group_sums(step.body, arrays, facts)))
        else:
            result.append(_Grouping(step, arrays, facts).vector())
    return tuple(result)


class _Grouping:
    def __init__(self, step: Vector, arrays: Mapping[str, Tensor], facts: Facts) -> None:
        self.step = step
        self.arrays = arrays
        self.facts = facts
        self.loops = {x.iterator: x for x in step.axes}
        self.found: list[_Groups] = []

    def vector(self) -> Vector:
        store = self.step.statement.store
        value = self._sums(store.value)
        if not self.found:
            return self.step
        for groups in dict.fromkeys(self.found):
            value = _counts(value, groups)
            condition = _within(groups)
            reason = f"{groups.labels.array} names a group of those that the loop goes over"
            self.facts.needed.append(DataRequirement(condition, store.place, reason))
        statement = replace(self.step.statement, store=replace(store, value=value))
        return replace(self.step, statement=statement)

    def _sums(self, value: Expression) -> Expression:
        value = scalar.rebuild(value, self._sums)
        match value:
            case Reduce("sum", Select(condition, then, otherwise), (axis,), at=None) if (
                scalar.literal_value(otherwise) == 0 and not value.skips_nan
            ):
                groups = self._groups(condition, axis)
                if groups is None or not self._is_grouped(then, groups):
                    return value
                self.found.append(groups)
                pair = Call(GROUP_SUM, (groups.labels, then), then.type)
                at = Affine.symbol(groups.group.iterator)
                return replace(value, kind=GROUP_SUM, value=pair, at=at)
        return value

    def _groups(self, condition: Expression, axis: Axis) -> _Groups | None:
        """The groups that ``labels[i] == c`` chooses from; None for any other condition."""
        match condition:
            case Call("eq", (Load() as labels, Index(group))):
                pass
            case Call("eq", (Index(group), Load() as labels)):
                pass
            case _:
                return None
        loop = self.loops.get(group.symbols[0]) if len(group.terms) == 1 else None
        if loop is None or group != Affine.symbol(loop.iterator) or loop.lower != Affine():
            return None
        names = frozenset({*self.loops, axis.iterator})
        plain = labels.type.dtype in ("int64", "int32") and loop.span is None
        sizes = (loop.upper, axis.lower, axis.upper)
        spelled = all(self.facts.spellable(s) for size in sizes for s in size.symbols)
        if not plain or not spelled or axis.span is not None:
            return None
        if scalar.iterators_of(labels, names) != {axis.iterator} or len(labels.subscripts) != 1:
            return None
        known = self.facts.is_known_at_entry(labels.array)
        return _Groups(labels, axis, loop) if known else None

    def _is_grouped(self, value: Expression, groups: _Groups) -> bool:
        """Whether what is added up is of an element alone, whatever its group is."""
        names = frozenset({*self.loops, groups.axis.iterator})
        used = scalar.iterators_of(value, names)
        devices = {
            self.arrays[x.array].type.device for x in (*scalar.loads(value), groups.labels)
        }
        alone = groups.group.iterator not in used and groups.axis.iterator in used
        return alone and len(devices) == 1 and value.type.rank is not Rank.NUMBER


def _counts(value: Expression, groups: _Groups) -> Expression:
    """``sum over i of labels[i] == c`` as the number of the elements of each group."""

    def change(node: Expression) -> Expression:
        node = scalar.rebuild(node, change)
        match node:
            case (
                Reduce("sum", Cast(Call("eq", (Load() as labels, Index(group)))), (axis,))
                | Reduce("sum", Call("eq", (Load() as labels, Index(group))), (axis,))
            ) if (
                node.type.dtype == "int64" and group == Affine.symbol(groups.group.iterator)
            ):
                same = labels.array, labels.subscripts
                own = groups.labels.array, groups.labels.subscripts
                if same == own and axis.iterator == groups.axis.iterator:
                    return replace(node, kind=GROUP_COUNT, value=labels, at=group)
        return node

    return change(value)


def _within(groups: _Groups) -> Expression:
    """``all over i of 0 <= labels[i] < C``"""
    labels = groups.labels
    inside = both(
        Call("ge", (labels, integer(Affine())), _MASK),
        Call("lt", (labels, integer(groups.group.upper)), _MASK),
    )
    return Reduce("all", inside, (groups.axis,), ElementType("bool", Rank.SCALAR))
