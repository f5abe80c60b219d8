"""Rules applied to lifted expressions: bottom-up, a bounded number of times, types checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deloop.dtype import Rank
from deloop.errors import DeloopError
from deloop.ir import scalar
from deloop.ir.plan import Serial, Step
from deloop.ir.scalar import ElementType, Expression, Select
from deloop.rewrite.pattern import find_match
from deloop.rewrite.rule import Place, Rule

_MOST_AT_ONE_NODE = 8


class RuleError(DeloopError):
    """A rule would change an expression's type: a mistake in the rule."""


def apply_rules(
    expression: Expression, rules: Sequence[Rule], place: Place
) -> tuple[Expression, tuple[str, ...]]:
    """The expression with all rules applied, operands first, and the codes of those that fired.

    ``select(x < 0.5, 0.5, x) -> x.clamp(min=0.5)``. Raises `RuleError` where a rule would change
    the type.
    """
    codes: dict[str, None] = {}
    operand = replace(place, stored=None)

    def change(node: Expression, where: Place) -> Expression:
        if isinstance(node, Select):
            node = Select(
                change(node.condition, operand),
                change(node.then, where),
                change(node.otherwise, where),
            )
        else:
            node = scalar.rebuild(node, lambda child: change(child, operand))
        for _ in range(_MOST_AT_ONE_NODE):
            fired = _fire(node, rules, where)
            if fired is None:
                break
            node, code = fired
            codes[code] = None
        return node

    return change(expression, place), tuple(codes)


def apply_rules_to_plan(
    plan: tuple[Step, ...], rules: Sequence[Rule], with_grad: frozenset[str]
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Every statement's value with all rules applied, and the codes of those that fired.

    `with_grad` names the arrays into which a gradient flows.
    """
    codes: dict[str, None] = {}

    def visit(steps: tuple[Step, ...]) -> tuple[Step, ...]:
        result: list[Step] = []
        for step in steps:
            if isinstance(step, Serial):
                result.append(replace(step, body=visit(step.body)))
                continue
            store = step.statement.store
            value, fired = apply_rules(store.value, rules, Place(store.dtype, with_grad))
            codes.update(dict.fromkeys(fired))
            store = replace(store, value=value)
            result.append(replace(step, statement=replace(step.statement, store=store)))
        return tuple(result)

    changed = visit(plan)
    return changed, tuple(sorted(codes))


def _fire(node: Expression, rules: Sequence[Rule], place: Place) -> tuple[Expression, str] | None:
    for rule in rules:
        for pattern in rule.patterns:
            found = find_match(pattern, node)
            if found is None or not rule.condition(found, place):
                continue
            result = rule.rewrite(found)
            if not _keeps_type(node, result):
                raise RuleError(f"{rule.code} changes {_types(node)} to {_types(result)}")
            return result, rule.code
    return None


def _types(expression: Expression) -> frozenset[ElementType]:
    """All types that the value can have: several for a select whose branches differ."""
    if isinstance(expression, Select):
        return _types(expression.then) | _types(expression.otherwise)
    return frozenset({expression.type})


def _keeps_type(old: Expression, new: Expression) -> bool:
    """Whether the type stays; a number in one branch may become the tensor of the other."""
    before, after = _types(old), _types(new)
    tensors = frozenset(t for t in before if t.rank is not Rank.NUMBER)
    return after == before or (bool(tensors) and after == tensors)
