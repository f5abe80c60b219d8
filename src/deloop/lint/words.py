"""Sentences about findings, in the user's names."""

from __future__ import annotations

from deloop.lint.scan import Candidate

_ACTIONS = {
    "store": "{name} is written one item at a time",
    "scatter": "{name} is updated at one index at a time",
    "sum": "{name} is accumulated one item of {tensor} at a time",
    "list": "{name} collects one item of {tensor} at a time",
    "items": "{name} collects one number of {tensor} at a time",
    "search": "one element of {tensor} at a time is looked at",
    "grow": "{name} grows by torch.cat, which copies all of it at each iteration",
}


def describe(candidate: Candidate) -> str:
    """What a loop does: ``out is written one item at a time``."""
    verdict = candidate.verdict
    tensor = verdict.tensor or "a tensor"
    if not verdict.name and verdict.sink == "list":
        return f"each item of {tensor} is taken on its own before all are joined"
    return _ACTIONS[verdict.sink].format(name=verdict.name or "a list", tensor=tensor)


def describe_cost(candidate: Candidate, *, has_form: bool) -> str:
    """What it costs: ``n × m tensor reads and writes where tensor operations do it at once``."""
    counts = [candidate.header.count]
    counts.extend(h.count for _, h in candidate.body.seen.inner if h.over in ("size", "tensor"))
    spelled = " × ".join(_factor(c) for c in counts if c) or "one iteration's worth of"
    seen = candidate.body.seen
    work = "tensor reads and writes" if seen.stores else "tensor reads"
    syncs = f", {len(seen.syncs)} of them waiting for the device," if seen.syncs else ""
    if has_form:
        return f"{spelled} {work}{syncs} where tensor operations do it at once"
    return f"{spelled} {work}{syncs} one by one"


def _factor(count: str) -> str:
    simple = count.replace(".", "").replace("_", "").isalnum() or count.endswith((")", "]"))
    return count if simple and " " not in count else f"({count})"
