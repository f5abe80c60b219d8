"""Searches written as people write them: conditional expressions, nothing named that is used once.

    found = (x == 3).any().item()
    if found:                             ->      return (x == 3).any().item()
        return True
    return False

Only lines that a search has made change.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from deloop.backend import syntax
from deloop.text.liveness import Fate, fate_of, is_read_behind
from deloop.text.names import names_in, names_read, names_stored, substitute

_Change = tuple[int, int, list[ast.stmt]]
"""The statements from one position to before another one in a block, and what replaces them."""


@dataclass(frozen=True)
class _Block:
    """A block of the function, and the names that a search has made."""

    body: list[ast.stmt]
    node: ast.FunctionDef
    made: frozenset[str]
    targets: frozenset[str]

    def uses(self, name: str) -> int:
        """How often the function reads a name."""
        return sum(
            isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Load)
            for n in ast.walk(self.node)
        )

    def is_about_search(self, node: ast.AST) -> bool:
        """Whether an expression reads what a search has found."""
        return any(isinstance(n, ast.Name) and n.id in self.made for n in ast.walk(node))


def tidy_searches(source: str, made: frozenset[str], targets: frozenset[str]) -> str:
    """The source with what surrounds its searches shortened.

    `made` are names of our own, `targets` the user's that counted in the loops that are gone.
    """
    if not made:
        return source
    tests: set[str] = set()
    for _ in range(40):
        node = ast.parse(source).body[0]
        assert isinstance(node, ast.FunctionDef)
        edit = _find_edit(node, made, targets, tests)
        if edit is None:
            break
        source = _replaced(source, *edit)
    return source


def _find_edit(
    node: ast.FunctionDef, made: frozenset[str], targets: frozenset[str], tests: set[str]
) -> tuple[list[ast.stmt], list[ast.stmt]] | None:
    for body in _blocks(node):
        block = _Block(body, node, made, targets)
        for position in range(len(body)):
            for rule in _RULES:
                change = rule(block, position, tests)
                if change is not None:
                    first, last, new = change
                    return body[first:last], new
    return None


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for field in ("body", "orelse"):
        body = getattr(node, field, None)
        if isinstance(body, list) and body:
            for statement in body:
                yield from _blocks(statement)
            yield body


def _replaced(source: str, old: Sequence[ast.stmt], new: Sequence[ast.stmt]) -> str:
    lines = source.splitlines()
    first, last = old[0].lineno, old[-1].end_lineno or old[-1].lineno
    indent = " " * old[0].col_offset
    text = [indent + line for s in new for line in syntax.text(s).splitlines()]
    comments = [
        line for line in lines[first - 1 : last] if line.lstrip().startswith("#")
    ]
    lines[first - 1 : last] = [*comments, *text]
    return "\n".join(lines).rstrip() + "\n"


# ---------------------------------------------------------------------- rules
def _nonzero_of_mask(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``hits = x > 0`` and ``hits = hits.nonzero()`` -> ``hits = (x > 0).nonzero()``."""
    match block.body[at : at + 2]:
        case [
            ast.Assign(targets=[ast.Name(id=name)], value=mask),
            ast.Assign(
                targets=[ast.Name(id=again)],
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=read), attr="nonzero")),
            ),
        ] if name == again == read and name in block.made:
            value = syntax.method(_without_clone(mask), "nonzero")
            return at, at + 2, [ast.Assign([ast.Name(name, ast.Store())], value, lineno=0)]
    return None


def _without_clone(mask: ast.expr) -> ast.expr:
    match mask:
        case ast.Call(func=ast.Attribute(value=inner, attr="clone"), args=[], keywords=[]):
            return inner
    return mask


def _test_used_once(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``found = c`` and ``if found: …`` -> ``if c: …``."""
    match block.body[at : at + 2]:
        case [ast.Assign(targets=[ast.Name(id=name)], value=value), ast.If(test=test) as branch]:
            if name not in block.made or block.uses(name) != 1 or name not in names_in(test):
                return None
            tests.add(ast.unparse(value))
            changed = copy.copy(branch)
            changed.test = substitute(test, {name: value})
            return at, at + 2, [changed]
    return None


def _position_used_once(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``i = hits[0].item()`` and ``return i`` -> ``return hits[0].item()``."""
    statement = block.body[at]
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if block.is_about_search(value):
            pass
        case _:
            return None
    behind = block.body[at + 1 :]
    owner = next((n for n in ast.walk(block.node)
                  if isinstance(n, ast.If) and block.body in (n.body, n.orelse)), None)  # fmt: skip
    if not behind or owner is None or (name in block.made and isinstance(value, ast.IfExp)):
        return None
    uses = sum(isinstance(n, ast.Name) and n.id == name for s in behind for n in ast.walk(s))
    skipped = next((k for k, s in enumerate(behind) if not _sets_constant(s)), 0)
    target = behind[skipped]
    if uses != 1 or name not in names_read([target]) or hasattr(target, "body"):
        return None
    if not isinstance(behind[-1], ast.Return) and is_read_behind(name, owner, block.node):
        return None
    changed = _Inlined(name, value).visit(copy.deepcopy(target))
    return at, at + skipped + 2, [*behind[:skipped], changed]


def _sets_constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)


def _pair_returned(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``i, j = hits[0].tolist()`` and ``return i, j`` -> ``return tuple(hits[0].tolist())``."""
    match block.body[at : at + 2]:
        case [
            ast.Assign(targets=[ast.Tuple(elts=names)], value=value),
            ast.Return(value=ast.Tuple(elts=returned)),
        ] if block.is_about_search(value) and list(map(ast.unparse, names)) == list(
            map(ast.unparse, returned)
        ):
            return at, at + 2, [ast.Return(syntax.call("tuple", [value]))]
    return None


def _two_returns(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``if c: return a`` and ``return b`` -> ``return a if c else b``."""
    match block.body[at : at + 2]:
        case [
            ast.If(test=test, body=[ast.Return(value=ast.expr() as then)], orelse=[]),
            ast.Return(value=ast.expr() as otherwise),
        ] if _is_ours(block, test, tests):
            return at, at + 2, [ast.Return(_choice(test, then, otherwise))]
    match block.body[at]:
        case ast.If(test=test, body=[ast.Return(value=None)], orelse=[]) if (
            block.body is block.node.body and at == len(block.body) - 1 and at > 0
            and block.is_about_search(test)
        ):  # fmt: skip
            return at, at + 1, []
    return None


def _choice(test: ast.expr, then: ast.expr, otherwise: ast.expr) -> ast.expr:
    """``then if test else otherwise``; the test itself for True and False."""
    if isinstance(then, ast.Constant) and isinstance(otherwise, ast.Constant) and _is_bool(test):
        if then.value is True and otherwise.value is False:
            return test
        if then.value is False and otherwise.value is True:
            return _none_holds(_bare(test))
    return ast.IfExp(_bare(test), then, otherwise)


def _none_holds(test: ast.expr) -> ast.expr:
    """``not mask.any()``; ``(~mask).any()`` is not, where ``mask.all()`` is."""
    match test:
        case ast.Call(
            func=ast.Attribute(value=ast.UnaryOp(op=ast.Invert(), operand=mask), attr="any")
        ):
            return syntax.method(syntax.method(mask, "all"), "item")
    return ast.UnaryOp(ast.Not(), test)


def _is_bool(test: ast.expr) -> bool:
    """Whether the test is a Python bool: ``(…).any().item()``."""
    text = ast.unparse(test)
    return text.endswith(".any().item()") or (
        isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    )


def _bare(test: ast.expr) -> ast.expr:
    """``mask.any().item()`` -> ``mask.any()`` where only its truth counts."""
    match test:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Attribute(attr="any")) as inner, attr="item")
        ):
            return inner
    return test


def _is_ours(block: _Block, test: ast.expr, tests: set[str]) -> bool:
    return block.is_about_search(test) or any(text in ast.unparse(test) for text in tests)


def _both_sides_set(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``if c: v = a  else: v = b`` -> ``v = a if c else b``."""
    match block.body[at]:
        case ast.If(
            test=test,
            body=[ast.Assign(targets=[ast.Name(id=name)], value=then)],
            orelse=[ast.Assign(targets=[ast.Name(id=other)], value=otherwise)],
        ) if name == other and _is_ours(block, test, tests):
            made = ast.Assign(
                [ast.Name(name, ast.Store())], _choice(test, then, otherwise), lineno=0
            )
            tests.add(ast.unparse(made.value))
            return at, at + 1, [made]
    return None


def _set_before(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``v = -1``, the search, ``if c: v = a`` -> the search, ``v = a if c else -1``."""
    match block.body[at]:
        case ast.If(test=test, body=[ast.Assign(targets=[ast.Name(id=name)], value=then)],
                    orelse=[]) if (  # fmt: skip
            _is_ours(block, test, tests) and name not in names_in(then)
        ):
            pass
        case _:
            return None
    first = at - 1
    while first >= 0 and _is_search(block, block.body[first], name):
        first -= 1
    if first < 0:
        return None
    match block.body[first]:
        case ast.Assign(targets=[ast.Name(id=before)], value=value) if before == name and (
            _is_constant(value) or isinstance(value, ast.Name)
        ):
            choice = _choice(test, then, value)
            made = ast.Assign([ast.Name(name, ast.Store())], choice, lineno=0)
            tests.add(ast.unparse(choice))
            return first, at + 1, [*block.body[first + 1 : at], made]
    return None


def _is_search(block: _Block, statement: ast.stmt, name: str) -> bool:
    """Whether a statement sets a name of ours, and does not look at the user's."""
    return (
        isinstance(statement, ast.Assign)
        and names_stored(statement) <= block.made
        and name not in names_read([statement])
    )


def _is_constant(value: ast.expr) -> bool:
    if isinstance(value, ast.UnaryOp):
        value = value.operand
    return isinstance(value, ast.Constant)


def _returned_at_once(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``v = a if c else b`` and ``return v`` -> ``return a if c else b``."""
    match block.body[at : at + 2]:
        case [
            ast.Assign(targets=[ast.Name(id=name)], value=value),
            ast.Return(value=ast.Name(id=returned)),
        ] if name == returned and (ast.unparse(value) in tests or name in block.made):
            inner = [n for n in ast.walk(block.node) if isinstance(n, (ast.Lambda, ast.FunctionDef))
                     and n is not block.node]  # fmt: skip
            if not any(name in names_in(n) for n in inner):
                return at, at + 2, [ast.Return(value)]
    return None


def _plain_test(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``if mask.any().item():`` -> ``if mask.any():``."""
    statement = block.body[at]
    if not isinstance(statement, ast.If) or not _is_ours(block, statement.test, tests):
        return None
    changed = copy.copy(statement)
    if isinstance(statement.test, ast.UnaryOp):
        bare = _bare(statement.test.operand)
        changed.test = ast.UnaryOp(statement.test.op, bare)
        is_same = bare is statement.test.operand
    else:
        changed.test = _bare(statement.test)
        is_same = changed.test is statement.test
    return None if is_same else (at, at + 1, [changed])


def _counter_unread(block: _Block, at: int, tests: set[str]) -> _Change | None:
    """``i = 0``, where nobody looks at ``i`` any more before it is set anew."""
    match block.body[at]:
        case ast.Assign(targets=[ast.Name(id=name)] as targets, value=value) if (
            name in block.targets and len(block.body) > 1 and _is_simple(value)
        ):
            others = [n for n in ast.walk(block.node) if isinstance(n, ast.Name) and n.id == name]
            is_lost = fate_of(name, block.body[at + 1 :]) is Fate.GONE and not any(
                isinstance(n, (ast.Global, ast.Nonlocal, ast.Lambda, ast.FunctionDef))
                for n in ast.walk(block.node) if n is not block.node
            )  # fmt: skip
            if others == targets or is_lost:
                return at, at + 1, []
    return None


def _is_simple(value: ast.expr) -> bool:
    """Whether a value is made of numbers, names and lengths."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            if not (isinstance(node.func, ast.Name) and node.func.id == "len"):
                return False
        elif not isinstance(node, _SIMPLE):
            return False
    return True


_SIMPLE = (ast.Constant, ast.Name, ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop,
           ast.expr_context)  # fmt: skip


_RULES: tuple[Callable[[_Block, int, set[str]], _Change | None], ...] = (
    _nonzero_of_mask,
    _test_used_once,
    _position_used_once,
    _pair_returned,
    _two_returns,
    _both_sides_set,
    _set_before,
    _returned_at_once,
    _plain_test,
    _counter_unread,
)


class _Inlined(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr) -> None:
        self.name, self.value = name, value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.value if node.id == self.name else node
