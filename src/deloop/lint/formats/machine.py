"""Findings as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from deloop.lint.codes import BY_CODE
from deloop.lint.finding import Finding


def render_json(findings: Sequence[Finding]) -> str:
    """A list of objects, one a finding."""
    return json.dumps([as_object(f) for f in findings], indent=2, ensure_ascii=False) + "\n"


def as_object(finding: Finding) -> dict[str, object]:
    """One finding as plain data; in a notebook, lines are those of its cell."""
    line = finding.place.line if finding.cell is None else finding.cell.line
    column = finding.place.column if finding.cell is None else finding.cell.column
    return {
        "code": finding.code,
        "name": BY_CODE[finding.code].name,
        "filename": finding.place.file,
        "cell": None if finding.cell is None else finding.cell.number,
        "location": {"row": line, "column": column},
        "end_location": {"row": finding.end - finding.place.line + line},
        "message": finding.sentence,
        "becomes": finding.becomes or None,
        "assumptions": list(finding.assumptions),
        "evidence": list(finding.evidence),
        "reason": finding.reason or None,
        "seconds": finding.seconds,
    }
