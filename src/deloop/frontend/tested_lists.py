"""Lists of which code asks whether they are empty, as tensors of which it asks the same.

    if rows:                                  rows = _deloop_some(torch.stack(rows))
        return torch.stack(rows)       ->     if len(rows) > 0:
                                                  return rows
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from deloop.frontend.lists import appended_names, empty_list
from deloop.frontend.text_edits import Block, TextEdits
from deloop.text.names import is_name, names_captured, names_in

SOME = "_deloop_some"
"""Takes a list that may be empty, where what comes of it is only used if it is not."""

_LEAVING = (ast.Return, ast.Raise, ast.Break, ast.Continue)


def name_tested(block: Block, position: int, edits: TextEdits) -> None:
    """Tests of lists as tests of lengths, where one `stack` or a count can go before them."""
    loop = block[position]
    for name in sorted(appended_names(loop)):
        starts = [s for s in block[:position] if empty_list(s, name) is not None]
        if not starts or name in names_captured(edits.node):
            continue
        uses = _Uses(name)
        uses.block(block[position + 1 :], is_some=False)
        known = {id(n) for part in (uses.tests, uses.taken, uses.sums, uses.lengths)
                 for e in part for n in ast.walk(e) if is_name(n, name)}  # fmt: skip
        mentioned = [n for s in block[position + 1 :] for n in ast.walk(s) if is_name(n, name)]
        if not uses.asks or any(id(n) not in known for n in mentioned):
            continue
        forms = {ast.unparse(c) for c in uses.taken}
        if len(forms) == 1 and not uses.sums:
            (form,) = forms
            if not _is_first(uses.taken[0]):
                continue
            taken = f"{SOME}({form})" if uses.is_guarded else form
            edits.behind.setdefault(loop, []).append(f"{name} = {taken}")
            edits.bound.append(name)
            edits.parts += [(c, name) for c in uses.taken]
            edits.parts += [(t, f"len({name}) > 0") for t in uses.tests]
        elif not forms:
            count = edits.fresh(f"{name}_count")
            edits.behind.setdefault(loop, []).append(f"{count} = len({name})")
            edits.parts += [(c, count) for c in uses.lengths]
            edits.parts += [(t, f"{count} > 0") for t in uses.tests]


@dataclass
class _Uses:
    """How the code behind a loop uses a list."""

    name: str
    tests: list[ast.expr] = field(default_factory=list)
    taken: list[ast.expr] = field(default_factory=list)
    lengths: list[ast.expr] = field(default_factory=list)
    sums: list[ast.expr] = field(default_factory=list)
    asks: bool = False
    is_guarded: bool = True
    """Whether all that takes the list runs only where it is not empty."""

    def block(self, block: Block, is_some: bool) -> None:
        """Note the uses in some statements; `is_some` says that the list is known not to be empty.
        """
        for statement in block:
            self._note(statement, is_some)
            if isinstance(statement, ast.If):
                side = self._says_some(statement.test)
                leaving = statement.orelse if side else statement.body
                left = bool(leaving) and isinstance(leaving[-1], _LEAVING)
                is_some |= side is not None and left

    def _note(self, node: ast.AST, is_some: bool) -> None:
        if isinstance(node, (ast.If, ast.IfExp)):
            self.asks |= self.name in names_in(node.test)
            self.tests += [t for t in _operands(node.test) if is_name(t, self.name)]
            self._note(node.test, is_some)
            side = self._says_some(node.test)
            sides = (node.body, is_some or side is True), (node.orelse, is_some or side is False)
            for part, known in sides:
                if isinstance(part, list):
                    self.block(part, known)
                else:
                    self._note(part, known)
            return
        match node:
            case ast.Call(func=func, args=[ast.Name(id=same), *_]) if same == self.name:
                word = func.attr if isinstance(func, ast.Attribute) else ""
                if word == "stack":
                    self.taken.append(node)
                    self.is_guarded &= is_some
                    return
                if is_name(func, "len") and len(node.args) == 1:
                    self.lengths.append(node)
                if is_name(func, "sum") and len(node.args) == 1:
                    self.sums.append(node)
        for child in ast.iter_child_nodes(node):
            self._note(child, is_some)

    def _says_some(self, test: ast.expr) -> bool | None:
        """On which side of a test the list is not empty; None where it says nothing of that."""
        match test:
            case ast.Name(id=same) if same == self.name:
                return True
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                found = self._says_some(operand)
                return None if found is None else not found
            case ast.Call() if self._is_length(test):
                return True
            case ast.Compare(left=left, ops=[op], comparators=[ast.Constant(value=limit)]) if (
                self._is_length(left)
            ):
                if (type(op), limit) in _SOME:
                    return True
                return False if (type(op), limit) in _NONE else None
        return None

    def _is_length(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=same)], keywords=[]):
                return same == self.name
        return False


def _is_first(node: ast.expr) -> bool:
    """Whether the elements are stacked along the first dimension, which is as long as the list."""
    match node:
        case ast.Call(args=[_, *rest], keywords=[]):
            return all(isinstance(d, ast.Constant) and d.value == 0 for d in rest)
        case ast.Call(args=[_], keywords=[ast.keyword(arg="dim", value=ast.Constant(value=0))]):
            return True
    return False


_SOME = frozenset({(ast.Gt, 0), (ast.NotEq, 0), (ast.GtE, 1)})
_NONE = frozenset({(ast.Eq, 0), (ast.Lt, 1), (ast.LtE, 0)})


def _operands(test: ast.expr) -> Iterator[ast.expr]:
    """The expressions of which a test asks whether they are true."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield from _operands(operand)
        case ast.BoolOp(values=values):
            for value in values:
                yield from _operands(value)
        case _:
            yield test
