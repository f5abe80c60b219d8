"""`tqdm.std`, where the real package defines its bar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


class tqdm:  # noqa: N801 - the real class is called so
    """Iterates over what it is given; the real one draws a bar too."""

    def __init__(self, iterable: Iterable[Any] = (), *args: Any, **kwargs: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)


def trange(*args: int, **kwargs: Any) -> tqdm:
    """``tqdm(range(...))``."""
    return tqdm(range(*args), **kwargs)
