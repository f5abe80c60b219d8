"""A 0-d tensor promotes differently from one with dimensions."""

from __future__ import annotations

import itertools

import pytest
import torch

from .side_by_side import assert_agrees, assert_promotes, integers, normal

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.int32, torch.uint8)


def tensor_of(dtype, n, seed=0):
    return normal(n, seed=seed, dtype=dtype) if dtype.is_floating_point else integers(
        n, seed=seed, dtype=dtype
    )


def row_times_element(x, row):
    out = torch.zeros(len(x), len(row), dtype=torch.float64)
    for i in range(len(x)):
        out[i] = x[i] * row
    return out


def element_times_element(a, b):
    out = torch.zeros(len(a), dtype=torch.float64)
    for i in range(len(a)):
        out[i] = a[i] * b[i]
    return out


def element_times_number(a, number):
    out = torch.zeros(len(a), dtype=torch.float64)
    for i in range(len(a)):
        out[i] = a[i] * number
    return out


def element_times_zero_dimensional(a, scale):
    out = torch.zeros(len(a), dtype=torch.float64)
    for i in range(len(a)):
        out[i] = a[i] * scale
    return out


def choice_of_two_dtypes(a, b):
    out = torch.zeros(len(a), dtype=torch.float64)
    for i in range(len(a)):
        if a[i] > b[i]:
            out[i] = a[i] / 3
        else:
            out[i] = b[i] / 3
    return out


def outer_of_two_dtypes(a, b):
    out = torch.zeros(len(a), len(b), dtype=torch.float64)
    for i in range(len(a)):
        for j in range(len(b)):
            out[i, j] = a[i] * b[j]
    return out


def division_before_the_product(a, b):
    out = torch.zeros(len(a), dtype=torch.float64)
    for i in range(len(a)):
        out[i] = (a[i] / 3) * b[i]
    return out


PAIRS = list(itertools.product(DTYPES, DTYPES))
pairs = pytest.mark.parametrize(("one", "other"), PAIRS, ids=lambda d: str(d).split(".")[1])


@pairs
def test_element_times_row_promotes_as_zero_dimensional(one, other) -> None:
    assert_agrees(row_times_element, tensor_of(one, 3), tensor_of(other, 4, seed=1))


@pairs
def test_two_elements_promote_alike(one, other) -> None:
    assert_promotes(element_times_element, tensor_of(one, 5), tensor_of(other, 5, seed=1))


@pairs
def test_outer_product_promotes_as_two_elements(one, other) -> None:
    assert_promotes(outer_of_two_dtypes, tensor_of(one, 3), tensor_of(other, 4, seed=1))


@pairs
def test_element_and_zero_dimensional_tensor_promote_as_equals(one, other) -> None:
    # a[i] and `scale` both have no dimensions: lifted, a has one and would win.
    assert_agrees(element_times_zero_dimensional, tensor_of(one, 4), tensor_of(other, 1, seed=1)[0])


@pairs
def test_branches_of_two_dtypes_keep_their_own_arithmetic(one, other) -> None:
    assert_agrees(choice_of_two_dtypes, tensor_of(one, 5), tensor_of(other, 5, seed=1))


@pairs
def test_inner_operation_keeps_its_own_dtype(one, other) -> None:
    assert_agrees(division_before_the_product, tensor_of(one, 5), tensor_of(other, 5, seed=1))


@pytest.mark.parametrize("number", [2, 2.5, True, 10**6])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: str(d).split(".")[1])
def test_python_number_is_weaker_than_an_element(dtype, number) -> None:
    assert_agrees(element_times_number, tensor_of(dtype, 5), number)
