"""What the loops of one function become: the compiler, run on what the file tells of the arguments.

The text that the compiler sees is the function's own, dedented line by line, so that each line of
its answer that stands in the original is left untouched in the file.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deloop.diagnostic import Exactness
from deloop.errors import DeloopError
from deloop.frontend.parse import parse_function
from deloop.ir import types as ir
from deloop.lint.finding import LineEdit
from deloop.lint.kinds import NUMBER, Kind, Word, tensor
from deloop.lint.library import MAKING
from deloop.lint.module import ModuleScope, Scope, parameters_of
from deloop.lint.reader import Names, Reader
from deloop.lint.surroundings import (
    Surroundings,
    Trial,
    find_classes,
    find_indices,
    find_ranks,
    find_rows,
)
from deloop.pipeline import Compilation, LoopReport, Options, compile_function

_TRIALS = (
    Trial(),
    Trial(rows=False),
    Trial(deeper=1),
    Trial(square=True),
)
_VARIANTS = (
    ("dtype", (Trial(dtype="float64"), Trial(dtype="bfloat16"))),
    ("whole", (Trial(dtype="int64"), Trial(dtype="bool"), Trial(dtype="uint8"))),
    ("gradient", (Trial(grad=True),)),
    ("device", (Trial(device="cuda"),)),
)


@dataclass(frozen=True)
class Proposal:
    """What a function's loops become.

    `status` is that of each asked-for loop, by its line; `edits` is empty where the text cannot be
    changed in place.
    """

    status: dict[int, LoopReport]
    edits: tuple[LineEdit, ...]
    assumptions: tuple[str, ...]
    exactness: Exactness
    imports: tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A function's lines, dedented for the compiler, and the way back."""

    first: int
    lines: tuple[str, ...]
    prefix: str
    tabs: bool

    def restore(self, line: str) -> str:
        """A new line with the function's own indentation."""
        body = line.lstrip(" ")
        depth = len(line) - len(body)
        if not body:
            return ""
        indent = "\t" * (depth // 4) + " " * (depth % 4) if self.tabs else " " * depth
        return self.prefix + indent + body


def cut_function(node: ast.FunctionDef, lines: Sequence[str]) -> Text | None:
    """The text of a function without its decorators; None where it cannot be dedented."""
    first, last = node.lineno - 1, node.end_lineno or node.lineno
    head = lines[first]
    prefix = head[: len(head) - len(head.lstrip(" \t"))]
    tabs = any(line.startswith(prefix + "\t") for line in lines[first:last])
    found: list[str] = []
    for line in lines[first:last]:
        if line.startswith(prefix):
            line = line[len(prefix) :]
        elif line.strip():
            return None  # a string that is written further to the left
        else:
            line = ""
        body = line.lstrip("\t")
        if tabs:
            line = " " * 4 * (len(line) - len(body)) + body
        # What Python does not take for the end of a line must not be one for str.splitlines.
        found.append("".join(" " if c in "\f\v\x1c\x1d\x1e\x85\u2028\u2029" else c for c in line))
    return Text(first, tuple(found), prefix, tabs)


def propose(
    module: ModuleScope,
    scope: Scope,
    names: Names,
    wanted: frozenset[int],
    lines: Sequence[str],
    file: str,
    *,
    thorough: bool = False,
) -> Proposal | None:
    """What the loops at the lines `wanted` become, None where the function cannot be read.

    Parameters
    ----------
    module, scope:
        The file and the function.
    names:
        What is known of the parameters.
    wanted:
        The lines of outermost loops (or statements with comprehensions).
    lines:
        The file's lines.
    thorough:
        Whether to find out which guesses at the arguments matter, and say so.
    """
    if not isinstance(scope.node, ast.FunctionDef):
        return None
    text = cut_function(scope.node, lines)
    if text is None:
        return None
    best: Compilation | None = None
    chosen = _TRIALS[0]
    for trial in _TRIALS:
        found = _compile(module, scope, names, wanted, text, file, trial)
        if found is not None and _score(found, wanted) > (_score(best, wanted) if best else -1):
            best, chosen = found, trial
            if _score(found, wanted) == 2 * len(wanted):
                break
    if best is None:
        return None
    status = {r.line: r for r in best.loops if r.line in wanted}
    if best.status == "kept":
        return Proposal(status, (), (), Exactness.BITWISE, ())
    exactness = Exactness.BITWISE
    for report in status.values():
        exactness = exactness & report.exactness
    held = _surround(module, scope, names, lines, chosen)
    _arguments(scope, names, held)
    edits = find_edits(text, best.source, scope.node)
    told: list[str] = []
    if thorough:
        told += _assumed(module, scope, names, wanted, text, file, chosen, best, held)
    told.extend(a.sentence for a in best.assumptions)
    return Proposal(status, edits, tuple(dict.fromkeys(told)), exactness, best.imports)


def _score(found: Compilation, wanted: frozenset[int]) -> int:
    worth = {"vectorized": 2, "partial": 1, "kept": 0}
    return sum(worth[r.status] for r in found.loops if r.line in wanted)


def _surround(
    module: ModuleScope, scope: Scope, names: Names, lines: Sequence[str], trial: Trial
) -> Surroundings:
    assert isinstance(scope.node, ast.FunctionDef)
    body = scope.node.body
    reader = Reader(module, scope.owner, dict(names))
    return Surroundings(
        module,
        list(lines),
        reader,
        find_ranks(body),
        find_rows(body),
        find_indices(body),
        find_classes(body),
        trial,
    )


def _arguments(scope: Scope, names: Names, held: Surroundings) -> dict[str, ir.Value]:
    assert isinstance(scope.node, ast.FunctionDef)
    found: dict[str, ir.Value] = {}
    used = find_ranks(scope.node.body)
    for parameter in parameters_of(scope.node):
        name = parameter.arg
        kind = names.get(name, Kind(Word.UNKNOWN))
        if name == "self" and scope.owner is not None:
            found[name] = held.object(name)
            continue
        if kind.word is Word.UNKNOWN:
            kind = _guess(name, kind, used, scope)
        found[name] = held.describe(name, kind)
    return found


def _guess(name: str, kind: Kind, used: dict[str, int], scope: Scope) -> Kind:
    """What an unknown parameter must be for the loop to be about tensors."""
    if used.get(name):
        return tensor("")
    found = kind
    for node in ast.walk(scope.node):
        match node:
            case ast.Call(func=ast.Name(id="range"), args=args) if _mentions(args, name):
                return Kind(Word.INT)
            case ast.Call(func=ast.Attribute(attr=word), args=args) if word in MAKING:
                if _mentions(args, name):
                    return Kind(Word.INT)
            case ast.Call(func=ast.Name(id=called)) if called == name:
                return kind
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner))) if owner == name:
                return kind
            case ast.BinOp(left=left, op=ast.MatMult(), right=right) if _is(name, left, right):
                return tensor("", 2)
            case ast.Call(func=ast.Attribute(), args=[_, *rest]) if _is(name, *rest):
                found = NUMBER
            case ast.BinOp(left=left, right=right) if _is(name, left, right):
                found = NUMBER
            case ast.Compare(left=left, comparators=others) if _is(name, left, *others):
                found = NUMBER
    return found


def _is(name: str, *nodes: ast.expr) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in nodes)


def _mentions(nodes: list[ast.expr], name: str) -> bool:
    return any(isinstance(n, ast.Name) and n.id == name for a in nodes for n in ast.walk(a))


def _compile(
    module: ModuleScope,
    scope: Scope,
    names: Names,
    wanted: frozenset[int],
    text: Text,
    file: str,
    trial: Trial,
) -> Compilation | None:
    held = _surround(module, scope, names, text_lines(text, module), trial)
    try:
        function = parse_function("\n".join(text.lines), file, text.first + 1, held.resolve)
        arguments = _arguments(scope, names, held)
        return compile_function(function, arguments, held.hints, Options(only=wanted))
    except DeloopError:
        return None
    except RecursionError:
        return None
    except Exception:  # the compiler's own failure must not stop a linter
        return None


def text_lines(text: Text, module: ModuleScope) -> list[str]:
    """Lines for the file's other functions; those before this one are not at hand."""
    return [""] * text.first + list(text.lines)


def _assumed(
    module: ModuleScope,
    scope: Scope,
    names: Names,
    wanted: frozenset[int],
    text: Text,
    file: str,
    chosen: Trial,
    best: Compilation,
    held: Surroundings,
) -> list[str]:
    """What was guessed of the arguments and matters: another guess would give another text."""
    used = {
        n.id
        for loop in ast.walk(scope.node)
        if isinstance(loop, ast.stmt) and loop.lineno in wanted
        for n in ast.walk(loop)
        if isinstance(n, ast.Name)
    }
    same: dict[str, bool] = {}
    for word, trials in _VARIANTS:
        answers = []
        for other in trials:
            trial = replace(
                other, deeper=chosen.deeper, rows=chosen.rows, square=chosen.square
            )
            found = _compile(module, scope, names, wanted, text, file, trial)
            answers.append(found is not None and found.source == best.source)
        same[word] = all(answers)
    told: list[str] = []
    for name, sentence in held.assumed.items():
        if name.partition(".")[0] not in used:
            continue
        if same["dtype"]:
            dtype = "" if same["whole"] else "of a floating-point dtype"
            sentence = sentence.replace("of dtype float32", dtype).strip()
            sentence = sentence.removesuffix(" and") if not dtype else sentence
        told.append(sentence)
    if not same["gradient"]:
        told.append("no gradient is recorded")
    if not same["device"]:
        told.append("the tensors are on the CPU")
    changed = _changed_parameters(scope, wanted)
    tensors = [n for n, k in names.items() if k.is_tensor and n in used]
    if changed and len(tensors) > 1:
        told.append(f"{', '.join(sorted(tensors))} share no memory")
    return told


def _changed_parameters(scope: Scope, wanted: frozenset[int]) -> set[str]:
    """Parameters that a loop writes into."""
    assert isinstance(scope.node, ast.FunctionDef)
    names = {p.arg for p in parameters_of(scope.node)}
    found: set[str] = set()
    for loop in ast.walk(scope.node):
        if isinstance(loop, ast.stmt) and loop.lineno in wanted:
            for node in ast.walk(loop):
                if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                    base: ast.expr = node
                    while isinstance(base, (ast.Subscript, ast.Attribute)):
                        base = base.value
                    if isinstance(base, ast.Name):
                        found.add(base.id)
    return found & names


def find_edits(text: Text, source: str, node: ast.FunctionDef) -> tuple[LineEdit, ...]:
    """The lines that differ, as edits of the file; none where lines were only written anew."""
    old, new = list(text.lines), source.rstrip("\n").split("\n")
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    edits: list[LineEdit] = []
    for word, first, last, begin, end in matcher.get_opcodes():
        if word != "equal":
            restored = tuple(text.restore(line) for line in new[begin:end])
            edits.append(LineEdit(text.first + first, text.first + last, restored))
    if _is_reformatted(old, new):
        return ()
    return tuple(edits)


def _is_reformatted(old: list[str], new: list[str]) -> bool:
    """Whether a statement that stays the same is written in other words."""
    before, after = _statements(old), _statements(new)
    return any(dump in after and after[dump] != text for dump, text in before.items())


def _statements(lines: list[str]) -> dict[str, str]:
    """The text of each simple statement, by what it means."""
    text = "\n".join(lines)
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            found[ast.dump(node)] = ast.get_source_segment(text, node) or ""
    return found
