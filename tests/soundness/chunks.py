"""Random programs in chunks: which are left to run, and what of a run's verdicts is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from .store import Record, today

if TYPE_CHECKING:
    from tests.fuzz.check import Verdict

SIZE = 250
STATUSES = ("vectorized", "partial", "kept")
KEY = ("family", "first", "count")


def list_chunks(first: int, count: int) -> Iterator[range]:
    """Ranges that end at multiples of `SIZE`: ``200, 400 -> 200–249, 250–499, 500–599``."""
    end = first + count
    while first < end:
        stop = min(end, (first // SIZE + 1) * SIZE)
        yield range(first, stop)
        first = stop


def is_done(chunk: range, family: str, records: Sequence[Record]) -> bool:
    """Whether a chunk was run already, and all its programs behaved."""
    return any(
        r["family"] == family
        and r["first"] <= chunk.start
        and chunk.stop <= r["first"] + r["count"]
        and not (r["differences"] or r["failures"])
        for r in records
    )


def without_parts(records: Sequence[Record]) -> list[Record]:
    """The records whose seeds do not all lie within those of another one."""

    def is_part(inner: Record, outer: Record) -> bool:
        ends = (inner["first"] + inner["count"], outer["first"] + outer["count"])
        return (
            inner is not outer
            and inner["family"] == outer["family"]
            and inner["first"] >= outer["first"]
            and ends[0] <= ends[1]
        )

    return [r for r in records if not any(is_part(r, other) for other in records)]


def summarize_chunk(chunk: range, family: str, verdicts: Sequence[Verdict]) -> Record:
    """What is kept of the verdicts of one chunk; `constructs` counts programs by status."""
    constructs: dict[str, list[int]] = {}
    for verdict in verdicts:
        for name in verdict.constructs:
            counts = constructs.setdefault(name, [0, 0, 0])
            counts[STATUSES.index(verdict.status)] += 1
    refusals = Counter(code for v in verdicts for code, _ in v.refusals)
    return {
        "family": family,
        "first": chunk.start,
        "count": len(chunk),
        "date": today(),
        "seconds": round(sum(v.seconds for v in verdicts), 1),
        "statuses": [sum(v.status == status for v in verdicts) for status in STATUSES],
        "runs": sum(v.ran for v in verdicts),
        "rewritten": sum(v.rewritten for v in verdicts),
        "raised": sum(v.raised for v in verdicts),
        "constructs": constructs,
        "refusals": dict(refusals),
        "differences": {str(v.seed): v.differences[0][2] for v in verdicts if v.differences},
        "failures": {str(v.seed): v.failure[:200] for v in verdicts if v.failure},
    }
