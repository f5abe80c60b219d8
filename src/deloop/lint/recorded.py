"""What loops become, knowing from a recorded run what they work on.

A rewrite is taken from a recording only where every kind of values that was seen leads to the same
text; what was seen is then no assumption any more. It is run beside the loop on such values, and
an assumption is left where that cannot be done or where the two differ.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from deloop.lint.facts import LoopFacts, kinds_of
from deloop.lint.kinds import Kind
from deloop.lint.module import ModuleScope
from deloop.lint.piece import Piece
from deloop.lint.propose import NO_GRADIENT, NO_SHARING, ON_CPU, Proposal, propose
from deloop.text.names import names_in, names_stored

MOST_KINDS = 6

# Running needs PyTorch, which may not be installed.
_RUNNER = "deloop.verification.recorded"

Seen = Mapping[str, Any]
"""One kind of values, as it is stored."""


def propose_recorded(piece: Piece, file: str, facts: Sequence[LoopFacts]) -> Proposal | None:
    """As `propose`, for all that was recorded of a piece's loops."""
    plain = propose(piece, file, thorough=True)
    seen = [kind for one in facts for kind in one.kinds]
    stable = _find_stable(piece)
    if piece.whole and not piece.arguments:
        return plain  # a script is not run a second time
    if plain is None or not 0 < len(seen) <= MOST_KINDS or not all(k["values"] for k in seen):
        return plain
    known = [{n: k for n, k in kinds_of(kind).items() if n in stable} for kind in seen]
    found = [propose(_tell(piece, names), file, thorough=True) for names in known]
    first = found[0]
    if first is None or not first.edits:
        return plain
    left: list[str] = []
    for proposal, kind, names in zip(found, seen, known, strict=True):
        if proposal is None or proposal.edits != first.edits:
            return plain
        left += [a for a in proposal.assumptions if not _is_seen(a, proposal, kind, names)]
        if proposal.exactness is not first.exactness:
            return plain
    certain = all(p is not None and p.certain for p in found)
    trouble = _verify(piece, first, seen)
    if trouble:
        left.append(trouble)
    return replace(
        first,
        certain=certain,
        assumptions=tuple(dict.fromkeys(left)),
        recorded=tuple(dict.fromkeys(_describe(seen, known, piece))),
    )


def _find_stable(piece: Piece) -> set[str]:
    """The names that are for the loops what they are where the piece begins."""
    if piece.whole:
        changing: Iterable[ast.stmt] = piece.body
    else:
        lines = {n.lineno for s in piece.body for n in ast.walk(s) if isinstance(n, ast.stmt)}
        start = min(lines & piece.wanted, default=0)
        changing = [s for s in piece.body if (s.end_lineno or s.lineno) < start]
    stored = {name for statement in changing for name in names_stored(statement)}
    attributes = {
        ast.unparse(n)
        for s in piece.body
        for n in ast.walk(s)
        if isinstance(n, ast.Attribute)
    }
    written = {
        ast.unparse(n)
        for s in piece.body
        for n in ast.walk(s)
        if isinstance(n, ast.Attribute) and not isinstance(n.ctx, ast.Load)
    }
    return {n for n in piece.arguments if n not in stored} | (attributes - written)


def _tell(piece: Piece, known: Mapping[str, Kind]) -> Piece:
    """The piece with what is known of its arguments and of the attributes of ``self``."""
    arguments = {name: known.get(name, kind) for name, kind in piece.arguments.items()}
    names = {**piece.names, **{name: kind for name, kind in known.items() if "." in name}}
    return replace(piece, arguments=arguments, names=names)


def _is_seen(sentence: str, proposal: Proposal, kind: Seen, known: Mapping[str, Kind]) -> bool:
    """Whether what a rewrite assumes held in the recorded run."""
    tensors = [v for v in kind["values"].values() if v["type"] == "tensor"]
    if sentence == NO_GRADIENT:
        return not any(v["grad"] for v in tensors)
    if sentence == ON_CPU:
        return all(v["device"] == "cpu" for v in tensors)
    if sentence.endswith(NO_SHARING):
        return not kind["shared"]
    name, _, rest = sentence.partition(" is ")
    if name in known and rest == "a float":
        return True
    guard = dict(proposal.guards).get(sentence)
    return guard is not None and all(_holds(guard, shapes) for shapes in kind["shapes"])


def _holds(guard: str, shapes: Mapping[str, Any]) -> bool:
    """Whether a condition on sizes holds for recorded ones; False where it asks for more."""
    values: dict[str, Any] = {}
    for name, size in shapes.items():
        if "." not in name:
            values[name] = _Sized(size) if isinstance(size, list) else size
    for name, size in shapes.items():
        owner, _, attribute = name.partition(".")
        if attribute and isinstance(size, list):
            setattr(values.setdefault(owner, SimpleNamespace()), attribute, _Sized(size))
    try:
        return bool(eval(guard, {"__builtins__": {}, "len": len}, values))
    except Exception:
        return False


class _Sized:
    """A tensor of which only the shape is known."""

    def __init__(self, shape: list[int]) -> None:
        self.shape = tuple(shape)
        self.ndim = len(shape)

    def __len__(self) -> int:
        return self.shape[0]

    def size(self, axis: int) -> int:
        """One size."""
        return self.shape[axis]


def _describe(
    seen: Sequence[Seen], known: Sequence[Mapping[str, Kind]], piece: Piece
) -> Iterable[str]:
    """``x is a tensor of 2 dimensions, float32, on cpu``."""
    used = {name for statement in piece.body for name in names_in(statement)}
    for kind, names in zip(seen, known, strict=True):
        for name in names:
            value = kind["values"][name]
            if name.partition(".")[0] not in used or value["type"] != "tensor":
                continue
            rank = value["rank"]
            dimensions = f"{rank} dimension{'s' if rank != 1 else ''}"
            held = f"{value['dtype']}, on {value['device']}"
            grad = ", with a gradient" if value["grad"] else ""
            yield f"{name} is a tensor of {dimensions}, {held}{grad}"


def _verify(piece: Piece, proposal: Proposal, seen: Sequence[Seen]) -> str:
    """Run loop and rewrite on values like the recorded ones; what is wrong, or nothing."""
    try:
        runner: Any = importlib.import_module(_RUNNER)
    except ImportError:
        return "it was not run beside the loop: PyTorch is not installed"
    name = "_piece" if not piece.whole else ast.parse(proposal.source).body[0].name  # type: ignore[attr-defined]
    trouble: str = runner.run_recorded(
        "\n".join(piece.text.lines),
        proposal.source,
        _find_setup(piece.module, names_in(ast.Module(piece.body, []))),
        name,
        list(piece.arguments),
        seen,
        proposal.exactness,
    )
    return trouble


def _find_setup(module: ModuleScope, used: set[str]) -> str:
    """What a piece needs of its file: torch by its names there, numbers, helper functions."""
    lines = ["import torch"]
    done: set[str] = set()
    waiting = list(used)
    while waiting:
        name = waiting.pop()
        if name in done:
            continue
        done.add(name)
        path = module.imports.get(name, "")
        if path.partition(".")[0] in ("torch", "math"):
            space, _, word = path.rpartition(".")
            start = f"from {space} import {word}" if space else f"import {path}"
            lines.append(f"{start} as {name}")
        function = module.functions.get(name)
        if function is not None and not function.decorator_list:
            lines.append(ast.unparse(function))
            waiting += names_in(function)
        for node in module.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=bound)], value=ast.Constant()):
                    if bound == name:
                        lines.append(ast.unparse(node))
    return "\n".join(lines)
