"""What was compiled for the last arguments, for when the same is asked of arguments like them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from deloop.decorator.describe import Description
from deloop.decorator.dispatch import Specialisation, build_selection
from deloop.pipeline import Compilation, Options


@dataclass(frozen=True)
class Seen:
    """What the arguments alone told, before the compiler asked for more."""

    values: Mapping[str, object]
    hints: Mapping[str, int]
    tests: tuple[str, ...]

    @staticmethod
    def of(description: Description) -> Seen:
        """What a description holds now."""
        return Seen(
            dict(description.values), dict(description.hints), tuple(description.tests)
        )


@dataclass(frozen=True)
class Earlier:
    """The compilations for one set of arguments, with what they were found from.

    Tensors themselves are not kept. What the compiler asked of attributes and globals is among the
    description's tests.
    """

    seen: Seen
    description: Description
    found: Mapping[Options, Compilation]

    @staticmethod
    def of(
        seen: Seen, description: Description, found: Mapping[Options, Compilation]
    ) -> Earlier:
        """The memory of one call."""
        return Earlier(seen, replace(description, tensors={}), found)

    def fits(
        self, seen: Seen, bound: inspect.BoundArguments, names: Mapping[str, Any]
    ) -> bool:
        """Whether these arguments, and all else that was looked at, are as they were then."""
        if seen != self.seen:
            return False
        function = self.description.function
        trial = Specialisation(tuple(self.description.tests), function)
        select = build_selection(function, bound.signature, [trial], names)
        return select(*bound.args, **bound.kwargs) is not None
