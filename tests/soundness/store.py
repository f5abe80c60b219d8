"""Results kept as lines of JSON: added to as they come, so that a long run may be cut anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

Record = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
FUZZ, MUTANTS, ROBUST = (RESULTS / f"{name}.jsonl" for name in ("fuzz", "mutants", "robust"))


def today() -> str:
    """The date, as ISO has it."""
    return datetime.now(timezone.utc).date().isoformat()


def append(path: Path, record: Record) -> None:
    """Add a record at the end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record, separators=(",", ":"), sort_keys=True) + "\n")


def read(path: Path, key: Sequence[str]) -> list[Record]:
    """The records of a file, the last one of each key alone; none where there is no file."""
    found: dict[tuple[Any, ...], Record] = {}
    for record in _read_lines(path):
        name = tuple(record[part] for part in key)
        found.pop(name, None)
        found[name] = record
    return list(found.values())


def _read_lines(path: Path) -> Iterator[Record]:
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # a run was cut while it wrote this line
            continue


def settle(path: Path, key: Sequence[str]) -> list[Record]:
    """Rewrite a file without the records that later ones replace, in order; what is left."""
    records = sorted(read(path, key), key=lambda record: [str(record[part]) for part in key])
    if records:
        partial = path.with_suffix(".partial")
        lines = (json.dumps(r, separators=(",", ":"), sort_keys=True) for r in records)
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(path)
    return records
