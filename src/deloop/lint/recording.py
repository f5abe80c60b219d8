"""What ``deloop record`` has seen of a project's loops: ``.deloop/record.json``."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deloop.config import Config
from deloop.lint.check import find_candidates
from deloop.lint.edit import write_atomically
from deloop.lint.facts import Facts, LoopFacts, LoopKey, key_of
from deloop.lint.scan import Candidate
from deloop.text.names import names_in

FOLDER = ".deloop"

Recording = Mapping[str, Facts]
"""What was seen, by file."""

NOTHING: Recording = {}

_FILE = "record.json"

Places = dict[int, tuple[str, LoopKey, int]]
"""Each watched loop's file, key and line, by its number."""


def plan_recording(files: Iterable[Path]) -> tuple[dict[str, Any], Places]:
    """What the probe is to watch, by file; and where that is."""
    plan: dict[str, Any] = {}
    loops: Places = {}
    for file in files:
        try:
            data = file.read_bytes()
        except OSError:
            continue
        candidates, _ = find_candidates(data, str(file))
        watched = {c.statement.lineno: c for c in candidates}
        if not watched:
            continue
        path = str(file.resolve())
        entries = []
        for line, candidate in watched.items():
            number = len(loops)
            loops[number] = (path, key_of(candidate), line)
            entries.append({"key": number, "line": line, "names": list(_find_names(candidate))})
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        plan[path] = {"digest": digest, "loops": entries}
    return plan, loops


def _find_names(candidate: Candidate) -> Iterator[str]:
    """The names around a loop that may matter for what it becomes, and the attributes of `self`."""
    names = dict.fromkeys(sorted(names_in(candidate.statement)))
    node = candidate.scope.node
    if not isinstance(node, ast.Module):
        names |= dict.fromkeys(sorted(n for n in candidate.names if "." not in n))
        for inner in ast.walk(node):
            match inner:
                case ast.Attribute(value=ast.Name(id="self"), attr=word):
                    names[f"self.{word}"] = None
    names.pop("self", None)
    yield from names


def merge(folder: Path) -> dict[int, LoopFacts]:
    """What all processes of a program have seen."""
    found: dict[int, LoopFacts] = {}
    for file in sorted(folder.glob("*.json")):
        try:
            document = json.loads(file.read_bytes())
        except (OSError, ValueError):
            continue
        for key, seen in document.items():
            new = _read_facts(seen)
            old = found.get(int(key))
            found[int(key)] = new if old is None else _join(old, new)
    return found


def _read_facts(seen: Mapping[str, Any]) -> LoopFacts:
    trips = tuple(int(n) for n in seen["trips"][:2])
    kinds = tuple(dict(kind) for kind in seen["kinds"])
    return LoopFacts(int(seen["calls"]), float(seen["seconds"]), trips, kinds)


def _join(old: LoopFacts, new: LoopFacts) -> LoopFacts:
    trips = [*old.trips, *new.trips]
    return LoopFacts(
        old.calls + new.calls,
        old.seconds + new.seconds,
        (min(trips), max(trips)) if trips else (),
        _join_kinds(old, new),
    )


def _join_kinds(old: LoopFacts, new: LoopFacts) -> tuple[Mapping[str, Any], ...]:
    kinds = {_identity(kind): dict(kind) for kind in old.kinds}
    for kind in new.kinds:
        held = kinds.setdefault(_identity(kind), {**kind, "calls": 0, "shapes": []})
        shapes = [*held["shapes"], *(s for s in kind["shapes"] if s not in held["shapes"])]
        held.update(calls=held["calls"] + kind["calls"], shapes=shapes)
    return tuple(kinds.values())


def _identity(kind: Mapping[str, Any]) -> str:
    return json.dumps([kind["values"], kind["shared"]], sort_keys=True)


def save_recording(
    root: Path, seen: Mapping[int, LoopFacts], loops: Places
) -> Path:
    """Write what was seen beside what earlier recordings of loops that still stand have seen.

    Kinds of values are kept from all recordings, times are the last one's.
    """
    present = {(_relative(path, root), key) for path, key, _ in loops.values()}
    kept = {
        (file, key): facts
        for file, held in load_recording(root).items()
        for key, facts in held.items()
        if (file, key) in present or not (root / file).exists()
    }
    fresh: dict[tuple[str, LoopKey], LoopFacts] = {}
    for number, facts in seen.items():
        path, key, _ = loops[number]
        name = (_relative(path, root), key)
        fresh[name] = _join(fresh[name], facts) if name in fresh else facts  # a loop written twice
    for name, facts in fresh.items():
        old = kept.get(name)
        kinds = facts.kinds if old is None else _join_kinds(old, facts)
        kept[name] = LoopFacts(facts.calls, facts.seconds, facts.trips, kinds)
    document = [
        {"file": file, "function": key[0], "text": key[1], "calls": f.calls,
         "seconds": f.seconds, "trips": list(f.trips), "kinds": list(f.kinds)}
        for (file, key), f in sorted(kept.items(), key=lambda item: -item[1].seconds)
    ]  # fmt: skip
    folder = root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".gitignore").exists():
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    write_atomically(folder / _FILE, json.dumps({"loops": document}, indent=1).encode())
    return folder / _FILE


def _relative(path: str, root: Path) -> str:
    try:
        return Path(path).relative_to(root.resolve()).as_posix()
    except ValueError:
        return path


def load_recording(root: Path) -> Recording:
    """What was recorded, by file; nothing where there is no recording that can be read."""
    found: dict[str, dict[LoopKey, LoopFacts]] = {}
    try:
        document = json.loads((root / FOLDER / _FILE).read_bytes())
        for entry in document["loops"]:
            key = (str(entry["function"]), str(entry["text"]))
            found.setdefault(str(entry["file"]), {})[key] = _read_facts(entry)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return found


def find_facts(recording: Recording, config: Config, file: str) -> Facts:
    """What was recorded of a file's loops."""
    if not recording:
        return {}
    return recording.get(_relative(str(Path(file).resolve()), config.root), {})
