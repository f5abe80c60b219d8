"""The commands and their options. PyTorch is not imported here: ``deloop --help`` starts fast."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from deloop.errors import MissingTorchError

# What needs PyTorch is imported by name when its command runs, and not before.
_DEMO = "deloop.cli.demo.show"
# What only `deloop check` needs is imported likewise.
_CHECK = "deloop.cli.check"
_RULE = "deloop.cli.rule"
_EXPLAIN = "deloop.cli.explain"
_RECORD = "deloop.cli.record"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deloop", prog_name="deloop")
def main() -> None:
    """Turn Python loops over PyTorch tensors into tensor programs, proved and checked."""


@main.command()
@click.option("--quick", is_flag=True, help="Small sizes: a few seconds instead of a minute.")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the same as one self-contained page.",
)
@click.option(
    "--device",
    type=click.Choice(["cpu", "cuda"]),
    default="cpu",
    show_default=True,
    help="Where the tensors live.",
)
def demo(quick: bool, page: Path | None, device: str) -> None:
    """Rewrite three slow loops, run both forms, compare all that can be seen, and show the proof.

    Exits with 1 where a loop and its rewrite differ, or a loop is kept.
    """
    try:
        show = importlib.import_module(_DEMO)
    except MissingTorchError as error:
        raise click.ClickException(
            "deloop demo needs PyTorch, which is not installed: pip install 'deloop[torch]'"
        ) from error
    sys.exit(0 if show.show_demo(quick=quick, page=page, device=device) else 1)


_CODES = "A code or the beginning of codes: VEC201, VEC3; may be given several times."


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATHS]...")
@click.option("--fix", is_flag=True, help="Rewrite loops where nothing has to be assumed.")
@click.option(
    "--unsafe-fixes", is_flag=True, help="With --fix, also those that hold under assumptions."
)
@click.option("--diff", is_flag=True, help="Show the rewrites and what they assume, no more.")
@click.option("--select", multiple=True, metavar="CODE", help=f"Only these codes. {_CODES}")
@click.option("--ignore", multiple=True, metavar="CODE", help="Not these codes.")
@click.option("--extend-select", multiple=True, metavar="CODE", help="These codes too.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "concise", "json", "sarif", "github", "gitlab", "junit"]),
    default="text",
    show_default=True,
    help="How findings are printed.",
)
@click.option("--statistics", is_flag=True, help="Only count the findings of each code.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 also where something is found.")
@click.option(
    "--stdin-filename", metavar="FILE", default="", help="Check standard input, as if it were FILE."
)
@click.option("--show-files", is_flag=True, help="List the files that would be checked.")
@click.option("--strict", is_flag=True, help="Also loops for which less evidence speaks.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write .deloop_cache.")
@click.option("--watch", is_flag=True, help="Check again on each change, until Ctrl-C.")
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, help="How many processes.")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The pyproject.toml to read.",
)
def check(paths: tuple[Path, ...], **options: Any) -> None:
    """Find loops over tensors in files and folders, which are read and never run.

    Exits with 1 where something is found, with 2 where a named file could not be checked.
    """
    lists = {n: _split(options.pop(n)) for n in ("select", "ignore", "extend_select")}
    command = importlib.import_module(_CHECK)
    request = command.Request(paths=paths or (Path(),), **lists, **options)
    sys.exit(command.run_check(request))


def _split(values: tuple[str, ...]) -> tuple[str, ...]:
    """``("VEC201,VEC3",) -> ("VEC201", "VEC3")``."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


@main.command()
@click.argument("code", required=False)
def rule(code: str | None) -> None:
    """Print the page of a code; without one, list all codes."""
    sys.exit(importlib.import_module(_RULE).show_rule(code))


@main.command()
@click.argument("place", metavar="FILE:LINE")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
def explain(place: str, output_format: str) -> None:
    """Print the certificate of the loop at a line: what it becomes and why that is the same.

    That is: which iteration depends on which and what respects it, what is assumed and where that
    comes from, and whether bits may differ; of a loop that is kept, the reason.
    """
    sys.exit(importlib.import_module(_EXPLAIN).show_explanation(place, output_format))


@main.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def record(command: tuple[str, ...]) -> None:
    """Run a Python program and note what its loops over tensors work on, and how long they take.

    \b
    deloop record -- python train.py --epochs 3
    deloop record -- pytest

    The program does what it does alone, and its exit code is the exit code. What is seen of the
    loops below this folder is kept in .deloop/ and used by `deloop check`.
    """
    sys.exit(importlib.import_module(_RECORD).run_record(command))
