"""Spellings that an expert finds equally good."""

from __future__ import annotations


def with_dims(*bodies: str) -> list[str]:
    """Each body as it is, then with the axis as the first positional argument.

    ``with_dims("return x.sum(dim=1)")`` → also ``return x.sum(1)``.
    """
    return [*bodies, *(body.replace("(dim=", "(") for body in bodies if "(dim=" in body)]
