"""What is known of sizes while one loop is compiled: facts, and what had to be assumed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from deloop.diagnostic import Assumption
from deloop.frontend.apply import DataRequirement
from deloop.ir.affine import Affine, Constraint, Sign, at_least, equal
from deloop.ir.observed import evaluate_symbol
from deloop.ir.scalar import Expression
from deloop.poly.domain import Domain, proves
from deloop.text.names import substitute


class Facts:
    """Known constraints on parameters, equal sizes, and assumptions that hold for what was seen.

    Parameters
    ----------
    hints:
        Observed values of size symbols at the call that is compiled.
    spellable:
        Whether a symbol can be evaluated at the function's entry, so that a guard can test it.
    """

    def __init__(self, hints: Mapping[str, int], spellable: Callable[[str], bool]) -> None:
        self.hints = hints
        self.spellable = spellable
        self.known: list[Constraint] = []
        self.at_most: dict[str, Affine] = {}
        """Numbers that the code before computes, and sizes that they do not exceed."""
        self.equal: dict[str, Affine] = {}
        self.assumptions: list[Assumption] = []
        self.needed: list[DataRequirement] = []
        self.may_guard = False
        """Whether a variable may keep the number that it began as, by an ``if`` in the new code."""
        self.may_skip_nan = False
        """Whether the new code may leave NaN out of an extreme by itself."""
        self.sizes: dict[str, list[Constraint]] = {}
        """For statements by name, the sizes with which the new code runs them at all."""
        self.guards: dict[str, Expression] = {}
        """For such variables, the condition under which some iteration sets them."""
        self.is_known_at_entry: Callable[[str], bool] = lambda array: False
        """Whether an array holds at the function's first line what it holds in the loop."""
        self.definitions: Mapping[str, ast.expr] = {}
        """What numbers that the code before computes are computed from, at the first line too."""
        self.pays: list[Assumption] = []
        """Sizes from which on the new code is faster than the loop; it is right for all others."""
        self.missed: list[Assumption] = []
        """Those of them that the sizes which were seen fall short of."""
        self.declined: list[Assumption] = []
        """Sizes, other than those that were seen, for which there is another, faster code."""
        self.may_double, self.doubles = True, False
        """Whether linear recurrences may become scans, and whether one was made one."""
        self.may_multiply, self.multiplies = True, False
        """Whether elements may become running products of floats, and whether some were."""
        self.wants_small = False
        """Whether tensor operations are asked for wherever there are any, slow ones included."""
        self.piece: tuple[Set[str], tuple[Constraint, ...]] = (frozenset(), ())
        """Names of the piece of a range that is run at once, and what is known of its ends."""
        self.considered: tuple[tuple[Any, ...], Sequence[Any]] = ((), ())
        """The dependences that were found, and the statements that they are between."""

    def canonical(self, affine: Affine) -> Affine:
        """The expression with equal sizes written as one."""
        for _ in range(8):
            changed = affine.substitute(self.equal)
            if changed == affine:
                return affine
            affine = changed
        return affine

    def value(self, affine: Affine) -> int | None:
        """The observed value of an expression of parameters."""
        values: dict[str, int] = {}
        for symbol in affine.symbols:
            found = evaluate_symbol(symbol, self.hints)
            if found is None:
                return None
            values[symbol] = found
        return affine.evaluate(values)

    def context(self, symbols: Sequence[str]) -> tuple[Constraint, ...]:
        """What is known of the given symbols: sizes are not negative, and what was assumed."""
        sizes = [at_least(Affine.symbol(s), 0) for s in symbols if s.endswith((")", "]"))]
        ends, inside = self.piece
        facts = [*self.known, *(inside if ends & set(symbols) else ())]
        known = (Constraint(self.canonical(k.expression), k.sign) for k in facts)
        return (*sizes, *(c for s in symbols for c in _of_quotient(s)), *known)

    def proves(self, domain: Domain, constraint: Constraint) -> bool:
        """Whether a constraint holds at every point of a domain."""
        constraint = Constraint(self.canonical(constraint.expression), constraint.sign)
        if constraint.expression.is_constant:
            value = constraint.expression.constant
            return value == 0 if constraint.sign is Sign.ZERO else value >= 0
        symbols = {s for c in (*domain.constraints, constraint) for s in c.expression.symbols}
        parameters = sorted(symbols - set(domain.iterators))
        return proves(domain, constraint, self.context(parameters))

    def holds(self, constraint: Constraint) -> bool | None:
        """Whether a constraint on parameters holds for the observed sizes."""
        value = self.value(constraint.expression)
        if value is None:
            return None
        return value == 0 if constraint.sign is Sign.ZERO else value >= 0

    def is_length(self, size: str, length: int) -> bool:
        """Whether a size, by its spelling, is certain to be a number."""
        return self.proves(Domain((), ()), equal(Affine.symbol(size), length))

    def vanishes(self, gap: Affine) -> bool:
        """Whether a difference of sizes is certain to be none."""
        return self.proves(Domain((), ()), equal(gap, 0))

    def assume(self, constraint: Constraint, reason: str, of_one_size: bool = False) -> bool:
        """Take a constraint on parameters as given, with a guard; False where it does not hold.

        A size that must not be larger than another and was seen equal to it is taken as equal: that
        gives the plainer code, and another call gets a code of its own. `of_one_size` says that
        the two sizes are of tensors walked over together, so that this holds even where one may be
        shorter by a few elements.
        """
        expression = self.canonical(constraint.expression)
        constraint = Constraint(expression, constraint.sign)
        if self.proves(Domain((), ()), constraint):
            return True
        if constraint.sign is not Sign.ZERO:
            expression = self.canonical(self._at_worst(expression))
            constraint = Constraint(expression, constraint.sign)
        if self._is_likely(constraint):
            self._forget_weaker(constraint)
            self.known.append(constraint)
            sentence, guard = _sentence(constraint)
            guard = self._written_out(guard)
            self.assumptions.append(Assumption(sentence, guard, reason))
            return True
        if self.holds(constraint) is not True or not all(
            self.spellable(s) for s in expression.symbols
        ):
            return False
        constant = expression.constant
        pair = _difference_of_sizes(expression - constant if of_one_size else expression)
        if pair is not None and self.value(expression - (constant if of_one_size else 0)) == 0:
            self._assume_equal(*pair, reason)
            return True
        self._forget_weaker(constraint)
        self.known.append(constraint)
        self.assumptions.append(Assumption(*_sentence(constraint), reason))
        return True

    def _is_likely(self, constraint: Constraint) -> bool:
        """Whether it asks that a number which the code before computes is not zero."""
        expression = constraint.expression
        (symbol,) = expression.symbols if len(expression.terms) == 1 else ("",)
        is_positive = expression.coefficient(symbol) == 1 and expression.constant in (0, -1)
        root = symbol.partition(".shape[")[0]
        return root in self.definitions and is_positive and constraint.sign is not Sign.ZERO

    def _written_out(self, guard: str) -> str:
        tree = ast.parse(guard, mode="eval").body
        return ast.unparse(substitute(tree, self.definitions))

    def assume_many(self, constraint: Constraint, reason: str) -> bool:
        """As `assume`, for sizes that make new code fast: remembered where they are not seen.

        Where new code is wanted for few iterations as well, nothing is asked.
        """
        if self.wants_small:
            return True
        taken = self.assume(constraint, reason)
        if not taken:
            self._note(self.declined, constraint, reason)
        return taken

    def prefer(self, constraint: Constraint, reason: str) -> None:
        """Note for which sizes the new code is the faster one: `Options.keeps_small` asks it."""
        if not self.proves(Domain((), ()), constraint):
            self._note(self.pays, constraint, reason)
            if self.holds(constraint) is False:
                self._note(self.missed, constraint, reason)

    def _note(self, where: list[Assumption], constraint: Constraint, reason: str) -> None:
        constraint = Constraint(self.canonical(constraint.expression), constraint.sign)
        if all(self.spellable(s) for s in constraint.expression.symbols):
            where.append(Assumption(*_sentence(constraint), reason))

    def _forget_weaker(self, constraint: Constraint) -> None:
        """Drop what the constraint says better: ``n >= 1`` beside ``n >= 2``."""
        if constraint.sign is Sign.ZERO:
            return
        for old in [k for k in self.known if k.sign is constraint.sign]:
            gap = old.expression - constraint.expression
            if gap.is_constant and gap.constant >= 0:
                sentence = _sentence(old)[0]
                self.known.remove(old)
                self.assumptions = [a for a in self.assumptions if a.sentence != sentence]

    def _at_worst(self, expression: Affine) -> Affine:
        """The least that an expression may be, whatever was computed: ``n - stop -> n - m``."""
        worst = {s: m for s, m in self.at_most.items() if expression.coefficient(s) < 0}
        worst |= {s: Affine() for s in self.at_most if expression.coefficient(s) > 0}
        return expression.substitute(worst)

    def _assume_equal(self, kept: str, dropped: str, reason: str) -> None:
        if dropped in {s for a in self.equal.values() for s in a.symbols}:
            kept, dropped = dropped, kept
        self.equal[dropped] = Affine.symbol(kept)
        guard = f"{dropped} == {kept}"
        self.assumptions.append(Assumption(guard, guard, reason))


def _of_quotient(symbol: str) -> tuple[Constraint, ...]:
    """What ``x.shape[0] // 2`` says of itself: twice it is the size, or one less."""
    if "//" not in symbol:
        return ()
    match ast.parse(symbol, mode="eval").body:
        case ast.BinOp(left, ast.FloorDiv(), ast.Constant(int() as divisor)) if divisor > 0:
            total = ast.unparse(left)
            if total.endswith(("]", ")")) and not isinstance(left, ast.BinOp):
                rest = Affine.symbol(total) - Affine.symbol(symbol) * divisor
                size = at_least(Affine.symbol(total), 0)
                return (at_least(rest, 0), at_least(Affine.number(divisor - 1), rest), size)
    return ()


def _difference_of_sizes(expression: Affine) -> tuple[str, str] | None:
    """``a - b`` of two sizes: the names, the one to keep first."""
    if expression.constant or len(expression.terms) != 2:
        return None
    (first, one), (second, two) = expression.terms
    if {one, two} != {1, -1}:
        return None
    larger, smaller = (first, second) if one == 1 else (second, first)
    return smaller, larger


def _sentence(constraint: Constraint) -> tuple[str, str]:
    expression = constraint.expression
    positive, negative = expression.sides
    constant = expression.constant
    left, right = (
        (positive + constant, negative)
        if constant > 0 and positive.terms
        else (positive, negative - constant)
    )
    if not positive.terms:
        left, right = Affine.number(constant), negative
    word = "==" if constraint.sign is Sign.ZERO else ">="
    text = f"{left} {word} {right}"
    if not positive.terms and constraint.sign is not Sign.ZERO:
        text = f"{right} <= {left}"
    return text, text
