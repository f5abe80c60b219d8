"""Affine integer expressions over named symbols: ``2*i + tensor.shape[0] - 1``.

A symbol is an iterator or a parameter (a size or an integer that no loop changes). A parameter's
name is its spelling in the user's source, so that an expression can be written back as it was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Affine:
    """A sum ``c1*s1 + c2*s2 + … + constant`` with integer coefficients.

    >>> str(Affine.symbol("i") * 2 + 1)
    '2 * i + 1'
    """

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @classmethod
    def symbol(cls, name: str) -> Affine:
        """The expression that is one symbol: ``i``."""
        return cls(((name, 1),))

    @classmethod
    def number(cls, value: int) -> Affine:
        """The expression that is one integer."""
        return cls((), value)

    @classmethod
    def build(cls, terms: Mapping[str, int], constant: int) -> Affine:
        """A normal form: symbols sorted, zero coefficients dropped."""
        return cls(tuple(sorted((s, c) for s, c in terms.items() if c)), constant)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that occur, sorted."""
        return tuple(name for name, _ in self.terms)

    @property
    def is_constant(self) -> bool:
        """Whether no symbol occurs."""
        return not self.terms

    def coefficient(self, name: str) -> int:
        """The coefficient of a symbol, 0 where it does not occur."""
        return dict(self.terms).get(name, 0)

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other) if other else self
        if not (self.terms and other.terms):
            return Affine(self.terms or other.terms, self.constant + other.constant)
        merged = dict(self.terms)
        for name, coefficient in other.terms:
            merged[name] = merged.get(name, 0) + coefficient
        return Affine.build(merged, self.constant + other.constant)

    def __neg__(self) -> Affine:
        return self * -1

    def __sub__(self, other: Affine | int) -> Affine:
        return self + (-other)

    def __mul__(self, factor: int) -> Affine:
        if factor == 0:
            return Affine()
        if factor == 1:
            return self
        return Affine(tuple((s, c * factor) for s, c in self.terms), self.constant * factor)

    def substitute(self, values: Mapping[str, Affine]) -> Affine:
        """Each symbol in `values` replaced by its expression: ``i -> 2*k + 1``."""
        if not any(name in values for name, _ in self.terms):
            return self
        result = Affine.number(self.constant)
        for name, coefficient in self.terms:
            result = result + values.get(name, Affine.symbol(name)) * coefficient
        return result

    @property
    def sides(self) -> tuple[Affine, Affine]:
        """What is added and what is taken away, constant aside: ``i - j + 1 -> (i, j)``."""
        added = Affine.build({s: c for s, c in self.terms if c > 0}, 0)
        return added, Affine.build({s: -c for s, c in self.terms if c < 0}, 0)

    def without(self, names: Iterable[str]) -> Affine:
        """The part in which none of `names` occurs."""
        dropped = set(names)
        return Affine(tuple(t for t in self.terms if t[0] not in dropped), self.constant)

    def evaluate(self, values: Mapping[str, int]) -> int | None:
        """The integer for given values of all symbols, or None where one is missing."""
        total = self.constant
        for name, coefficient in self.terms:
            if name not in values:
                return None
            total += coefficient * values[name]
        return total

    def __str__(self) -> str:
        text = ""
        positive_first = sorted(self.terms, key=lambda term: term[1] < 0)
        for name, coefficient in positive_first:
            magnitude = abs(coefficient)
            atom = (
                name
                if name.replace(".", "").replace("_", "").isalnum() or name[-1] in "])"
                else f"({name})"
            )
            factor = atom if magnitude == 1 else f"{magnitude} * {atom}"
            if not text:
                text = factor if coefficient > 0 else f"-{factor}"
            else:
                text += f" {'+' if coefficient > 0 else '-'} {factor}"
        if not text:
            return str(self.constant)
        if self.constant:
            text += f" {'+' if self.constant > 0 else '-'} {abs(self.constant)}"
        return text


class Sign(Enum):
    """What a constraint says of its expression."""

    NONNEGATIVE = ">= 0"
    ZERO = "= 0"


@dataclass(frozen=True)
class Constraint:
    """``expression >= 0`` or ``expression = 0``."""

    expression: Affine
    sign: Sign = Sign.NONNEGATIVE

    def __str__(self) -> str:
        return f"{self.expression} {self.sign.value}"


def at_least(left: Affine, right: Affine | int) -> Constraint:
    """``left >= right``."""
    return Constraint(left - right)


def less_than(left: Affine, right: Affine | int) -> Constraint:
    """``left < right`` (integers, so ``right - left - 1 >= 0``)."""
    return Constraint((left - right) * -1 - 1)


def equal(left: Affine, right: Affine | int) -> Constraint:
    """``left = right``."""
    return Constraint(left - right, Sign.ZERO)
