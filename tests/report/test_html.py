"""Reports as pages."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from deloop.diagnostic import Assumption, Exactness
from deloop.pipeline import LoopReport
from deloop.report import render_page
from deloop.report.html import render_document

SOURCE = "def f(x, y):\n    return torch.where(x < y, x & y, '<b>')\n"
LOOP = LoopReport(
    line=2,
    status="vectorized",
    exactness=Exactness.BITWISE,
    assumptions=(Assumption("x < y & z", "x < y"),),
    rules=(),
    refusal=None,
)


class Balance(HTMLParser):
    """Collects text, and the tags that are not closed in order."""

    VOID = frozenset({"meta", "line", "rect", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.errors: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def parse(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    return parser


def test_page_is_well_formed_and_escapes_source() -> None:
    parsed = parse(render_page("vectorized", SOURCE, (LOOP,), "f <in> a.py"))
    assert parsed.errors == []
    assert parsed.open == []
    assert "torch.where(x < y, x & y, '<b>')" in parsed.text
    assert "x < y & z" in parsed.text
    assert "f <in> a.py" in parsed.text


def test_page_loads_nothing() -> None:
    page = render_page("vectorized", SOURCE, (LOOP,), "f")
    assert not re.search(r"""(src|href)\s*=|url\(|@import|<script|<link|https?://""", page)


def test_page_has_light_and_dark_colours() -> None:
    page = render_document("title", "<p>body</p>")
    assert "prefers-color-scheme: dark" in page
    assert "color-scheme: light dark" in page
