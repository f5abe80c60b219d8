"""What runs a rewrite: PyTorch's operators one by one, or what ``torch.compile`` makes of them.

Loops that Numba compiles are another matter (`kernels`).

Only a rewrite without loops is compiled: ``torch.compile`` unrolls a loop that stays, and compiles
for as long as that takes. A rewrite that it cannot compile in one graph runs as it is; so does one
that it has compiled for too many sizes (``torch._dynamo.config.recompile_limit``).
"""

from __future__ import annotations

import ast
import time
import warnings
from collections.abc import Callable
from typing import Any, Protocol

from deloop.decorator.pytorch import torch

BACKENDS = ("eager", "compile", "numba", "auto")
_TURNS = 8
"""How many calls decide whether the compiled form is kept."""
WORTH = 5.0
"""``"auto"`` compiles a rewrite once it has run for so many seconds, about what compiling takes: at
worst, both together take twice as long as the better one alone."""
_OPERATORS = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call)
_FEWEST = 3
"""A rewrite of fewer operations has nothing to fuse."""


class DeloopWarning(UserWarning):
    """deloop, or a compiler it was told to use, failed; what runs is the slower form."""


def choose_backend(
    function: Callable[..., Any], source: str, backend: str
) -> Callable[..., Any]:
    """The function that runs a rewrite, itself where there is nothing to compile."""
    if backend in ("eager", "numba") or not is_compilable(source):
        return function
    return Compiled(function) if backend == "compile" else Adaptive(function)


def is_compilable(source: str) -> bool:
    """Whether a rewrite is operations in a row alone: no loop, and enough of them to fuse."""
    nodes = list(ast.walk(ast.parse(source)))
    if any(isinstance(node, ast.For | ast.While | ast.comprehension) for node in nodes):
        return False
    return sum(isinstance(node, _OPERATORS) for node in nodes) >= _FEWEST


class Compilable(Protocol):
    """What can be called, and tells whether its compiler has not failed so far."""

    @property
    def is_compiled(self) -> bool:
        """Whether it has not."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the rewrite returns."""


class Compiled:
    """A rewrite as ``torch.compile`` compiles it at its first call; itself where that fails.

    Parameters
    ----------
    function:
        The rewrite.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.eager = function
        self._run: Callable[..., Any] = torch.compile(function, fullgraph=True)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the rewrite returns."""
        try:
            return self._run(*args, **kwargs)
        except Exception as error:
            if self._run is self.eager:
                raise
            return self._fall_back(error, args, kwargs)

    @property
    def is_compiled(self) -> bool:
        """Whether the compiler has not failed so far."""
        return self._run is not self.eager

    def _fall_back(
        self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        result = self.eager(*args, **kwargs)  # where this raises, the call is at fault
        self._run = self.eager
        name = getattr(self.eager, "__qualname__", "a rewrite")
        text = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {text[0] if text else ''}"
        warnings.warn(
            f"torch.compile failed on what deloop made of {name} ({reason}); it runs uncompiled",
            DeloopWarning,
            stacklevel=4,
        )
        return result


class Adaptive:
    """A rewrite that is compiled once it has run for long, and stays so if that is faster.

    Parameters
    ----------
    function:
        The rewrite.
    compile_it:
        Makes the compiled form of it.
    worth:
        After how many seconds that pays; None is `WORTH`.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        compile_it: Callable[[Callable[..., Any]], Compilable] | None = None,
        worth: float | None = None,
    ) -> None:
        self.eager = function
        self.spent = 0.0
        self._compile = Compiled if compile_it is None else compile_it
        self._worth = WORTH if worth is None else worth
        self._compiled: Compilable | None = None
        self._taken: list[tuple[int, float]] = []
        self._run: Callable[..., Any] = self._count

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the rewrite returns."""
        return self._run(*args, **kwargs)

    def _count(self, *args: Any, **kwargs: Any) -> Any:
        start = time.perf_counter()
        result = self.eager(*args, **kwargs)
        self.spent += time.perf_counter() - start
        if self.spent >= self._worth:
            self._compiled = self._compile(self.eager)
            self._run = self._settle
        return result

    def _settle(self, *args: Any, **kwargs: Any) -> Any:
        """Compile at the first call, then time both forms in turns for a few calls."""
        assert self._compiled is not None
        turn = len(self._taken)
        chosen = self.eager if turn % 2 == 1 else self._compiled
        start = time.perf_counter()
        result = chosen(*args, **kwargs)
        self._taken.append((turn % 2, time.perf_counter() - start))
        if not self._compiled.is_compiled:
            self._run = self.eager
        elif turn >= _TURNS:
            of_eager = min(t for is_eager, t in self._taken if is_eager)
            of_compiled = min(t for is_eager, t in self._taken[2:] if not is_eager)
            self._run = self._compiled if of_compiled < of_eager else self.eager
        return result
