"""Sentences about findings, in the user's names."""

from __future__ import annotations

import ast

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


def describe_cost(candidate: Candidate, *, becomes: str) -> str:
    """What it costs: ``n × m element reads and writes; one tensor operation instead``."""
    seen = candidate.body.seen
    counts = [candidate.header.count]
    counts.extend(h.count for _, h in seen.inner if h.over in ("size", "tensor"))
    spelled = " × ".join(_factor(c) for c in counts if c)
    item = "element" if len(counts) > 1 or _is_numbers(candidate) else "item"
    work = f"{item} reads and writes" if seen.stores else f"{item} reads"
    syncs = len(seen.syncs)
    waits = f", each with {_count(syncs)} for the device" if syncs else ""
    what = f"{spelled} {work}" if spelled else f"{work} at each iteration"
    return f"{what}{waits}{_outcome(becomes)}"


def _is_numbers(candidate: Candidate) -> bool:
    """Whether what is read at the loop's position are numbers, as far as is known."""
    seen = candidate.body.seen
    ranks = {s.rank for s in seen.stores if s.rank is not None}
    return ranks == {1} or bool(seen.syncs and not ranks)


def _count(syncs: int) -> str:
    return "a wait" if syncs == 1 else f"{syncs} waits"


def _outcome(becomes: str) -> str:
    """``; one tensor operation instead``: as many as there are statements in its place."""
    try:
        statements = len(ast.parse(becomes).body)
    except SyntaxError:
        statements = 2
    if not becomes or not statements:
        return ""
    return "; one tensor operation instead" if statements == 1 else "; tensor operations instead"


def _factor(count: str) -> str:
    simple = count.replace(".", "").replace("_", "").isalnum() or count.endswith((")", "]"))
    return count if simple and " " not in count else f"({count})"
