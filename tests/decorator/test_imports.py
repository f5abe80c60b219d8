"""Names that a function imports by itself mean what they mean at the top of a file."""

# mypy: allow-untyped-defs, allow-untyped-calls

from __future__ import annotations

import sys

import torch

import deloop
from deloop.decorator.imports import find_imported


def sine_by_product(t):
    import itertools

    out = torch.zeros_like(t)
    for index in itertools.product(*[range(size) for size in t.shape]):
        out[index] = torch.sin(t[index])
    return out


def sine_by_ndindex(t):
    import numpy as np

    out = torch.zeros_like(t)
    for index in np.ndindex(*t.shape):
        out[index] = torch.sin(t[index])
    return out


def scaled_scores(t):
    from math import sqrt

    from torch.nn import functional as F

    out = torch.zeros_like(t)
    for i in range(t.shape[0]):
        out[i] = F.softmax(t[i] / sqrt(t.shape[1]), dim=0)
    return out


def bound_twice(t):
    import itertools as tools

    if t.shape[0] > 2:
        tools = None
    out = torch.zeros_like(t)
    for index in tools.product(*[range(size) for size in t.shape]):
        out[index] = torch.sin(t[index])
    return out


def never_imported(t):
    import deloop_has_no_such_module as missing

    out = torch.zeros_like(t)
    for i in range(t.shape[0]):
        out[i] = missing.twice(t[i])
    return out


def test_a_module_imported_in_the_body_is_known() -> None:
    t = torch.randn(2, 3)
    for function in (sine_by_product, sine_by_ndindex):
        fast = deloop.vectorize(function)
        assert "return torch.sin(t)" in fast.explain(t).source
        assert torch.equal(fast(t), function(t))


def test_names_imported_from_a_module_are_known() -> None:
    t = torch.randn(2, 3)
    fast = deloop.vectorize(scaled_scores)
    assert "return F.softmax(t / sqrt(t.shape[1]), dim=1)" in fast.explain(t).source
    torch.testing.assert_close(fast(t), scaled_scores(t))


def test_a_name_that_something_else_binds_too_is_not_taken_for_the_module() -> None:
    t = torch.randn(2, 3)
    fast = deloop.vectorize(bound_twice)
    assert fast.explain(t).status == "kept"
    assert torch.equal(fast(t), bound_twice(t))


def test_a_module_that_is_not_loaded_is_not_imported_ahead_of_the_function() -> None:
    code = never_imported.__code__
    assert find_imported(code, "missing", str) is None
    assert "deloop_has_no_such_module" not in sys.modules
    assert deloop.vectorize(never_imported).explain(torch.randn(2)).status == "kept"
