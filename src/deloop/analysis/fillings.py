"""Lists that a loop filled, once it is rewritten: what takes their place, and where it goes on."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from deloop.analysis.types import Candidate
from deloop.backend import syntax
from deloop.backend.uses import Taken
from deloop.diagnostic import Refusal
from deloop.errors import RefusalError, Unsupported
from deloop.frontend.appends import AppendReader
from deloop.frontend.lists import FilledList, Use
from deloop.ir.types import Tensor


def _lists(candidate: Candidate) -> Mapping[str, FilledList]:
    return {} if candidate.filling is None else candidate.filling.lists


def find_taken(
    candidate: Candidate,
    builder: AppendReader,
    replaced: frozenset[str],
    with_grad: frozenset[str],
) -> tuple[Taken, ...]:
    """What each use of the candidate's lists becomes.

    A list that is not among the `replaced` is still appended to, and its uses stay.
    """
    found: list[Taken] = []
    for name, filled in _lists(candidate).items():
        has_array = name in replaced or name in builder.positions
        if filled.kept and filled.mask and not (has_array and filled.mask in replaced):
            sentence = f"loop kept: how often {name} is appended to depends on data"
            raise Unsupported(Refusal("VEC931", builder.place(candidate.node), sentence))
        for use in filled.uses:
            if use.is_reduced:
                value = syntax.name(use.symbol)
                found.append(Taken(use.statement, use.node, value, (use.symbol,)))
            elif use.kind != "mask" and has_array:
                value = syntax.name(name)
                names = (filled.mask, name) if filled.mask else (name,)
                mask = syntax.name(filled.mask or name)
                if filled.negated:
                    mask = ast.UnaryOp(ast.Invert(), mask)
                if name in builder.positions:
                    value, names = syntax.method(mask, "nonzero"), (filled.mask,)
                    if not builder.positions[name]:
                        value = syntax.method(value, "flatten")
                elif filled.mask:
                    value = syntax.index(value, [*([ast.Slice()] * use.dim), mask])
                is_viewed = _is_viewed(use, candidate) and builder.flattened.get(name) != ()
                flattened = builder.flattened.get(name)
                value = _as_result(value, use, flattened, is_viewed)
                if name in builder.positions and _is_along(use, filled.mask, builder):
                    value = mask
                is_behind = use.kind == "cat" and use.start is not None
                if is_behind and not builder.starts_empty.get(name):
                    value = _behind(use, value)
                kind = None
                if not (filled.mask or flattened or is_behind or use.kind in ("list", "array")):
                    grad = name in with_grad
                    kind = replace(builder.arrays[name].type, requires_grad=grad, leaf=not grad)
                found.append(Taken(use.statement, use.node, value, names, kind))
    return tuple(found)


def _is_along(use: Use, mask: str, builder: AppendReader) -> bool:
    """Whether the positions in a list are an index into a tensor as long as the loop."""
    if use.kind != "index" or use.start is None:
        return False
    try:
        base = builder.evaluate(use.start)
    except RefusalError:
        return False
    length = builder.arrays[mask].type.shape
    sizes = base.type.shape if isinstance(base, Tensor) else ()
    return len(length) == 1 and sizes[:1] == length


def _behind(use: Use, value: ast.expr) -> ast.expr:
    """``torch.cat([first, *rows], 1)  ->  torch.cat([first, rows], 1)``."""
    assert isinstance(use.node, ast.Call) and use.start is not None
    both = ast.List([use.start, value], ast.Load())
    return ast.Call(use.node.func, [both, *use.node.args[1:]], use.node.keywords)


def _as_result(
    node: ast.expr, use: Use, flattened: tuple[int, ...] | None, is_viewed: bool
) -> ast.expr:
    """The array of a list's elements as its use has them.

    ``torch.cat(outs)  ->  outs.flatten(0, 1)``; row by row in memory, where somebody asks for that.
    """
    if flattened is not None:
        node = syntax.method(node, "flatten", *(syntax.constant(k) for k in flattened))
    if is_viewed:
        node = syntax.method(node, "contiguous")
    if use.kind == "array":
        return syntax.method(node, "numpy")
    return syntax.method(node, "tolist") if use.kind == "list" else node


def result_names(name: str, candidate: Candidate) -> list[str]:
    """The variables that are what has become of a list: ``y`` of ``y = torch.stack(outs)``."""
    filled = _lists(candidate).get(name)
    return [n for use in (filled.kept if filled is not None else ()) for n in _targets(use)]


def _is_viewed(use: Use, candidate: Candidate) -> bool:
    """Whether the order of the elements in memory shows: ``torch.stack(outs).view(-1)``."""
    results = set(_targets(use))
    for statement in candidate.function_body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Attribute) and node.attr in _ASKS_FOR_LAYOUT:
                receiver = node.value
                if receiver is use.node or (
                    isinstance(receiver, ast.Name) and receiver.id in results
                ):
                    return True
    return False


_ASKS_FOR_LAYOUT = frozenset({"view", "stride", "as_strided", "is_contiguous", "data_ptr"})


def _targets(use: Use) -> list[str]:
    """The names that a use gives its value."""
    if not isinstance(use.statement, ast.Assign) or use.statement.value is not use.node:
        return []
    return [t.id for t in use.statement.targets if isinstance(t, ast.Name)]


def is_result_used(name: str, candidate: Candidate) -> bool:
    """Whether the statement that takes a list does more than return it or give it a name."""
    if _lists(candidate)[name].mask:
        return False  # what is selected is laid out anew
    for use in _lists(candidate)[name].kept:
        if use.kind == "mask":
            return False
        value = getattr(use.statement, "value", None)
        is_part = isinstance(value, ast.Tuple) and any(e is use.node for e in value.elts)
        if value is not use.node and not is_part:
            return True
    return False


def is_list(name: str, candidate: Candidate) -> bool:
    """Whether the loop fills a list of this name."""
    return name in _lists(candidate)
