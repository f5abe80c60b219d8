"""A look at the bytes of a file: which lines may begin a loop over a tensor.

Most files hold none, and reading their bytes costs a hundredth of parsing them. The look errs to
one side only: what `lint.judge` would call a finding is among the lines.
"""

from __future__ import annotations

import re
from functools import lru_cache

_HEADER = re.compile(
    rb"\n([ \t\f]*)(?:(?:async[ \t]+)?for\b[ \t(]*(.*?)[ \t)]*\bin\b([^\n]*)|while\b[^\n]*)"
)
_BUILT = re.compile(
    rb"\b(?:torch\.\w+|[a-z]\w*\.(?:stack|cat|tensor)|stack|cat|tensor|sum|max|min|any|all)"
    rb"\(\s*[\[(]?"
)
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


_MISTAKE = re.compile(
    rb"\n[ \t]*(\w[\w.]*)\[[^\]\n]*\],[ \t]*\1\["  # a[i], a[j] = ...
    rb"|\n[ \t]*(\w+)[ \t]*=[ \t]*torch\.(?:cat|vstack)\(\s*[\[(]\s*\2\b"
    rb"|\.unflatten\("
)
"""What `lint.bugs` may call a mistake where no loop is suspected."""


def find_suspects(data: bytes) -> list[int]:
    """The 1-based lines, in order, at which a loop may be worth a closer look."""
    if b"torch" not in data and b"Tensor" not in data:
        return []
    data = b"\n" + data  # so that each line begins behind a line end
    positions = [m.start() for m in _HEADER.finditer(data) if _is_suspect(m, data)]
    positions.extend(m.start() for m in _BUILT.finditer(data) if _is_built(m, data))
    positions.extend(m.start() for m in _MISTAKE.finditer(data))
    return _lines_of(sorted(positions), data)


_TOP = re.compile(rb"\n(?:async def|def|class)\b")
_HEAD_END = re.compile(rb":[ \t]*(?:#[^\n]*)?\n")


def cut(data: bytes, suspects: list[int]) -> bytes:
    """The file without the bodies of functions and classes in which nothing is suspected.

    Lines keep their numbers. What a string holds may be taken for a function: the rest does not
    parse then, or means the same.
    """
    starts = [m.start() for m in _TOP.finditer(data)]
    pieces: list[bytes] = []
    done = line = 0
    wanted = iter([*suspects, 1 << 60])
    following = next(wanted)
    for start in starts:
        end_match = _DEDENT_TOP.search(data, start + 1)
        end = end_match.start() if end_match else len(data)
        if start < done:
            continue
        line += data.count(b"\n", done, start + 1)
        pieces.append(data[done : start + 1])
        first = line + 1
        count = data.count(b"\n", start + 1, end)
        while following < first:
            following = next(wanted)
        head = _HEAD_END.search(data, start + 1, end)
        if following > first + count and head is not None:
            pieces.append(data[start + 1 : head.end()])
            pieces.append(b" pass" + b"\n" * data.count(b"\n", head.end(), end))
        else:
            pieces.append(data[start + 1 : end])
        line += count
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


_DEDENT_TOP = re.compile(rb"\n[^\s)\]}#]")


@lru_cache(maxsize=64)
def _dedent(indent: int) -> re.Pattern[bytes]:
    """A line that is indented no further, and neither blank nor a bracket nor a comment."""
    return re.compile(rb"\n[ \t\f]{0,%d}[^\s)\]}#]" % indent)


@lru_cache(maxsize=512)
def _as_index(names: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """One of the names inside of brackets."""
    return re.compile(rb"\[[^\]\n]*(?<![\w\x80-\xff.])(?:%s)(?![\w\x80-\xff(])" % b"|".join(names))


@lru_cache(maxsize=512)
def _derived(names: tuple[bytes, ...]) -> re.Pattern[bytes]:
    """What is assigned from one of the names: ``row = i // m``."""
    return re.compile(
        rb"\n[ \t\f]*([\w\x80-\xff, ]+?)[ \t]*=[^=\n][^\n]*(?<![\w\x80-\xff.])(?:%s)"
        rb"(?![\w\x80-\xff])" % b"|".join(names)
    )


def _is_suspect(match: re.Match[bytes], data: bytes) -> bool:
    indent, target, iterable = match.groups()
    if target is None:  # while
        body = _body(match, data, len(indent))
        return (b"+=" in body or b"-=" in body) and b"[" in body
    if _FEW.match(iterable) or _NEVER.search(iterable):
        return False
    names = tuple(sorted(n for n in set(_NAME.findall(target)) if n != b"_"))
    if not names:
        return False
    body = _body(match, data, len(indent))
    if b"[" in body:
        if _as_index(names).search(body):
            return True
        derived = {n for found in _derived(names).findall(body) for n in _NAME.findall(found)}
        if derived and _as_index(tuple(sorted(derived)[:20])).search(body):
            return True
    return b"range(" not in iterable and _DIRECT.search(body) is not None


def _body(match: re.Match[bytes], data: bytes, indent: int) -> bytes:
    end = _dedent(indent).search(data, match.end())
    is_open = match[0].endswith(b":")  # or the body may stand behind the colon
    begin = match.end() if is_open else match.start() + len(match[1])
    if not is_open and match[2] is not None:
        begin = match.start(3)
    return data[begin : end.start() if end else len(data)]


def _is_built(match: re.Match[bytes], data: bytes) -> bool:
    """Whether a call that makes a tensor holds a comprehension."""
    ahead = data[match.end() : match.end() + 600]
    loop = re.search(rb"\bfor\b[^\n]*?\bin\b", ahead)
    if loop is None:
        return False
    depth = 0
    for sign in ahead[: loop.start()]:
        if sign in b"([{":
            depth += 1
        elif sign in b")]}":
            depth -= 1
            if depth < 0:
                return False
    return True
