"""Values put where the code behind a loop reads them once: ``return s / n -> return E / n``."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from deloop.backend.reduce import as_mean
from deloop.backend.uses import Taken
from deloop.ir.affine import Affine
from deloop.text.liveness import is_read_behind
from deloop.text.names import substitute
from deloop.text.trees import walk

_WIDTH = 88
"""How long a statement may get for values to be put into it."""

_ACCESSORS = frozenset({"len", "size", "dim", "numel"})
"""Calls that only look."""


@dataclass(frozen=True)
class Replacement:
    """One loop and the statements that take its place.

    `sums` are the sums among them with the extents that they go over, `factors` reads what an
    expression behind the loop counts (`analysis.counts`). `written` is what stands in the text
    where that is not the loop itself, `taken` the uses of lists that it filled.
    """

    loop: ast.For
    block: list[ast.stmt]
    body: tuple[ast.stmt, ...]
    replaced: frozenset[str]
    bound: frozenset[str] = frozenset()
    sums: Mapping[int, tuple[ast.expr, tuple[Affine, ...]]] = field(default_factory=dict)
    factors: Callable[[ast.expr], tuple[Affine, ...] | None] = lambda node: None
    written: ast.stmt | None = None
    taken: tuple[Taken, ...] = ()
    is_tried: bool = False
    """Whether an exception in front of the loop may be caught, so that its names stay bound."""

    @property
    def dropped(self) -> frozenset[str]:
        """The names of which nobody needs what they held in front of the loop."""
        return frozenset() if self.is_tried else self.bound

    @property
    def place(self) -> ast.stmt:
        """What goes from the user's text: the loop, or the statement with a comprehension."""
        return self.loop if self.written is None else self.written


def put_results_in_place(
    replacement: Replacement,
    edits: dict[ast.stmt, list[ast.stmt]],
    node: ast.FunctionDef,
    taking: Collection[ast.stmt],
) -> None:
    """Each last value of the new code written into the statement behind it that alone reads it.

    Those that are `taking` a list are written anew themselves.

    ``s = E; return s / n -> return E / n``; ``s = E; s = s / n; return s -> return E / n``.
    """
    position = next(k for k, s in enumerate(replacement.block) if s is replacement.loop)
    body = list(edits[replacement.place])
    for after in replacement.block[position + 1 :]:
        read = _value_read(after, body)
        if read is None or after in taking:
            return
        value = read
        while body:
            written = _put_in_place(body[-1], body[:-1], value, after, replacement, node)
            if written is None:
                break
            body.pop()
            value = written
        if value is read or _is_half(read, body):
            return
        plain = ast.unparse(value)
        value = _with_means(value, replacement)
        renames = isinstance(after, ast.Assign) and isinstance(after.value, ast.Name)
        if not isinstance(after, ast.Return) and ast.unparse(value) == plain and not renames:
            return  # the user's own statement stays as it is
        edits[replacement.place] = list(body)
        if isinstance(after, ast.Return):
            edits[after] = [ast.Return(value=value)]
            return
        name = _target_of(after)
        assert name is not None
        changed = ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)
        edits[after] = [changed]
        if name not in replacement.replaced | replacement.bound:
            return
        edits[after] = []
        body.append(changed)
        edits[replacement.place] = list(body)


def _is_half(read: ast.expr, body: Sequence[ast.stmt]) -> bool:
    """Whether a user's expression would spell out some of the results that it reads, not all.

    ``return hits / (hits + ((score > 0.5) & (truth == 0)).sum().item())``
    """
    named = {_target_of(statement) for statement in body}
    return any(isinstance(n, ast.Name) and n.id in named for n in walk(read))


def _value_read(after: ast.stmt, body: list[ast.stmt]) -> ast.expr | None:
    """The expression that a statement behind the loop evaluates; None for other statements."""
    match after:
        case ast.Return(value=ast.expr() as value):
            return value
        case ast.Assign(targets=[ast.Name()], value=value):
            return value
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Div() as op, value=value):
            if body and _target_of(body[-1]) == name and is_quiet(value):
                return ast.BinOp(ast.Name(name, ast.Load()), op, value)
    return None


def _target_of(statement: ast.stmt) -> str | None:
    """The one name that a statement sets."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AugAssign(target=ast.Name(id=name)):
            return name
    return None


def _put_in_place(
    last: ast.stmt,
    before: list[ast.stmt],
    value: ast.expr,
    after: ast.stmt,
    replacement: Replacement,
    node: ast.FunctionDef,
) -> ast.expr | None:
    """The expression with a value where its name is read once; None where it must stay."""
    name = _target_of(last)
    if name is None or not isinstance(last, ast.Assign):
        return None
    if any(name in use.names for use in replacement.taken):
        return None
    if name not in replacement.replaced | replacement.bound or _is_captured(name, node):
        return None
    if any(isinstance(n, ast.Name) and n.id == name for s in before for n in walk(s)):
        return None
    if sum(isinstance(n, ast.Name) and n.id == name for n in walk(value)) != 1:
        return None
    if not isinstance(after, ast.Return) and not _is_last_read(name, after, replacement, node):
        return None
    if not _is_evaluated_plainly(value, name):
        return None
    if isinstance(after, ast.AugAssign) and id(last.value) not in replacement.sums:
        return None  # a division in place keeps the dtype and the memory
    written = substitute(value, {name: last.value})
    plain = isinstance(value, ast.Name) or len(ast.unparse(written)) <= _WIDTH
    return written if plain else None


def _is_last_read(
    name: str, after: ast.stmt, replacement: Replacement, node: ast.FunctionDef
) -> bool:
    """Whether nothing behind a statement sees the name's value: it is set there, or not read."""
    if isinstance(after, ast.AugAssign) or _target_of(after) == name:
        return True
    if not isinstance(node, ast.FunctionDef) or is_read_behind(name, after, node):
        return False  # the next iteration of a loop around may read it
    own = {id(n) for s in (replacement.loop, after) for n in walk(s)}
    return not any(
        isinstance(n, ast.Name)
        and n.id == name
        and isinstance(n.ctx, ast.Load)
        and id(n) not in own
        and n.lineno >= after.lineno
        for n in walk(node)
    )


def _with_means(node: ast.expr, replacement: Replacement) -> ast.expr:
    """``x.sum() / len(x) -> x.mean()``."""
    for inner in walk(node):
        for name, child in ast.iter_fields(inner):
            if isinstance(child, ast.expr):
                setattr(inner, name, _mean_of(child, replacement))
    return _mean_of(node, replacement)


def _mean_of(node: ast.expr, replacement: Replacement) -> ast.expr:
    if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Div):
        return node
    total, sign = node.left, None
    if isinstance(node.left, ast.UnaryOp) and isinstance(node.left.op, ast.USub):
        total, sign = node.left.operand, node.left.op
    found = replacement.sums.get(id(total))
    if found is None or found[0] is not total:
        return node
    extents = tuple(sorted((e for e in found[1] if e != Affine.number(1)), key=str))
    if replacement.factors(node.right) != extents:
        return node
    return as_mean(total) if sign is None else ast.UnaryOp(sign, as_mean(total))


def _is_evaluated_plainly(node: ast.expr, name: str) -> bool:
    """Whether nothing is called before the name is read, and it is read exactly once."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call, ast.Attribute, ast.Tuple,
                         ast.List, ast.Subscript, ast.Starred, ast.keyword, ast.Dict)):  # fmt: skip
        for child in ast.iter_child_nodes(node):
            if any(isinstance(n, ast.Name) and n.id == name for n in walk(child)):
                return isinstance(child, (ast.expr, ast.keyword)) and _is_evaluated_plainly(
                    child.value if isinstance(child, ast.keyword) else child, name
                )
            if not is_quiet(child):
                return False
    return False


def is_quiet(node: ast.AST) -> bool:
    """Whether evaluating an operand leaves all tensors as they are: nothing is called but `len`."""
    return not any(
        isinstance(n, (ast.Await, ast.Yield, ast.NamedExpr, ast.Lambda))
        or (isinstance(n, ast.Call) and last_word(n.func) not in _ACCESSORS)
        for n in walk(node)
    )


def _is_captured(name: str, node: ast.FunctionDef) -> bool:
    inner = [
        n for n in walk(node) if isinstance(n, (ast.FunctionDef, ast.Lambda)) and n is not node
    ]
    return any(isinstance(n, ast.Name) and n.id == name for i in inner for n in walk(i))


def last_word(callee: ast.expr) -> str:
    """The function's or method's own name: ``torch.zeros -> zeros``."""
    if isinstance(callee, ast.Attribute):
        return callee.attr
    return callee.id if isinstance(callee, ast.Name) else ""
