"""Findings as text: for people, for other programs, for the pages that show a change."""

from __future__ import annotations

from deloop.lint.formats.forges import render_github, render_gitlab
from deloop.lint.formats.junit import render_junit
from deloop.lint.formats.machine import render_json
from deloop.lint.formats.people import render_concise, render_statistics, render_text
from deloop.lint.formats.sarif import render_sarif

__all__ = [
    "render_concise",
    "render_github",
    "render_gitlab",
    "render_json",
    "render_junit",
    "render_sarif",
    "render_statistics",
    "render_text",
]
