"""The command line itself."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from deloop.cli import main

SOURCE = Path(__file__).resolve().parents[2] / "src"


def test_version_is_the_packages() -> None:
    done = CliRunner().invoke(main, ["--version"])
    assert done.exit_code == 0
    assert importlib.metadata.version("deloop") in done.output


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["demo", "--help"]])
def test_help_is_there(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0
    assert "Usage:" in done.output


def test_unknown_command_is_an_error() -> None:
    assert CliRunner().invoke(main, ["demmo"]).exit_code == 2


def run_without_torch(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys; sys.modules['torch'] = None; from deloop.cli import main;"
        f" main({arguments!r}, prog_name='deloop')"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_needs_no_torch() -> None:
    done = run_without_torch(["--help"])
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout


def test_demo_without_torch_says_so_in_one_sentence() -> None:
    done = run_without_torch(["demo", "--quick"])
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "Error: deloop demo needs PyTorch, which is not installed: pip install 'deloop[torch]'"
    ]
