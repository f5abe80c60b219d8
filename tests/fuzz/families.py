"""The families of random programs, by name."""

from __future__ import annotations

from collections.abc import Callable

from .carried import generate_carried
from .generator import Program, generate_program
from .idioms import generate_idioms
from .indexed import generate_indexed
from .kept import generate_kept

FAMILIES: dict[str, Callable[[int], Program]] = {
    "parallel": generate_program,
    "carried": generate_carried,
    "indexed": generate_indexed,
    "kept": generate_kept,
    "idioms": generate_idioms,
}


def generate(seed: int, family: str = "parallel") -> Program:
    """The program of this seed in this family."""
    return FAMILIES[family](seed)
