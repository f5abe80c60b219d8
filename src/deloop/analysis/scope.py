"""What the rewritten loop's surroundings allow: names read later, names to be spelled."""

from __future__ import annotations

import ast
from collections.abc import Callable

from deloop.analysis.bounds import least
from deloop.analysis.facts import Facts
from deloop.analysis.types import Candidate
from deloop.diagnostic import Refusal
from deloop.errors import RefusalError, Unsupported
from deloop.frontend.build import NestBuilder
from deloop.frontend.structure import assigned_names, target_names
from deloop.ir.affine import Sign, at_least
from deloop.ir.loop import AffineBranch, Branch, Loop, Nest, Node
from deloop.ir.source import SourceFunction
from deloop.ir.types import Module
from deloop.poly.domain import Domain
from deloop.text.liveness import is_read_behind
from deloop.text.names import names_stored


def find_torch(function: SourceFunction) -> tuple[str, bool]:
    """How the function's scope names torch, and whether it does (else it must be imported)."""
    names = [n.id for n in ast.walk(function.node) if isinstance(n, ast.Name)]
    local = set(function.parameters) | {
        n.id
        for n in ast.walk(function.node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    for name in dict.fromkeys([*names, "torch", "th"]):
        if name in local:
            continue
        try:
            item = function.resolve(name)
        except RefusalError:
            continue
        if isinstance(item, Module) and item.qualified == "torch":
            return name, True
    return "torch", False


def spellable_at_entry(function: SourceFunction) -> Callable[[str], bool]:
    """Whether a size's spelling means at the function's first line what it means at the loop."""
    stored = names_stored(function.node)

    def is_spellable(symbol: str) -> bool:
        names = {n.id for n in ast.walk(ast.parse(symbol, mode="eval")) if isinstance(n, ast.Name)}
        return not names & stored

    return is_spellable


def find_live_out(function: SourceFunction, candidate: Candidate) -> tuple[str, ...]:
    """Names that the loop sets and the code behind it reads."""
    loop = candidate.node
    bound = set(assigned_names(loop)) | target_names(loop)
    return tuple(n for n in sorted(bound) if is_read_behind(n, loop, function.node))


def require_noted(builder: NestBuilder, nest: Nest, facts: Facts) -> None:
    """Prove or assume every fact that reading the loop relied on."""
    from_name = {loop.iterator: loop for loop in loops_of(nest.body)}
    for requirement in builder.requirements:
        symbols = requirement.constraint.expression.symbols
        around = [from_name[s] for s in symbols if s in from_name]
        around = _with_outer(around, from_name)
        domain = Domain(
            tuple(x.iterator for x in around), tuple(c for x in around for c in x.constraints)
        )
        if facts.proves(domain, requirement.constraint):
            continue
        corner = requirement.constraint
        if around and corner.sign is not Sign.ZERO:
            corner = at_least(least(corner.expression, tuple(around)), 0)
        settled = not around or corner.sign is not Sign.ZERO
        if not (settled and facts.assume(corner, requirement.reason)):
            sentence = f"loop kept: it is not certain that {requirement.reason}"
            raise Unsupported(Refusal("VEC904", requirement.place, sentence))


def _with_outer(around: list[Loop], from_name: dict[str, Loop]) -> list[Loop]:
    """The loops and those that their bounds mention, outermost first."""
    wanted = {x.iterator for x in around}
    while True:
        more = {
            s
            for name in wanted
            for c in from_name[name].constraints
            for s in c.expression.symbols
            if s in from_name
        } - wanted
        if not more:
            return [x for name, x in from_name.items() if name in wanted]
        wanted |= more


def loops_of(nodes: tuple[Node, ...]) -> list[Loop]:
    """Every loop of a nest, outermost first."""
    found: list[Loop] = []
    for node in nodes:
        if isinstance(node, Loop):
            found.append(node)
            found.extend(loops_of(node.body))
        elif isinstance(node, (Branch, AffineBranch)):
            found.extend(loops_of(node.then))
            found.extend(loops_of(node.otherwise))
    return found
