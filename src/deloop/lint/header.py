"""Loop headers: what a loop goes over, and what its variables are in the body."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from deloop.lint.kinds import INT, OTHER, UNKNOWN, Kind, Word, join
from deloop.lint.reader import Reader, spell
from deloop.text.trees import walk

FEW = 10
"""A loop that runs at most so often is not worth a word."""

_BARS = frozenset({"tqdm", "trange", "track", "progress_bar", "prange"})
_POSITION = replace(INT, each=True)


@dataclass(frozen=True)
class Header:
    """One loop's header.

    Parameters
    ----------
    over:
        ``"size"`` (as many iterations as a tensor is long), ``"tensor"`` (its items themselves),
        ``"range"`` (some number of times), ``"list"``, ``"unknown"`` (nobody knows) or ``"other"``.
    of:
        The tensor that is gone over, as spelled; empty where that is not known.
    count:
        How many iterations, as spelled: ``x.shape[0]``.
    few:
        Whether it is known to run at most `FEW` times.
    stepped:
        Whether a range has a step of its own.
    """

    over: str
    of: str = ""
    count: str = ""
    few: bool = False
    stepped: bool = False


def bind(target: ast.expr, kind: Kind, reader: Reader) -> None:
    """Bind the names of a target to what it holds: ``a, b = pair``."""
    if isinstance(target, ast.Name):
        reader.tell(target.id, kind)
    elif isinstance(target, ast.Attribute):
        reader.tell(ast.unparse(target), kind)
    elif isinstance(target, ast.Starred):
        bind(target.value, UNKNOWN, reader)
    elif isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            bind(element, part_of(kind), reader)


def part_of(kind: Kind) -> Kind:
    """One part of a value that is taken apart: of a shape a size, of a list an item."""
    if kind.word is Word.SHAPE:
        return Kind(Word.INT, of=kind.of, size=True)
    if kind.word is Word.LIST:
        return (kind.item or UNKNOWN).varying(kind.each)
    if kind.is_tensor:
        return replace(kind, rank=None if kind.rank is None else kind.rank - 1)
    return UNKNOWN


def bind_pairwise(target: ast.expr, value: ast.expr, reader: Reader) -> bool:
    """``a, b = x[i], y[i]``: each name to its own expression, where both sides are written out."""
    written = (ast.Tuple, ast.List)
    if not isinstance(target, written) or not isinstance(value, written):
        return False
    if len(target.elts) != len(value.elts):
        return False
    kinds = [reader.kind(v) for v in value.elts]
    for element, kind in zip(target.elts, kinds, strict=True):
        bind(element, kind, reader)
    return True


def enter_for(target: ast.expr, iterable: ast.expr, reader: Reader) -> Header:
    """Bind a ``for`` loop's variables for its body; what it goes over."""
    if isinstance(iterable, ast.Call):
        name = reader.module.dotted(iterable.func)
        last = name.rpartition(".")[2]
        if last in _BARS and iterable.args:
            if last != "trange":
                return enter_for(target, iterable.args[0], reader)
            name = "range"
        if isinstance(iterable.func, ast.Name) and iterable.func.id in reader.names:
            name = ""
        if name in ("range", "torch.arange"):
            return _enter_range(target, iterable, reader)
        if name in ("reversed", "list", "iter") and len(iterable.args) == 1:
            return enter_for(target, iterable.args[0], reader)
        if name == "enumerate" and iterable.args and len(getattr(target, "elts", ())) == 2:
            assert isinstance(target, (ast.Tuple, ast.List))
            bind(target.elts[0], _POSITION, reader)
            return enter_for(target.elts[1], iterable.args[0], reader)
        if name == "zip":
            return _enter_zip(target, iterable, reader)
        if last == "product" and isinstance(target, (ast.Tuple, ast.List)):
            pairs = list(zip(target.elts, iterable.args, strict=False))
            return _most_telling([enter_for(t, a, reader) for t, a in pairs], every=False)
        if last in ("product", "ndindex") and isinstance(target, ast.Name) and iterable.args:
            return _enter_places(target, iterable, reader)
    return _enter_plain(target, iterable, reader)


def _enter_range(target: ast.expr, call: ast.Call, reader: Reader) -> Header:
    bind(target, _POSITION, reader)
    args = call.args
    if not args or any(isinstance(a, ast.Starred) for a in args):
        return Header("range")
    stop = args[0] if len(args) == 1 else args[1]
    stepped = len(args) == 3 and abs(_constant(args[2], reader) or 2) != 1
    known = [_constant(a, reader) for a in args[:2]]
    few = False
    if all(k is not None for k in known):
        low, high = (0, known[0]) if len(known) == 1 else known
        few = abs((high or 0) - (low or 0)) <= FEW
    if len(args) == 3 and not stepped and _constant(args[2], reader) == -1:
        stop = args[0]
    for part in sizes_in(stop, reader):
        return Header("size", part.of, spell(stop), few, stepped)
    kind = reader.kind(stop)
    if kind.word in (Word.OTHER, Word.LIST, Word.ARRAY):
        return Header("other", few=few)
    if is_of_list(stop, reader):
        given = isinstance(stop, ast.Call) and is_given(reader.kind(stop.args[0]))
        return Header("unknown" if given else "list", "", spell(stop), few=few)
    return Header("range", "", spell(stop), few, stepped)


def _enter_places(target: ast.Name, call: ast.Call, reader: Reader) -> Header:
    """Places of all dimensions at once: ``product(*[range(s) for s in x.shape])``, ``ndindex``."""
    bind(target, _POSITION, reader)
    for node in walk(call):
        if isinstance(node, (ast.Attribute, ast.Call)):
            kind = reader.kind(node)
            if kind.word is Word.SHAPE and kind.of:
                return Header("size", kind.of, f"{kind.of}.numel()")
    ranges = [a for a in call.args if isinstance(a, ast.Call)]
    if len(ranges) != len(call.args) or any(spell(a.func) != "range" for a in ranges):
        return Header("other")
    return _most_telling([_enter_range(target, a, reader) for a in ranges], every=False)


def sizes_in(node: ast.expr, reader: Reader) -> Iterator[Kind]:
    """The sizes of tensors that an expression is made of: ``x.shape[0] - 1``, ``n // 2``."""
    kind = reader.kind(node)
    if kind.word is Word.INT and kind.size:
        yield kind
    elif isinstance(node, ast.BinOp):
        yield from sizes_in(node.left, reader)
        yield from sizes_in(node.right, reader)
    elif isinstance(node, ast.Call) and spell(node.func) in ("min", "max", "int"):
        for argument in node.args:
            yield from sizes_in(argument, reader)


def is_of_list(node: ast.expr, reader: Reader) -> bool:
    """Whether a bound is the length of a list, or of something that nobody knows."""
    match node:
        case ast.Call(func=ast.Name(id="len"), args=[of]):
            return not reader.kind(of).is_tensor
        case ast.BinOp(left=left, right=right):
            return is_of_list(left, reader) or is_of_list(right, reader)
    return False


def is_given(kind: Kind) -> bool:
    """Whether a value is a parameter of which nothing is known."""
    return kind.word is Word.UNKNOWN and bool(kind.how)


def _constant(node: ast.expr, reader: Reader) -> int | None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand, reader)
        return None if inner is None else -inner
    kind = reader.kind(node)
    return kind.value if kind.word is Word.INT else None


def _enter_zip(target: ast.expr, call: ast.Call, reader: Reader) -> Header:
    if isinstance(target, (ast.Tuple, ast.List)) and len(target.elts) == len(call.args):
        parts = list(zip(target.elts, call.args, strict=True))
        return _most_telling([enter_for(t, a, reader) for t, a in parts], every=True)
    bind(target, UNKNOWN, reader)
    return Header("other")


def _most_telling(headers: list[Header], *, every: bool) -> Header:
    """The header of several that tells most; with `every`, a list among them decides."""
    sure = any(h.over in ("tensor", "size") for h in headers)
    for word in ("list", "other", *(() if sure else ("unknown",))) if every else ():
        for header in headers:
            if header.over == word:
                return header
    few = any(h.few for h in headers) if every else all(h.few for h in headers)
    for word in ("tensor", "size", "range"):
        for header in headers:
            if header.over == word:
                return replace(header, few=few)
    return headers[0] if headers else Header("other")


def _enter_plain(target: ast.expr, iterable: ast.expr, reader: Reader) -> Header:
    kind = reader.kind(iterable)
    if isinstance(iterable, (ast.List, ast.Tuple)):
        bind(target, kind.item or UNKNOWN, reader)
        return Header("list", few=len(iterable.elts) <= FEW)
    if kind.is_tensor:
        of = spell(iterable) if isinstance(iterable, (ast.Name, ast.Attribute)) else kind.of
        item = replace(
            kind, rank=None if kind.rank is None else kind.rank - 1, each=True, of=of or kind.of
        )
        bind(target, item, reader)
        return Header("tensor", of, f"len({of})" if of else "")
    if kind.word is Word.LIST and kind.of and kind.item is not None:  # x.unbind()
        bind(target, replace(kind.item, each=True, of=kind.of), reader)
        return Header("tensor", kind.of, f"len({kind.of})")
    if kind.word is Word.LIST:
        bind(target, kind.item or UNKNOWN, reader)
        return Header("list")
    if is_given(kind):
        bind(target, Kind(Word.UNKNOWN, each=True), reader)
        return Header("unknown", "", f"len({spell(iterable)})")
    bind(target, UNKNOWN if kind.word is Word.UNKNOWN else OTHER, reader)
    return Header("other")


def merge(names: dict[str, Kind], *others: dict[str, Kind]) -> dict[str, Kind]:
    """What is known where several paths meet."""
    found = dict(names)
    for other in others:
        for name, kind in other.items():
            held = found.get(name)
            if held is not kind:
                found[name] = kind if held is None else join(held, kind)
    return found
