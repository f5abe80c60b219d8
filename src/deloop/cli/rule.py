"""``deloop rule``: the page of a code."""

from __future__ import annotations

import click

from deloop.lint.codes import BY_CODE
from deloop.lint.pages import list_codes, render_code_page
from deloop.rewrite.rule import render_page
from deloop.rules import RULES


def show_rule(code: str | None) -> int:
    """Print one page, or the list of all codes; the exit code."""
    pages = {rule.code: rule for rule in RULES}
    if code is None:
        for rule in RULES:
            click.echo(f"{rule.code}  {rule.name:<22} {rule.page.what_it_does}")
        click.echo(list_codes(), nl=False)
        return 0
    name = code.upper()
    if name in BY_CODE:
        click.echo(render_code_page(name), nl=False)
    elif name in pages:
        click.echo(render_page(pages[name]), nl=False)
    else:
        click.echo(f"error: there is no page for {code!r}; `deloop rule` lists all", err=True)
        return 2
    return 0
