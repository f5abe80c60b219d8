"""Conditions on iterators and sizes, as affine constraints."""

from __future__ import annotations

import ast

from deloop.errors import RefusalError
from deloop.frontend import expression as build
from deloop.frontend.appends import AppendReader
from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal, less_than
from deloop.ir.loop import AffineBranch
from deloop.ir.scalar import Expression
from deloop.ir.types import Integer


class ConditionReader(AppendReader):
    """A reader of conditions that restrict a domain instead of choosing by data."""

    def decide(self, guards: tuple[Constraint, ...]) -> bool | None:
        """Whether the guards hold for the sizes seen; None where those are not known."""
        answers = []
        for guard in guards:
            value = guard.expression.evaluate(self.hints)
            if value is None:
                return None
            answers.append(value >= 0 if guard.sign.name == "NONNEGATIVE" else value == 0)
        return all(answers)

    def _affine_condition(self, test: ast.expr) -> tuple[tuple[Constraint, ...], bool] | None:
        """The condition as a conjunction of affine constraints; whether the sides are swapped."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._affine_condition(operand)
                return None if inner is None else (inner[0], not inner[1])
            case ast.BoolOp(op=junction, values=values):
                return self._affine_junction(isinstance(junction, ast.Or), values)
            case ast.Compare(left=first, ops=ops, comparators=comparators):
                items = [self._integer(e) for e in (first, *comparators)]
                affines = [i for i in items if i is not None]
                if len(affines) != len(items) or not any(a.symbols for a in affines):
                    return None
                if len(ops) == 1 and isinstance(ops[0], ast.NotEq):
                    return (equal(affines[0], affines[1]),), True
                steps = zip(ops, affines[:-1], affines[1:], strict=True)
                guards = [_constraint(operator, left, right) for operator, left, right in steps]
                found = tuple(g for g in guards if g is not None)
                if len(found) != len(guards) or all(g.expression.is_constant for g in found):
                    return None
                return found, False
            case ast.Name() | ast.BinOp():  # ``if i:`` is ``if i != 0:``
                affine = self._integer(test)
                if affine is not None and set(affine.symbols) & self.iterators:
                    return (equal(affine, Affine()),), True
        return None

    def _affine_junction(
        self, is_or: bool, values: list[ast.expr]
    ) -> tuple[tuple[Constraint, ...], bool] | None:
        guards: list[Constraint] = []
        for value in values:
            inner = self._affine_condition(value)
            if inner is None:
                return None
            constraints, swapped = inner
            constraints = tuple(map(self._as_end, constraints))
            if is_or:  # a or b is not (not a and not b)
                if not swapped and (len(constraints) != 1 or constraints[0].sign.name == "ZERO"):
                    return None
                guards.extend(constraints if swapped else [opposite(constraints[0])])
            else:
                if swapped and (len(constraints) != 1 or constraints[0].sign.name == "ZERO"):
                    return None
                guards.extend([opposite(constraints[0])] if swapped else constraints)
        return tuple(guards), is_or

    def _as_end(self, constraint: Constraint) -> Constraint:
        """``i == 0`` of a loop over all i from 0 on as ``i <= 0``: its opposite is one range."""
        if constraint.sign is not Sign.ZERO:
            return constraint
        for loop in self.loops:
            coefficient = constraint.expression.coefficient(loop.iterator)
            if abs(coefficient) != 1 or loop.span is not None:
                continue
            iterator = Affine.symbol(loop.iterator)
            place = constraint.expression.without([loop.iterator]) * -coefficient
            if place == loop.lower:
                return at_least(place, iterator)
            if place == loop.upper - 1:
                return at_least(iterator, place)
        return constraint

    def side(self, node: ast.IfExp, taken: bool) -> Expression:
        """As every reader's; what it reads has to be there where the side is chosen."""
        before = len(self.out)
        value = super().side(node, taken)
        found = None if self.speculative else self._affine_condition(node.test)
        if found is not None and len(self.out) > before:
            added, self.out[before:] = tuple(self.out[before:]), []
            guards, swapped = found
            then, otherwise = (added, ()) if taken is not swapped else ((), added)
            self.out.append(AffineBranch(guards, then, otherwise, self.place(node)))
        return value

    def _integer(self, node: ast.expr) -> Affine | None:
        self.speculative += 1
        try:
            item = self.evaluate(node)
        except RefusalError:
            return None
        finally:
            self.speculative -= 1
        if isinstance(item, build.NODES):
            return build.as_affine(item)
        return item.affine if isinstance(item, Integer) else None


def _constraint(operator: ast.cmpop, left: Affine, right: Affine) -> Constraint | None:
    match operator:
        case ast.Lt():
            return less_than(left, right)
        case ast.LtE():
            return at_least(right, left)
        case ast.Gt():
            return less_than(right, left)
        case ast.GtE():
            return at_least(left, right)
        case ast.Eq():
            return equal(left, right)
    return None


def opposite(constraint: Constraint) -> Constraint:
    """``not (e >= 0)``, which is ``-e - 1 >= 0``."""
    return Constraint(-constraint.expression - 1)
