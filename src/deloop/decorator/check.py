"""``@deloop.vectorize(check=…)``: some calls run both ways before their rewrite is believed.

A call that is checked runs loop and rewrite side by side on copies of its arguments. Where they
agree, the rewrite runs on the arguments themselves; where they differ, the loop does, now and from
then on. What may not happen twice (see `deloop.decorator.effects`) is not checked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from deloop.decorator.effects import find_effect, may_draw
from deloop.diagnostic import Exactness
from deloop.verification.copies import UncopyableArgument
from deloop.verification.run import Outcome, name_arguments, run_side_by_side
from deloop.verification.shrink import shrink_arguments
from deloop.verification.spell import spell_call

MODES = ("off", "first", "sample")
SHRINK_SECONDS = 2.0

_thread = threading.local()
"""`side`: which of the two this thread runs just now, ``"loop"`` or ``"rewrite"``; else nothing."""


@dataclass
class Checks:
    """How a decorated function's calls are checked, and what came of it so far.

    Parameters
    ----------
    mode:
        ``"off"``; ``"first"``: the first call of each signature; ``"sample"``: calls 1, 2, 4, 8, …
        of each signature.
    budget:
        The seconds that all checks of the function may take together: once they are spent, no
        further call is checked. The check that passes the limit is not cut short.
    made, agreed:
        How many calls were checked, and how many of them agreed.
    seconds:
        What they took.
    skipped:
        Why calls were not checked, each reason once.
    difference:
        What the call that differed showed, with the program that shows it again.
    """

    mode: str = "off"
    budget: float = 10.0
    made: int = 0
    agreed: int = 0
    seconds: float = 0.0
    skipped: list[str] = field(default_factory=list)
    difference: str = ""

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise ValueError(f'check is "off", "first" or "sample", not {self.mode!r}')

    def skip(self, reason: str) -> None:
        """Note why a call was not checked."""
        if reason not in self.skipped:
            self.skipped.append(reason)


class Watched:
    """A rewrite that is compared with its loop at some calls; callable like either.

    Parameters
    ----------
    loop, rewrite, exactness:
        The two, and what the rewrite declares.
    checks:
        The function's, shared by all its rewrites.
    applies:
        Whether the rewrite is for such arguments: its guards.
    distrust:
        Called with the text of a difference: from then on the loop runs.
    trust:
        Called where no further call will be checked.
    """

    def __init__(
        self,
        loop: FunctionType,
        rewrite: Callable[..., Any],
        exactness: Exactness,
        checks: Checks,
        applies: Callable[[Watched, tuple[Any, ...], Mapping[str, Any]], bool],
        distrust: Callable[[str], None],
        trust: Callable[[Watched], None],
    ) -> None:
        self.loop = loop
        self.rewrite = rewrite
        self.exactness = exactness
        self.checks = checks
        self.applies = applies
        self.distrust = distrust
        self.trust = trust
        self.calls = 0
        self.is_trusted = False
        self.is_under_check = False
        self.lock = threading.Lock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the loop returns, or the rewrite where it is trusted."""
        side = getattr(_thread, "side", None)
        if side is not None:  # inside of a check: each side is all of one kind
            return (self.loop if side == "loop" else self.rewrite)(*args, **kwargs)
        with self.lock:
            self.calls += 1
            due = not self.is_trusted or (
                self.checks.mode == "sample" and self.calls & (self.calls - 1) == 0
            )
            busy = self.is_under_check
            self.is_under_check = busy or due
        if not due or busy:
            # What another thread is just checking is not believed before it is done.
            return (self.rewrite if self.is_trusted else self.loop)(*args, **kwargs)
        try:
            chosen = self._check(args, kwargs)
        finally:
            self.is_under_check = False
        if self.is_trusted and self.checks.mode == "first":
            self.trust(self)
        return chosen(*args, **kwargs)

    def _check(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Callable[..., Any]:
        """Which of the two to run on the arguments themselves."""
        reason = self._find_hindrance(args, kwargs)
        if reason is None:
            start = time.perf_counter()
            try:
                return self._compare(args, kwargs)
            except UncopyableArgument as error:
                reason = str(error)
            finally:
                self.checks.seconds += time.perf_counter() - start
        self.checks.skip(reason)
        self.is_trusted = True
        return self.rewrite

    def _find_hindrance(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        if self.checks.seconds >= self.checks.budget:
            return f"checks have taken the {self.checks.budget:g} seconds that they may take"
        named = zip(name_arguments(self.loop, args, kwargs), (*args, *kwargs.values()), strict=True)
        effect = find_effect(self.loop, dict(named))
        if effect is None and self._is_crowded and may_draw(self.loop):
            return "it draws random numbers while other threads run"
        return effect

    @property
    def _is_crowded(self) -> bool:
        """Whether other threads share the random state and the standard output."""
        return threading.active_count() > 1

    def _compare(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Callable[..., Any]:
        outcome = self._run(args, kwargs)
        self.checks.made += 1
        if outcome.agrees:
            self.checks.agreed += 1
            self.is_trusted = True
            # Where both raise, the loop does so: with its own message, from its own line.
            return self.loop if outcome.exception is not None else self.rewrite
        self.checks.difference = self._describe(outcome, args, kwargs)
        self.distrust(self.checks.difference)
        return self.loop

    def _run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Outcome:
        def on(side: str, function: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                with _on_side(side):
                    return function(*args, **kwargs)

            return call

        return run_side_by_side(
            on("loop", self.loop), on("rewrite", self.rewrite), args, kwargs,
            exactness=self.exactness, isolated=not self._is_crowded,
            names=name_arguments(self.loop, args, kwargs),
        )  # fmt: skip

    def _describe(
        self, outcome: Outcome, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> str:
        """What differs at the smallest like arguments, and a program that shows it."""
        kind = outcome.differences[0].kind

        def differs(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
            if not self.applies(self, args, kwargs):
                return False
            return kind in {d.kind for d in self._run(args, kwargs).differences}

        small, keywords = shrink_arguments(args, kwargs, differs, seconds=SHRINK_SECONDS)
        found = self._run(small, keywords).differences or outcome.differences
        call = spell_call(self.loop, small, keywords, name_arguments(self.loop, small, keywords))
        passed = [self.loop.__qualname__, *call.args]
        if keywords:
            inside = ", ".join(f"{name!r}: {text}" for name, text in call.kwargs.items())
            passed.append(f"kwargs={{{inside}}}")
        program = [
            "import deloop", *call.lines, f"print(deloop.verify({', '.join(passed)}, count=0))"
        ]  # fmt: skip
        return "\n".join([*map(str, found), "to reproduce:", "", *program])


@contextmanager
def _on_side(side: str) -> Iterator[None]:
    before = getattr(_thread, "side", None)
    _thread.side = side
    try:
        yield
    finally:
        _thread.side = before
