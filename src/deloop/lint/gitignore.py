"""Patterns of ``.gitignore`` files: which paths they leave out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """One line: what it matches, whether folders only, and whether it takes back an earlier one."""

    regex: re.Pattern[str]
    folders_only: bool
    negated: bool


def read_patterns(lines: Iterable[str]) -> list[Pattern]:
    """The patterns of a file's lines; comments and empty lines are none."""
    found = (read_pattern(line) for line in lines)
    return [pattern for pattern in found if pattern is not None]


def read_pattern(line: str) -> Pattern | None:
    """``build/  ->  a folder of that name at any depth``; None for a comment."""
    text = line.rstrip("\r\n")
    while text.endswith(" ") and not text.endswith("\\ "):
        text = text[:-1]
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text[1:] if negated else text.removeprefix("\\")
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    if not text:
        return None
    anchored = "/" in text
    regex = _translate(text.lstrip("/"))
    prefix = "" if anchored else "(?:.*/)?"
    try:
        return Pattern(re.compile(f"{prefix}{regex}\\Z", re.DOTALL), folders_only, negated)
    except re.error:
        return None


def _translate(text: str) -> str:
    """A pattern as a regular expression: ``*`` stays in one folder, ``**`` does not."""
    result, position = "", 0
    while position < len(text):
        rest = text[position:]
        if rest.startswith("**/") and (position == 0 or text[position - 1] == "/"):
            result, position = result + "(?:.*/)?", position + 3
        elif rest == "**" and position and text[position - 1] == "/":
            result, position = result + ".+", position + 2
        elif rest[0] == "*":
            result, position = result + "[^/]*", position + len(rest) - len(rest.lstrip("*"))
        elif rest[0] == "?":
            result, position = result + "[^/]", position + 1
        elif rest[0] == "[" and (end := rest.find("]", 2)) > 0:
            inner = rest[1:end].replace("\\", "\\\\")
            inner = "^" + inner[1:] if inner[0] in "!^" else inner
            result, position = f"{result}[{inner}]", position + end + 1
        elif rest[0] == "\\" and len(rest) > 1:
            result, position = result + re.escape(rest[1]), position + 2
        else:
            result, position = result + re.escape(rest[0]), position + 1
    return result


def is_ignored(path: str, is_folder: bool, patterns: Iterable[Pattern]) -> bool | None:
    """Whether the last pattern that matches leaves a path out; None where none matches."""
    answer: bool | None = None
    for pattern in patterns:
        if (is_folder or not pattern.folders_only) and pattern.regex.match(path):
            answer = not pattern.negated
    return answer
