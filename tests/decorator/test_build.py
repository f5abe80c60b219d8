"""New functions in the surroundings of old ones."""

from __future__ import annotations

import linecache
import traceback
from typing import Any

import pytest

from deloop.decorator.build import build_function, import_names, register_source

VALUE = "global"


def original(a: Any, b: Any = 2, *, c: Any = 3) -> Any:
    """Documented."""
    return a, b, c


def build(source: str, function: Any = original, **extra: Any) -> Any:
    return build_function(function, source, extra, "test")


def test_defaults_names_and_documentation_are_the_originals() -> None:
    built = build("def original(a, b, *, c):\n    return [a, b, c]\n")
    assert built(1) == [1, 2, 3]
    assert (built.__name__, built.__qualname__, built.__doc__) == (
        "original",
        "original",
        "Documented.",
    )
    assert built.__code__.co_name == "original"


def test_globals_are_the_originals() -> None:
    assert build("def original(a):\n    return VALUE\n")(1) == "global"


def test_extra_names_hide_globals_and_stay_out_of_them() -> None:
    built = build("def original(a):\n    return VALUE, other\n", VALUE="extra", other=1)
    assert built(1) == ("extra", 1)
    assert VALUE == "global"
    assert "other" not in globals()


def test_closure_cells_are_shared() -> None:
    count = 0

    def read(a: Any) -> Any:
        return count

    built = build("def read(a):\n    return count\n", read)
    count = 5
    assert built(0) == 5


def test_function_finds_itself_as_a_global() -> None:
    assert build("def original(a):\n    return original\n")(1) is original


def test_traceback_shows_the_new_source() -> None:
    built = build("def original(a):\n    x = 1\n    return a / 0  # here\n")
    with pytest.raises(ZeroDivisionError) as caught:
        built(1)
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert last.lineno == 3
    assert last.line == "return a / 0  # here"


def test_registered_source_survives_a_cache_check() -> None:
    file = register_source("x = 1\n", "title")
    linecache.checkcache()
    assert linecache.getline(file, 1) == "x = 1\n"


def test_import_lines_become_names() -> None:
    names = import_names(["import math as m", "from os import path"])
    assert sorted(names) == ["m", "path"]
    assert names["m"].pi > 3


def test_lambda_among_the_defaults_is_not_taken_for_the_function() -> None:
    assert build("def original(a, b=lambda v: v, *, c=0):\n    return a + 1\n")(1) == 2
