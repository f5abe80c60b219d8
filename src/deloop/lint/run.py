"""Many files: each read and checked, by several processes where there are many."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from deloop.config import Config
from deloop.diagnostic import Place
from deloop.lint.cache import Cache
from deloop.lint.check import Problem, Result
from deloop.lint.facts import Facts
from deloop.lint.gitignore import is_ignored, read_patterns
from deloop.lint.recording import NOTHING, Recording, find_facts
from deloop.lint.source import check_source, may_hold_loops

FILES_PER_PROCESS = {False: 400, True: 20}
"""Fewer files are checked in one process: starting another takes longer than they do. For fixes,
each is compiled several times."""


def check_file(
    path: Path, config: Config, *, thorough: bool = False, recording: Recording = NOTHING
) -> Result:
    """The findings of one file on disk; a file that cannot be read is a problem, never an error."""
    data = _read(path)
    if isinstance(data, Result):
        return data
    return check_again(data, str(path), config, thorough=thorough, recording=recording)


def check_again(
    data: bytes, file: str, config: Config, *, thorough: bool, recording: Recording
) -> Result:
    """The findings in bytes that are a file's, or would be."""
    facts = find_facts(recording, config, file)
    return leave_out(check_source(data, file, config, thorough=thorough, facts=facts), config)


def _read(path: Path) -> bytes | Result:
    try:
        return path.read_bytes()
    except OSError as error:
        sentence = f"cannot be read: {error.strerror or error}"
    except ValueError as error:  # a name that no file can have
        sentence = f"cannot be read: {error}"
    name = str(path)
    return Result(name, (), Problem(Place(name, 1, 1), sentence))


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
    return replace(result, findings=kept)


def check_files(
    paths: Sequence[Path],
    config: Config,
    *,
    jobs: int = 0,
    thorough: bool = False,
    cache: Cache | None = None,
    recording: Recording = NOTHING,
    done: Callable[[int], None] = lambda count: None,
) -> Iterator[Result]:
    """The results of all files, in their order. ``jobs=0`` means as many as it takes."""
    check = partial(_check, config=config, thorough=thorough, recording=recording)
    workers = jobs or min(os.cpu_count() or 1, 1 + len(paths) // FILES_PER_PROCESS[thorough])

    def look(path: Path) -> Result | None:
        facts = find_facts(recording, config, str(path))
        return _look(path, cache, _digest(facts))

    known = [look(path) for path in paths] if workers > 1 else []
    missing = [path for path, result in zip(paths, known, strict=False) if result is None]
    fresh = _check_together(missing, partial(check, cache=_empty(cache)), workers)
    for number, path in enumerate(paths):
        result = known[number] if known else look(path)
        if result is None:
            key, result = next(fresh) if known else check(path, cache=cache)
            if cache is not None and key:
                cache.keep(key, result)
        yield leave_out(result, config)
        done(1)


def _digest(facts: Facts) -> str:
    """What changes with everything that was recorded of a file."""
    return ",".join(sorted(held.digest for held in facts.values()))


def _look(path: Path, cache: Cache | None, facts: str) -> Result | None:
    """What is known of a file without reading it as Python."""
    data = _read(path)
    if isinstance(data, Result):
        return data
    if not may_hold_loops(data):
        return Result(str(path))
    if cache is None:
        return None
    return cache.find(cache.key(data, str(path), facts), str(path))


def _check(
    path: Path, *, config: Config, thorough: bool, cache: Cache | None, recording: Recording
) -> tuple[str, Result]:
    """What is found in a file, and the key of the bytes in which it was found."""
    data = _read(path)
    if isinstance(data, Result):
        return "", data
    facts = find_facts(recording, config, str(path))
    key = cache.key(data, str(path), _digest(facts)) if cache is not None else ""
    return key, check_source(data, str(path), config, thorough=thorough, facts=facts)


def _empty(cache: Cache | None) -> Cache | None:
    """The cache for another process, which only makes keys."""
    return None if cache is None else Cache(cache.file, cache.prefix)


# Loaded by name where there is more than one process.
_POOL = "concurrent.futures.process"


def _check_together(
    paths: Sequence[Path], check: Callable[[Path], tuple[str, Result]], workers: int
) -> Iterator[tuple[str, Result]]:
    """The results of files in their order, by several processes; by this one if others fail."""
    finished = 0
    if len(paths) > 1 and workers > 1:
        module: Any = importlib.import_module(_POOL)
        pool = module.ProcessPoolExecutor(min(workers, len(paths)))
        is_whole = False
        try:
            chunk = max(1, min(32, len(paths) // (workers * 4)))
            for found in pool.map(check, paths, chunksize=chunk):
                finished += 1
                yield found
            is_whole = True
        except (module.BrokenProcessPool, OSError):
            pass
        finally:
            pool.shutdown(wait=is_whole, cancel_futures=True)  # who is interrupted does not wait
    for path in paths[finished:]:
        yield check(path)
