"""A look at the bytes of a file: which lines may begin a loop over a tensor.

Most files hold none, and reading their bytes costs a hundredth of parsing them. The look errs to
one side only: what `lint.judge` would call a finding is among the lines.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from functools import lru_cache

# Each begins with letters, which `re` looks for many times faster than for anything else.
_FOR = re.compile(rb"for\b")
_WHILE = re.compile(rb"while\b")
_TARGET = re.compile(rb"for\b[ \t(]*(.*?)[ \t)]*\bin\b([^\n]*)")
_BRACKET = re.compile(rb"[\[({})\]]")
_MAKER = re.compile(
    rb"\b(?:\w*stack|cat|concat|concatenate|pad_sequence|block_diag|tensor|sum|max|min|any|all)$"
)
_NEAR = 600
"""A comprehension is looked for in so many bytes behind the call that makes a tensor of it."""
_NAME = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*")
_FEW = re.compile(rb"\s*(?:tqdm\()?range\(\s*(?:[0-9]|10)\s*\)")
_NEVER = re.compile(
    rb"\.(?:items|keys|values)\(|\.(?:parameters|named_\w+|modules|children|glob|rglob|iterdir|splitlines"
    rb"|split|finditer|findall|readlines|walk|buffers|param_groups|fields|nodes|mro|__mro__)\b\(?"
    rb"|\bos\.|['\"]|\bloader\b|_loader\b|epoch"
)
_DIRECT = re.compile(
    rb"\.item\(|torch\.|[-+*/]=|\bF\.|\] *=|= *\w+ *[-+*/]|\.append\(|\breturn\b|\bbreak\b"
)


_SWAP = re.compile(rb"\],[ \t]*([\w.]+)\[")  # a[i], a[j] = ...
_GROWTHS = (
    re.compile(rb"torch\.cat\(\s*[\[(]\s*(\w+)"),
    re.compile(rb"torch\.vstack\(\s*[\[(]\s*(\w+)"),
)
_UNFLATTEN = re.compile(rb"\.unflatten\(")


def find_suspects(data: bytes) -> list[int]:
    """The 1-based lines, in order, at which a loop may be worth a closer look."""
    if b"torch" not in data and b"Tensor" not in data:
        return []
    data = b"\n" + data  # so that each line begins behind a line end
    positions = [p for m in _FOR.finditer(data) for p in _find_loops(m.start(), data)]
    positions.extend(_find_whiles(data))
    positions.extend(_find_mistakes(data))
    return _lines_of(sorted(positions), data)


def _find_loops(place: int, data: bytes) -> Iterator[int]:
    """Where a ``for`` may be the header of a loop, and where a call takes its comprehension."""
    line = data.rfind(b"\n", 0, place) + 1
    head = data[line:place].strip()
    found = _TARGET.match(data, place)
    if found is None:
        return
    if head in (b"", b"async"):
        if _is_suspect(found, data, place - line - len(head)):
            yield place
        if found[2].rstrip().endswith(b":"):
            return
    elif head[-1:].isalnum() and data[place - 1 : place] not in (b" ", b"\t"):
        return  # the end of a longer word
    if not _FEW.match(found[2]) and not _NEVER.search(found[2]):
        call = _find_maker(place, data)
        if call is not None:
            yield call


def _find_whiles(data: bytes) -> Iterator[int]:
    for match in _WHILE.finditer(data):
        line = data.rfind(b"\n", 0, match.start()) + 1
        if data[line : match.start()].strip():
            continue
        body = _body(match.end(), data, match.start() - line)
        if (b"+=" in body or b"-=" in body) and b"[" in body:
            yield match.start()


def _find_mistakes(data: bytes) -> Iterator[int]:
    """What `lint.bugs` may call a mistake where no loop is suspected."""
    for match in _SWAP.finditer(data):
        line = data.rfind(b"\n", 0, match.start()) + 1
        if data[line : match.start()].lstrip().startswith(match[1] + b"["):
            yield match.start()
    for growth in _GROWTHS:
        for match in growth.finditer(data):
            line = data.rfind(b"\n", 0, match.start()) + 1
            if data[line : match.start()].rstrip(b" \t=").endswith(match[1]):
                yield match.start()
    yield from (m.start() for m in _UNFLATTEN.finditer(data))


_MADE = tuple(
    re.compile(word)
    for word in (rb"tensor\(", rb"\.unflatten\(", rb"\.append\(", rb"cat\(", rb"stack\(")
)


def find_made(data: bytes) -> list[int]:
    """The lines with a call that `lint.bugs` looks into, whether or not a loop is suspected."""
    data = b"\n" + data
    return _lines_of(sorted(m.start() for word in _MADE for m in word.finditer(data)), data)


_HEAD_END = re.compile(rb":[ \t]*(?:#[^\n]*)?\n")
_TELLING = re.compile(rb"\bself\.\w+[ \t]*(?::[^\n=]*)?=[^=]|register_")
"""What makes a method worth reading for what others know of ``self``."""


def cut(data: bytes, suspects: list[int]) -> bytes:
    """The file without the bodies of functions, methods and classes in which nothing is suspected.

    Lines keep their numbers. What a string holds may be taken for a function: the rest does not
    parse then, or means the same.
    """
    return _cut(data, suspects, 1, 0)


@lru_cache(maxsize=64)
def _block(indent: int) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Where a function or class that is indented so begins, and where it is over.

    Text in a string may be indented less: the line has to look like code.
    """
    begins = rb"\n[ \t]{%d}(?:async def|def%s)\b" % (indent, b"" if indent else b"|class")
    words = rb"async|def|class|if|for|while|try|with|import|from|del|assert|raise"
    code = rb"@|(?:%s)\b|[A-Za-z_][\w.]*[ \t]*[=:(\[,+]|\"\"\"|'''" % words
    ends = rb"\n[ \t]{0,%d}(?:%s)" % (indent, code)
    return re.compile(begins), re.compile(ends)


_METHOD = re.compile(rb"\n([ \t]+)(?:async )?def\b")


def _cut(data: bytes, suspects: list[int], line: int, indent: int) -> bytes:
    """`cut` for what is indented by so much; `line` is that of the first byte."""
    begins, ends = _block(indent)
    pieces: list[bytes] = []
    done = 0
    for match in begins.finditer(data):
        start = match.start() + 1
        if start < done:
            continue
        found = ends.search(data, match.end())
        end = found.start() if found else len(data)
        line += data.count(b"\n", done, start)
        pieces.append(data[done:start])
        body = data[start:end]
        last = line + body.count(b"\n")
        place = bisect.bisect_left(suspects, line)
        is_wanted = place < len(suspects) and suspects[place] <= last
        head = _HEAD_END.search(body)
        method = _METHOD.search(body) if is_wanted and body.startswith(b"class") else None
        if method is not None:
            body = _cut(body, suspects, line, len(method[1]))
        elif not is_wanted and head is not None and not (indent and _TELLING.search(body)):
            rest = body.count(b"\n", head.end())
            body = body[: head.end()] + b" " * indent + b" pass" + b"\n" * rest
        pieces.append(body)
        line = last
        done = end
    pieces.append(data[done:])
    return b"".join(pieces)


def _lines_of(positions: list[int], data: bytes) -> list[int]:
    lines: list[int] = []
    line, last = 1, 1  # behind the line end that was put in front
    for position in positions:
        position += data[position] == 10  # a header is found from the line end before it
        line += data.count(b"\n", last, position)
        last = position
        if not lines or lines[-1] != line:
            lines.append(line)
    return lines


@lru_cache(maxsize=64)
def _dedent(indent: int) -> re.Pattern[bytes]:
    """A line that is indented no further, and neither blank nor a bracket nor a comment."""
    return re.compile(rb"\n[ \t\f]{0,%d}[^\s)\]}#]" % indent)


_INDEX = re.compile(rb"\[([^\]\n]*)")
_WORD = re.compile(rb"(?<![\w\x80-\xff.])[A-Za-z_\x80-\xff][\w\x80-\xff]*(?![\w\x80-\xff(])")
"""A name that is neither an attribute nor called."""
_SET = re.compile(rb"\n[ \t\f]*([\w\x80-\xff, ]+?)[ \t]*=([^=\n][^\n]*)")


def _are_indices(names: set[bytes], body: bytes) -> bool:
    """Whether one of the names stands inside of brackets."""
    return any(not names.isdisjoint(_WORD.findall(part)) for part in _INDEX.findall(body))


def _derived(names: set[bytes], body: bytes) -> set[bytes]:
    """What is assigned from one of the names: ``row = i // m``."""
    found: set[bytes] = set()
    for targets, value in _SET.findall(body):
        if not names.isdisjoint(_NAME.findall(value)):
            found.update(_NAME.findall(targets))
    return found


def _is_suspect(match: re.Match[bytes], data: bytes, indent: int) -> bool:
    """Whether a ``for`` may work on elements, by its header and its body."""
    target, iterable = match.groups()
    if _FEW.match(iterable) or _NEVER.search(iterable):
        return False
    names = {n for n in _NAME.findall(target) if n != b"_"}
    if not names:
        return False
    is_open = iterable.rstrip().endswith(b":")  # or the body may stand behind the colon
    body = _body(match.end() if is_open else match.start(1), data, indent)
    if b"[" in body and (
        _are_indices(names, body) or _are_indices(_derived(names, body), body)
    ):
        return True
    return b"range(" not in iterable and _DIRECT.search(body) is not None


def _body(begin: int, data: bytes, indent: int) -> bytes:
    """From somewhere in a loop's header to where the lines are indented no further."""
    end = _dedent(indent).search(data, begin)
    return data[begin : end.start() if end else len(data)]


def _find_maker(place: int, data: bytes) -> int | None:
    """Where a call that makes a tensor begins, whose brackets hold what stands at a place."""
    first = max(0, place - _NEAR)
    depth = 0
    for bracket in reversed(list(_BRACKET.finditer(data, first, place))):
        if bracket[0] in b")]}":
            depth += 1
        elif depth:
            depth -= 1
        elif bracket[0] == b"(":
            found = _MAKER.search(data[max(0, bracket.start() - 60) : bracket.start()])
            if found is not None:
                return bracket.start() - 1
    return None
