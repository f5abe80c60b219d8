"""``docs/performance.md``, made of what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from benchmarks.analysis import AnalysisTimes
from benchmarks.kernels import KernelResult
from benchmarks.memory import MemoryResult, spell_size
from benchmarks.page import largest
from benchmarks.peers import PeerResult, Unrolled, geometric_mean, summarize
from benchmarks.recurrences import FormResult
from deloop.cli.demo.words import spell_seconds

HEAD = """# Performance

Written by `make bench`; do not edit. Processor time of one thread, medians, contenders in turns.
Every answer is compared with the expert's in float64 before it is timed. Numba stands
beside deloop's own kernels alone.
"""


def write_document(
    machine: Mapping[str, str],
    members: Sequence[PeerResult],
    unrolled: Sequence[Unrolled],
    calls: Sequence[tuple[int, float, float, float]],
    compiling: Sequence[AnalysisTimes],
    forms: Sequence[FormResult],
    memory: Sequence[MemoryResult] = (),
    kernels: Sequence[KernelResult] = (),
) -> str:
    """The page as text; `calls` are tensors, operator, rewritten and decorated seconds."""
    named = ", ".join(f"{name} {value}" for name, value in machine.items())
    parts = [
        HEAD,
        f"Machine: {named}.\n",
        "## In short\n",
        "\n".join(f"- {line}" for line in summarize(members)) + "\n",
        _families(members),
        _loops(members),
        _compilers(members, unrolled),
        _threads(members),
        _memory(memory),
        _kernels(kernels),
        _calls(calls),
        _compiling(compiling),
        _forms(forms),
    ]
    return "\n".join(part for part in parts if part)


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table under a heading; nothing where it has no rows."""
    if not rows:
        return ""
    lines = [f"## {title}\n", "| " + " | ".join(head) + " |"]
    lines.append("|---" + "|---:" * (len(head) - 1) + "|")
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _spell(seconds: float | None) -> str:
    return "–" if seconds is None else spell_seconds(seconds)


def _families(members: Sequence[PeerResult]) -> str:
    rows = []
    for family, group in groupby(members, key=lambda r: r.family):
        own = list(group)
        sizes = sorted({r.size for r in own})
        means = [geometric_mean(r.over_expert for r in own if r.size == n) for n in sizes]
        speedups = [r.speedup for r in own if r.speedup is not None]
        rows.append(
            [family, f"{geometric_mean(speedups):,.0f}", *(f"{mean:.2f}" for mean in means)]
        )
    sizes = sorted({r.size for r in members})
    head = ["family", "loop ÷ deloop", *(f"deloop ÷ expert, {n:,}" for n in sizes)]
    return _table("Families, geometric means, guards included", head, rows)


def _loops(members: Sequence[PeerResult]) -> str:
    rows = [
        [r.title, f"{r.size:,}", _spell(r.loop), _spell(r.expert), _spell(r.deloop),
         "–" if r.speedup is None else f"{r.speedup:,.3g}", f"{r.over_expert:.2f}"]
        for r in members
    ]  # fmt: skip
    head = ["loop", "size", "Python", "expert", "deloop", "loop ÷ deloop", "deloop ÷ expert"]
    return _table("Every loop", head, rows)


def _compilers(members: Sequence[PeerResult], unrolled: Sequence[Unrolled]) -> str:
    by_title = {u.title: u for u in unrolled}
    rows = []
    for r in members:
        if r.compiled is None:
            continue
        loop = by_title.get(r.title)
        rows.append(
            [r.title, _spell(r.expert), _spell(r.deloop), _spell(r.compiled_expert),
             _spell(r.compiled), _spell(r.compile_seconds),
             "–" if loop is None else _spell(loop.compile_seconds)]
        )  # fmt: skip
    head = [
        "loop", "expert", "deloop", "torch.compile of the expert's", '`backend="compile"`',
        "compiled in", "torch.compile of the loop, 8 iterations, compiled in",
    ]  # fmt: skip
    return _table("With a compiler, at the largest size", head, rows)


def _threads(members: Sequence[PeerResult]) -> str:
    rows = [
        [r.title, _spell(r.expert_all_threads), _spell(r.deloop_all_threads)]
        for r in largest(members)
        if r.deloop_all_threads is not None
    ]
    return _table("All threads, by the clock", ["loop", "expert", "deloop"], rows)


def _memory(memory: Sequence[MemoryResult]) -> str:
    rows = [
        [r.title, r.size, spell_size(r.pieces), _spell(r.pieces_seconds), spell_size(r.at_once),
         _spell(r.at_once_seconds)]
        for r in memory
    ]  # fmt: skip
    head = ["loop", "size", "deloop, in pieces", "takes", "all at once", "takes"]
    return _table("Memory of a call, beside its arguments", head, rows)


def _kernels(kernels: Sequence[KernelResult]) -> str:
    rows = [
        [r.title, f"{r.size:,}", _spell(r.loop_a_step),
         "stays" if r.eager is None else _spell(r.eager), _spell(r.deloop), _spell(r.by_hand),
         f"{r.over_hand:.2f}"]
        for r in kernels
    ]  # fmt: skip
    head = [
        "loop", "size", "Python, a step", "deloop eager", "deloop numba", "Numba by hand",
        "numba ÷ by hand",
    ]  # fmt: skip
    return _table('Kernels, `backend="numba"`', head, rows)


def _calls(calls: Sequence[tuple[int, float, float, float]]) -> str:
    rows = [
        [str(count), *(map(_spell, (operator, rewritten, decorated))),
         _spell(decorated - rewritten)]
        for count, operator, rewritten, decorated in calls
    ]  # fmt: skip
    head = ["tensors of one element", "torch operator", "rewritten", "decorated", "dispatch"]
    return _table("A call", head, rows)


def _compiling(compiling: Sequence[AnalysisTimes]) -> str:
    rows = [
        [t.title, str(t.count), _spell(t.median), _spell(t.ninetieth), _spell(t.most)]
        for t in compiling
    ]
    return _table(
        "To compile a function", ["time", "functions", "median", "90 % within", "most"], rows
    )


def _forms(forms: Sequence[FormResult]) -> str:
    rows = [
        [f.form, f.status, f"{f.size:,}", _spell(f.loop), _spell(f.expert), _spell(f.decorated),
         "–" if f.speedup is None else f"{f.speedup:,.3g}", f"{f.over_expert:.2f}"]
        for f in forms
    ]  # fmt: skip
    head = [
        "form", "status", "size", "Python", "expert", "deloop", "loop ÷ deloop",
        "rewritten ÷ expert",
    ]  # fmt: skip
    return _table("Recurrences", head, rows)
