"""Notebooks: their code cells as one Python text, and edits of that text made in the JSON itself.

    {"cells": [{"cell_type": "code", "source": ["x = a\\n", "y"]}, …]}   ->   b"x = a\\ny\\n…"

The JSON is never written anew: the strings of the lines that change are replaced where they stand.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.check import Problem, Result, check_bytes
from deloop.lint.edit import find_import_line
from deloop.lint.facts import NO_FACTS, Facts
from deloop.lint.finding import Cell, Finding, Fix, LineEdit

MOST_BYTES = 100_000_000
"""Pictures make notebooks large; larger ones are data."""

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_SPACE = re.compile(r"[ \t\r\n]*")
_SIGN = re.compile(  # what stands for one character in a JSON string
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)
_MAGIC = re.compile(
    r"([ \t]*)(?:[%!?].*|([\w., \t]+=[ \t]*)[%!].*|[\w.]+\?{1,2}[ \t]*$)", re.DOTALL
)
_PYTHON_MAGICS = frozenset({"capture", "prun", "time", "timeit"})
"""Magics of a whole cell that is Python all the same."""
_OPAQUE = "get_ipython()"
"""What stands for a magic: a call of which nothing is known, so that nothing around it moves."""


@dataclass(frozen=True)
class CodeCell:
    """A code cell: its lines (ends included), where they stand, and where its strings do.

    Parameters
    ----------
    number:
        Its position among all cells, from 1.
    first:
        The row (0-based) of the whole text at which it begins.
    lines:
        Its source by lines.
    span:
        Where its source stands in the JSON.
    strings:
        Where each string of the source stands in the JSON.
    magics:
        The lines (0-based, in the cell) that are no Python.
    """

    number: int
    first: int
    lines: tuple[str, ...]
    span: tuple[int, int]
    strings: tuple[tuple[int, int], ...]
    magics: frozenset[int] = frozenset()

    @property
    def by_lines(self) -> bool:
        """Whether each line is a string of its own, as Jupyter writes it."""
        return len(self.strings) == len(self.lines)


@dataclass(frozen=True)
class Notebook:
    """A notebook's JSON and its code cells; `text` is what they say together."""

    file: str
    json: str
    cells: tuple[CodeCell, ...]
    text: bytes
    problem: Problem | None = None

    def find_cell(self, row: int) -> CodeCell | None:
        """The cell that holds a row (0-based) of the text."""
        for cell in self.cells:
            if cell.first <= row < cell.first + len(cell.lines):
                return cell
        return None

    def place(self, finding: Finding) -> Finding:
        """A finding in the text as one in the file: its line and column are those of the JSON."""
        row = finding.place.line
        cell = self.find_cell(row - 1)
        if cell is None:
            return finding
        line, column = self._locate(cell, row - 1 - cell.first)
        last = min(finding.end - 1 - cell.first, len(cell.lines) - 1)
        held = Cell(cell.number, row - cell.first, finding.place.column, row)
        place = Place(self.file, line, column + finding.place.column - 1)
        return replace(finding, place=place, end=self._locate(cell, last)[0], cell=held)

    def _locate(self, cell: CodeCell, line: int) -> tuple[int, int]:
        """Line and column of the JSON, from 1, at which a line of a cell begins."""
        if cell.by_lines:
            position = cell.strings[line][0] + 1
        else:
            start, end = cell.strings[0]
            signs = [m.start() for m in _SIGN.finditer(self.json, start + 1, end - 1)]
            before = sum(map(len, cell.lines[:line]))
            position = signs[before] if len(cell.strings) == 1 and before < len(signs) else start
        above = self.json.count("\n", 0, position)
        return above + 1, position - self.json.rfind("\n", 0, position)

    def is_editable(self, fix: Fix) -> bool:
        """Whether each edit stays within one cell, touches no magic, and fits into the JSON."""
        for edit in fix.edits:
            cell = self.find_cell(edit.first)
            if cell is None or edit.last > cell.first + len(cell.lines):
                return False
            touched = set(range(edit.first - cell.first, edit.last - cell.first))
            if touched & cell.magics or not (cell.by_lines or len(cell.strings) == 1):
                return False
        return True

    def apply(self, fixes: Sequence[Fix]) -> bytes:
        """The notebook's bytes with edits made."""
        text = self.json
        for cell, edits in reversed(list(self._by_cell(fixes))):
            start, end = cell.span
            write = _write_lines if cell.by_lines else _write_string
            text = text[:start] + write(self.json, cell, edits) + text[end:]
        return text.encode()

    def show(self, fixes: Sequence[Fix]) -> Iterator[tuple[str, list[str], list[str]]]:
        """Each cell that changes: its name, its lines and the new ones."""
        for cell, edits in self._by_cell(fixes):
            new = list(cell.lines)
            for edit in reversed(edits):
                new[edit.first : edit.last] = [f"{line}\n" for line in edit.new]
            yield f"{self.file}:cell {cell.number}", _end(cell.lines), _end(new)

    def _by_cell(self, fixes: Sequence[Fix]) -> Iterator[tuple[CodeCell, list[LineEdit]]]:
        """The edits of each cell that has some, counted from its first line, in order."""
        edits = sorted((e for fix in fixes for e in fix.edits), key=lambda e: (e.first, e.last))
        needed = tuple(dict.fromkeys(i for fix in fixes for i in fix.imports))
        if needed:
            row = find_import_line(self.text.decode().split("\n"))
            edits.insert(0, LineEdit(row, row, needed))
            edits.sort(key=lambda e: (e.first, e.last))
        for cell in self.cells:
            rows = range(cell.first, cell.first + len(cell.lines))
            mine = [
                LineEdit(e.first - cell.first, e.last - cell.first, e.new)
                for e in edits
                if e.first in rows
            ]
            if mine:
                yield cell, mine


def _end(lines: Sequence[str]) -> list[str]:
    """Lines that all end alike, for a comparison."""
    return [line.rstrip("\r\n") + "\n" for line in lines]


def _write_lines(text: str, cell: CodeCell, edits: list[LineEdit]) -> str:
    """A source that is a list of lines, with edits made: the strings of other lines stay."""
    ending = "\r\n" if cell.lines[0].endswith("\r\n") else "\n"
    starts = [cell.span[0] + 1, *(end for _, end in cell.strings)]
    parts = [
        (text[before:start], text[start:end])
        for before, (start, end) in zip(starts, cell.strings, strict=False)
    ]
    lead = parts[0][0]
    between = parts[1][0] if len(parts) > 1 else f",{lead or ' '}"
    for edit in reversed(edits):
        parts[edit.first : edit.last] = [
            (between, _encode(line + ending, text)) for line in edit.new
        ]
    if not parts:
        return "[]"
    closed = cell.lines[-1].endswith(("\r", "\n"))
    ends = _encode(ending, text)[1:-1]
    for number, (gap, raw) in enumerate(parts):
        bare = raw[1:-1].removesuffix(ends)
        is_last = number == len(parts) - 1
        if is_last and not closed:
            raw = f'"{bare}"'
        elif not is_last and not raw[1:-1].endswith(("\\n", "\\r")):
            raw = f'"{bare}{ends}"'
        parts[number] = (lead if number == 0 else between if gap == lead else gap, raw)
    return "[" + "".join(gap + raw for gap, raw in parts) + text[cell.strings[-1][1] : cell.span[1]]


def _write_string(text: str, cell: CodeCell, edits: list[LineEdit]) -> str:
    """A source that is one string, with edits made in it: what escapes stand elsewhere stay."""
    start, end = cell.strings[0]
    signs = [m.group() for m in _SIGN.finditer(text, start + 1, end - 1)]
    lines: list[list[str]] = []
    done = 0
    for line in cell.lines:
        lines.append(signs[done : done + len(line)])
        done += len(line)
    closed = cell.lines[-1].endswith(("\r", "\n"))
    if not closed:
        lines[-1] = [*lines[-1], "\\n"]
    for edit in reversed(edits):
        lines[edit.first : edit.last] = [[_encode(f"{line}\n", text)[1:-1]] for line in edit.new]
    body = "".join(sign for line in lines for sign in line)
    body = body if closed else body.removesuffix("\\n")
    return text[cell.span[0] : start + 1] + body + text[end - 1 : cell.span[1]]


def _encode(line: str, text: str) -> str:
    """A string as JSON, in letters beyond ASCII if the notebook has such."""
    return json.dumps(line, ensure_ascii=text.isascii() and "\\u" in text)


def check_notebook(
    data: bytes, file: str, config: Config, *, thorough: bool = False, facts: Facts = NO_FACTS
) -> Result:
    """The findings in a notebook's bytes, as `check_bytes` has them for a Python file."""
    if b"torch" not in data and b"Tensor" not in data:
        return Result(file)
    if len(data) > MOST_BYTES:
        sentence = f"is left out: it has {len(data):,} bytes"
        return Result(file, (), Problem(Place(file, 1, 1), sentence))
    notebook = read_notebook(data, file)
    if isinstance(notebook, Problem):
        return Result(file, (), notebook)
    result = check_bytes(notebook.text, file, config, thorough=thorough, facts=facts)
    findings = tuple(notebook.place(finding) for finding in result.findings)
    fixes = tuple(fix for fix in result.fixes if notebook.is_editable(fix))
    return Result(file, findings, notebook.problem or result.problem, fixes)


def read_notebook(data: bytes, file: str) -> Notebook | Problem:
    """A notebook's code cells, none where its language is not Python; or why it cannot be read."""
    try:
        text = data.decode()
        document, cells = _read_json(text)
    except UnicodeDecodeError:
        return Problem(Place(file, 1, 1), "cannot be read: it is not UTF-8")
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        return Problem(place, f"cannot be read: it is no JSON ({error.msg})")
    except RecursionError:
        return Problem(Place(file, 1, 1), "cannot be read: it is nested too deeply")
    except (ValueError, KeyError, TypeError, AttributeError):
        return Problem(Place(file, 1, 1), "cannot be read: it is no notebook of format 4")
    if not _is_python(document):
        return Notebook(file, text, (), b"")
    return _assemble(file, text, cells)


def _is_python(document: dict[str, Any]) -> bool:
    metadata = document.get("metadata") or {}
    kernel = (metadata.get("kernelspec") or {}).get("language")
    language = (metadata.get("language_info") or {}).get("name")
    return str(language or kernel or "python").lower() in ("python", "ipython", "python3")


def _read_json(text: str) -> tuple[dict[str, Any], list[CodeCell]]:
    """The document, and its code cells in no place of the text yet."""
    document: dict[str, Any] = {}
    cells: list[CodeCell] = []
    for key, start, value, _ in _members(text, int(text.startswith("\ufeff"))):
        document[key] = value
        if key == "cells" and isinstance(value, list):
            cells = [
                read
                for number, (begin, cell, _) in enumerate(_items(text, start), 1)
                if cell["cell_type"] == "code" and (read := _read_cell(text, begin, number))
            ]
    if not isinstance(document.get("cells"), list):
        raise ValueError("no cells")
    return document, cells


def _read_cell(text: str, begin: int, number: int) -> CodeCell | None:
    for key, start, value, end in _members(text, begin):
        if key == "source":
            if isinstance(value, str):
                strings = [(start, end)]
            else:
                strings = [(first, last) for first, _, last in _items(text, start)]
                value = "".join(value)
            lines = tuple(line for line in _LINE.findall(value) if line)
            return CodeCell(number, 0, lines, (start, end), tuple(strings)) if lines else None
    return None


_DECODER = json.JSONDecoder()


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None
    return found.end()


def _items(text: str, start: int) -> Iterator[tuple[int, Any, int]]:
    """The items of the JSON list at `start`: where each begins, what it is, where it ends."""
    position = _skip(text, start + 1)
    while text[position] != "]":
        value, end = _DECODER.raw_decode(text, position)
        yield position, value, end
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)


def _members(text: str, start: int) -> Iterator[tuple[str, int, Any, int]]:
    """The members of the JSON object at `start`: each key, its value's beginning, it, its end."""
    position = _skip(text, start)
    _, end = _DECODER.raw_decode(text, position)  # all of it is well formed
    if text[position] != "{":
        raise ValueError("no object")
    position = _skip(text, position + 1)
    while text[position] != "}":
        key, end = _DECODER.raw_decode(text, position)
        position = _skip(text, _skip(text, end) + 1)
        value, end = _DECODER.raw_decode(text, position)
        yield key, position, value, end
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)


def _assemble(file: str, text: str, cells: Sequence[CodeCell]) -> Notebook:
    """All cells that are Python, one behind the other; the first one that is not is a problem."""
    placed: list[CodeCell] = []
    lines: list[str] = []
    problem: Problem | None = None
    for cell in cells:
        read = _read_python(cell)
        if isinstance(read, SyntaxError):
            line, column = read.lineno or 1, read.offset or 1
            place = Place(f"{file}:cell {cell.number}", line, column)
            problem = problem or Problem(place, f"cannot be parsed: {read.msg}")
        elif read is not None:
            python, magics = read
            placed.append(replace(cell, first=len(lines), magics=magics))
            lines += python
    return Notebook(file, text, tuple(placed), "".join(lines).encode(), problem)


def _read_python(cell: CodeCell) -> tuple[list[str], frozenset[int]] | SyntaxError | None:
    """A cell's lines with something opaque where it has magics; None where it is no Python."""
    lines = _end(cell.lines)
    magics: set[int] = set()
    head = next((k for k, line in enumerate(lines) if line.strip()), 0)
    if lines[head].startswith("%%"):
        words = lines[head][2:].split()
        if not words or words[0] not in _PYTHON_MAGICS:
            return None
    while True:
        error = _find_error("".join(lines))
        if error is None:
            return lines, frozenset(magics)
        place = _find_magic(lines, (error.lineno or 1) - 1, magics)
        if place is None:
            return error
        while True:  # a magic goes on where its line ends in a backslash
            goes_on = lines[place].rstrip().endswith("\\") and place + 1 < len(lines)
            found = _MAGIC.match(lines[place])
            indent, target = (found.group(1), found.group(2) or "") if found else ("", "")
            first = place not in magics and not (place - 1 in magics and not found)
            lines[place] = f"{indent}{target}{_OPAQUE}\n" if first else "\n"
            magics.add(place)
            if not goes_on:
                break
            place += 1


def _find_magic(lines: list[str], near: int, done: set[int]) -> int | None:
    """The line of a magic at which Python stumbles: there, or just before it."""
    for line in (near, near - 1):
        if 0 <= line < len(lines) and line not in done and _MAGIC.match(lines[line]):
            return line
    return None


def _find_error(text: str) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.encode())
    except SyntaxError as error:
        return error
    except (ValueError, RecursionError, MemoryError) as error:
        return SyntaxError(str(error) or "it is nested too deeply")
    return None
