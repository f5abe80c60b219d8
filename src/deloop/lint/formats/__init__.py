"""Findings as text: for people, for other programs, for the pages that show a change."""
