"""What was found in files before, by what they contain: ``.deloop_cache/``.

A key is a hash of a file's bytes, of the settings, and of deloop itself, so that an entry is never
wrong and nothing has to be deleted. The cache is read once a run and written once, in one step;
what cannot be read is as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import deloop.lint
from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.check import Problem, Result
from deloop.lint.edit import write_atomically
from deloop.lint.finding import Cell, Finding, Fix, LineEdit

FOLDER = ".deloop_cache"
MOST_ENTRIES = 50_000
"""What was not used for longest is forgotten beyond so many."""

_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by deloop; may be deleted.\n"

Entry = tuple[int, Any]
"""The day of its last use, and a result as plain data."""


@dataclass
class Cache:
    """The results kept for one project, under one version of deloop and one set of settings."""

    file: Path
    prefix: bytes
    entries: dict[str, Entry] = field(default_factory=dict)
    new: dict[str, Entry] = field(default_factory=dict)

    def key(self, data: bytes, file: str, facts: str = "") -> str:
        """The key of a file's bytes, and of what else is known of it."""
        made = hashlib.blake2b(self.prefix, digest_size=16)
        made.update(f"{os.path.splitext(file)[1]}\0{facts}\0".encode("utf-8", "replace"))
        made.update(data)
        return made.hexdigest()

    def find(self, key: str, file: str) -> Result | None:
        """What was found in such bytes, as if in `file`."""
        entry = self.entries.get(key)
        if entry is None:
            return None
        try:
            result = decode(entry[1], file)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None
        self.new[key] = (_today(), entry[1])
        return result

    def keep(self, key: str, result: Result) -> None:
        """Remember a result."""
        if result.problem is None or not result.problem.passing:
            self.new[key] = (_today(), encode(result))

    def save(self) -> None:
        """Write what is new beside what others have written; a failure changes nothing."""
        if all(self.entries.get(key) == entry for key, entry in self.new.items()):
            return
        entries = {**_read(self.file), **self.new}
        if len(entries) > MOST_ENTRIES:
            kept = sorted(entries, key=lambda key: entries[key][0])[-MOST_ENTRIES:]
            entries = {key: entries[key] for key in kept}
        text = json.dumps(entries, separators=(",", ":"))
        with contextlib.suppress(OSError):
            self._prepare()
            write_atomically(self.file, text.encode())

    def _prepare(self) -> None:
        """The folder, which git and backups leave out, without what older versions left there."""
        folder = self.file.parent
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((".gitignore", "*\n"), ("CACHEDIR.TAG", _TAG)):
            if not (folder / name).exists():
                (folder / name).write_text(text, encoding="utf-8")
        for old in folder.glob("*.json"):
            if old != self.file:
                old.unlink(missing_ok=True)


def open_cache(config: Config, *, thorough: bool) -> Cache:
    """The cache of a project."""
    version = _find_version()
    parts = (*config.select, "-", *config.ignore, "-", *config.extend_select)
    prefix = "\0".join((version, str(config.strict), str(thorough), *parts)).encode()
    file = config.root / FOLDER / f"{version}.json"
    return Cache(file, prefix + b"\0\0", _read(file))


def _read(file: Path) -> dict[str, Entry]:
    try:
        document = json.loads(file.read_bytes())
        return {str(key): (int(day), data) for key, (day, data) in document.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _today() -> int:
    return int(time.time() // 86_400)


def _find_version() -> str:
    """What stands for this deloop under this Python: another file of its own makes another."""
    made = hashlib.blake2b(f"{sys.version_info[:3]}".encode(), digest_size=8)
    top = os.path.dirname(os.path.dirname(os.path.abspath(deloop.lint.__file__)))
    for folder in (top, *sorted(e.path for e in os.scandir(top) if e.is_dir())):
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            if entry.name.endswith(".py"):
                stat = entry.stat()
                made.update(f"{entry.name}:{stat.st_size}:{stat.st_mtime_ns}".encode())
    return made.hexdigest()


def encode(result: Result) -> Any:
    """A result as plain data, without the file's name; 0 where there is nothing to say."""
    if not result.findings and result.problem is None and not result.fixes:
        return 0
    problem = result.problem and [
        result.problem.place.file.removeprefix(result.file), result.problem.place.line,
        result.problem.place.column, result.problem.sentence,
    ]  # fmt: skip
    return {
        "findings": [_encode_finding(finding) for finding in result.findings],
        "problem": problem,
        "fixes": [_encode_fix(fix) for fix in result.fixes],
        "digest": result.digest,
    }


def _encode_finding(finding: Finding) -> dict[str, Any]:
    left_out = ("place", "cell", "certificate")  # nobody who prints findings shows certificates
    held = {k: v for k, v in vars(finding).items() if k not in left_out and v}
    held["place"] = [finding.place.line, finding.place.column]
    if finding.cell is not None:
        held["cell"] = list(vars(finding.cell).values())
    return held


def _encode_fix(fix: Fix) -> dict[str, Any]:
    edits = [[e.first, e.last, list(e.new)] for e in fix.edits]
    return {**vars(fix), "lines": sorted(fix.lines), "edits": edits}


def decode(data: Any, file: str) -> Result:
    """What `encode` was given, for a file of that name. Raises for what it never made."""
    if data == 0:
        return Result(file)
    problem = None
    if data["problem"] is not None:
        part, line, column, sentence = data["problem"]
        problem = Problem(Place(_text(file + part), int(line), int(column)), _text(sentence))
    findings = tuple(_decode_finding(held, file) for held in data["findings"])
    fixes = tuple(_decode_fix(held) for held in data["fixes"])
    return Result(file, findings, problem, fixes, _text(data["digest"]))


def _decode_finding(held: dict[str, Any], file: str) -> Finding:
    line, column = held["place"]
    cell = held.get("cell")
    return Finding(
        **{
            **held,
            "place": Place(file, int(line), int(column)),
            "evidence": _texts(held.get("evidence", ())),
            "assumptions": _texts(held.get("assumptions", ())),
            "cell": None if cell is None else Cell(*map(int, cell)),
        }
    )


def _decode_fix(held: dict[str, Any]) -> Fix:
    edits = tuple(LineEdit(int(a), int(b), _texts(new)) for a, b, new in held["edits"])
    listed: dict[str, Callable[[Any], tuple[str, ...]]] = {
        "assumptions": _texts, "imports": _texts, "recorded": _texts,
    }  # fmt: skip
    rest = {name: read(held[name]) for name, read in listed.items()}
    return Fix(**{**held, **rest, "lines": frozenset(map(int, held["lines"])), "edits": edits})


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(_text(value) for value in values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
