"""``deloop check --watch``: check again whenever a file changes."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import click

POLL_SECONDS = 0.5

Stamps = dict[str, tuple[int, int]]


def take_stamps(files: Iterable[Path]) -> Stamps:
    """When each file was changed last, and its size; a file that is not there has none."""
    found: Stamps = {}
    for file in files:
        try:
            stat = os.stat(file)
        except (OSError, ValueError):
            continue
        found[str(file)] = (stat.st_mtime_ns, stat.st_size)
    return found


def watch(
    find: Callable[[], Iterable[Path]],
    check: Callable[[], int],
    *,
    rounds: int | None = None,
) -> int:
    """Check now and after each change, until Ctrl-C, which is no error.

    Files are looked at from time to time: that works on every system and over every network, and
    costs next to nothing. `rounds` ends it after so many looks.
    """
    try:
        while True:
            stamps = take_stamps(find())
            if sys.stdout.isatty():
                click.echo("\x1b[2J\x1b[3J\x1b[H", nl=False, color=True)
            if check() == 0:
                click.echo("no loops over tensors found", err=True)
            click.echo("\nwatching for changes; Ctrl-C ends", err=True)
            while take_stamps(find()) == stamps:
                if rounds is not None:
                    rounds -= 1
                    if rounds <= 0:
                        return 0
                time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        click.echo("", err=True)
        return 0
