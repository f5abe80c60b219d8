"""How fast `deloop check` reads: lines a second and core, beside parsing alone and other linters.

``python -m benchmarks.linting [FOLDER]``; without a folder, PyTorch's own sources. flake8 and
pylint are measured where they are installed, pylint on a few files.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
import tempfile
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


def run(command: Sequence[str], folder: str | None = None) -> None:
    """Run a command for its time alone."""
    quiet = subprocess.DEVNULL
    subprocess.run(command, stdout=quiet, stderr=quiet, check=False, cwd=folder)


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
    scratch = tempfile.TemporaryDirectory()
    path = str(folder.resolve())
    cached = [sys.executable, "-c", program, "check", path, "-j", "1", "--exit-zero"]
    deloop = [*cached, "--no-cache"]
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--isolated", path]
    run(cached, scratch.name)
    measurements: list[tuple[str, Callable[[], object]]] = [
        ("bytes alone", lambda: [find_suspects(text) for text in texts]),
        ("loops judged", lambda: [find_candidates(text, "") for text in texts]),
        ("deloop check", lambda: run(deloop)),
        ("deloop check, cached", lambda: run(cached, scratch.name)),
        ("ast.parse of everything", lambda: parse_all(texts)),
        ("ruff check", lambda: run(ruff)),
    ]
    if importlib.util.find_spec("flake8") is not None:
        flake8 = [sys.executable, "-m", "flake8", "--isolated", "-j", "1", path]
        measurements.append(("flake8", lambda: run(flake8)))
    for name, work in measurements:
        _print(name, measure(work), lines)
    scratch.cleanup()
    _measure_pylint(folder)
    _measure_others(program)
    one = [sys.executable, "-c", program, "check", __file__]
    spent = measure(lambda: run(one))
    print(f"{'cold start, one file':<26} {spent * 1000:6.0f} ms")


def _print(name: str, spent: float, lines: int) -> None:
    print(f"{name:<26} {spent:6.2f} s  {int(lines / spent):>12,} lines a second")


def _measure_pylint(folder: Path) -> None:
    """pylint, where it is installed, on the first files of at most 3,000 lines together."""
    if importlib.util.find_spec("pylint") is None:
        return
    files: list[str] = []
    lines = 0
    for path in sorted(folder.resolve().rglob("*.py")):
        count = path.read_bytes().count(b"\n")
        if lines + count <= 3_000:
            files.append(str(path))
            lines += count
    command = [sys.executable, "-m", "pylint", "-j", "1", "--rcfile=/dev/null", *files]
    _print(f"pylint ({len(files)} files)", measure(lambda: run(command)), max(lines, 1))


def _measure_others(program: str) -> None:
    """A tree in which no file holds a tensor loop: the standard library."""
    library = str(Path(os.__file__).parent)
    lines = sum(path.read_bytes().count(b"\n") for path in Path(library).rglob("*.py")
                if "site-packages" not in path.parts)  # fmt: skip
    command = [sys.executable, "-c", program, "check", library, "-j", "1", "--no-cache"]
    _print("standard library", measure(lambda: run(command)), lines)


if __name__ == "__main__":
    main()
