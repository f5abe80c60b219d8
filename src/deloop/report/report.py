"""What happens to a function for given arguments, as data."""

from __future__ import annotations

from dataclasses import dataclass

from deloop.pipeline import LoopReport
from deloop.report.text import render_text


@dataclass(frozen=True)
class Report:
    """The answer of ``Vectorized.explain``.

    Parameters
    ----------
    status:
        ``"vectorized"`` (every loop became tensor operations), ``"compiled"`` (or a kernel that
        Numba compiles), ``"partial"`` (some did) or ``"kept"``.
    source:
        The whole rewritten function as source, behind the kernels that it calls; the original's
        text where it is kept.
    loops:
        One `LoopReport` for each outermost loop, in the order of the source.
    """

    status: str
    source: str
    loops: tuple[LoopReport, ...]

    def __str__(self) -> str:
        return render_text(self.status, self.source, self.loops)
