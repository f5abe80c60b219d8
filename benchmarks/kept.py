"""What has been measured so far, so that a suite that was cut goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """Results by name, in a file that is written after each of them.

    What another machine or another setting has measured is forgotten.
    """

    def __init__(self, path: Path, setting: Mapping[str, str], *, fresh: bool = False) -> None:
        self.path = path
        self.setting = dict(setting)
        self.found: dict[str, Any] = {}
        if not fresh and path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            if before.get("setting") == self.setting:
                self.found = before["found"]

    def get(self, name: str, make: Callable[[], T], read: Callable[..., T]) -> T:
        """The result of that name: read from what was kept, or measured now and kept."""
        if name in self.found:
            return read(**self.found[name])
        result = make()
        self.found[name] = asdict(result)  # type: ignore[call-overload]
        data = {"setting": self.setting, "found": self.found}
        self.path.write_text(json.dumps(data), encoding="utf-8")
        return result

    def finish(self) -> None:
        """Everything is measured and written elsewhere: the next suite begins anew."""
        self.path.unlink(missing_ok=True)
