"""What loops become: the compiler, run on what the file tells of the arguments.

Its text is that of the file, line by line, so that each line of its answer that stands in the
original is left untouched in the file.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from deloop.diagnostic import Exactness
from deloop.errors import DeloopError
from deloop.frontend.parse import parse_function
from deloop.ir import types as ir
from deloop.lint.finding import LineEdit
from deloop.lint.kinds import NUMBER, Kind, Word, tensor
from deloop.lint.library import MAKING
from deloop.lint.piece import Piece, Text, read_back
from deloop.lint.reader import Reader
from deloop.lint.surroundings import (
    Surroundings,
    Trial,
    find_classes,
    find_indices,
    find_ranks,
    find_rows,
    find_scalars,
)
from deloop.pipeline import Compilation, LoopReport, Options, compile_function
from deloop.text.names import names_in, names_stored
from deloop.text.trees import walk

_TRIALS = (
    Trial(distinct=True),
    Trial(),
    Trial(square=True),
    Trial(deeper=1),
    Trial(rows=False),
)
_WHOLE = (Trial(dtype="int64"), Trial(dtype="bool"))
"""Tried where something is not defined for floating-point numbers."""
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
    certain: bool = True
    """Whether the ranks that were guessed are told by the text."""
    source: str = ""
    """The piece as the compiler rewrote it."""
    guards: tuple[tuple[str, str], ...] = ()
    """The compiler's own assumptions, each with the expression that tells whether it holds."""
    recorded: tuple[str, ...] = ()
    """What would have to be assumed, had a recorded run not shown it."""


NO_GRADIENT = "no gradient is recorded"
ON_CPU = "the tensors are on the CPU"
NO_SHARING = "share no memory"


def propose(piece: Piece, file: str, *, thorough: bool = False) -> Proposal | None:
    """What the wanted loops of a piece become, None where the compiler cannot read it.

    With `thorough`, which guesses at the arguments matter is found out, and said.
    """
    best: Compilation | None = None
    chosen = _TRIALS[0]
    full = 2 * len(piece.wanted)
    reasons: list[str] = []
    for trial in (*_TRIALS, *_WHOLE):
        if trial in _WHOLE and not any("float32" in reason for reason in reasons):
            break
        found = _compile(piece, file, trial)
        reason = _reason(found, piece.wanted)
        if reason and "float32" not in reason and reasons.count(reason) > 1:
            break  # it does not depend on what is guessed
        reasons.append(reason)
        score = -1 if best is None else _score(best, piece.wanted)
        if found is not None and _score(found, piece.wanted) > score:
            best, chosen = found, trial
        if best is not None and _score(best, piece.wanted) == full:
            break
    if best is None:
        return None
    if thorough:
        best, chosen = _on_any_device(piece, file, chosen, best)
    status = {r.line: r for r in best.loops if r.line in piece.wanted}
    edits = () if best.status == "kept" else find_edits(piece.text, best.source)
    if not edits:
        return Proposal(status, (), (), Exactness.BITWISE, ())
    exactness = Exactness.BITWISE
    for report in status.values():
        exactness = exactness & report.exactness
    told: list[str] = []
    certain = True
    if thorough:
        certain, any_rank = _check_ranks(piece, file, chosen, best)
        told = _assumed(piece, file, chosen, best, any_rank=any_rank)
    told.extend(a.sentence for a in best.assumptions)
    if not file.endswith(".ipynb"):  # nobody imports what a notebook sets
        told.extend(_missed(piece, best.source))
    guards = tuple((a.sentence, a.guard) for a in best.assumptions)
    told = list(dict.fromkeys(told))
    return Proposal(
        status, edits, tuple(told), exactness, best.imports, certain, best.source, guards
    )


def _on_any_device(
    piece: Piece, file: str, chosen: Trial, best: Compilation
) -> tuple[Compilation, Trial]:
    """The form that says where new tensors are made, where that is all that is to be assumed.

    ``torch.arange(n, device=x.device)`` is right wherever `x` lies, ``torch.arange(n)`` is not.
    """
    trial = replace(chosen, device="cuda")
    found = _compile(piece, file, trial)
    if found is None or _score(found, piece.wanted) < _score(best, piece.wanted):
        return best, chosen
    plain = _DEVICE.sub("", found.source)
    return (found, trial) if plain == best.source != found.source else (best, chosen)


_DEVICE = re.compile(r", device=[\w.]+(?=[,)])")


def _missed(piece: Piece, source: str) -> list[str]:
    """What other files must not import, because it is gone."""
    left = names_stored(ast.parse(source))
    gone = [n for s in piece.body for n in names_in(s) if n in piece.exposed - left]
    return [f"no other file imports {', '.join(sorted(set(gone)))}"] if gone else []


def _check_ranks(
    piece: Piece, file: str, chosen: Trial, best: Compilation
) -> tuple[bool, frozenset[str]]:
    """Whether the text tells the ranks, and the tensors whose rank makes no difference."""
    held = _surround(piece, chosen)
    _arguments(piece, held)
    uncertain = frozenset(held.uncertain)
    if not uncertain:
        return True, frozenset()
    other = _compile(piece, file, replace(chosen, deeper=1))
    same = other is not None and other.source == best.source
    return same, uncertain if same else frozenset()


def _loops(piece: Piece) -> list[ast.stmt]:
    """The wanted loops, as statements of the piece."""
    return [
        node
        for statement in piece.body
        for node in walk(statement)
        if isinstance(node, ast.stmt) and node.lineno in piece.wanted
    ]


def _reason(found: Compilation | None, wanted: frozenset[int]) -> str:
    """Why every wanted loop is kept; empty where one is not."""
    if found is None:
        return "not read"
    mine = [r for r in found.loops if r.line in wanted]
    if any(r.refusal is None or r.status != "kept" for r in mine):
        return ""
    return "; ".join(str(r.refusal) for r in mine)


def _score(found: Compilation, wanted: frozenset[int]) -> int:
    worth = {"vectorized": 2, "partial": 1, "kept": 0}
    return sum(worth[r.status] for r in found.loops if r.line in wanted)


def _surround(piece: Piece, trial: Trial) -> Surroundings:
    return Surroundings(
        piece.module,
        Reader(piece.module, piece.owner, dict(piece.names)),
        find_ranks(piece.body),
        find_ranks(piece.body, subscripts=True),
        find_rows(piece.body),
        find_scalars(piece.body),
        find_indices(piece.body),
        find_classes(piece.body),
        trial,
    )


def _arguments(piece: Piece, held: Surroundings) -> dict[str, ir.Value]:
    found: dict[str, ir.Value] = {}
    nodes = [n for s in piece.body for n in walk(s)]
    for name, kind in piece.arguments.items():
        if name == "self" and piece.owner is not None:
            found[name] = held.object(name)
            continue
        if kind.word is Word.UNKNOWN:
            kind = _guess(name, kind, held.ranks, nodes)
        found[name] = held.describe(name, kind)
    return found


def _guess(name: str, kind: Kind, used: dict[str, int], nodes: list[ast.AST]) -> Kind:
    """What an unknown parameter must be for the loop to be about tensors."""
    if used.get(name):
        return tensor("")
    found = kind
    for node in nodes:
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
    return any(isinstance(n, ast.Name) and n.id == name for a in nodes for n in walk(a))


def _compile(piece: Piece, file: str, trial: Trial) -> Compilation | None:
    held = _surround(piece, trial)
    text = piece.text
    try:
        line = text.first if text.made else text.first + 1
        function = parse_function("\n".join(text.lines), file, line, held.resolve)
        arguments = _arguments(piece, held)
        return compile_function(function, arguments, held.hints, Options(only=piece.wanted))
    except (DeloopError, RecursionError):
        return None
    except Exception:  # the compiler's own failure must not stop a linter
        return None


def _assumed(
    piece: Piece, file: str, chosen: Trial, best: Compilation, *, any_rank: frozenset[str]
) -> list[str]:
    """What was guessed of the arguments and matters: another guess would give another text."""
    loops = _loops(piece)
    used = _find_used(piece, loops)
    same: dict[str, bool] = {}
    for word, trials in _VARIANTS:
        answers = []
        for other in trials:
            device = chosen.device if word != "device" else other.device
            trial = replace(chosen, dtype=other.dtype, device=device, grad=other.grad)
            found = _compile(piece, file, trial)
            answers.append(found is not None and found.source == best.source)
        same[word] = all(answers)
    held = _surround(piece, chosen)
    _arguments(piece, held)
    told: list[str] = []
    for name, sentence in held.assumed.items():
        if name.partition(".")[0] in used:
            if name in any_rank:
                sentence = _DIMENSIONS.sub("", sentence)
            told.append(_tell(sentence, any_float=same["dtype"], any_dtype=same["whole"]))
    if not same["gradient"]:
        told.append(NO_GRADIENT)
    if not same["device"]:
        told.append(ON_CPU)
    tensors = sorted(n for n, k in piece.arguments.items() if k.is_tensor and n in used)
    if _changed(loops) & set(piece.arguments) and len(tensors) > 1:
        told.append(f"{', '.join(tensors)} {NO_SHARING}")
    return [sentence for sentence in told if sentence]


def _find_used(piece: Piece, loops: Sequence[ast.stmt]) -> set[str]:
    """The names that the loops use, and those from which these are made in front of them."""
    used = {n.id for loop in loops for n in walk(loop) if isinstance(n, ast.Name)}
    made = [
        ({n.id for t in node.targets for n in walk(t) if isinstance(n, ast.Name)}, node.value)
        for statement in piece.body
        for node in walk(statement)
        if isinstance(node, ast.Assign)
    ]
    while True:
        more = {
            n.id
            for names, value in made
            if names & used
            for n in walk(value)
            if isinstance(n, ast.Name)
        }
        if more <= used:
            return used
        used |= more


_DIMENSIONS = re.compile(r" of \d+ dimensions?(?: and)?")


def _tell(sentence: str, *, any_float: bool, any_dtype: bool) -> str:
    """The sentence with no more about the dtype than matters."""
    if not any_float:
        return sentence
    if not any_dtype:
        return sentence.replace("of dtype float32", "of a floating-point dtype")
    return sentence.replace(" and of dtype float32", "").replace(" of dtype float32", "")


def _changed(loops: Sequence[ast.stmt]) -> set[str]:
    """Names whose tensors the loops write into."""
    found: set[str] = set()
    for loop in loops:
        for node in walk(loop):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                base: ast.expr = node
                while isinstance(base, (ast.Subscript, ast.Attribute)):
                    base = base.value
                if isinstance(base, ast.Name):
                    found.add(base.id)
    return found


def find_edits(text: Text, source: str) -> tuple[LineEdit, ...]:
    """The lines that differ, as edits of the file; none where lines were only written anew."""
    new = read_back(text, source)
    if new is None:
        return ()
    old = list(text.lines if text.live is None else text.lines[:-1])
    if _is_reformatted(old, new):
        return ()
    shift = text.first - 1 if text.made else text.first
    edits: list[LineEdit] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for word, first, last, begin, end in matcher.get_opcodes():
        if word != "equal":
            restored = tuple(text.restore(line) for line in new[begin:end])
            edits.append(LineEdit(shift + first, shift + last, restored))
    return tuple(edits)


def _is_reformatted(old: list[str], new: list[str]) -> bool:
    """Whether a statement that stays the same is written in other words."""
    before, after = _statements(old), _statements(new)
    return any(dump in after and after[dump] != text for dump, text in before.items())


def _statements(lines: list[str]) -> dict[str, str]:
    """The text of each simple statement, by what it means."""
    text = "\n".join(lines)
    found: dict[str, str] = {}
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return found  # a header alone: all of the body went
    for node in walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            found[ast.dump(node)] = ast.get_source_segment(text, node) or ""
    return found
