"""Findings as a JUnit report, which most build servers read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from deloop.lint.finding import Finding

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(findings: Sequence[Finding]) -> str:
    """One suite a file, one failed case a finding; a passed case where there is none."""
    files: dict[str, list[Finding]] = {}
    for finding in findings:
        files.setdefault(finding.place.file, []).append(finding)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    count = len(findings)
    totals = f'tests="{max(count, 1)}" failures="{count}" errors="0"'
    lines.append(f'<testsuites name="deloop" {totals}>')
    for file, found in files.items():
        lines.append(
            f'  <testsuite name={_quote(file)} tests="{len(found)}" failures="{len(found)}" '
            'errors="0" disabled="0" skipped="0">'
        )
        for f in found:
            case = _quote(f"deloop.{f.code}:{f.place.line}:{f.place.column}")
            lines.append(f"    <testcase name={case} classname={_quote(file)}>")
            lines.append(f"      <failure message={_quote(f.sentence)}>")
            lines.append(_escape(f"{f.where}: {f.code} {f.sentence}") + "</failure>")
            lines.append("    </testcase>")
        lines.append("  </testsuite>")
    if not files:
        lines.append('  <testsuite name="deloop" tests="1" failures="0" errors="0">')
        lines.append('    <testcase name="no findings" classname="deloop"/>')
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    """Text as XML, without the characters that XML cannot hold."""
    return escape(_FORBIDDEN.sub("?", text))


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'
