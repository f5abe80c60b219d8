"""What deloop raises.

`DeloopError` is the root; people catch that one. `Unsupported` means *not yet* (a form that the
compiler does not read today), `Unliftable` means *never* (the loop's meaning forbids it). Inside
the compiler both travel as exceptions no further than the stage that turns them into a `Refusal`.
"""

from __future__ import annotations

from typing import Any

from deloop.diagnostic import Refusal


class DeloopError(Exception):
    """The root of everything that deloop raises on purpose."""


class RefusalError(DeloopError):
    """A loop is left alone, and the reason is `refusal` (raised by ``on_refusal="raise"``)."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal
        self.considered: tuple[Any, Any] = ((), ())
        """The dependences that were found by then, and the statements that they are between."""


class Unsupported(RefusalError):
    """The compiler does not read this form yet."""


class Unliftable(RefusalError):
    """The loop's own meaning forbids tensor operations here."""


class CarriedRead(Unliftable):
    """A name is read that still holds what the iteration before, or a finished loop, left in it.

    `loop` is that loop; reading starts again with the name kept in a cell there.
    """

    def __init__(self, refusal: Refusal, loop: object, name: str) -> None:
        super().__init__(refusal)
        self.loop = loop
        self.name = name


class DifferenceError(DeloopError, AssertionError):
    """A rewrite does something else than its loop; the text shows the input and what differs."""


class MissingTorchError(DeloopError, ImportError):
    """PyTorch is needed for this and is not installed."""
