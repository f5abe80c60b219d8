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
    """One finding as plain data."""
    return {
        "code": finding.code,
        "name": BY_CODE[finding.code].name,
        "filename": finding.place.file,
        "location": {"row": finding.place.line, "column": finding.place.column},
        "end_location": {"row": finding.end},
        "message": finding.sentence,
        "becomes": finding.becomes or None,
        "assumptions": list(finding.assumptions),
        "evidence": list(finding.evidence),
        "reason": finding.reason or None,
    }
