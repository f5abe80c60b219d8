"""What a refused program is: a function with a marker on the line that is to blame."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

MARKER = "# refusal: "


@dataclass(frozen=True)
class Program:
    """A loop that stays, arguments for it, and what else the reason must mention."""

    function: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    mentions: tuple[str, ...]

    @property
    def name(self) -> str:
        """`module.function`."""
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__qualname__}"

    @property
    def line(self) -> int:
        """The line in its file that carries the marker."""
        return self._marked()[0]

    @property
    def fragment(self) -> str:
        """The words after the marker."""
        return self._marked()[1]

    def _marked(self) -> tuple[int, str]:
        lines, first = inspect.getsourcelines(self.function)
        found = [
            (first + offset, line.partition(MARKER)[2].strip())
            for offset, line in enumerate(lines)
            if MARKER in line
        ]
        assert len(found) == 1, f"{self.name} has {len(found)} markers"
        return found[0]


class Programs:
    """The programs of one file, in their order."""

    def __init__(self) -> None:
        self.programs: list[Program] = []

    def __iter__(self) -> Iterator[Program]:
        return iter(self.programs)

    def add(
        self,
        function: Callable[..., Any],
        arguments: Callable[[], tuple[Any, ...]],
        *mentions: str,
    ) -> None:
        """Put a program at the end."""
        self.programs.append(Program(function, arguments, mentions))
