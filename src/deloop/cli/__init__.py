"""The command line: ``deloop demo``."""

from __future__ import annotations

from deloop.cli.main import main

__all__ = ["main"]
