"""The results as one self-contained HTML page: a chart a family, on a log scale."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from benchmarks.memory import MemoryResult, spell_size
from benchmarks.peers import PeerResult, Unrolled, geometric_mean
from deloop.cli.demo.words import spell_seconds

WIDTH, LABELS, ROW, TOP, BOTTOM = 900, 250, 20, 8, 26
CONTENDERS = (
    ("loop", "Python loop", "loop"),
    ("expert", "expert's PyTorch", "expert"),
    ("deloop", "deloop", "deloop"),
    ("compiled_expert", "torch.compile of the expert's", "expert hollow"),
    ("compiled", 'deloop, backend="compile"', "deloop hollow"),
)
STYLE = """
:root { --ground: #fff; --ink: #1c2128; --faint: #667; --line: #dfe3e8;
  --loop: #8b929c; --expert: #2f6fbf; --deloop: #d9480f; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --ink: #e6e8eb; --faint: #9aa3ad;
  --line: #2c323a; --loop: #8b929c; --expert: #6ea8fe; --deloop: #ff8f5a; } }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  max-width: 940px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem; }
p.note { color: var(--faint); margin-top: .3rem; }
.tiles { display: flex; gap: 1rem; flex-wrap: wrap; margin: 1.2rem 0; }
.tile { border: 1px solid var(--line); border-radius: 8px; padding: .6rem 1rem; min-width: 9rem; }
.tile b { display: block; font-size: 1.4rem; } .tile span { color: var(--faint); font-size: .85rem; }
.scroll { overflow-x: auto; } svg { display: block; } svg text { fill: var(--ink); font-size: 12px; }
svg text.faint { fill: var(--faint); } svg line { stroke: var(--line); }
.loop { fill: var(--loop); stroke: var(--loop); } .expert { fill: var(--expert); stroke: var(--expert); }
.deloop { fill: var(--deloop); stroke: var(--deloop); }
.hollow { fill: var(--ground); stroke-width: 2; }
table { border-collapse: collapse; margin-top: .6rem; } th, td { padding: .2rem .8rem; text-align: right;
  border-bottom: 1px solid var(--line); } th:first-child, td:first-child { text-align: left; }
.legend { display: flex; gap: 1.2rem; flex-wrap: wrap; color: var(--faint); font-size: .9rem; }
"""  # noqa: E501


def write_page(
    results: Sequence[PeerResult],
    unrolled: Sequence[Unrolled],
    machine: Mapping[str, str],
    tiles: Mapping[str, str],
    memory: Sequence[MemoryResult] = (),
) -> str:
    """The whole page; `tiles` are the few numbers shown in large, by what they are."""
    longest = max(max(_times(r).values()) for r in results)
    shortest = min(min(_times(r).values()) for r in results)
    scale = _Scale(shortest, longest)
    charts = "".join(
        f"<h2>{html.escape(family)}</h2><div class=scroll>{_chart(list(group), scale)}</div>"
        for family, group in groupby(results, key=lambda r: r.family)
    )
    boxes = "".join(
        f"<div class=tile><b>{html.escape(number)}</b><span>{html.escape(name)}</span></div>"
        for name, number in tiles.items()
    )
    named = ", ".join(f"{name} {value}" for name, value in machine.items())
    return (
        "<!doctype html><html lang=en><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width'>"
        f"<title>deloop: benchmarks</title><style>{STYLE}</style>"
        "<h1>Loops, and what they become</h1>"
        f"<p class=note>{html.escape(named)}. Processor time of a call, median, one thread,"
        " contenders in turns; every answer was compared with the expert's in float64."
        " The number behind a name is that of innermost iterations.</p>"
        f"<div class=tiles>{boxes}</div>{_legend()}{charts}{_memory(memory)}"
        f"{_unrolled(unrolled)}</html>\n"
    )


def largest(results: Sequence[PeerResult]) -> list[PeerResult]:
    """Those at the largest size."""
    size = max(r.size for r in results)
    return [r for r in results if r.size == size]


def find_tiles(
    results: Sequence[PeerResult], dispatch: float, compiling: float
) -> dict[str, str]:
    """The numbers to be seen first."""
    own = largest(results)
    speedups = [r.speedup for r in results if r.speedup is not None]
    return {
        "deloop ÷ expert, geometric mean": f"{geometric_mean(r.over_expert for r in own):.2f}",
        "loop ÷ deloop, geometric mean": f"{geometric_mean(speedups):,.0f}",
        "guards of a call, two tensors": spell_seconds(dispatch),
        "to compile a function, median": spell_seconds(compiling),
    }


def _times(r: PeerResult) -> dict[str, float]:
    found: dict[str, Any] = {name: getattr(r, name) for name, _, _ in CONTENDERS}
    return {name: seconds for name, seconds in found.items() if seconds is not None}


class _Scale:
    """Seconds to places, a decade as long as another."""

    def __init__(self, shortest: float, longest: float) -> None:
        self.first = math.floor(math.log10(shortest))
        self.last = math.ceil(math.log10(longest))

    def place(self, seconds: float) -> float:
        part = (math.log10(seconds) - self.first) / (self.last - self.first)
        return LABELS + part * (WIDTH - LABELS - 20)

    @property
    def decades(self) -> list[float]:
        return [10.0**exponent for exponent in range(self.first, self.last + 1)]


def _chart(results: Sequence[PeerResult], scale: _Scale) -> str:
    height = TOP + ROW * len(results) + BOTTOM
    parts = [f'<svg width={WIDTH} height={height} role=img aria-label="times on a log scale">']
    for seconds in scale.decades:
        x = f"{scale.place(seconds):.1f}"
        parts.append(f'<line x1={x} x2={x} y1={TOP} y2={height - BOTTOM} />')
        label = spell_seconds(seconds).replace(".00", "").replace(".0", "")
        parts.append(
            f'<text class=faint x={x} y={height - 8} text-anchor=middle>{label}</text>'
        )
    for number, r in enumerate(results):
        parts.append(_row(r, TOP + ROW * number + ROW / 2, scale))
    return "".join([*parts, "</svg>"])


def _row(r: PeerResult, y: float, scale: _Scale) -> str:
    label = f"{r.title} · {r.size:,}"
    parts = [f'<text x={LABELS - 14} y={y + 4:.1f} text-anchor=end>{html.escape(label)}</text>']
    times = _times(r)
    ends = [scale.place(seconds) for seconds in (min(times.values()), max(times.values()))]
    parts.append(f"<line x1={ends[0]:.1f} x2={ends[1]:.1f} y1={y:.1f} y2={y:.1f} />")
    for name, title, kind in CONTENDERS:
        if name in times:
            said = html.escape(f"{title}: {spell_seconds(times[name])}")
            parts.append(
                f'<circle class="{kind}" cx={scale.place(times[name]):.1f} cy={y:.1f} r=4.5>'
                f"<title>{said}</title></circle>"
            )
    return "".join(parts)


def _legend() -> str:
    items = "".join(
        f'<span><svg width=14 height=12 style="display:inline"><circle class="{kind}" cx=6 cy=6 '
        f"r=4.5 /></svg> {html.escape(title)}</span>"
        for _, title, kind in CONTENDERS
    )
    return f"<div class=legend>{items}</div>"


def _memory(results: Sequence[MemoryResult]) -> str:
    if not results:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(r.title)}, {html.escape(r.size)}</td>"
        f"<td>{spell_size(r.pieces)}</td>"
        f"<td>{_spell(r.pieces_seconds)}</td><td>{spell_size(r.at_once)}</td>"
        f"<td>{_spell(r.at_once_seconds)}</td></tr>"
        for r in results
    )
    return (
        "<h2>memory of a call, beside its arguments</h2><div class=scroll><table><tr><th>loop</th>"
        "<th>in pieces</th><th>takes</th><th>all at once</th><th>takes</th></tr>"
        f"{rows}</table></div>"
    )


def _unrolled(results: Sequence[Unrolled]) -> str:
    if not results:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(r.title)}</td><td>{r.iterations}</td>"
        f"<td>{_spell(r.compile_seconds)}</td><td>{_spell(r.call)}</td></tr>"
        for r in results
    )
    return (
        "<h2>torch.compile of the loop itself</h2><table><tr><th>loop</th><th>iterations</th>"
        f"<th>to compile</th><th>a call</th></tr>{rows}</table>"
    )


def _spell(seconds: float | None) -> str:
    return "no answer in half a minute" if seconds is None else spell_seconds(seconds)
