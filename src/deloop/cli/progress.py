"""A bar on a terminal while many files are checked; nothing anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TextIO

SECONDS_BEFORE = 1.0
"""What takes less is over before anybody wonders."""
_SECONDS_BETWEEN = 0.1
_WIDTH = 30


class Progress:
    """Counts files on the error stream, and leaves no trace of it."""

    def __init__(self, total: int, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.total = total
        self.count = 0
        self.shown = False
        self.wanted = total > 1 and self.stream.isatty()
        self.next = time.monotonic() + SECONDS_BEFORE

    def step(self, count: int) -> None:
        """So many files more are done."""
        self.count += count
        if self.wanted and time.monotonic() >= self.next:
            self.next = time.monotonic() + _SECONDS_BETWEEN
            self.shown = True
            full = _WIDTH * self.count // max(self.total, 1)
            bar = "━" * full + " " * (_WIDTH - full)
            self._write(f"\r{bar} {self.count}/{self.total} files")

    def clear(self) -> None:
        """Take the bar away, before something else is printed."""
        if self.shown:
            self._write("\r\x1b[K")
            self.shown = False

    def _write(self, text: str) -> None:
        encoding = self.stream.encoding or "ascii"
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()
