"""``deloop.vectorize`` and what it returns."""

from __future__ import annotations

import functools
import inspect
import sys
import threading
import traceback
import types
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, overload

from deloop.decorator.backends import BACKENDS, DeloopWarning
from deloop.decorator.check import Checks, Watched
from deloop.decorator.describe import OutOfScope
from deloop.decorator.dispatch import Specialisation, build_dispatch, build_selection
from deloop.decorator.environment import HOOKS
from deloop.decorator.functions import check_readable
from deloop.decorator.kernels import choose_kernels
from deloop.decorator.specialise import (
    Subject,
    explain_call,
    keep_function,
    raising,
    read_text,
    refuse,
    specialise,
)
from deloop.pipeline import Compilation, Options
from deloop.report import Report

MOST_SPECIALISATIONS = 8
"""Of rewrites, and of kept signatures."""


class Vectorized:
    """A function whose loops over tensors run as tensor operations wherever that is the same.

    The first call with a new signature (types, ranks, dtypes, device types, which tensors require
    grad, which are the same object) compiles; each later call evaluates one generated condition and
    runs what belongs to it. Where no rewrite holds, the original function runs.

    Parameters
    ----------
    function:
        Any callable. What deloop cannot read runs unchanged, and `explain` says why.
    on_refusal:
        ``"keep"`` runs the loop where it cannot be rewritten; ``"raise"`` raises `RefusalError`.
    inline:
        Whether functions given as arguments are written out in the rewritten source.
    keep_small:
        Whether a loop of so few iterations that tensor operations would be slower runs as it is.
    memory_limit:
        How many bytes a rewrite may take at its worst moment; what would take more is run in
        pieces. None is the larger of 256 MB and four times what the loop reads and writes.
    backend:
        ``"eager"`` runs a rewrite as plain PyTorch. ``"compile"`` hands it, never the loop, to
        ``torch.compile``, where it is operations alone and no loop stays in it: results then equal
        the loop's up to rounding, and second gradients are not to be had. A compiler that fails is
        warned of once, and the rewrite runs as it is. ``"numba"`` makes a kernel of each loop that
        it can, which does what the loop does bit by bit, on CPU tensors of which no gradient is
        recorded; other loops are rewritten as by ``"eager"``. ``"auto"`` compiles what has run for
        some seconds, or loops that stay, where Numba is installed, and keeps that if it is faster.
    check, check_seconds:
        See `vectorize`; `checks` says what came of it.

    Examples
    --------
    >>> import torch
    >>> @vectorize
    ... def double(x):
    ...     y = torch.zeros_like(x)
    ...     for i in range(x.shape[0]):
    ...         y[i] = x[i] * 2
    ...     return y
    >>> double(torch.tensor([1.0, 2.0]))
    tensor([2., 4.])
    """

    __wrapped__: Callable[..., Any]
    __name__: str
    __qualname__: str
    checks: Checks

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        on_refusal: str = "keep",
        inline: bool = False,
        keep_small: bool = True,
        memory_limit: int | None = None,
        backend: str = "eager",
        check: str = "off",
        check_seconds: float = 10.0,
    ) -> None:
        if isinstance(function, Vectorized):
            function = function.__wrapped__
        if on_refusal not in ("keep", "raise"):
            raise ValueError(f'on_refusal is "keep" or "raise", not {on_refusal!r}')
        if backend not in BACKENDS:
            raise ValueError(f"backend is one of {', '.join(BACKENDS)}, not {backend!r}")
        if not callable(function):
            raise TypeError(f"deloop.vectorize takes a function, not {type(function).__name__}")
        is_function = isinstance(function, types.FunctionType)
        functools.update_wrapper(self, function, updated=("__dict__",) if is_function else ())
        self._on_refusal = on_refusal
        self._options = Options(
            inline=inline, keeps_small=keep_small, memory_limit=memory_limit,
            kernels=choose_kernels(backend),
        )  # fmt: skip
        self._backend = backend
        self.checks = Checks(check, check_seconds)
        self._lock = threading.RLock()
        self._special: tuple[Specialisation, ...] = ()
        self._dispatch: Callable[..., Any] = function
        self._select: Callable[..., Any] = _select_nothing
        self._unreadable = check_readable(function)
        if self._unreadable is None:
            assert isinstance(function, types.FunctionType)
            self._subject = Subject(function, self._options, backend)
            self._install(())
        elif on_refusal == "raise":
            self._dispatch = raising(self._unreadable)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the original function returns for these arguments."""
        return self._dispatch(*args, **kwargs)

    def explain(self, *args: Any, **kwargs: Any) -> Report:
        """What a call with these arguments would run, without running it.

        Raises `TypeError` where the arguments do not fit the function's parameters.
        """
        if self._unreadable is not None:
            text = ""
            if isinstance(self.__wrapped__, types.FunctionType):
                text = read_text(self.__wrapped__)
            return _report(keep_function(text, self._unreadable))
        bound = self._subject.bind(args, kwargs)
        with self._lock:
            if self.checks.difference:
                return _report(self._keep("VEC901", "a checked call differed from its loop"))
            try:
                return _report(explain_call(self._subject, bound))
            except OutOfScope as reason:
                return _report(self._keep("VEC908", str(reason)))
            except RecursionError:
                raise
            except Exception as error:
                sentence = f"deloop failed ({type(error).__name__}: {error})"
                return _report(self._keep("VEC909", sentence))

    def specialised(self, *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """The function that a call with these arguments runs, made now where it does not exist.

        The rewrite itself, without guards, or the original; good for arguments of this kind only.
        """
        if self._unreadable is not None or self.checks.difference:
            return self._dispatch
        with self._lock:
            chosen = self._select(*args, **kwargs)
            return self._extend(args, kwargs) if chosen is None else chosen

    def find_specialisation(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Specialisation | None:
        """What a call with these arguments runs, made now where it does not exist; None for the
        function as it is written."""
        try:
            chosen = self.specialised(*args, **kwargs)
        except TypeError:  # the arguments do not fit: the call will say so
            return None
        return next((s for s in self._special if s.function is chosen and not s.kept), None)

    @property
    def is_full(self) -> bool:
        """Whether no further kind of arguments is compiled for."""
        rewrites = sum(not special.kept for special in self._special)
        return max(rewrites, len(self._special) - rewrites) >= MOST_SPECIALISATIONS

    @property
    def options(self) -> Options:
        """What the decorator was told."""
        return self._options

    def __repr__(self) -> str:
        return f"<deloop.Vectorized {self.__wrapped__!r}>"

    # A function, as the rest of Python sees one.

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Vectorized: ...

    @overload
    def __get__(self, instance: object, owner: type | None = None) -> BoundVectorized: ...

    def __get__(
        self, instance: object | None, owner: type | None = None
    ) -> Vectorized | BoundVectorized:
        if instance is None or not isinstance(self.__wrapped__, types.FunctionType):
            return self
        if _is_traced():  # a tracer knows methods, and would not run a rewrite anyway
            return types.MethodType(self.__wrapped__, instance)  # type: ignore[return-value]
        return BoundVectorized(self, instance)

    def __getattr__(self, name: str) -> Any:
        """``__code__``, ``__defaults__`` and the like: `inspect` then sees a function's kind."""
        if name in _FUNCTION_ATTRIBUTES:
            return getattr(self.__wrapped__, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __prepare_scriptable__(self) -> Callable[..., Any]:
        """What ``torch.jit.script`` scripts: the function as it is written."""
        return self.__wrapped__

    def __reduce__(self) -> str | tuple[Any, ...]:
        """By qualified name, as functions are; by its function where that name is another's."""
        found: Any = sys.modules.get(self.__module__)
        for part in self.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is self:
            return str(self.__qualname__)
        checks = (self.checks.mode, self.checks.budget)
        given = (self.__wrapped__, self._on_refusal, self._options, self._backend)
        return _rebuild, (*given, *checks)

    def __copy__(self) -> Vectorized:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Vectorized:
        return self

    # The first call with a new signature.

    def _install(self, special: tuple[Specialisation, ...]) -> None:
        """Dispatch to these, rewrites before kept signatures; to none once one was wrong."""
        if self.checks.difference:
            return
        subject = self._subject
        function, signature, names = subject.function, subject.signature, subject.names
        special = tuple(sorted(special, key=lambda s: s.kept))
        self._select = build_selection(function, signature, special, names)
        self._dispatch = build_dispatch(function, signature, special, names, self._miss)
        self._special = special

    def _miss(self, *args: Any, **kwargs: Any) -> Any:
        """No specialisation holds: make one where there is room, then run what holds now."""
        return self.specialised(*args, **kwargs)(*args, **kwargs)

    def _extend(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[..., Any]:
        function = self._subject.function
        if self.is_full:
            return function
        bound = self._subject.bind(args, kwargs)
        try:
            special, kept = specialise(self._subject, bound, self._on_refusal)
            if self.checks.mode != "off" and not special.kept:
                special = replace(special, function=self._watch(special))
            if all(special.tests != known.tests for known in self._special):
                self._install((special, *self._special))
            chosen = self._select(*args, **kwargs)
            if chosen is None and not special.kept:
                # The rewrite's own assumptions fail for the arguments that it was made for.
                self._install((*self._special, kept))
            return chosen or function
        except OutOfScope as reason:
            if self._on_refusal == "raise":
                return raising(refuse(function, "VEC908", str(reason)))
            return function
        except Exception:
            return self._give_up()

    # Calls that are checked.

    def _watch(self, special: Specialisation) -> Watched:
        function = self._subject.function
        return Watched(
            function, special.function, special.exactness, self.checks,
            lambda watched, args, kwargs: self._select(*args, **kwargs) is watched,
            self._distrust, self._trust,
        )  # fmt: skip

    def _trust(self, watched: Watched) -> None:
        """The rewrite has passed its only check: from now on calls go to it directly."""
        with self._lock:
            special = [
                replace(s, function=watched.rewrite) if s.function is watched else s
                for s in self._special
            ]
            self._install(tuple(special))

    def _distrust(self, difference: str) -> None:
        """A rewrite is wrong: say so once, with what shows it, and run the loop from now on."""
        with self._lock:
            self._dispatch, self._select = self._subject.function, _select_nothing
            self._special = ()
        warnings.warn(
            f"deloop's rewrite of {self.__qualname__} differs from its loop, which runs from now"
            f" on; this is a bug in deloop, please report it with this text:\n{difference}",
            DeloopWarning,
            stacklevel=8,
        )

    def _keep(self, code: str, sentence: str) -> Compilation:
        function = self._subject.function
        return keep_function(read_text(function), refuse(function, code, sentence))

    def _give_up(self) -> Callable[..., Any]:
        """deloop failed: say so once, and run the loop from now on."""
        function = self._subject.function
        self._dispatch = function
        warnings.warn(
            f"deloop failed on {self.__qualname__} and runs its loop from now on; this is a bug in"
            f" deloop, please report it with this text:\n{traceback.format_exc()}",
            DeloopWarning,
            stacklevel=7,
        )
        return function


class BoundVectorized:
    # A vectorized method with its object: ``model.step``. Its docstring is the method's own.

    __slots__ = ("__func__", "__self__", "__weakref__")

    def __init__(self, function: Vectorized, instance: object) -> None:
        self.__func__ = function
        self.__self__ = instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the original method returns."""
        return self.__func__._dispatch(self.__self__, *args, **kwargs)

    def explain(self, *args: Any, **kwargs: Any) -> Report:
        """As `Vectorized.explain`, the object being the first argument."""
        return self.__func__.explain(self.__self__, *args, **kwargs)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.__wrapped__)

    @property
    def __doc__(self) -> str | None:  # type: ignore[override]
        return self.__func__.__doc__

    @property
    def __wrapped__(self) -> Any:
        return types.MethodType(self.__func__.__wrapped__, self.__self__)

    def __getattr__(self, name: str) -> Any:
        if name in ("__func__", "__self__", "__wrapped__"):  # not set: nothing to ask
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundVectorized):
            return NotImplemented
        return self.__func__ is other.__func__ and self.__self__ is other.__self__

    def __hash__(self) -> int:
        return hash((id(self.__func__), id(self.__self__)))

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self.__self__, self.__func__.__name__)

    def __repr__(self) -> str:
        return f"<bound {self.__func__!r} of {self.__self__!r}>"


_is_traced: Callable[[], bool] = HOOKS.get("_deloop_dynamo", bool)

_FUNCTION_ATTRIBUTES = frozenset(
    ("__code__", "__defaults__", "__kwdefaults__", "__globals__", "__closure__")
)


def _select_nothing(*args: Any, **kwargs: Any) -> None:
    return None


def _report(compilation: Compilation) -> Report:
    kernels = [f"@numba.njit\n{k.text}\n\n" for k in compilation.kernels]
    source = "".join([*kernels, compilation.source])
    return Report(compilation.status, source, compilation.loops)


def _rebuild(
    function: Callable[..., Any],
    on_refusal: str,
    options: Options,
    backend: str,
    check: str,
    seconds: float,
) -> Vectorized:
    return Vectorized(
        function, on_refusal=on_refusal, inline=options.inline, keep_small=options.keeps_small,
        memory_limit=options.memory_limit, backend=backend, check=check, check_seconds=seconds,
    )  # fmt: skip


@overload
def vectorize(
    fn: Callable[..., Any],
    *,
    on_refusal: str = "keep",
    inline: bool = False,
    keep_small: bool = True,
    memory_limit: int | None = None,
    backend: str = "eager",
    check: str = "off",
    check_seconds: float = 10.0,
) -> Vectorized: ...


@overload
def vectorize(
    fn: None = None,
    *,
    on_refusal: str = "keep",
    inline: bool = False,
    keep_small: bool = True,
    memory_limit: int | None = None,
    backend: str = "eager",
    check: str = "off",
    check_seconds: float = 10.0,
) -> Callable[[Callable[..., Any]], Vectorized]: ...


def vectorize(
    fn: Callable[..., Any] | None = None,
    *,
    on_refusal: str = "keep",
    inline: bool = False,
    keep_small: bool = True,
    memory_limit: int | None = None,
    backend: str = "eager",
    check: str = "off",
    check_seconds: float = 10.0,
) -> Any:
    """Run a function's loops over tensors as tensor operations wherever that is the same.

    ``vectorize(f)``, ``@vectorize`` and ``@vectorize(on_refusal="raise")`` all work, on functions,
    methods, static methods, class methods and properties; see `Vectorized`.

    Parameters
    ----------
    fn:
        The function; without it, a decorator is returned.
    on_refusal:
        ``"keep"`` runs a loop that cannot be rewritten, ``"raise"`` raises `RefusalError`.
    inline:
        Whether functions given as arguments are written out in the rewritten source.
    keep_small:
        Whether a loop of so few iterations that tensor operations would be slower runs as it is.
    memory_limit:
        How many bytes a rewrite may take at its worst moment; what would take more is run in
        pieces. None is the larger of 256 MB and four times what the loop reads and writes.
    backend:
        ``"eager"`` runs a rewrite as plain PyTorch. ``"compile"`` hands it, never the loop, to
        ``torch.compile``, where it is operations alone and no loop stays in it: results then equal
        the loop's up to rounding, and second gradients are not to be had. A compiler that fails is
        warned of once, and the rewrite runs as it is. ``"numba"`` makes a kernel of each loop that
        it can, which does what the loop does bit by bit, on CPU tensors of which no gradient is
        recorded; other loops are rewritten as by ``"eager"``. ``"auto"`` compiles what has run for
        some seconds, or loops that stay, where Numba is installed, and keeps that if it is faster.
    check:
        ``"first"``: the first call with a new signature runs loop and rewrite side by side, on
        copies of its arguments, and compares values, gradients and arguments. ``"sample"``: calls
        1, 2, 4, 8, … of each signature. Where they differ the loop runs, then and from then on, and
        one `DeloopWarning` shows what differs and how to see it again. A function that prints,
        writes or changes what outlives it is not checked: it must not run twice.
    check_seconds:
        What all checks of the function may take together; the one that passes it is the last.
    """
    options: dict[str, Any] = {
        "on_refusal": on_refusal, "inline": inline, "keep_small": keep_small,
        "memory_limit": memory_limit, "backend": backend, "check": check,
        "check_seconds": check_seconds,
    }  # fmt: skip
    if fn is None:
        return functools.partial(vectorize, **options)
    if isinstance(fn, staticmethod | classmethod):
        return type(fn)(Vectorized(fn.__func__, **options))
    if isinstance(fn, property):
        parts = (fn.fget, fn.fset, fn.fdel)
        return property(*(p and Vectorized(p, **options) for p in parts), doc=fn.__doc__)
    if isinstance(fn, functools.cached_property):
        return functools.cached_property(Vectorized(fn.func, **options))
    if isinstance(fn, types.MethodType | BoundVectorized):
        return BoundVectorized(Vectorized(fn.__func__, **options), fn.__self__)
    return Vectorized(fn, **options)
