"""How sizes are written where the new code stands: by the user's own names for them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from deloop.analysis.bindings import names_spelled
from deloop.analysis.facts import Facts
from deloop.analysis.types import Candidate
from deloop.diagnostic import Place, Refusal
from deloop.errors import RefusalError
from deloop.ir.affine import Affine
from deloop.ir.source import SourceFunction
from deloop.ir.types import Integer
from deloop.text.names import names_stored

Spelling = Callable[[Affine], Affine]


def spell_at_entry(candidate: Candidate, place: Place) -> Spelling:
    """Sizes as they are read from arguments; refuses one that means something else by now."""

    def spell(affine: Affine) -> Affine:
        for symbol in affine.symbols:
            if names_spelled(symbol) & candidate.rebound:
                sentence = f"loop kept: {symbol} means something else by now"
                raise RefusalError(Refusal("VEC952", place, sentence))
        return affine

    return spell


def spell_at_loop(
    function: SourceFunction, candidate: Candidate, place: Place, facts: Facts
) -> Spelling:
    """Sizes by the names that the code before the loop gave them: ``n = len(x)`` writes ``n // 2``.

    A name that the loop sets is left alone: the new code may set it too. A size without a name is
    written as the function writes it, ``len(x)`` or ``x.shape[0]``.
    """
    plain = spell_at_entry(candidate, place)
    own = _own_spellings(function.node)

    def spell(affine: Affine) -> Affine:
        named = _named_sizes(candidate, facts)
        for name, meaning in named.items():
            offset = affine - meaning
            if offset.is_constant and len(meaning.terms) > 1:
                return plain(Affine.symbol(name)) + offset.constant
        names = own | {
            meaning.terms[0][0]: name
            for name, meaning in reversed(list(named.items()))
            if _is_symbol(meaning)
        }
        plain(affine)
        written = Affine.number(affine.constant)
        for symbol, coefficient in affine.terms:
            written = written + Affine.symbol(_renamed(symbol, names)) * coefficient
        return written

    return spell


def _own_spellings(node: ast.AST) -> dict[str, str]:
    """Sizes that are written with `len`, and nowhere by a shape: ``x.shape[0] -> len(x)``."""
    shaped = {
        ast.unparse(n.value.value)
        for n in ast.walk(node)
        if isinstance(n, ast.Subscript) and isinstance(n.value, ast.Attribute)
        and n.value.attr == "shape"
    }  # fmt: skip
    measured = [
        ast.unparse(n.args[0])
        for n in ast.walk(node)
        if isinstance(n, ast.Call) and n.args and ast.unparse(n.func) == "len"
    ]
    bound = names_stored(node) | {a.arg for a in ast.walk(node) if isinstance(a, ast.arg)}
    if "len" in bound:
        return {}
    return {f"{x}.shape[0]": f"len({x})" for x in measured if x not in shaped}


def _named_sizes(candidate: Candidate, facts: Facts) -> Mapping[str, Affine]:
    """The function's own names for sizes, those bound first first: ``n -> x.shape[0]``."""
    taken = names_stored(candidate.node)
    found: dict[str, Affine] = {}
    for name, item in candidate.environment.items():
        if name in taken or not isinstance(item, Integer) or item.affine.is_constant:
            continue
        if item.affine != Affine.symbol(name):
            found[name] = facts.canonical(item.affine)
    return found


def _is_symbol(affine: Affine) -> bool:
    return len(affine.terms) == 1 and affine == Affine.symbol(affine.terms[0][0])


def _renamed(symbol: str, names: Mapping[str, str]) -> str:
    """A size with the sizes in it renamed: ``x.shape[0] // 2 -> n // 2``."""
    if symbol in names:
        return names[symbol]
    if not any(known in symbol for known in names):
        return symbol
    tree = _Renaming(names).visit(ast.parse(symbol, mode="eval"))
    return ast.unparse(tree)


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def visit(self, node: ast.AST) -> ast.AST:
        """The node, or the name of the size that it spells."""
        if isinstance(node, ast.expr):
            name = self.names.get(ast.unparse(node))
            if name is not None:
                return ast.parse(name, mode="eval").body
        return self.generic_visit(node)
