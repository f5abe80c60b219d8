"""Many files: each read and checked, by several processes where there are many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.check import Problem, Result, check_bytes
from deloop.lint.gitignore import is_ignored, read_patterns

FILES_PER_PROCESS = 400
"""Fewer files are checked in one process: starting another takes longer than they do."""


def check_file(path: Path, config: Config, *, thorough: bool = False) -> Result:
    """The findings of one file on disk; a file that cannot be read is a problem, never an error."""
    name = str(path)
    if path.suffix == ".ipynb":
        return Result(name, (), Problem(Place(name, 1, 1), "notebooks are not read yet"))
    try:
        data = path.read_bytes()
    except OSError as error:
        sentence = f"cannot be read: {error.strerror or error}"
        return Result(name, (), Problem(Place(name, 1, 1), sentence))
    return leave_out(check_bytes(data, name, config, thorough=thorough), config)


def leave_out(result: Result, config: Config) -> Result:
    """A result without what the settings ignore in files of that name."""
    if not config.per_file_ignores or not result.findings:
        return result
    relative = os.path.relpath(os.path.abspath(result.file), config.root).replace(os.sep, "/")
    codes: list[str] = []
    for pattern, ignored in config.per_file_ignores.items():
        if is_ignored(relative, False, read_patterns([pattern])):
            codes.extend(ignored)
    kept = tuple(f for f in result.findings if not f.code.startswith(tuple(codes)))
    return Result(result.file, kept, result.problem, result.fixes)


def check_files(
    paths: Sequence[Path],
    config: Config,
    *,
    jobs: int = 0,
    thorough: bool = False,
    done: Callable[[int], None] = lambda count: None,
) -> Iterator[Result]:
    """The results of all files, in their order. ``jobs=0`` means as many as it takes."""
    check = partial(check_file, config=config, thorough=thorough)
    workers = jobs or min(os.cpu_count() or 1, 1 + len(paths) // FILES_PER_PROCESS)
    if workers <= 1 or len(paths) < 2:
        for path in paths:
            yield check(path)
            done(1)
        return
    with ProcessPoolExecutor(workers) as pool:
        for result in pool.map(check, paths, chunksize=32):
            yield result
            done(1)
