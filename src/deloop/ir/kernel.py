"""A loop nest as one compiled function: its text, and what it takes and gives."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class KernelArray:
    """A tensor that a kernel reads or writes in its own memory.

    `name` is the kernel's word for it, `spelling` the user's at the loop.
    """

    name: str
    spelling: str
    dtype: str
    rank: int
    written: bool = False


@dataclass(frozen=True)
class KernelNumber:
    """A Python number that a kernel takes: ``bool``, ``int64`` or ``float64``."""

    name: str
    spelling: str
    dtype: str


@dataclass(frozen=True)
class KernelResult:
    """A variable that the loop leaves: a Python number, or a tensor without dimensions."""

    name: str
    dtype: str
    is_tensor: bool


@dataclass(frozen=True)
class Kernel:
    """One loop as a function of arrays and numbers, for Numba to compile.

    Parameters
    ----------
    name:
        What the new code calls it: ``line_12``.
    text:
        Its source. It returns whether it came to the end, then what the results are. Where it
        did not, what it has written by then is of no use.
    may_stop:
        Whether it may end early: an index out of bounds, an int that leaves its dtype.
    steps:
        About how many statements it runs, for the sizes that were seen.
    is_parallel:
        Whether its outermost loop's iterations may run at once.
    """

    name: str
    text: str
    arrays: tuple[KernelArray, ...]
    numbers: tuple[KernelNumber, ...]
    results: tuple[KernelResult, ...]
    may_stop: bool
    steps: int = 0
    is_parallel: bool = False
