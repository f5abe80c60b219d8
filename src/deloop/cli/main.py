"""The commands and their options. PyTorch is not imported here: ``deloop --help`` starts fast."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from deloop.errors import MissingTorchError

# What needs PyTorch is imported by name when its command runs, and not before.
_DEMO = "deloop.cli.demo.show"


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
