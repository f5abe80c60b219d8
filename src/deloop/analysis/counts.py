"""What an expression behind a loop counts: ``n * m`` is as many as a matrix has elements."""

from __future__ import annotations

import ast
from collections.abc import Callable

from deloop.analysis.bindings import names_spelled
from deloop.analysis.facts import Facts
from deloop.analysis.types import Candidate
from deloop.errors import RefusalError
from deloop.frontend.build import NestBuilder
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import Integer
from deloop.text.names import names_stored

Factors = tuple[Affine, ...]


def find_factors(
    function: SourceFunction, candidate: Candidate, facts: Facts
) -> Callable[[ast.expr], Factors | None]:
    """Reads an expression that stands behind the loop as a product of sizes, None for any other.

    ``len(x) * m -> (x.shape[0], x.shape[1])``, sorted.
    """

    def factors(node: ast.expr) -> Factors | None:
        if names_spelled(ast.unparse(node)) & names_stored(candidate.node):
            return None
        reader = NestBuilder(function, dict(candidate.environment))
        reader.products = dict(candidate.products)
        try:
            item = reader.evaluate(node)
        except RefusalError:
            return None
        if not isinstance(item, Integer):
            return None
        affine = item.affine
        known = reader.products.get(str(affine.symbols[0])) if affine.symbols else None
        whole = len(affine.symbols) == 1 and affine == Affine.symbol(affine.symbols[0])
        found = known if known is not None and whole else (affine,)
        return sorted_factors(tuple(facts.canonical(f) for f in found))

    return factors


def sorted_factors(factors: Factors) -> Factors:
    """The factors in one order, those that are 1 left out."""
    return tuple(sorted((f for f in factors if f != Affine.number(1)), key=str))
