"""Lists that loops fill, found on the syntax tree; comprehensions as the loops that they mean.

    outs = []                                  for i in range(n):
    for i in range(n):            is one           outs.append(x[i])      and what became of it:
        outs.append(x[i])         `Filling`    return torch.stack(outs)   one `Use`
    return torch.stack(outs)

What is only added up is never a list: ``sum(outs)`` is ``total``, with ``total = total + x[i]`` in
the place of the append.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from deloop.text.names import is_name, names_in
from deloop.text.trees import swap, walk

Block = list[ast.stmt]
Qualify = Callable[[ast.expr], str]
"""The canonical name of what an expression denotes (``torch.stack``); empty where unknown."""

REDUCED = {"builtins.sum": "total", "builtins.any": "found", "builtins.all": "fits",
            "builtins.len": "count", "builtins.max": "largest",
            "builtins.min": "smallest"}  # fmt: skip
COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp)
@dataclass(frozen=True)
class Use:
    """A place that takes a list.

    Parameters
    ----------
    statement, node:
        The simple statement, and the expression in it that takes the list.
    kind:
        ``"stack"``, ``"cat"``, ``"tensor"``, ``"array"`` (NumPy's), ``"index"``, ``"row"`` (an
        element of another list), ``"list"`` (the list itself is returned), ``"mask"`` (which
        elements another list has), or the qualified name of a builtin.
    dim, dtype, device:
        The arguments; a dtype's name may be given by the class (``torch.LongTensor``).
    symbol:
        The name of what a builtin gives.
    start:
        A tensor in front of the list's, or the one that the list is an index of.
    may_be_empty:
        Whether a list of nothing is taken too, by code that asks how long it is; None where that
        depends on what takes it.
    """

    statement: ast.stmt
    node: ast.expr
    kind: str
    dim: int = 0
    dtype: ast.expr | str | None = None
    device: ast.expr | None = None
    symbol: str = ""
    start: ast.expr | None = None
    may_be_empty: bool | None = None

    @property
    def is_reduced(self) -> bool:
        """Whether the loop computes the use itself, so that it needs no list."""
        return bool(self.symbol)


@dataclass(frozen=True)
class FilledList:
    """A list that is empty before a loop and that the loop appends to; `reason` says why not so.

    `settled` says that nothing behind the loop can change an element before the list is used,
    `mask` names the list of bools that say which elements are appended, if not all are (the others
    are, if it is `negated`). It is `turned` where each element goes in front of those before.
    """

    name: str
    uses: tuple[Use, ...] = ()
    settled: bool = True
    reason: str = ""
    mask: str = ""
    negated: bool = False
    turned: bool = False

    @property
    def kept(self) -> tuple[Use, ...]:
        """The uses that need all elements."""
        return tuple(u for u in self.uses if not u.is_reduced)


@dataclass(frozen=True)
class Filling:
    """A loop that fills lists, in the form in which it is read.

    Parameters
    ----------
    written:
        What stands in the user's text: the loop, or the statement that holds a comprehension.
    loop:
        The loop to be read.
    starts:
        Statements that must be thought of in front of it.
    lists:
        The lists by name.
    whole:
        Whether the loop is all that is written: a loop, or ``outs = [f(a) for a in x]``.
    """

    written: ast.stmt
    loop: ast.For
    starts: tuple[ast.stmt, ...] = ()
    lists: Mapping[str, FilledList] = field(default_factory=dict)
    whole: bool = True

    @property
    def is_comprehension(self) -> bool:
        """Whether the user wrote no loop."""
        return not isinstance(self.written, (ast.For, ast.While))

    @property
    def uses(self) -> tuple[Use, ...]:
        """Every use of every list."""
        return tuple(u for filled in self.lists.values() for u in filled.uses)

    @property
    def symbols(self) -> frozenset[str]:
        """Names of reduced uses, which the code behind the loop reads."""
        return frozenset(u.symbol for u in self.uses if u.symbol)

    def block(self, block: Block) -> Block:
        """The block around it, with what is thought of in front of the loop in it."""
        position = next(k for k, s in enumerate(block) if s is self.written)
        behind = block[position + 1 :] if self.whole else block[position:]
        return [*block[:position], *self.starts, self.loop, *behind]


# ---------------------------------------------------------------------- a loop's own blocks
def apply_fillings(block: Sequence[ast.stmt], fillings: Sequence[Filling]) -> Block:
    """The block as it is read: fillings in their places, reduced uses as names."""
    result: Block = []
    for statement in block:
        own = [f for f in fillings if f.written is statement]
        for filling in own:
            result.extend([*filling.starts, filling.loop])
        if not own or not own[0].whole:
            swaps = {}
            for filling in fillings:
                for name, filled in filling.lists.items():
                    for use in filled.uses:
                        if use.statement is statement:
                            swaps[id(use.node)] = swapped_use(use, name, filling)
            result.append(swap(statement, swaps) if swaps else statement)
    return result


def swapped_use(use: Use, name: str, filling: Filling) -> ast.expr:
    """A use as it reads in the body of a loop: ``sum(x for …) -> total``."""
    if use.is_reduced:
        return ast.copy_location(ast.Name(use.symbol, ast.Load()), use.node)
    if not filling.is_comprehension or not isinstance(use.node, ast.Call):
        return use.node
    call = copy.copy(use.node)
    first = ast.copy_location(ast.Name(name, ast.Load()), use.node.args[0])
    call.args = [first, *use.node.args[1:]]
    return call


def append_of(name: str, value: ast.expr, where: ast.AST) -> ast.stmt:
    """``name.append(value)``."""
    call = located(f"{name}.append(0)", where)
    assert isinstance(call, ast.Expr) and isinstance(call.value, ast.Call)
    call.value.args = [value]
    return call


def needs_preparing(node: ast.AST) -> bool:
    """Whether a statement fills a list, or holds a comprehension."""
    return any(
        isinstance(inner, COMPREHENSIONS)
        or (isinstance(inner, ast.Attribute) and inner.attr in ("append", "insert"))
        or (isinstance(inner, ast.AugAssign) and isinstance(inner.value, ast.List))
        for inner in walk(node)
    )


# ---------------------------------------------------------------------- small questions
def appended_names(node: ast.AST) -> set[str]:
    """Names of lists that a statement may append to."""
    found: set[str] = set()
    for inner in walk(node):
        match inner:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "insert")):
                found.add(name)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=ast.List(elts=[_])):
                found.add(name)
    return found


def appended_value(node: ast.stmt, name: str) -> ast.expr | None:
    """What a statement appends to a list."""
    match node:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="append"),
                args=[value],
                keywords=[],
            )
        ) if found == name and name not in names_in(value) and not isinstance(value, ast.Starred):
            return value
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="insert"),
                args=[ast.Constant(0), value],
                keywords=[],
            )
        ) if found == name and name not in names_in(value) and not isinstance(value, ast.Starred):
            return value
        case ast.AugAssign(
            target=ast.Name(id=found), op=ast.Add(), value=ast.List(elts=[value])
        ) if found == name and name not in names_in(value) and not isinstance(value, ast.Starred):
            return value
    return None


def is_insert(node: ast.AST) -> bool:
    """Whether a call puts an element in front of a list."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "insert"
    )


def whole_list(node: ast.expr) -> tuple[ast.expr, bool]:
    """The list of which all elements are taken, and whether from behind: ``outs[::-1]``."""
    match node:
        case ast.Subscript(
            value=inner,
            slice=ast.Slice(
                lower=None, upper=None, step=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(1))
            ),
        ):
            return inner, True
        case ast.Call(
            func=ast.Name(id="list" | "tuple"),
            args=[ast.Call(func=ast.Name(id="reversed"), args=[inner], keywords=[])],
            keywords=[],
        ):
            return inner, True
    return node, False


def list_names(node: ast.stmt, name: str) -> list[ast.Name]:
    return [n for n in walk(node) if isinstance(n, ast.Name) and n.id == name]


def binds_plainly(node: ast.stmt, name: str) -> bool:
    return (
        isinstance(node, ast.Assign) and len(node.targets) == 1 and is_name(node.targets[0], name)
    )


def binds(node: ast.stmt, name: str) -> bool:
    """Whether an assignment binds the name, alone or in a tuple."""
    return isinstance(node, ast.Assign) and any(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        for t in node.targets
        for n in walk(t)
    )


def empty_list(node: ast.stmt, name: str) -> ast.Name | None:
    """The target of ``name = []``, ``name = list()`` or ``name, other = [], []``."""
    if not isinstance(node, ast.Assign) or len(node.targets) != 1:
        return None
    targets, values = [node.targets[0]], [node.value]
    if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
        targets, values = node.targets[0].elts, node.value.elts
    if len(targets) != len(values):
        return None
    for target, value in zip(targets, values, strict=True):
        if isinstance(target, ast.Name) and target.id == name:
            match value:
                case ast.List(elts=[]):
                    return target
                case ast.Call(func=ast.Name(id="list"), args=[], keywords=[]):
                    return target
    return None


def located(text: str, where: ast.AST) -> ast.stmt:
    """A statement made of text, that stands where another node does."""
    node = ast.parse(text).body[0]
    for inner in walk(node):
        if isinstance(inner, (ast.stmt, ast.expr)):
            ast.copy_location(inner, where)
    return node
