"""The rewritten function as text: every line outside of what changed survives as it was."""

from __future__ import annotations

import ast
import copy
import io
import tokenize
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

from deloop.backend import syntax
from deloop.backend.results import Replacement, last_word, put_results_in_place
from deloop.backend.uses import rewrite_uses
from deloop.ir.source import SourceFunction
from deloop.ops.making import draws
from deloop.text.liveness import Fate, fate_of, has_jump
from deloop.text.names import is_name, is_read_only_in, names_captured, names_in, names_read
from deloop.text.trees import walk


def allocation_of(
    name: str, loop: ast.For, block: list[ast.stmt], body: list[ast.stmt]
) -> ast.stmt | None:
    """The statement that allocates a tensor for the loop, where nothing touches it in between.

    Views that only the loop reads (``flat = result.view(-1)``) do not count: they go with it.
    """
    position = next(k for k, s in enumerate(block) if s is loop)
    for statement in reversed(block[:position]):
        if (
            isinstance(statement, ast.Assign)
            and len(statement.targets) == 1
            and isinstance(statement.targets[0], ast.Name)
            and statement.targets[0].id == name
        ):
            is_missed = name in names_read([statement]) or _draws(statement)
            return None if is_missed else statement
        if has_jump([statement]):
            return None  # a loop around may go on, or end, with what was allocated
        mentions = any(isinstance(n, ast.Name) and n.id == name for n in walk(statement))
        if mentions and not _serves_only(loop, statement, body):
            return None
    return None


def _draws(statement: ast.stmt) -> bool:
    """Whether a statement draws random numbers: what is drawn later depends on it."""
    return any(isinstance(n, ast.Call) and draws(last_word(n.func)) for n in walk(statement))


def _serves_only(loop: ast.For, statement: ast.stmt, body: list[ast.stmt]) -> bool:
    """Whether a statement binds one name, by a pure expression, that the loop alone reads."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=bound)], value=value):
            return _is_pure(value) and is_read_only_in(bound, loop, body)
    return False


def write_function(
    function: SourceFunction,
    replacements: Sequence[Replacement],
    nonzero: AbstractSet[str] = frozenset(),
    made: AbstractSet[str] = frozenset(),
) -> str:
    """The function's text with its loops replaced, and without what only they needed.

    An allocation that was only filled by the loop goes, so do assignments of sizes that nobody
    reads any more, and ``result = E`` before ``return result`` becomes ``return E``. Parameters
    that are `nonzero` may be divided by without that it shows.
    """
    assert isinstance(function.node, ast.FunctionDef)
    edits: dict[ast.stmt, list[ast.stmt]] = {}
    taking = [use.statement for r in replacements for use in r.taken]
    for replacement in replacements:
        for name in replacement.replaced:
            allocation = allocation_of(
                name, replacement.loop, replacement.block, function.node.body
            )
            if allocation is None or _asks_device(name, replacement.body):
                continue
            if name in made or not _reads_elements(allocation):
                edits[allocation] = []
        for name in replacement.dropped:
            start = allocation_of(name, replacement.loop, replacement.block, function.node.body)
            if isinstance(start, ast.Assign) and _is_plain_start(start.value):
                edits[start] = []
        for start in _starts_of_several(replacement):
            edits[start] = []
        _drop_starts(replacement, edits, function.node, _read_by_others(replacement, replacements))
        place = replacement.place
        edits[place] = [*edits.get(place, []), *replacement.body]
        if isinstance(place, ast.For):
            put_results_in_place(replacement, edits, function.node, taking)
    rewrite_uses(
        [t for r in replacements for t in r.taken],
        edits,
        {n: r.place for r in replacements for t in r.taken for n in t.names},
        function.node.body,
    )
    own = {id(n) for n in walk(function.node)}
    edits = {old: new for old, new in edits.items() if id(old) in own}  # not what was thought of
    _drop_unread(function.node, replacements, edits, nonzero)
    for replacement in replacements:
        if not any(edits.get(statement, [statement]) for statement in replacement.block):
            edits[replacement.place] = [ast.Pass()]
    return _splice(function.text, function.node, edits)


def _asks_device(name: str, body: Sequence[ast.stmt]) -> bool:
    """Whether the new code asks a tensor where it is, so that somebody has to make it."""
    return any(
        isinstance(n, ast.Attribute) and n.attr == "device" and is_name(n.value, name)
        for statement in body
        for n in ast.walk(statement)
    )


def _starts_of_several(replacement: Replacement) -> list[ast.stmt]:
    """Statements like ``total, count = 0.0, 0`` of which the new code sets every name."""
    position = next(k for k, s in enumerate(replacement.block) if s is replacement.loop)
    if replacement.is_tried:
        return []
    later: set[str] = set()
    found: list[ast.stmt] = []
    for statement in reversed(replacement.block[:position]):
        if has_jump([statement]):
            break
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=parts)], value=ast.Tuple(elts=values)):
                names = {p.id for p in parts if isinstance(p, ast.Name)}
                is_start = len(names) == len(parts) and all(map(_is_plain_start, values))
                if is_start and names <= replacement.bound - later:
                    found.append(statement)
                    continue
        later |= names_in(statement)
    return found


def _read_by_others(replacement: Replacement, all_of_them: Sequence[Replacement]) -> set[str]:
    """What the code that replaces other loops reads; behind this one, not what this one sets."""
    found: set[str] = set()
    position = replacement.block.index(replacement.loop)
    for other in all_of_them:
        if other is replacement:
            continue
        read = names_read(list(other.body))
        if other.loop in replacement.block[position:]:
            read -= replacement.bound
        found |= read
    return found


def _drop_starts(
    replacement: Replacement,
    edits: dict[ast.stmt, list[ast.stmt]],
    node: ast.FunctionDef,
    read_by_others: set[str],
) -> None:
    """What carried variables held before the loop, where the new code needs none of it.

    ``best, index = x[0], 0``: an element that the loop reads too, so that leaving it out hides no
    exception. Nor does what the new code computes itself.
    """
    if replacement.is_tried:
        return
    position = next(k for k, s in enumerate(replacement.block) if s is replacement.loop)
    in_loop = names_in(replacement.loop)
    read = (names_read(list(replacement.body)) - replacement.bound) | read_by_others
    for statement in reversed(replacement.block[:position]):
        if not isinstance(statement, ast.Assign):
            return
        names = {n.id for t in statement.targets for n in walk(t) if isinstance(n, ast.Name)}
        plain = (ast.Name, ast.Tuple, ast.List, ast.expr_context)
        only_names = all(isinstance(n, plain) for t in statement.targets for n in walk(t))
        unneeded = only_names and all(
            n in replacement.bound or is_read_only_in(n, replacement.loop, node.body) for n in names
        )
        is_unread = unneeded and names <= in_loop and not names & read
        if is_unread and (
            _is_first_value(statement.value) or _computes(replacement.body, statement.value)
        ):
            edits[statement] = []
        elif statement not in edits:
            read |= names_read([statement])


_STARTING = frozenset({"tensor", "float", "zeros", "ones", "item", "abs", "clone"})


def _is_first_value(value: ast.expr) -> bool:
    """Whether a start is constants and elements at constant places alone."""
    for inner in walk(value):
        if isinstance(inner, ast.Call):
            if last_word(inner.func) not in _STARTING:
                return False
        elif isinstance(inner, ast.Subscript):
            index = inner.slice.elts if isinstance(inner.slice, ast.Tuple) else [inner.slice]
            if not all(isinstance(i, (ast.Constant, ast.UnaryOp)) for i in index):
                return False
        elif not isinstance(
            inner,
            (ast.Constant, ast.UnaryOp, ast.unaryop, ast.Attribute, ast.Name, ast.expr_context,
             ast.keyword, ast.Tuple, ast.List),
        ):  # fmt: skip
            return False
    return True


def _computes(body: Sequence[ast.stmt], value: ast.expr) -> bool:
    """Whether statements compute an expression themselves, whatever the data."""
    sometimes = (ast.IfExp, ast.BoolOp, ast.Lambda, ast.ListComp, ast.GeneratorExp)
    for statement in body:
        if not isinstance(statement, (ast.Assign, ast.Return)):
            return False
        inner = list(walk(statement))
        if any(isinstance(n, sometimes) for n in inner):
            continue
        if any(isinstance(n, ast.expr) and syntax.same(n, value) for n in inner):
            return True
    return False


def _is_plain_start(value: ast.expr) -> bool:
    """Whether a value is made of constants alone, so that nobody misses its making."""
    allowed = (ast.Constant, ast.UnaryOp, ast.unaryop, ast.Attribute, ast.Name, ast.expr_context,
               ast.keyword, ast.Tuple, ast.List)  # fmt: skip
    for node in walk(value):
        if isinstance(node, ast.Call):
            if last_word(node.func) not in {"tensor", "float", "zeros", "ones"}:
                return False
        elif not isinstance(node, allowed):
            return False
    is_call = isinstance(value, ast.Call)
    return is_call or not any(isinstance(n, (ast.Name, ast.Attribute)) for n in walk(value))


def _drop_unread(
    node: ast.FunctionDef,
    replacements: Sequence[Replacement],
    edits: dict[ast.stmt, list[ast.stmt]],
    nonzero: AbstractSet[str],
) -> None:
    """Assignments of sizes, constants and new tensors that only the old loops read."""
    while True:
        kept = _remaining(node.body, edits)
        read = names_read(kept)
        used_by_loops = names_read([s for r in replacements for s in (r.loop, r.place)]) | {
            n for s, new in edits.items() if not new for n in names_read([s])
        }
        dropped = False
        for statement in _statements(node.body):
            if statement in edits or not isinstance(statement, ast.Assign):
                continue
            names = [
                n.id for t in statement.targets for n in walk(t) if isinstance(n, ast.Name)
            ]
            plain = all(
                isinstance(n, (ast.Name, ast.Tuple, ast.List, ast.expr_context))
                for t in statement.targets
                for n in walk(t)
            )
            if (
                plain
                and names
                and all(_is_set_anew(n, statement, node, edits) for n in set(names) & read)
                and set(names) & used_by_loops
                and _is_pure(statement.value, nonzero)
            ):
                edits[statement] = []
                dropped = True
        if not dropped:
            return


def _is_set_anew(
    name: str,
    statement: ast.Assign,
    node: ast.FunctionDef,
    edits: dict[ast.stmt, list[ast.stmt]],
) -> bool:
    """Whether an empty list is replaced before anybody reads it: ``rows, sums = [], []``."""
    lists = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
    is_empty = all(isinstance(v, ast.List) and not v.elts for v in lists)
    if not is_empty or statement not in node.body or name in names_captured(node):
        return False
    behind = node.body[node.body.index(statement) + 1 :]
    return fate_of(name, [new for s in behind for new in edits.get(s, [s])]) is Fate.GONE


def _reads_elements(node: ast.AST) -> bool:
    """Whether a statement reads elements, which raises where there are none."""
    return any(
        isinstance(n, ast.Subscript)
        and isinstance(n.ctx, ast.Load)
        and not (isinstance(n.value, ast.Attribute) and n.value.attr == "shape")
        for n in walk(node)
    )


def _is_pure(node: ast.expr, nonzero: AbstractSet[str] = frozenset()) -> bool:
    """Whether leaving an expression out changes nothing: sizes, constants, arithmetic of names."""
    for inner in walk(node):
        if isinstance(inner, ast.Call):
            if last_word(inner.func) not in _PURE_CALLS:
                return False
        elif isinstance(inner, ast.Subscript):
            if not (isinstance(inner.value, ast.Attribute) and inner.value.attr == "shape"):
                return False
        elif isinstance(inner, ast.BinOp):
            if not _plain_sum(inner) and not _plain_quotient(inner, nonzero):
                return False
        elif isinstance(inner, (ast.Await, ast.Yield, ast.NamedExpr)):
            return False
    return True


_PURE_CALLS = frozenset(
    {
        "len", "size", "dim", "numel", "zeros_like", "zeros", "empty", "empty_like", "view",
        "flatten", "reshape",
    }
)  # fmt: skip


def _plain_sum(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub, ast.Mult))


def _plain_quotient(node: ast.BinOp, nonzero: AbstractSet[str]) -> bool:
    """Whether a division is one of ints by what is not 0."""
    if not isinstance(node.op, (ast.FloorDiv, ast.Mod)):
        return False
    match node.right:
        case ast.Constant(value=int() as number):
            return number != 0
        case ast.Name(id=name):
            return name in nonzero
    return False


def _statements(body: list[ast.stmt]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        for block in ("body", "orelse", "finalbody"):
            if not isinstance(statement, (ast.For, ast.FunctionDef, ast.ClassDef)):
                found.extend(_statements(getattr(statement, block, [])))
    return found


def _remaining(body: list[ast.stmt], edits: dict[ast.stmt, list[ast.stmt]]) -> list[ast.stmt]:
    """The statements after the edits; compound ones are flattened to what they read."""
    result: list[ast.stmt] = []
    for statement in body:
        if statement in edits:
            result.extend(edits[statement])
        elif isinstance(statement, (ast.If, ast.With)):
            header = [ast.Expr(value=statement.test)] if isinstance(statement, ast.If) else [
                ast.Expr(value=i.context_expr) for i in statement.items
            ]  # fmt: skip
            result.extend(header)
            result.extend(_remaining(statement.body, edits))
            result.extend(_remaining(getattr(statement, "orelse", []), edits))
        elif isinstance(statement, (ast.For, ast.While)) and _is_edited(statement, edits):
            asked = statement.iter if isinstance(statement, ast.For) else statement.test
            result.append(ast.Expr(value=asked))
            result.extend(_remaining([*statement.body, *statement.orelse], edits))
        else:
            result.append(statement)
    return result


def _is_edited(node: ast.AST, edits: dict[ast.stmt, list[ast.stmt]]) -> bool:
    return any(n in edits for n in walk(node) if isinstance(n, ast.stmt))


def _splice(original: str, node: ast.FunctionDef, edits: dict[ast.stmt, list[ast.stmt]]) -> str:
    """The text with the lines of edited statements replaced, comments inside of them kept."""
    if _share_lines(node, edits) or _has_moved(node, edits):
        return _regenerate(original, node, edits)
    lines = original.splitlines()
    comments = _comments(original)
    spans = sorted(
        ((s.lineno, s.end_lineno or s.lineno, s.col_offset, new, s) for s, new in edits.items()),
        key=lambda span: span[0], reverse=True,
    )  # fmt: skip
    for first, last, column, new, statement in spans:
        text: list[str] = []
        if isinstance(statement, ast.For) or new:
            text.extend(" " * column + c for line, c in comments if first <= line <= last)
        for written in new:
            text.extend(" " * column + line for line in syntax.text(written).splitlines())
        lines[first - 1 : last] = text
    without_decorators = lines[node.lineno - 1 :]
    return "\n".join(without_decorators).rstrip() + "\n"


def _comments(text: str) -> list[tuple[int, str]]:
    """Every comment with its line."""
    reader = io.StringIO(text).readline
    try:
        tokens = list(tokenize.generate_tokens(reader))
    except (tokenize.TokenError, IndentationError):
        return []
    return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]


def _share_lines(node: ast.FunctionDef, edits: dict[ast.stmt, list[ast.stmt]]) -> bool:
    """Whether an edited statement stands on one line with another one."""
    statements = [s for s in walk(node) if isinstance(s, ast.stmt) and s is not node]
    for edited in edits:
        for other in statements:
            if other is edited or (
                not hasattr(other, "body") and other in edits and other.lineno == edited.lineno
            ):
                continue
            inside = edited.lineno < other.lineno <= (edited.end_lineno or 0)
            if not inside and edited.lineno <= other.lineno <= (edited.end_lineno or 0):
                return True
            if other.end_lineno == edited.lineno and not hasattr(other, "body"):
                return True
    return node.body[0].lineno == node.lineno


def _has_moved(node: ast.FunctionDef, edits: dict[ast.stmt, list[ast.stmt]]) -> bool:
    """Whether an edited statement is a loop whose ``else`` was moved behind it, or begins one.

    Such statements keep their place in the text, further to the right than the loop's.
    """
    return any(
        second.col_offset > first.col_offset and (first in edits or second in edits)
        for inner in walk(node)
        for field in ("body", "orelse", "finalbody")
        if isinstance(inner, ast.stmt)
        for first, second in pairwise(getattr(inner, field, []))
    )


class _Replace(ast.NodeTransformer):
    """Statements replaced by others, found by identity."""

    def __init__(self, edits: dict[int, list[ast.stmt]]) -> None:
        self.edits = edits

    def visit(self, node: ast.AST) -> object:
        """The statements that take the place of a node, or the node itself."""
        return self.edits[id(node)] if id(node) in self.edits else self.generic_visit(node)


def _regenerate(original: str, node: ast.FunctionDef, edits: dict[ast.stmt, list[ast.stmt]]) -> str:
    """The whole function written from its tree, where lines cannot be told apart."""
    edits = {**_as_written(original, node, edits), **edits}
    copies: dict[int, ast.AST] = {}
    changed = copy.deepcopy(node, copies)  # the user's own tree is read again at another call
    _Replace({id(copies[id(old)]): new for old, new in edits.items()}).generic_visit(changed)
    changed.decorator_list = []
    return syntax.text(changed) + "\n"


def _as_written(
    original: str, node: ast.FunctionDef, edits: dict[ast.stmt, list[ast.stmt]]
) -> dict[ast.stmt, list[ast.stmt]]:
    """Loops that were read as ``for`` and that the user wrote with ``while``, with what they are.

    What was behind their ``else`` follows them in the tree. What is edited in them stays so.
    """
    places = {(s.lineno, s.col_offset): new for s, new in edits.items()}
    written = {
        (n.lineno, n.col_offset): n
        for n in walk(ast.parse(original))
        if isinstance(n, ast.While)
    }
    found: dict[ast.stmt, list[ast.stmt]] = {}
    for inner in walk(node):
        loop = written.get((inner.lineno, inner.col_offset)) if isinstance(inner, ast.For) else None
        if loop is not None and isinstance(inner, ast.For):
            loop.orelse = []
            inside = [n for s in loop.body for n in walk(s) if isinstance(n, ast.stmt)]
            changed = {id(n): places.get((n.lineno, n.col_offset)) for n in inside}
            _Replace({k: new for k, new in changed.items() if new is not None}).generic_visit(loop)
            found[inner] = [loop]
    return found
