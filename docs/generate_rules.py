"""Writes one page a rule into docs/rules: ``python docs/generate_rules.py``."""

from __future__ import annotations

from pathlib import Path

from deloop.lint.codes import CODES
from deloop.lint.pages import render_code_page
from deloop.rewrite.rule import render_page
from deloop.rules import RULES

FOLDER = Path(__file__).resolve().parent / "rules"


def main() -> None:
    """Write every page anew."""
    FOLDER.mkdir(exist_ok=True)
    for rule in RULES:
        page = FOLDER / f"{rule.code.lower()}_{rule.name}.md"
        page.write_text(render_page(rule), encoding="utf-8")
    for code in CODES:
        page = FOLDER / f"{code.code.lower()}_{code.name}.md"
        page.write_text(render_code_page(code.code), encoding="utf-8")


if __name__ == "__main__":
    main()
