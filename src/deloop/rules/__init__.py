"""The rules: what an expert would write instead, one idiom a file."""

from __future__ import annotations

from deloop.rewrite.rule import Rule
from deloop.rules.manual_abs import MANUAL_ABS
from deloop.rules.manual_clamp import MANUAL_CLAMP

RULES: tuple[Rule, ...] = (MANUAL_CLAMP, MANUAL_ABS)
"""By code."""

__all__ = ["RULES"]
