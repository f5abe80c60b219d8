"""A report as one self-contained page: light and dark, no script, nothing loaded from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Sequence

from deloop.pipeline import LoopReport
from deloop.report.text import HEADLINES, describe_loop

STYLE = """
:root { color-scheme: light dark; --ground: #ffffff; --ink: #1c2128; --soft: #59636e;
  --panel: #f4f6f8; --line: #d5dae0; --slow: #b4690e; --fast: #0b6e4f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --ink: #e6e9ed; --soft: #9aa4af;
  --panel: #1d2228; --line: #343b44; --slow: #e0a04f; --fast: #4fc79b; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 2.75rem 0 .75rem; }
h3 { font-size: .95rem; margin: 0 0 .4rem; color: var(--soft); font-weight: 600; }
p { margin: .4rem 0 .9rem; max-width: 44rem; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: 0; padding: .85rem 1rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; font-size: .86rem; line-height: 1.5; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .45rem .75rem; border-bottom: 1px solid var(--line); text-align: right; }
th:first-child, td:first-child { text-align: left; }
th { font-weight: 600; color: var(--soft); font-size: .88rem; }
.wide { overflow-x: auto; }
.pair { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 38rem), 1fr)); }
.pair > div { min-width: 0; }
.soft { color: var(--soft); }
.good { color: var(--fast); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .9rem 0 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .soft { fill: var(--soft); }
svg .grid { stroke: var(--line); }
svg .slow { fill: var(--slow); }
svg .fast { fill: var(--fast); }
"""


def render_document(title: str, body: str) -> str:
    """A whole page around `body`, which is markup; `title` is text."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def render_source(source: str) -> str:
    """Source text as markup."""
    return f"<pre><code>{html.escape(source.rstrip())}</code></pre>"


def render_loops(loops: Sequence[LoopReport]) -> str:
    """What is known of each loop, as description lists."""
    parts = []
    for loop in loops:
        pairs = [("line", f"{loop.line}: {loop.status}"), *describe_loop(loop)]
        items = "".join(
            f"<dt>{html.escape(label)}</dt><dd>{html.escape(sentence)}</dd>\n"
            for label, sentence in pairs
        )
        parts.append(f"<dl>\n{items}</dl>")
    return "\n".join(parts)


def render_page(status: str, source: str, loops: Sequence[LoopReport], title: str) -> str:
    """One report as a whole page."""
    body = (
        f"<h1>{html.escape(title)}</h1>\n<p>{html.escape(HEADLINES[status])}</p>\n"
        f"{render_source(source)}\n{render_loops(loops)}"
    )
    return render_document(title, body)
