"""How results are printed: as text for people, as a page for browsers."""

from __future__ import annotations

from deloop.report.html import render_page
from deloop.report.report import Report
from deloop.report.text import print_loops, print_report, render_text
from deloop.report.verification import Attempt, Counterexample, Verification

__all__ = [
    "Attempt",
    "Counterexample",
    "Report",
    "Verification",
    "print_loops",
    "print_report",
    "render_page",
    "render_text",
]
