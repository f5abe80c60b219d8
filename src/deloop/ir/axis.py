"""An axis: the values that one lifted iterator takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deloop.ir.affine import Affine, Constraint, at_least, less_than


@dataclass(frozen=True)
class Axis:
    """`iterator` from `lower` up to, not including, `upper`.

    With a `span` it counts 0, 1, 2, … while ``stride * iterator < span``, as in `ir.loop.Loop`.
    """

    iterator: str
    lower: Affine
    upper: Affine
    stride: int = 1
    span: Affine | None = None

    @property
    def extent(self) -> Affine:
        """How many values there are."""
        return self.upper - self.lower

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The values, as constraints on the iterator."""
        iterator = Affine.symbol(self.iterator)
        if self.span is not None:
            return (at_least(iterator, 0), less_than(iterator * self.stride, self.span))
        return (at_least(iterator, self.lower), less_than(iterator, self.upper))

    def substituted(self, values: Mapping[str, Affine]) -> Axis:
        """The axis with symbols in its bounds replaced."""
        span = None if self.span is None else self.span.substitute(values)
        lower, upper = self.lower.substitute(values), self.upper.substitute(values)
        return Axis(self.iterator, lower, upper, self.stride, span)
