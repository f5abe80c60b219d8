"""What names may stand for parameters in a function whose loops stay otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deloop.frontend.counters import append_counted
from deloop.frontend.preallocated import fill_preallocated
from deloop.frontend.ragged_lists import pad_ragged
from deloop.frontend.running import count_through
from deloop.frontend.segments import own_segments
from deloop.frontend.stand_ins import Standing
from deloop.frontend.tables import look_up
from deloop.ir.source import SourceFunction
from deloop.ir.types import Value


def find_standing(
    function: SourceFunction, arguments: Mapping[str, Value], hints: Mapping[str, int], torch: str
) -> Iterator[Standing]:
    """The function over stand-ins, in each way that is known."""
    counted = append_counted(function, arguments, torch)
    if counted is not None:
        yield counted
    looked_up = look_up(function, arguments, torch)
    if looked_up is not None:
        yield looked_up
    filled = fill_preallocated(function, arguments, torch)
    if filled is not None:
        yield filled
    yield from count_through(function, hints, torch)
    yield from own_segments(function, arguments, hints, torch)
    padded = pad_ragged(function, arguments, hints, torch)
    if padded is not None:
        yield padded
