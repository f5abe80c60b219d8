"""How fast `deloop check` reads: lines a second and core, beside ruff and parsing alone.

``python -m benchmarks.linting [FOLDER]``; without a folder, PyTorch's own sources.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from deloop.lint.check import find_candidates
from deloop.lint.suspect import find_suspects

REPETITIONS = 3


def measure(work: Callable[[], object]) -> float:
    """The least processor time of some runs, in seconds, child processes included."""
    best = float("inf")
    for _ in range(REPETITIONS):
        before = time.process_time(), os.times()
        work()
        children = os.times()
        spent = time.process_time() - before[0]
        spent += children.children_user - before[1].children_user
        spent += children.children_system - before[1].children_system
        best = min(best, spent)
    return best


def run(command: Sequence[str]) -> None:
    """Run a command for its time alone."""
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def parse_all(texts: Sequence[bytes]) -> None:
    """Parse every text that parses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for text in texts:
            try:
                ast.parse(text)
            except (SyntaxError, ValueError):
                continue


def find_folder() -> Path:
    """The folder named, or where PyTorch lies (found without importing it)."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    found = importlib.util.find_spec("torch")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def main() -> None:
    """Print one line a measurement."""
    folder = find_folder()
    texts = [path.read_bytes() for path in sorted(folder.rglob("*.py"))]
    lines = sum(text.count(b"\n") for text in texts)
    suspects = sum(bool(find_suspects(text)) for text in texts)
    print(f"{folder}: {len(texts)} files, {lines:,} lines, {suspects} files with suspects")
    program = "from deloop.cli import main; main()"
    deloop = [sys.executable, "-c", program, "check", str(folder), "-j", "1", "--exit-zero"]
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated", str(folder)]
    measurements: list[tuple[str, Callable[[], object]]] = [
        ("bytes alone", lambda: [find_suspects(text) for text in texts]),
        ("loops judged", lambda: [find_candidates(text, "") for text in texts]),
        ("deloop check", lambda: run(deloop)),
        ("ast.parse of everything", lambda: parse_all(texts)),
        ("ruff check", lambda: run(ruff)),
    ]
    for name, work in measurements:
        spent = measure(work)
        print(f"{name:<26} {spent:6.2f} s  {int(lines / spent):>12,} lines a second")
    one = [sys.executable, "-c", program, "check", __file__]
    spent = measure(lambda: run(one))
    print(f"{'cold start, one file':<26} {spent * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
