"""``out[labels == c] = v[c]`` for each c: an element is set by its label's own iteration."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, normal

LABELS = torch.tensor([0, 2, 1, 2, 0, 3])


def value_of_each_class(labels, values, n):
    out = torch.zeros(labels.shape[0])
    for c in range(n):
        out[labels == c] = values[c]
    return out


def colour_of_each_pixel(mask, palette):
    out = torch.zeros(*mask.shape, 3, dtype=palette.dtype)
    for c in range(palette.shape[0]):
        out[mask == c] = palette[c]
    return out


def added_to_each_class(x, labels, values):
    for c in range(values.shape[0]):
        x[labels == c] += values[c]
    return x


def scaled_by_its_number(labels, n):
    out = torch.full((labels.shape[0],), -1.0)
    for c in range(1, n):
        out[labels == c] = c * 0.5
    return out


def two_conditions(labels, values, x):
    out = x * 2
    for c in range(values.shape[0]):
        out[(labels == c) & (x > 0)] = values[c]
    return out


def relabelled_in_place(labels, n):
    for c in range(n):
        labels[labels == c] = c + 1
    return labels


def relabelled_by_a_table(labels, table):
    for c in range(len(table)):
        labels[labels == c] = table[c]
    return labels


def relabelled_copy(labels, new):
    out = labels.clone()
    for old in range(len(new)):
        out[labels == old] = new[old]
    return out


def written_in_two_stores(labels, others, values):
    out = torch.zeros(labels.shape[0])
    for c in range(values.shape[0]):
        out[labels == c] = values[c]
        out[others == c] = -values[c]
    return out


def one_element_for_all(labels, values):
    out = torch.zeros(1)
    for c in range(values.shape[0]):
        for i in range(labels.shape[0]):
            if labels[i] == c:
                out[0] = values[c] + i
    return out


def element_by_element(labels, values):
    out = torch.zeros(labels.shape[0])
    for c in range(values.shape[0]):
        for i in range(labels.shape[0]):
            if labels[i] == c:
                out[i] = values[c]
    return out


def values_set_on_the_way(labels, values):
    out = torch.zeros(labels.shape[0])
    for c in range(values.shape[0]):
        out[labels == c] = values[c]
        values[c] = 0
    return out, values


def number_left_behind(labels, values):
    out = torch.zeros(labels.shape[0])
    for c in range(values.shape[0]):
        out[labels == c] = values[c]
    return out * c


def part_of_a_row_changed(x, lengths, y):
    for i in range(x.shape[0]):
        x[i][x[i] > 0] -= 1
        x[i, : lengths[i]] *= 2
        x[i][y[i] > 0] += y[i][y[i] > 0]
    return x


def integers_changed_by_floats(counts):
    for i in range(counts.shape[0]):
        counts[i][counts[i] > 1] += 0.5
    return counts


def test_part_that_a_mask_chooses_is_changed_in_place():
    assert_agrees(part_of_a_row_changed, normal(4, 5), torch.tensor([0, 5, 2, 3]), normal(4, 5))
    assert_agrees(part_of_a_row_changed, normal(3, 0), torch.tensor([0, 0, 0]), normal(3, 0))
    grad = normal(4, 5).requires_grad_()
    assert_agrees(part_of_a_row_changed, normal(4, 5), torch.tensor([0, 5, 2, 3]), grad)
    assert_agrees(integers_changed_by_floats, torch.arange(6).reshape(2, 3))
    assert_agrees(integers_changed_by_floats, torch.zeros(2, 3, dtype=torch.int64))


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.float32])
@pytest.mark.parametrize("n", [4, 3, 5, 0])
def test_label_out_of_range_or_class_without_a_value(dtype, n):
    assert_agrees(value_of_each_class, LABELS.to(dtype), normal(4), n)


@pytest.mark.parametrize("labels", [[0, -1, 2], [0, 7, 2], [], [1, 1, 1]])
def test_labels_that_no_class_has(labels):
    labels = torch.tensor(labels, dtype=torch.int64)
    assert_agrees(value_of_each_class, labels, normal(3), 3)
    assert_agrees(scaled_by_its_number, labels, 3)
    assert_agrees(added_to_each_class, normal(len(labels)), labels, normal(3))
    assert_agrees(element_by_element, labels, normal(3))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.uint8])
def test_rows_of_a_palette_are_looked_up(dtype):
    palette = (normal(4, 3) * 50).abs().to(dtype)
    assert_vectorized(colour_of_each_pixel, LABELS.reshape(2, 3), palette)


@pytest.mark.parametrize("grad", [False, True])
def test_each_store_alone_needs_no_loop(grad):
    values = normal(4).requires_grad_(grad)
    assert_vectorized(value_of_each_class, LABELS, values, 4)
    assert_agrees(two_conditions, LABELS, values, normal(6))
    assert_agrees(element_by_element, LABELS, values)
    assert_vectorized(added_to_each_class, normal(6), LABELS, normal(4))


def test_what_other_iterations_change_keeps_its_order():
    assert_agrees(relabelled_in_place, LABELS.clone(), 4)
    assert_agrees(relabelled_by_a_table, LABELS.clone(), torch.tensor([1, 2, 3, 0]))
    assert_agrees(relabelled_copy, LABELS, torch.tensor([3, 1, 0, 2]))
    assert_agrees(written_in_two_stores, LABELS, LABELS.flip(0), normal(4))
    assert_agrees(one_element_for_all, LABELS, normal(4))
    assert_agrees(values_set_on_the_way, LABELS, normal(4))
    assert_agrees(number_left_behind, LABELS, normal(4))


def test_values_that_are_the_target():
    x = normal(6)
    assert_agrees(added_to_each_class, x, LABELS, x)
    assert_agrees(added_to_each_class, x, LABELS, x[2:])
