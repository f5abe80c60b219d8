"""``deloop record``: a program run with its candidate loops watched."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from deloop.config import Config, ConfigError, find_config, load_config
from deloop.lint import probe
from deloop.lint.facts import LoopFacts
from deloop.lint.files import find_files
from deloop.lint.recording import merge, plan_recording, save_recording

_WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")
MOST_SHOWN = 10


@dataclass(frozen=True)
class Program:
    """A Python program: the interpreter with its options, and what it runs."""

    python: tuple[str, ...]
    how: str
    """``script``, ``module`` or ``command``."""
    target: str
    arguments: tuple[str, ...]


def run_record(command: Sequence[str]) -> int:
    """Run a command, keep what was seen, and return the command's own exit code."""
    try:
        config = load_config(find_config(Path.cwd()), Path.cwd())
    except ConfigError as error:
        click.echo(f"error: {error}", err=True)
        return 2
    program = read_command(command)
    if isinstance(program, str):
        click.echo(f"error: {program}", err=True)
        return 2
    plan, loops = plan_recording(_list_files(program, config))
    with tempfile.TemporaryDirectory(prefix="deloop-") as name:
        folder = Path(name)
        file = folder / "plan"
        file.write_text(json.dumps(plan), encoding="utf-8")
        seen_in = folder / "seen"
        seen_in.mkdir()
        code = _run(program, file, seen_in)
        seen = merge(seen_in)
    _report(seen, {number: (path, line) for number, (path, _, line) in loops.items()})
    if seen:
        try:
            save_recording(config.root, seen, loops)
        except OSError as error:
            click.echo(f"deloop: the recording cannot be written: {error}", err=True)
    return code


def _list_files(program: Program, config: Config) -> list[Path]:
    """The project's Python files, and the script."""
    found = list(find_files([Path()], config))
    if program.how == "script" and Path(program.target).is_file():
        found.append(Path(program.target))
    unique = {file.resolve(): file for file in found if file.suffix != ".ipynb"}
    return list(unique.values())


def read_command(command: Sequence[str]) -> Program | str:
    """``["python", "-u", "train.py", "3"]`` taken apart; a sentence where it is no Python.

    A command such as ``pytest`` is a script that names its interpreter in its first line.
    """
    first, *rest = command
    if re.fullmatch(r"(python|pypy)[\d.]*(\.exe)?", Path(first).name):
        return _read_python(first, rest)
    found = shutil.which(first) or first
    if Path(first).suffix == ".py" and Path(first).is_file():
        return Program((sys.executable,), "script", first, tuple(rest))
    try:
        with open(found, "rb") as file:
            head = file.readline(1000)
            second = file.readline(1000)
    except OSError as error:
        return f"{first}: {error.strerror or error}"
    python = _find_interpreter(head, second)
    if not python:
        return f"{first} is no Python program; say python with a script, -m or -c"
    return Program(python, "script", found, tuple(rest))


def _find_interpreter(head: bytes, second: bytes) -> tuple[str, ...]:
    """The interpreter named in a script's first line, or behind ``/bin/sh`` in its second."""
    words = head[2:].decode("utf-8", "replace").split() if head.startswith(b"#!") else []
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if word != "-S"]
    if words and Path(words[0]).name == "sh":  # how pip writes a path that is too long
        found = re.match(rb"'''exec' ['\"]?(.+?)['\"]? \"\$0\"", second)
        words = [found.group(1).decode("utf-8", "replace")] if found else []
    if not words or not re.match(r"(python|pypy)", Path(words[0]).name):
        return ()
    return tuple(words)


def _read_python(python: str, rest: Sequence[str]) -> Program | str:
    options: list[str] = [python]
    position = 0
    while position < len(rest) and rest[position].startswith("-") and rest[position] != "-":
        word = rest[position]
        if not word.startswith("--"):
            for letter, how in (("m", "module"), ("c", "command")):
                flags, found, glued = word[1:].partition(letter)
                if found and not set(flags) & set("WX"):
                    options += [f"-{flags}"] if flags else []
                    behind = [glued, *rest[position + 1 :]] if glued else rest[position + 1 :]
                    if not behind:
                        return f"{word} wants something behind it"
                    return Program(tuple(options), how, behind[0], tuple(behind[1:]))
        options.append(word)
        if word in _WITH_VALUE and position + 1 < len(rest):
            position += 1
            options.append(rest[position])
        position += 1
    if position == len(rest) or rest[position] == "-":
        return "there is no program to record: python wants a script, -m or -c"
    return Program(tuple(options), "script", rest[position], tuple(rest[position + 1 :]))


def _run(program: Program, plan: Path, seen_in: Path) -> int:
    """Run the program under the probe; its exit code, as a shell would tell it."""
    command = [
        *program.python, probe.__file__, str(plan), str(seen_in), program.how, program.target,
        *program.arguments,
    ]  # fmt: skip
    # Ctrl-C goes to the program, which decides what it means; what it saw is kept.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with contextlib.suppress(AttributeError):
            sys.stdout.flush()
        process = subprocess.Popen(command, preexec_fn=_listen) if _CAN_LISTEN else None
        code = (process or subprocess.Popen(command)).wait()
    except OSError as error:
        click.echo(f"error: {program.python[0]}: {error.strerror or error}", err=True)
        return 2
    finally:
        signal.signal(signal.SIGINT, before)
    return 128 - code if code < 0 else code


_CAN_LISTEN = sys.platform != "win32"


def _listen() -> None:
    """In the program's process: Ctrl-C is heard as always."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _report(seen: dict[int, LoopFacts], places: dict[int, tuple[str, int]]) -> None:
    """What was seen, on the error stream."""
    if not places:
        click.echo("deloop: no loops over tensors below this folder", err=True)
        return
    click.echo(f"deloop: {len(seen)} of {len(places)} loops ran", err=True)
    slowest = sorted(seen.items(), key=lambda item: -item[1].seconds)
    for number, facts in slowest[:MOST_SHOWN]:
        file, line = places[number]
        with contextlib.suppress(ValueError):
            file = str(Path(file).relative_to(Path.cwd()))
        times = "once" if facts.calls == 1 else f"{facts.calls:,} times"
        click.echo(f"  {facts.seconds:9.3f} s  {file}:{line}, entered {times}", err=True)
