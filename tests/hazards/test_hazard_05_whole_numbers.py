"""Python ints made of data: `int` of a float has no bound, a tensor's numbers have 64 bits."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized


def how_many_above(x):
    count = 0
    for v in x:
        if int(v) > 5:
            count += 1
    return count


def remainders(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = int(x[i]) % 7
    return out


def floors(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = math.floor(x[i]) % 7 + (math.ceil(x[i]) > 3)
    return out


def next_in_table(x, table):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        k = int(x[i])
        out[i] = table[k + 1] - table[k]
    return out


def next_of_items(ids, table):
    out = torch.zeros(len(ids))
    for i in range(len(ids)):
        k = ids[i].item()
        out[i] = table[k + 1] - table[k]
    return out


def doubled_squared(ids):
    out = torch.zeros(len(ids), dtype=torch.float64)
    for i in range(len(ids)):
        k = ids[i].item()
        out[i] = k * 2 - k * k
    return out


def flags_as_bits(x):
    out = torch.zeros(len(x), dtype=torch.long)
    for i in range(len(x)):
        out[i] = (int(x[i] > 0) << 2) | (int(x[i] > 1) << 1) | int(x[i] > 2)
    return out


def shifted_far(x):
    out = torch.zeros(len(x), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = int(x[i] > 0) << 70
    return out


def shifted_by_data(ids):
    out = torch.zeros(len(ids), dtype=torch.float64)
    for i in range(len(ids)):
        out[i] = 1 << ids[i].item()
    return out


@pytest.mark.parametrize("value", [1e30, -1e30, 9.3e18, -9.3e18, 2.0**31, -(2.0**31), 1e12])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("loop", [how_many_above, remainders, floors])
def test_floats_beyond_64_bits_are_the_ints_that_python_makes(loop, value, dtype):
    assert_agrees(loop, torch.tensor([1.0, value, 7.5], dtype=dtype))


@pytest.mark.parametrize("loop", [how_many_above, remainders, floors])
def test_ordinary_floats_need_no_loop(loop):
    assert_vectorized(loop, torch.tensor([1.0, -3.7, 7.5, 0.0]))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 5.0, -1.0, -2.0, 4.0, 1e19])
def test_computed_index_is_the_python_one_or_raises(value):
    assert_agrees(next_in_table, torch.tensor([0.0, 2.5, value]), torch.arange(6.0) ** 2)


@pytest.mark.parametrize("value", [3, 2**31, 2**31 + 1, 2**62, 2**63 - 1, -(2**63)])
def test_products_of_ints_are_as_long_as_they_are(value):
    assert_agrees(doubled_squared, torch.tensor([1, -2, value]))
    assert_agrees(next_of_items, torch.tensor([1, 2, value % 4]), torch.arange(6.0) ** 2)


def test_small_ints_are_computed_with_as_tensors():
    assert_vectorized(next_in_table, torch.tensor([0.0, 2.5, 4.9]), torch.arange(6.0) ** 2)
    assert_vectorized(doubled_squared, torch.tensor([1, -2, 3]))
    assert_vectorized(flags_as_bits, torch.tensor([0.5, 1.5, 2.5, -1.0, float("nan")]))


def test_shifts_beyond_64_bits_keep_the_loop():
    assert_agrees(shifted_far, torch.tensor([0.5, -1.0]), status="kept")
    assert_agrees(shifted_by_data, torch.tensor([3, 70]), status="kept")
