"""Which files are checked: those named, and those found below the folders named."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from deloop.config import Config
from deloop.lint.gitignore import Pattern, is_ignored, read_patterns

EXCLUDED = (
    ".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox",
    ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv",
    ".deloop_cache", ".deloop", "__pycache__", "__pypackages__", "_build", "buck-out", "build",
    "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip
SUFFIXES = (".py", ".ipynb")


def find_files(paths: Sequence[Path], config: Config) -> Iterator[Path]:
    """Every file to check, sorted within its folder, each once.

    A file that is named is checked whatever the patterns say; a folder that is named is entered.
    """
    seen: set[str] = set()
    for path in paths:
        found = _walk(path, config) if path.is_dir() else iter([path])
        for file in found:
            key = os.path.abspath(file)
            if key not in seen:
                seen.add(key)
                yield file


def _walk(top: Path, config: Config) -> Iterator[Path]:
    names = (*(EXCLUDED if config.exclude is None else config.exclude), *config.extend_exclude)
    excluded = read_patterns(names)
    root = os.path.abspath(config.root)
    levels = _outer_gitignores(top) if config.respect_gitignore else []
    yield from _enter(str(top), root, excluded, levels, config.respect_gitignore)


Levels = list[tuple[str, list[Pattern]]]


def _outer_gitignores(top: Path) -> Levels:
    """The ``.gitignore`` files above a folder, up to the repository's root, outermost first."""
    folder = top.resolve()
    found: Levels = []
    for outer in folder.parents if not (folder / ".git").exists() else ():
        found.insert(0, (str(outer), _read_gitignore(str(outer))))
        if (outer / ".git").exists():
            return [level for level in found if level[1]]
    return []


def _read_gitignore(folder: str) -> list[Pattern]:
    try:
        with open(os.path.join(folder, ".gitignore"), encoding="utf-8", errors="replace") as file:
            return read_patterns(file)
    except OSError:
        return []


def _enter(
    folder: str, root: str, excluded: list[Pattern], levels: Levels, git: bool
) -> Iterator[Path]:
    if git and (own := _read_gitignore(folder)):
        levels = [*levels, (os.path.realpath(folder), own)]
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda e: e.name)
    except OSError:
        return
    for entry in listed:
        try:
            is_folder = entry.is_dir(follow_symlinks=False)
        except OSError:
            continue
        if not is_folder and not entry.name.endswith(SUFFIXES):
            continue
        if _is_left_out(entry.path, is_folder, root, excluded, levels):
            continue
        if is_folder:
            yield from _enter(entry.path, root, excluded, levels, git)
        elif entry.is_file():
            yield Path(entry.path)


def _is_left_out(
    path: str, is_folder: bool, root: str, excluded: list[Pattern], levels: Levels
) -> bool:
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    if is_ignored(relative, is_folder, excluded):
        return True
    answer: bool | None = None
    for base, patterns in levels:
        inside = os.path.relpath(os.path.realpath(path), base).replace(os.sep, "/")
        verdict = is_ignored(inside, is_folder, patterns)
        answer = answer if verdict is None else verdict
    return bool(answer)
