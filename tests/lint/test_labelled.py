"""How well the linter tells loops that are worth a word from others, on a set labelled by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from deloop.config import Config
from deloop.lint.check import check_bytes
from tests.lint.labelled import FINDINGS, SILENT, functions

YES, NO = functions(FINDINGS), functions(SILENT)
# What is known to be missed or flagged wrongly; shorten it, and never add to it without a reason.
MISSED: dict[str, str] = {}
FALSE: dict[str, str] = {}


def is_found(source: str) -> bool:
    found = check_bytes(source.encode(), "a.py", Config(root=Path())).findings
    return any(not f.is_bug for f in found)


def test_set_is_as_large_as_it_claims() -> None:
    assert len(YES) >= 60
    assert len(NO) >= 60


@pytest.mark.parametrize("name", [n for n in YES if n != "helper"])
def test_loop_over_elements_is_found(name: str) -> None:
    source = YES[name] if name != "with_helper" else YES["helper"] + YES[name]
    assert is_found(source) == (name not in MISSED)


@pytest.mark.parametrize("name", NO)
def test_loop_that_is_fine_is_left_alone(name: str) -> None:
    assert is_found(NO[name]) == (name in FALSE)
