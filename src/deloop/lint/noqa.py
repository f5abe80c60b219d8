"""Comments that silence findings: ``# noqa``, ``# noqa: VEC201``, ``# deloop: ignore[VEC201]``."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NOQA = re.compile(r"#\s*noqa\b(?:\s*:\s*(?P<codes>[A-Z]+[0-9]*(?:[,\s]+[A-Z]+[0-9]+)*))?", re.I)
_IGNORE = re.compile(r"#\s*deloop:\s*ignore\b(?:\s*\[(?P<codes>[^\]]*)\])?")
_FILE = re.compile(r"^\s*#\s*deloop:\s*ignore-file\b(?:\s*\[(?P<codes>[^\]]*)\])?", re.M)
_CODE = re.compile(r"[A-Z]+[0-9]*")


def is_silenced(code: str, line: str) -> bool:
    """Whether a comment on the line silences the code."""
    if "#" not in line:
        return False
    return any(_covers(m.group("codes"), code) for p in (_NOQA, _IGNORE) for m in p.finditer(line))


def _covers(codes: str | None, code: str) -> bool:
    if codes is None:
        return True
    return any(code.startswith(c) for c in _CODE.findall(codes.upper()))


def find_silenced_file(text: str) -> Sequence[str]:
    """The codes that ``# deloop: ignore-file[...]`` silences in a whole file, ``VEC`` for all."""
    found: list[str] = []
    for match in _FILE.finditer(text):
        codes = match.group("codes")
        found.extend(["VEC"] if codes is None else _CODE.findall(codes))
    return found
