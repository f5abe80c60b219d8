"""Loops that Numba compiles: from a kernel's text to machine code over the tensors' memory.

Numba is imported when the first of them is compiled. What a kernel cannot take (tensors that share
memory with one that is written, a gradient that is recorded) and what stops it (an index out of
bounds) leaves everything as it was, and the loop runs as it is written.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from deloop.decorator.backends import Adaptive, DeloopWarning
from deloop.decorator.build import import_names, register_source
from deloop.decorator.overlap import is_free_of_overlap
from deloop.decorator.pytorch import torch
from deloop.ir.kernel import Kernel, KernelResult

_LARGEST_SIZE = 2**40
"""Beyond, what is computed from sizes and ints of the function's might leave 64 bits."""

_BUMP: Callable[[Any], None] | None = getattr(
    torch.autograd.graph, "increment_version", None
)
"""Tells autograd that a tensor was written: what it saved of it is stale."""

_LOCK = threading.RLock()
"""Numba compiles for one thread at a time."""


def has_numba() -> bool:
    """Whether Numba is installed."""
    return importlib.util.find_spec("numba") is not None


def choose_kernels(backend: str) -> str:
    """Which loops a back end has kernels for: ``Options.kernels``."""
    if backend not in ("numba", "auto"):
        return ""
    if has_numba():
        return "all" if backend == "numba" else "serial"
    if backend == "numba":
        sentence = 'backend="numba" needs Numba (pip install "deloop[numba]"); it runs as "eager"'
        warnings.warn(sentence, DeloopWarning, stacklevel=4)
    return ""


class CompiledLoop:
    """One loop as machine code, made at its first call; once for each layout of its tensors.

    A call returns what the loop leaves in its variables, or None where the loop has to run itself.

    Parameters
    ----------
    kernel:
        Its text, and what it takes.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.failure = ""
        self._made: dict[str, Callable[..., Any]] = {}
        self._dtypes = [getattr(torch, a.dtype) for a in kernel.arrays]
        self._types = [{"float64": float, "int64": int, "bool": bool}[n.dtype]
                       for n in kernel.numbers]  # fmt: skip
        self._finish = [_boxed(r) for r in kernel.results]

    def __call__(self, *given: Any) -> tuple[Any, ...] | None:
        """What the loop leaves, None where it did not run."""
        count = len(self._dtypes)
        tensors, numbers = given[:count], given[count:]
        views = self._look_at(tensors)
        if self.failure or views is None or not self._are_plain(numbers):
            return None
        written = [k for k, a in enumerate(self.kernel.arrays) if a.written]
        saved = [views[k].copy() for k in written] if self.kernel.may_stop else []
        mode = "C" if all(v.flags.c_contiguous for v in views) else "A"
        if self.kernel.is_parallel and may_run_at_once(views):
            mode += "P"
        run = self._made.get(mode) or self._compile(mode)
        if run is None:
            return None
        try:
            found = run(*views, *numbers)
        except TypeError:  # memory of a kind that Numba has another type for
            return None
        came_to_end, results = (found[0], found[1:]) if self._finish else (found, ())
        if not came_to_end:
            for k, before in zip(written, saved, strict=False):
                views[k][...] = before
            return None
        for k in written:
            if _BUMP is not None and not tensors[k].is_inference():
                _BUMP(tensors[k])
        return tuple(box(v) for box, v in zip(self._finish, results, strict=True))

    def _look_at(self, tensors: tuple[Any, ...]) -> list[Any] | None:
        """The tensors' own memory as arrays; None where a kernel must not touch it."""
        views: list[Any] = []
        for tensor, known, dtype in zip(tensors, self.kernel.arrays, self._dtypes, strict=True):
            if not isinstance(tensor, torch.Tensor) or tensor.requires_grad:
                return None
            if tensor.dtype is not dtype or tensor.ndim != known.rank:
                return None
            try:
                view = tensor.numpy()
            except (RuntimeError, TypeError):
                return None
            if known.written and (_BUMP is None or not is_free_of_overlap(tensor)):
                return None
            views.append(view)
        if len(tensors) > 1 and any(a.written for a in self.kernel.arrays):
            places = [t.untyped_storage().data_ptr() for t in tensors]
            if any(
                known.written and place and places.count(place) > 1
                for place, known in zip(places, self.kernel.arrays, strict=True)
            ):
                return None
        return views

    def _are_plain(self, numbers: tuple[Any, ...]) -> bool:
        return all(
            type(n) is kind and (type(n) is not int or -_LARGEST_SIZE < n < _LARGEST_SIZE)
            for n, kind in zip(numbers, self._types, strict=True)
        )

    def _compile(self, mode: str) -> Callable[..., Any] | None:
        with _LOCK:
            try:
                self._made[mode] = compile_kernel(self.kernel, mode)
            except Exception as error:
                text = str(error).strip().splitlines()
                self.failure = f"{type(error).__name__}: {text[0] if text else ''}"
                warnings.warn(
                    f"Numba failed on what deloop made of a loop ({self.failure});"
                    " it runs uncompiled",
                    DeloopWarning,
                    stacklevel=4,
                )
            return self._made.get(mode)


def compile_loops(kernels: Iterable[Kernel]) -> dict[str, CompiledLoop]:
    """What new code calls, by the names that it has for them."""
    return {kernel.name: CompiledLoop(kernel) for kernel in kernels}


def choose_kernel(
    plain: Callable[..., Any], function: Callable[..., Any], loops: tuple[CompiledLoop, ...]
) -> Callable[..., Any]:
    """What runs for ``backend="auto"``: kernels at once where the first call is long, else once the
    `plain` form has run for as long as compiling them takes."""
    if sum(loop.kernel.steps for loop in loops) * _SECONDS_A_STEP >= WORTH:
        return function
    return Adaptive(plain, lambda _: CompiledLoops(function, loops), WORTH)


class CompiledLoops:
    """A rewrite whose loops are compiled.

    Parameters
    ----------
    function:
        The rewrite.
    loops:
        The compiled loops that it calls.
    """

    def __init__(
        self, function: Callable[..., Any], loops: tuple[CompiledLoop, ...]
    ) -> None:
        self.function, self.loops = function, loops

    @property
    def is_compiled(self) -> bool:
        """Whether Numba has not failed so far."""
        return not any(loop.failure for loop in self.loops)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the rewrite returns."""
        return self.function(*args, **kwargs)


WORTH = 1.5
"""``"auto"`` compiles a loop that has run for so many seconds: importing Numba takes up to one,
compiling a kernel half of one."""

_SECONDS_A_STEP = 4e-6
"""What Python and PyTorch take for a statement on one element, at least."""


def may_run_at_once(views: list[Any]) -> bool:
    """Whether several threads pay, and are safe: a process that was forked from one which had them
    must not start its own."""
    if os.getpid() != _PROCESS or torch.get_num_threads() < 2:
        return False
    return max((v.size for v in views), default=0) >= _MANY


_PROCESS = os.getpid()
_MANY = 2**20
"""With fewer elements, starting threads takes longer than they save."""


def compile_kernel(kernel: Kernel, mode: str) -> Callable[..., Any]:
    """The machine code of a kernel, for arrays that lie in row-major order ("C") or anyhow ("A");
    for several threads ("P")."""
    import numba

    names = import_names(("import numpy as np", "import math", "from numba import prange"))
    names |= {f"math_{word}": find_in_c(word) for word in _IN_C.findall(kernel.text)}
    file = register_source(kernel.text, f"kernel {kernel.name}")
    exec(compile(kernel.text, file, "exec"), names)  # written by the compiler
    if import_names(("from numba import config",))["config"].DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set")
    types: Any = numba.types
    arrays = [
        types.Array(getattr(types, _NAMES.get(a.dtype, a.dtype)), a.rank, mode[0])
        for a in kernel.arrays
    ]
    numbers = [getattr(types, _NAMES.get(n.dtype, n.dtype)) for n in kernel.numbers]
    signature = tuple([*arrays, *numbers])
    compiled: Callable[..., Any] = numba.njit(
        [signature], error_model="numpy", parallel=mode.endswith("P")
    )(names[kernel.name])
    return compiled if not mode.endswith("P") else _on_as_many_threads(compiled)


def _on_as_many_threads(compiled: Callable[..., Any]) -> Callable[..., Any]:
    """The kernel on as many threads as PyTorch has; no two calls at once, for which not every
    threading layer of Numba's is made."""
    import numba

    most: int = import_names(("from numba import config",))["config"].NUMBA_NUM_THREADS

    def run(*given: Any) -> Any:
        with _LOCK:
            before = numba.get_num_threads()
            numba.set_num_threads(min(torch.get_num_threads(), most))
            try:
                return compiled(*given)
            finally:
                numba.set_num_threads(before)

    return run


def find_in_c(name: str) -> Any:
    """The very function of the C library that Python's own calls: LLVM's would round otherwise."""
    found = getattr(ctypes.CDLL(None), name)
    count = 2 if name in ("pow", "fmod", "atan2") else 1
    found.argtypes, found.restype = [ctypes.c_double] * count, ctypes.c_double
    known = getattr(math, name)
    start = 1.0 if name == "acosh" else 0.0
    for k in range(1, 64):
        at = (start + k / 65.3, 0.7)[:count]
        if found(*at) != known(*at):
            raise OSError(f"the C library's {name} is not Python's")
    return found


_IN_C = re.compile(r"\bmath_(\w+)\(")
_NAMES = {"bool": "boolean"}
"""Numba's own names of types."""


def _boxed(result: KernelResult) -> Callable[[Any], Any]:
    """From what a kernel returns to what the loop's variable would hold."""
    if not result.is_tensor:
        return {"float64": float, "int64": int, "bool": bool}[result.dtype]
    dtype = getattr(torch, result.dtype)
    return lambda value: torch.tensor(value, dtype=dtype, device="cpu")
