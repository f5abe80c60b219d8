"""Every rule has its page and its examples, and the examples are run."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import Any

import pytest
import torch

import deloop
from deloop.lint.codes import CODES
from deloop.rewrite.rule import Example, Rule, render_page
from deloop.rules import RULES
from deloop.verification.run import run_side_by_side

PAGES = Path(__file__).resolve().parents[2] / "docs" / "rules"
HEADINGS = [
    "What it does", "Why is this slow", "Example", "Use instead", "When it stays silent",
    "Fix safety",
]  # fmt: skip
by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
VALID = [(rule, e) for rule in RULES for e in rule.valid]
INVALID = [(rule, e) for rule in RULES for e in rule.invalid]


def function_of(example: Example) -> Any:
    """The example's function, its text where `inspect` finds it."""
    text = example.before.strip() + "\n"
    file = f"<example {abs(hash(example))}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {"torch": torch}
    exec(compile(text, file, "exec"), namespace)
    return namespace["f"]


def arguments_of(example: Example) -> Any:
    return eval(example.arguments, {"torch": torch})


def codes_of(report: Any) -> set[str]:
    return {code for loop in report.loops for code in loop.rules}


def test_codes_and_names_are_unique_and_in_order() -> None:
    assert [rule.code for rule in RULES] == sorted({rule.code for rule in RULES})
    assert len({rule.name for rule in RULES}) == len(RULES)


@by_rule
def test_rule_has_examples_that_fire_and_that_do_not(rule: Rule) -> None:
    assert rule.valid
    assert rule.invalid


@by_rule
def test_page_has_the_fixed_headings_with_a_text_each(rule: Rule) -> None:
    parts = render_page(rule).split("\n## ")
    assert [part.partition("\n")[0] for part in parts[1:]] == HEADINGS
    assert all(part.partition("\n")[2].strip() for part in parts[1:])


@by_rule
def test_written_page_is_the_rendered_one(rule: Rule) -> None:
    page = PAGES / f"{rule.code.lower()}_{rule.name}.md"
    assert page.read_text(encoding="utf-8") == render_page(rule)


def test_there_is_no_page_without_a_rule() -> None:
    codes = {rule.code for rule in RULES} | {code.code for code in CODES}
    assert {page.name[:6].upper() for page in PAGES.glob("*.md")} == codes
    assert len(list(PAGES.glob("*.md"))) == len(codes)


@pytest.mark.parametrize(("rule", "example"), VALID)
def test_valid_example_becomes_what_the_page_says(rule: Rule, example: Example) -> None:
    report = deloop.vectorize(function_of(example)).explain(*arguments_of(example))
    assert example.after in report.source
    assert codes_of(report) == {rule.code}


@pytest.mark.parametrize(("rule", "example"), INVALID)
def test_invalid_example_is_vectorized_without_the_rule(rule: Rule, example: Example) -> None:
    report = deloop.vectorize(function_of(example)).explain(*arguments_of(example))
    assert report.status == "vectorized"
    assert example.after not in report.source


@pytest.mark.parametrize(("rule", "example"), [*VALID, *INVALID])
def test_example_behaves_as_its_loop(rule: Rule, example: Example) -> None:
    function = function_of(example)
    rewritten = deloop.vectorize(function)
    outcome = run_side_by_side(function, rewritten, arguments_of(example))
    assert outcome.agrees, str(outcome)
