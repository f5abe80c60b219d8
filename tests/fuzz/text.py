"""A program while it is being written."""

from __future__ import annotations

import random
from collections import Counter

Lines = list[str]


class Text:
    """What draws the words, and counts what was drawn."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.constructs: Counter[str] = Counter()

    def one_of(self, *choices: str) -> str:
        """One of several spellings."""
        return self.rng.choice(choices)

    def chance(self, probability: float) -> bool:
        """True this often."""
        return self.rng.random() < probability

    def use(self, construct: str) -> None:
        """Count a construct."""
        self.constructs[construct] += 1


def indented(lines: Lines) -> Lines:
    """The lines one level deeper."""
    return ["    " + line for line in lines]
