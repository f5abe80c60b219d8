"""What a rule is: a code, patterns, a condition, a rewrite, its page and its examples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deloop.ir.scalar import Expression
from deloop.rewrite.pattern import Bindings, Pattern


@dataclass(frozen=True)
class Place:
    """Where in a statement an expression stands.

    Parameters
    ----------
    stored:
        The dtype into which the value goes as it is: it is the statement's value or a branch of it.
        None for an operand of something else.
    with_grad:
        The arrays into which a gradient flows.
    """

    stored: str | None = None
    with_grad: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Example:
    """A function as a user wrote it, and text that its rewriting holds.

    Parameters
    ----------
    before:
        The whole function, named ``f``.
    arguments:
        Python for its arguments, a tuple: ``(torch.randn(9),)``.
    after:
        What is in the source for a valid example, and is not for an invalid one.
    """

    before: str
    arguments: str
    after: str


@dataclass(frozen=True)
class Page:
    """The texts of a rule's page that are not made from its examples."""

    what_it_does: str
    why_slow: str
    silent: str
    safety: str


@dataclass(frozen=True)
class Rule:
    """A pattern that is flagged, and what is written instead where the condition holds.

    Parameters
    ----------
    code, name:
        ``VEC101``, ``manual_clamp``.
    patterns:
        Tried in order; `condition` is asked of each one that matches.
    condition:
        Whether the rewrite means the same for such operands at such a place.
    rewrite:
        The new expression, of the same type.
    valid, invalid:
        Loops that it changes, and loops that look alike and that it leaves; tests run them.
    """

    code: str
    name: str
    patterns: tuple[Pattern, ...]
    condition: Callable[[Bindings, Place], bool]
    rewrite: Callable[[Bindings], Expression]
    page: Page
    valid: tuple[Example, ...]
    invalid: tuple[Example, ...]


def render_page(rule: Rule) -> str:
    """The rule's page in Markdown, under the headings that every page has."""
    example = rule.valid[0]
    sections = (
        ("What it does", rule.page.what_it_does),
        ("Why is this slow", rule.page.why_slow),
        ("Example", f"```python\n{example.before.strip()}\n```"),
        ("Use instead", f"```python\n{example.after}\n```"),
        ("When it stays silent", rule.page.silent),
        ("Fix safety", rule.page.safety),
    )
    body = "\n\n".join(f"## {heading}\n\n{text.strip()}" for heading, text in sections)
    return f"# {rule.code} {rule.name}\n\n{body}\n"
