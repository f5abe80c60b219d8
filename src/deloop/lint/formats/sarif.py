"""Findings as SARIF 2.1.0, the static analysis results interchange format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import metadata
from pathlib import PurePath
from urllib.parse import quote

from deloop.lint.codes import CODES
from deloop.lint.finding import Finding

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_sarif(findings: Sequence[Finding]) -> str:
    """One run with all rules and one result a finding."""
    try:
        version = metadata.version("deloop")
    except metadata.PackageNotFoundError:
        version = "0.0.0"
    order = {code.code: position for position, code in enumerate(CODES)}
    run = {
        "tool": {
            "driver": {
                "name": "deloop",
                "version": version,
                "rules": [
                    {
                        "id": code.code,
                        "name": _pascal(code.name),
                        "shortDescription": {"text": code.summary},
                        "defaultConfiguration": {"level": "warning"},
                    }
                    for code in CODES
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": f.code,
                "ruleIndex": order[f.code],
                "level": "warning",
                "message": {"text": f.sentence},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": _uri(f.place.file)},
                            "region": {
                                "startLine": f.place.line,
                                "startColumn": f.place.column,
                                "endLine": f.end,
                            },
                        }
                    }
                ],
            }
            for f in findings
        ],
    }
    document = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
