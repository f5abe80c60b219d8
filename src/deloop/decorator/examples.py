"""Arguments that a function accepts, found by trying: for those who give none."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from deloop.decorator.pytorch import torch
from deloop.decorator.vectorized import Vectorized
from deloop.errors import DeloopError

MOST_TRIALS = 300
_SIZE = 4
_NUMBERS: dict[Any, Any] = {int: 3, float: 0.5, bool: True, "int": 3, "float": 0.5, "bool": True}


def guess_example(
    function: Callable[..., Any], own: tuple[Any, ...] = ()
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments for which a function returns, those for which it is rewritten first.

    ``def f(x, n: int): …  ->  (torch.rand(4, 4), 3)``

    Parameters
    ----------
    function:
        Parameters with a default keep it, annotated numbers are numbers; everything else is tried
        as a tensor of each rank, an index tensor and a number.
    own:
        Leading arguments that are known: the object of a method.

    Raises
    ------
    DeloopError
        Where none of the first `MOST_TRIALS` combinations is accepted.
    """
    fast = Vectorized(function)
    accepted: tuple[Any, ...] | None = None
    for number, chosen in enumerate(itertools.product(*_list_choices(function, len(own)))):
        if number >= MOST_TRIALS:
            break
        args = (*own, *(make() for make in chosen))
        try:
            function(*args)
        except Exception:
            continue
        fresh = (*own, *(make() for make in chosen))
        if fast.explain(*fresh).status != "kept":
            return fresh, {}
        accepted = accepted or fresh
    if accepted is None:
        name = getattr(function, "__qualname__", repr(function))
        raise DeloopError(f"no arguments were found that {name} accepts: give some to verify")
    return accepted, {}


def _list_choices(function: Callable[..., Any], skip: int) -> list[list[Callable[[], Any]]]:
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    choices: list[list[Callable[[], Any]]] = []
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if parameter.default is not parameter.empty or parameter.kind is parameter.KEYWORD_ONLY:
            break  # what follows has defaults, or cannot be given by position
        if parameter.annotation in _NUMBERS:
            choices.append([partial(_same, _NUMBERS[parameter.annotation])])
        else:
            choices.append(_GUESSES)
    return choices


def _same(value: Any) -> Any:
    return value


def _draw(*shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


_GUESSES: list[Callable[[], Any]] = [
    lambda: _draw(_SIZE, _SIZE),
    lambda: _draw(_SIZE),
    lambda: _SIZE,
    lambda: 0.5,
    lambda: _draw(_SIZE, _SIZE, _SIZE),
    lambda: torch.arange(_SIZE) % 3,
]
