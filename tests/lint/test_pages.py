"""Every code has a page, and the example on it is found under that code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from deloop.config import Config
from deloop.lint.check import check_bytes
from deloop.lint.codes import CODES
from deloop.lint.pages import PAGES, render_code_page

DOCS = Path(__file__).resolve().parents[2] / "docs" / "rules"
HEADINGS = ["What it does", "Why is this slow", "Example", "Use instead", "When it stays silent",
            "Fix safety"]  # fmt: skip
EVERY = [code.code for code in CODES]


def test_every_code_has_a_page() -> None:
    assert list(PAGES) == EVERY


@pytest.mark.parametrize("code", EVERY)
def test_page_has_the_fixed_headings_and_stands_in_docs(code: str) -> None:
    text = render_code_page(code)
    assert re.findall(r"^## (.*)$", text, re.M) == HEADINGS
    name = next(c.name for c in CODES if c.code == code)
    assert (DOCS / f"{code.lower()}_{name}.md").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("code", EVERY)
def test_example_is_found_under_its_code_and_becomes_what_the_page_says(code: str) -> None:
    result = check_bytes(PAGES[code].example.encode(), "a.py", Config(root=Path()))
    assert [f.code for f in result.findings] == [code]
    assert PAGES[code].instead in result.findings[0].becomes
    assert bool(PAGES[code].instead) == bool(result.findings[0].becomes)
