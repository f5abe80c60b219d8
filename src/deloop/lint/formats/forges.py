"""Findings as GitHub's workflow commands and as GitLab's code quality report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from deloop.lint.codes import BY_CODE
from deloop.lint.finding import Finding


def render_github(findings: Sequence[Finding]) -> str:
    """``::warning file=…,line=…::message``: an annotation at the line of the change."""
    return "".join(
        f"::warning title={_escape(f'deloop ({f.code})', property_too=True)},"
        f"file={_escape(f.place.file, property_too=True)},line={f.place.line},"
        f"endLine={f.end},col={f.place.column}::{_escape(f'{f.code} {f.sentence}')}\n"
        for f in findings
    )


def _escape(text: str, *, property_too: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if property_too else text


def render_gitlab(findings: Sequence[Finding]) -> str:
    """Issues with fingerprints that stay when lines move."""
    seen: dict[str, int] = {}
    issues = []
    for finding in findings:
        identity = f"{finding.place.file}:{finding.code}:{finding.function}:{finding.message}"
        seen[identity] = seen.get(identity, 0) + 1
        fingerprint = hashlib.sha256(f"{identity}:{seen[identity]}".encode()).hexdigest()
        issues.append(
            {
                "description": f"{finding.code} {finding.sentence}",
                "check_name": BY_CODE[finding.code].name,
                "fingerprint": fingerprint,
                "severity": "minor",
                "location": {
                    "path": finding.place.file.replace("\\", "/"),
                    "lines": {"begin": finding.place.line, "end": finding.end},
                },
            }
        )
    return json.dumps(issues, indent=2, ensure_ascii=False) + "\n"
