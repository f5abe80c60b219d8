"""Sums of products of sizes and iterators: what ``i * w + j`` is where `w` is no number."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from deloop.ir.affine import Affine
from deloop.ir.scalar import Call, Cast, Index, Number, Subscript

Product = tuple[str, ...]
"""The symbols of a product, sorted; of a bare number there are none."""


@dataclass(frozen=True)
class Polynomial:
    """``2 * i * w + j`` as its products, each with a factor: ``{(i, w): 2, (j,): 1}``."""

    terms: Mapping[Product, int] = field(default_factory=dict)

    def __add__(self, other: Polynomial) -> Polynomial:
        found = dict(self.terms)
        for product, factor in other.terms.items():
            found[product] = found.get(product, 0) + factor
        return Polynomial({p: f for p, f in found.items() if f})

    def __mul__(self, other: Polynomial) -> Polynomial:
        total = Polynomial()
        for first, one in self.terms.items():
            for second, two in other.terms.items():
                total = total + Polynomial({tuple(sorted((*first, *second))): one * two})
        return total

    def affine(self) -> Affine | None:
        """The same as a sum of symbols; None where two are multiplied."""
        if any(len(product) > 1 for product in self.terms):
            return None
        terms = {product[0]: factor for product, factor in self.terms.items() if product}
        return Affine.build(terms, self.terms.get((), 0))

    def divided(self, divisor: Polynomial) -> Polynomial | None:
        """The quotient by a single product; None where there is none without a rest."""
        if len(divisor.terms) != 1:
            return number(1) if self == divisor else None
        ((by, factor),) = divisor.terms.items()
        found = {}
        for product, own in self.terms.items():
            left = list(product)
            for symbol in by:
                if symbol not in left:
                    return None
                left.remove(symbol)
            if own % factor:
                return None
            found[tuple(left)] = own // factor
        return Polynomial(found)


    def coefficients(
        self, names: AbstractSet[str]
    ) -> tuple[dict[str, Polynomial], Polynomial] | None:
        """What each of `names` is multiplied by, and the rest; None where two are multiplied."""
        found: dict[str, Polynomial] = {}
        rest = Polynomial()
        for product, factor in self.terms.items():
            own = [s for s in product if s in names]
            others = Polynomial({tuple(s for s in product if s not in names): factor})
            if len(own) > 1:
                return None
            if own:
                found[own[0]] = found.get(own[0], Polynomial()) + others
            else:
                rest = rest + others
        return found, rest

    def share_of(self, other: Polynomial) -> int:
        """How often another is in it, told by the first product of that which is no number."""
        for product, factor in other.terms.items():
            if product:
                own = self.terms.get(product, 0)
                return own // factor if own % factor == 0 else 0
        return 0

    def multiple_of(self, other: Polynomial) -> int | None:
        """The number that another is to be multiplied by; None where there is none."""
        for product, factor in other.terms.items():
            times, rest = divmod(self.terms.get(product, 0), factor)
            return times if not rest and self == other * number(times) else None
        return None


def number(value: int) -> Polynomial:
    """A number as a polynomial."""
    return Polynomial({(): value} if value else {})


def as_polynomial(value: Affine, canonical: Callable[[Affine], Affine]) -> Polynomial:
    """An expression of sizes as a polynomial."""
    found = polynomial_of(value, {}, canonical)
    assert found is not None
    return found


def polynomial_of(
    value: Subscript, known: Mapping[str, int], canonical: Callable[[Affine], Affine]
) -> Polynomial | None:
    """A subscript or a size as a polynomial, symbols of which the number is `known` replaced."""
    match value:
        case Affine():
            total = number(value.constant)
            for symbol, factor in value.terms:
                part = _of_symbol(symbol, known, canonical)
                total = total + part * number(factor)
            return total
        case Index(affine):
            return polynomial_of(affine, known, canonical)
        case Number(int() as found):
            return number(found)
        case Cast(inner, kind) if kind.dtype == inner.type.dtype == "int64":
            return polynomial_of(inner, known, canonical)
        case Call("add" | "sub" | "mul" as word, (first, second), keywords=()):
            left, right = (polynomial_of(a, known, canonical) for a in (first, second))
            if left is None or right is None:
                return None
            if word == "mul":
                return left * right
            return left + (right if word == "add" else right * number(-1))
    return None


def _of_symbol(
    symbol: str, known: Mapping[str, int], canonical: Callable[[Affine], Affine]
) -> Polynomial:
    """A symbol that is spelled as a product of others, as the product."""
    if symbol in known:
        return number(known[symbol])
    same = canonical(Affine.symbol(symbol))
    if same != Affine.symbol(symbol):
        found = polynomial_of(same, known, canonical)
        assert found is not None
        return found
    if "*" not in symbol:
        return Polynomial({(symbol,): 1})
    return _of_tree(ast.parse(symbol, mode="eval").body, symbol, known, canonical)


def _of_tree(
    tree: ast.expr, whole: str, known: Mapping[str, int], canonical: Callable[[Affine], Affine]
) -> Polynomial:
    match tree:
        case ast.BinOp(left, ast.Mult() | ast.Add() | ast.Sub() as word, right):
            first, second = (_of_tree(t, whole, known, canonical) for t in (left, right))
            if isinstance(word, ast.Mult):
                return first * second
            sign = 1 if isinstance(word, ast.Add) else -1
            return first + second * number(sign)
        case ast.Constant(value=int() as found) if not isinstance(found, bool):
            return number(found)
    text = ast.unparse(tree)
    return Polynomial({(text,): 1}) if text == whole else _of_symbol(text, known, canonical)


def spelled_product(parts: Iterable[Affine]) -> Affine:
    """A product of sizes: a number of times a size, or a symbol that is spelled so."""
    total = Affine.number(1)
    for part in parts:
        if total.is_constant or part.is_constant:
            total = total * part.constant if part.is_constant else part * total.constant
        else:
            total = Affine.symbol(" * ".join(_atom(p) for p in (total, part)))
    return total


def _atom(size: Affine) -> str:
    text = str(size)
    return text if size == Affine.symbol(text) and "//" not in text else f"({text})"
