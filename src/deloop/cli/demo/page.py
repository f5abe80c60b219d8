"""The demo as one self-contained page with a bar chart on a logarithmic scale."""

from __future__ import annotations

import html
import inspect
import math
import platform
from collections.abc import Sequence

from deloop.cli.demo.measure import Result
from deloop.cli.demo.words import FOOTNOTE, spell_ratio, spell_seconds, spell_shape
from deloop.decorator.pytorch import torch
from deloop.report.html import render_document, render_loops, render_source

WIDTH, LEFT, RIGHT = 900, 170, 80
BAR, GAP, GROUP = 20, 4, 26
TOP = 14


def render_demo(results: Sequence[Result], device: str) -> str:
    """The whole page: chart, table, and for each loop source before and after with the proof."""
    slowest = max(result.ratio for result in results)
    parts = [
        "<h1>Three loops over tensors, and what deloop makes of them</h1>",
        f"<p>Up to {spell_ratio(slowest)} faster, with every value, dtype, shape and gradient"
        " compared by running both forms.</p>"
        if all(result.is_good for result in results)
        else '<p class="bad">Not every loop was rewritten and agrees; see below.</p>',
        f'<p class="soft">{html.escape(describe_machine(device))}</p>',
        "<h2>Time of one call</h2>",
        render_chart(results),
        '<p class="soft">Logarithmic scale: each line is ten times the one before.</p>',
        "<h2>What agrees</h2>",
        render_table(results),
        f'<p class="soft">{FOOTNOTE}</p>',
        *(render_result(result) for result in results),
    ]
    return render_document("deloop demo", "\n".join(parts))


def describe_machine(device: str) -> str:
    """Where the numbers were measured."""
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__}"
    return f"{versions}, {device} ({name}), one thread"


def render_table(results: Sequence[Result]) -> str:
    """Times, ratios and agreements, one row a loop."""
    titles = ["loop", "size", "loop takes", "vectorized", "faster", *results[0].agreements]
    rows = ["<tr>" + "".join(f"<th>{title}</th>" for title in titles) + "</tr>"]
    for result in results:
        cells = [
            result.example.title,
            spell_shape(result.shape),
            spell_seconds(result.loop_seconds),
            spell_seconds(result.fast_seconds),
            spell_ratio(result.ratio),
        ]
        marks = [
            '<td class="good">agree</td>' if same else '<td class="bad">DIFFER</td>'
            for same in result.agreements.values()
        ]
        rows.append(
            "<tr>"
            + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            + "".join(marks)
            + "</tr>"
        )
    return '<div class="wide"><table>\n' + "\n".join(rows) + "\n</table></div>"


def render_result(result: Result) -> str:
    """One loop: before, after, and what was proved."""
    before = render_source(inspect.getsource(result.example.loop))
    after = render_source(result.report.source)
    differences = "".join(
        f'<p class="bad">{html.escape(str(difference))}</p>'
        for outcome in (result.outcome, result.gradient_outcome)
        for difference in outcome.differences
    )
    return (
        f"<h2>{html.escape(result.example.title.capitalize())}</h2>\n"
        f'<div class="pair"><div><h3>Before</h3>{before}</div>\n'
        f"<div><h3>After</h3>{after}</div></div>\n"
        f"{render_loops(result.report.loops)}\n{differences}"
        f'<p class="soft">Analysed in {spell_seconds(result.analysis_seconds)}.</p>'
    )


def render_chart(results: Sequence[Result]) -> str:
    """Two bars a loop on a logarithmic scale of seconds, as inline SVG."""
    times = [t for result in results for t in (result.loop_seconds, result.fast_seconds)]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    low, high = min(low, high - 1), max(high, low + 1)
    height = TOP + len(results) * (2 * BAR + GAP + GROUP) + 24

    def at(seconds: float) -> float:
        share = (math.log10(seconds) - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    lines = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Time of one call of each loop'
        ' and of its vectorized form, logarithmic scale">'
    ]
    for decade in range(low, high + 1):
        x = at(10.0**decade)
        lines.append(
            f'<line class="grid" x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{height - 22}"/>'
            f'<text class="soft" x="{x:.1f}" y="{height - 6}" text-anchor="middle">'
            f"{spell_decade(decade)}</text>"
        )
    for position, result in enumerate(results):
        y = TOP + position * (2 * BAR + GAP + GROUP)
        lines.append(
            f'<text x="{LEFT - 12}" y="{y + BAR - 1}" text-anchor="end">'
            f"{html.escape(result.example.title)}</text>"
            f'<text class="soft" x="{LEFT - 12}" y="{y + 2 * BAR - 1}" text-anchor="end">'
            f"{spell_ratio(result.ratio)} faster</text>"
        )
        lines.append(_render_bar("slow", y, at(result.loop_seconds), result.loop_seconds, "loop"))
        below = y + BAR + GAP
        end = at(result.fast_seconds)
        lines.append(_render_bar("fast", below, end, result.fast_seconds, "vectorized"))
    return "\n".join([*lines, "</svg>"])


def _render_bar(kind: str, y: int, end: float, seconds: float, label: str) -> str:
    """One bar from the left edge; its words stand right of it, inside where there is no room."""
    words = f"{label} {spell_seconds(seconds)}"
    inside = end > WIDTH - RIGHT - 70
    x, anchor = (end - 8, "end") if inside else (end + 8, "start")
    ink = ' style="fill:var(--ground)"' if inside else ""
    width = max(end - LEFT, 2)
    return (
        f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
        f'<text x="{x:.1f}" y="{y + BAR - 5}" text-anchor="{anchor}"{ink}>{words}</text>'
    )


def spell_decade(exponent: int) -> str:
    """``-4 -> "100 µs"``."""
    unit, shift = ("s", 0) if exponent >= 0 else ("ms", 3) if exponent >= -3 else ("µs", 6)
    return f"{10 ** (exponent + shift)} {unit}" if exponent + shift >= 0 else f"10^{exponent} s"
