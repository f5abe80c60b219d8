"""Edits of lines applied to a file's bytes; what is not edited keeps every byte."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deloop.lint.finding import Fix, LineEdit

_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def split_lines(data: bytes) -> list[bytes]:
    """The lines as Python counts them, each with its end: form feeds end none."""
    return [m for m in _LINE.findall(data) if m]


def apply_fixes(data: bytes, fixes: Sequence[Fix], encoding: str = "utf-8") -> bytes:
    """A file's bytes with edits made, in its own line ends; imports are added where missing."""
    lines = split_lines(data)
    edits = [edit for fix in fixes for edit in fix.edits]
    ending = _ending(lines)
    for edit in sorted(edits, key=lambda e: (e.first, e.last), reverse=True):
        lines[edit.first : edit.last] = _encode(edit, lines, ending, encoding)
    needed = [i for i in dict.fromkeys(i for fix in fixes for i in fix.imports)]
    position = find_import_line([line.decode(encoding, "replace") for line in lines])
    lines[position:position] = [i.encode(encoding) + ending for i in needed]
    return b"".join(lines)


def _ending(lines: Sequence[bytes]) -> bytes:
    for line in lines:
        for ending in (b"\r\n", b"\n", b"\r"):
            if line.endswith(ending):
                return ending
    return b"\n"


def _encode(edit: LineEdit, lines: list[bytes], ending: bytes, encoding: str) -> list[bytes]:
    new = [line.encode(encoding) + ending for line in edit.new]
    replaced = lines[edit.first : edit.last]
    if new and replaced and not replaced[-1].endswith((b"\r", b"\n")):
        new[-1] = new[-1].removesuffix(ending)  # the file's last line had no end
    return new


def find_import_line(lines: Sequence[str]) -> int:
    """Where an import fits: before the first one that is not from ``__future__``."""
    for position, line in enumerate(lines):
        if re.match(r"(import|from)\s+\w", line) and "__future__" not in line:
            return position
    return 0


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file in one step: whoever looks finds the old bytes or the new ones."""
    path = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, path.stat().st_mode & 0o7777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
