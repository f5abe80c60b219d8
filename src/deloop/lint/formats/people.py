"""Findings for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from deloop.lint.codes import BY_CODE
from deloop.lint.finding import Finding

Style = tuple[str, str]
COLOURS = {"place": ("\x1b[1m", "\x1b[0m"), "code": ("\x1b[1;31m", "\x1b[0m"),
           "soft": ("\x1b[2m", "\x1b[0m"), "good": ("\x1b[32m", "\x1b[0m")}  # fmt: skip
PLAIN: dict[str, Style] = {name: ("", "") for name in COLOURS}
MOST_LINES = 12


def _paint(text: object, style: Style) -> str:
    return f"{style[0]}{text}{style[1]}"


def render_concise(findings: Sequence[Finding], *, colours: bool = False) -> str:
    """One line each: ``train.py:41:5: VEC201 out is written …``."""
    styles = COLOURS if colours else PLAIN
    return "".join(f"{_headline(f, styles)}\n" for f in findings)


def _headline(finding: Finding, styles: dict[str, Style]) -> str:
    place = _paint(finding.where, styles["place"])
    return f"{place}: {_paint(finding.code, styles['code'])} {finding.sentence}"


def render_text(findings: Sequence[Finding], *, colours: bool = False) -> str:
    """Each finding with what it becomes, or why it stays, and how that is known."""
    styles = COLOURS if colours else PLAIN
    parts: list[str] = []
    for finding in findings:
        lines = [_headline(finding, styles)]
        if finding.becomes:
            shown = finding.becomes.split("\n")
            lines += [_paint(f"    {line}", styles["good"]).rstrip() for line in shown[:MOST_LINES]]
            if len(shown) > MOST_LINES:
                more = f"    … and {len(shown) - MOST_LINES} more lines"
                lines.append(_paint(more, styles["soft"]))
        if finding.reason:
            lines.append(_paint(f"    no tensor form: {finding.reason}", styles["soft"]))
        if finding.seconds is not None:
            spent = f"    recorded: {finding.seconds:.3g} s in this loop"
            lines.append(_paint(spent, styles["soft"]))
        for known in finding.evidence:
            lines.append(_paint(f"    known: {known}", styles["soft"]))
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def render_statistics(findings: Sequence[Finding]) -> str:
    """How often each code is found, the most frequent first."""
    counts = Counter(f.code for f in findings)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    width = max((len(str(count)) for count in counts.values()), default=0)
    return "".join(
        f"{count:>{width}}  {code}  {BY_CODE[code].name}\n" for code, count in ordered
    )
