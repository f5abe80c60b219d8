"""The part of a file that the compiler is shown: a whole function, or a loop with what it needs.

A loop is cut out as a function of its own whose parameters are the names that it reads, so that
what stands before it in the file need not be understood:

    h = self.layer(x)                     def _piece(h):
    out = torch.zeros(len(h))      ->         out = torch.zeros(len(h))
    for i in range(len(h)):                   for i in range(len(h)):
        out[i] = h[i].sum()                       out[i] = h[i].sum()
    self.keep(out)                            return out
"""

from __future__ import annotations

import ast
import builtins
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from deloop.lint.kinds import UNKNOWN, Kind
from deloop.lint.module import ClassScope, ModuleScope, Scope, blocks_of, parameters_of
from deloop.lint.reader import Names
from deloop.text.liveness import is_read_behind
from deloop.text.names import local_names, names_in, names_stored
from deloop.text.trees import walk

_INDENT = "    "
_MOST_BEFORE, _MOST_BEHIND = 8, 3
LONGEST_SCRIPT = 200
"""Lines outside of functions; in longer files, a loop of the file itself is read alone."""

# What Python does not take for the end of a line must not be one for str.splitlines either.
_NO_LINE_ENDS = str.maketrans("\f\v\x1c\x1d\x1e\x85\u2028\u2029", " " * 8)


@dataclass(frozen=True)
class Text:
    """Lines of a file, indented for the compiler, and the way back.

    Parameters
    ----------
    first:
        The file's line (0-based) that the first line stands for; one less where `made` is set.
    lines:
        What the compiler reads.
    prefix:
        The indentation that was taken away.
    tabs:
        Whether the file indents by tabs.
    live:
        Names that a last line made up for the purpose returns; None where none was made up.
    """

    first: int
    lines: tuple[str, ...]
    prefix: str
    tabs: bool
    made: bool = False
    live: tuple[str, ...] | None = None

    def restore(self, line: str) -> str:
        """A new line with the file's own indentation."""
        if self.made:
            line = line.removeprefix(_INDENT)
        body = line.lstrip(" ")
        depth = len(line) - len(body)
        if not body:
            return ""
        indent = "\t" * (depth // 4) + " " * (depth % 4) if self.tabs else " " * depth
        return self.prefix + indent + body


@dataclass(frozen=True)
class Piece:
    """What the compiler is shown, and what is known of its parameters.

    `whole` says that it is a function of the file, whose parameters are its own, or all of the
    file's own statements. `exposed` are names that other files may import.
    """

    text: Text
    body: list[ast.stmt]
    arguments: dict[str, Kind]
    wanted: frozenset[int]
    module: ModuleScope
    owner: ClassScope | None
    names: Names
    whole: bool = True
    exposed: frozenset[str] = frozenset()


def cut_whole(
    module: ModuleScope, scope: Scope, names: Names, wanted: frozenset[int], lines: Sequence[str]
) -> Piece | None:
    """All of the function, or of the script, that holds the wanted loops."""
    if isinstance(scope.node, ast.Module):
        return cut_script(module, scope, wanted, lines)
    return cut_function(module, scope, names, wanted, lines)


def cut_script(
    module: ModuleScope, scope: Scope, wanted: frozenset[int], lines: Sequence[str]
) -> Piece | None:
    """A file's own statements as a function; what it defines and imports is left out.

    None where a function of the file may read, at any call, what a wanted loop works with.
    """
    assert isinstance(scope.node, ast.Module)
    body = scope.node.body
    first = next((k for k, s in enumerate(body) if not _is_definition(s)), len(body))
    own = [s for s in body[first:] if not _is_definition(s)]
    text = None
    if own and not _shares_lines(body, first, len(body) - 1):
        text = _dedent(lines, own[0].lineno - 1, own[-1].end_lineno or own[-1].lineno)
    loops = [n for s in own for n in walk(s) if getattr(n, "lineno", 0) in wanted]
    if sum((s.end_lineno or s.lineno) - s.lineno + 1 for s in own) > LONGEST_SCRIPT:
        return None
    used = {n for loop in loops for n in names_in(loop) if not _is_global(n, set(), module)}
    shared = _names_shared(scope.node)
    if text is None or used & shared:
        return None
    held = list(text.lines)
    for statement in body[first:]:
        if _is_definition(statement) and statement.lineno < (own[-1].lineno):
            begin, end = _lines_of(statement)
            for line in range(begin, end):
                held[line - text.first] = f"# line {line + 1}"
    made = ["def _piece():", *(_INDENT + line if line else "" for line in held)]
    plain = [s for s in own if not _is_main_guard(s)]
    deleted = {n for s in own for n in _deleted(s)}
    stored = [n for s in plain for n in _stored_outside_loops(s)]
    stored += [n for s in own for n in _stored_outside_loops(s) if n in shared]
    live = tuple(n for n in dict.fromkeys(stored) if n not in deleted)
    made.append(f"{_INDENT}return {', '.join(live)}".rstrip())
    text = Text(text.first, tuple(made), text.prefix, text.tabs, True, live)
    exposed = frozenset(n for s in plain for n in names_stored(s))
    return Piece(text, own, {}, wanted, module, scope.owner, {}, exposed=exposed)


def _is_definition(statement: ast.stmt) -> bool:
    """A function, a class, an import, or a text that says what the file is for."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(statement, kinds)


def _is_main_guard(statement: ast.stmt) -> bool:
    """``if __name__ == "__main__":``: nobody imports what it sets."""
    return isinstance(statement, ast.If) and names_in(statement.test) == {"__name__"}


def _deleted(node: ast.AST) -> set[str]:
    return {n.id for n in walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Del)}


def _lines_of(statement: ast.stmt) -> tuple[int, int]:
    """The 0-based lines of a statement, decorators included, the last one exclusive."""
    decorators = getattr(statement, "decorator_list", [])
    begin = min([statement.lineno, *(d.lineno for d in decorators)])
    return begin - 1, statement.end_lineno or statement.lineno


def _stored_outside_loops(node: ast.AST) -> Iterator[str]:
    """Names that a statement binds for good, those that only serve a loop left out."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    inner = (ast.For, ast.While, ast.AsyncFor, ast.Lambda, ast.ListComp, ast.SetComp,
             ast.DictComp, ast.GeneratorExp, ast.FunctionDef, ast.ClassDef)  # fmt: skip
    if not isinstance(node, inner):
        for child in ast.iter_child_nodes(node):
            yield from _stored_outside_loops(child)


def _names_shared(tree: ast.AST) -> set[str]:
    """The file's names that its functions and classes read or set."""
    found: set[str] = set()
    for node in walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            own = local_names(node) | {a.arg for a in walk(node) if isinstance(a, ast.arg)}
            inner = {n for k in walk(node) if isinstance(k, ast.Global) for n in k.names}
            found |= (names_in(node) - own) | inner
    return found


def cut_function(
    module: ModuleScope, scope: Scope, names: Names, wanted: frozenset[int], lines: Sequence[str]
) -> Piece | None:
    """A function without its decorators; None where it is none or cannot be dedented."""
    node = scope.node
    if not isinstance(node, ast.FunctionDef):
        return None
    text = _dedent(lines, node.lineno - 1, node.end_lineno or node.lineno)
    if text is None:
        return None
    arguments = {p.arg: names.get(p.arg, UNKNOWN) for p in parameters_of(node)}
    return Piece(text, node.body, arguments, wanted, module, scope.owner, names)


def cut_loop(
    module: ModuleScope, scope: Scope, names: Names, loop: ast.stmt, lines: Sequence[str]
) -> Piece | None:
    """A loop with the statements around that start and take its results, as a function."""
    block = find_block(scope.node, loop)
    if block is None:
        return None
    position = next(k for k, s in enumerate(block) if s is loop)
    first = _find_start(block, position)
    last = _find_end(block, position)
    body = block[first : last + 1]
    begin, end = body[0].lineno - 1, body[-1].end_lineno or body[-1].lineno
    if _shares_lines(block, first, last):
        return None
    text = _dedent(lines, begin, end)
    if text is None:
        return None
    live = () if isinstance(body[-1], ast.Return) else _find_live(scope, body)
    arguments = {n: names.get(n, UNKNOWN) for n in _find_free(scope, body, names, module)}
    if any(len(n) > 1 and n.startswith("__") for n in arguments):
        return None
    made = [f"def _piece({', '.join(arguments)}):"]
    made += [_INDENT + line if line else "" for line in text.lines]
    if live is not None and not isinstance(body[-1], ast.Return):
        made.append(f"{_INDENT}return {', '.join(live)}".rstrip())
    returned = None if isinstance(body[-1], ast.Return) else live
    text = Text(begin, tuple(made), text.prefix, text.tabs, True, returned)
    wanted = frozenset({loop.lineno})
    return Piece(text, body, arguments, wanted, module, scope.owner, names, whole=False)


def _dedent(lines: Sequence[str], first: int, last: int) -> Text | None:
    lines = [line.lstrip("\f") for line in lines[:last]]  # indentation begins behind them
    head = lines[first]
    prefix = head[: len(head) - len(head.lstrip(" \t"))]
    tabs = "\t" in prefix or any(line.startswith(prefix + "\t") for line in lines[first:last])
    found: list[str] = []
    for line in lines[first:last]:
        if line.startswith(prefix):
            line = line[len(prefix) :]
        elif line.strip():
            return None  # a string, or a continued line, that is written further to the left
        else:
            line = ""
        body = line.lstrip("\t")
        if tabs:
            line = " " * 4 * (len(line) - len(body)) + body
        found.append(line.translate(_NO_LINE_ENDS))
    return Text(first, tuple(found), prefix, tabs)


def find_block(node: ast.AST, statement: ast.stmt) -> list[ast.stmt] | None:
    """The statement list that holds a statement."""
    blocks = [node.body] if isinstance(node, ast.Module) else list(blocks_of(node))  # type: ignore[arg-type]
    for block in blocks:
        for inner in block:
            if inner is statement:
                return block
            found = find_block(inner, statement)
            if found is not None:
                return found
    return None


def _find_start(block: list[ast.stmt], position: int) -> int:
    """The first of the statements before a loop that start what it fills."""
    loop = block[position]
    used = names_in(loop)
    first = position
    for k in range(position - 1, max(position - 1 - _MOST_BEFORE, -1), -1):
        statement = block[k]
        if not isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
            break
        if isinstance(statement, ast.Assign) and _is_start(statement.value):
            names = _names_in(statement.targets)
            if names & used:
                first = k
    return first


_STARTS = frozenset(
    {"zeros", "ones", "empty", "full", "tensor", "zeros_like", "ones_like", "empty_like",
     "full_like", "new_zeros", "new_ones", "new_empty", "new_full", "clone", "float", "list"}
)  # fmt: skip


def _is_start(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        func = value.func
        word = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        return word in _STARTS
    if isinstance(value, ast.UnaryOp):
        return isinstance(value.operand, ast.Constant)
    if isinstance(value, (ast.List, ast.Tuple)):
        return all(_is_start(e) for e in value.elts)
    return isinstance(value, ast.Constant)


def _find_end(block: list[ast.stmt], position: int) -> int:
    """The last of the statements behind a loop that take its results: a stack, a return."""
    names = names_stored(block[position]) | _find_filled(block[position])
    last = position
    for k in range(position + 1, min(position + 1 + _MOST_BEHIND, len(block))):
        statement = block[k]
        if not isinstance(statement, (ast.Assign, ast.Return)):
            break
        used = names_in(statement)
        if used & names:
            last = k
    return last


def _names_in(nodes: Sequence[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in walk(node) if isinstance(n, ast.Name)}


def _find_filled(loop: ast.stmt) -> set[str]:
    """The names of what the loop appends to, or stores into."""
    found: set[str] = set()
    for node in walk(loop):
        base: ast.AST | None = None
        if isinstance(node, ast.Attribute) and node.attr == "append":
            base = node.value
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            base = node
            while isinstance(base, ast.Subscript):
                base = base.value
        if isinstance(base, ast.Name):
            found.add(base.id)
    return found


def _shares_lines(block: list[ast.stmt], first: int, last: int) -> bool:
    """Whether the piece begins or ends in the middle of a line."""
    if first and (block[first - 1].end_lineno or 0) >= block[first].lineno:
        return True
    return last + 1 < len(block) and block[last + 1].lineno <= (block[last].end_lineno or 0)


def _find_live(scope: Scope, body: list[ast.stmt]) -> tuple[str, ...]:
    """The names that the piece sets and later code may read, in the order of the text."""
    stored = [
        n.id for s in body for n in walk(s)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]  # fmt: skip
    node = scope.node
    names = list(dict.fromkeys(stored))
    if isinstance(node, ast.FunctionDef):
        return tuple(n for n in names if is_read_behind(n, body[-1], node))
    inside = {id(n) for s in body for n in walk(s)}
    outside = {n.id for n in walk(node) if isinstance(n, ast.Name) and id(n) not in inside}
    return tuple(n for n in names if n in outside or isinstance(node, ast.Module))


def _find_free(
    scope: Scope, body: list[ast.stmt], names: Names, module: ModuleScope
) -> tuple[str, ...]:
    """The names whose values come from before the piece."""
    local = {n.id for n in walk(scope.node) if isinstance(n, ast.Name)
             and isinstance(n.ctx, ast.Store)}  # fmt: skip
    if not isinstance(scope.node, ast.Module):
        local |= {p.arg for p in parameters_of(scope.node)}
    free: dict[str, None] = {}
    bound: set[str] = set()
    for statement in body:
        for node in walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                known = node.id in names or node.id in local
                if known and node.id not in bound and not _is_global(node.id, local, module):
                    free.setdefault(node.id)
        if isinstance(statement, ast.Assign):
            bound |= _names_in(statement.targets)
    own = {
        n.id
        for s in body
        for loop in walk(s)
        if isinstance(loop, (ast.For, ast.comprehension))
        for n in walk(loop.target)
        if isinstance(n, ast.Name)
    }
    return tuple(n for n in free if n not in own)


def _is_global(name: str, local: set[str], module: ModuleScope) -> bool:
    held = name in module.imports or name in module.functions or hasattr(builtins, name)
    return held and name not in local


def read_back(text: Text, source: str) -> list[str] | None:
    """The compiler's answer as lines in the place of `text.lines`; None where it does not fit.

    Where the value of a name that is read later was written into the return that was made up, it is
    assigned instead.
    """
    new = source.rstrip("\n").split("\n")
    if text.live is None:
        return new
    tree = ast.parse(source)
    function = tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    last = function.body[-1]
    if not isinstance(last, ast.Return):
        return None
    kept = new[: last.lineno - 1]
    marks = [line for line in text.lines if line.startswith(f"{_INDENT}# line ")]
    if [line for line in kept if line in marks] != marks:
        return None  # what stood there would be lost
    if not text.live:
        return kept
    several = len(text.live) > 1 and isinstance(last.value, ast.Tuple)
    values = last.value.elts if several else [last.value]  # type: ignore[union-attr]
    if len(values) != len(text.live):
        return None
    for name, value in zip(text.live, values, strict=True):
        assert value is not None
        if isinstance(value, ast.Name) and value.id == name:
            continue
        if any(isinstance(n, ast.Name) and n.id in text.live for n in walk(value)):
            return None
        written = ast.get_source_segment(source, value) or ast.unparse(value)
        kept += textwrap.indent(f"{name} = {written}", _INDENT).split("\n")
    return kept
