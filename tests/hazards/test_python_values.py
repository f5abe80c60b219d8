"""Lists that hold something before the loop, lists of rows, and values looked for among others."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import pytest
import torch

from .side_by_side import assert_agrees


def start_is_written_in_the_loop(x):
    out = [x[0]]
    for t in range(1, len(x)):
        out.append(x[t] + out[-1])
        x[0] = 100.0
    return torch.stack(out)


def last_item_changes_in_place(x):
    out = [x[0].clone()]
    for t in range(1, len(x)):
        out[-1] += 1
        out.append(x[t] * 2)
    return torch.stack(out)


def one_object_again_and_again(x):
    s = x[0].clone()
    out = [s]
    for t in range(1, len(x)):
        s += x[t]
        out.append(s)
    return torch.stack(out)


def last_object_changed_behind(x):
    s = x[0].clone()
    out = [s]
    for t in range(1, len(x)):
        s = s + x[t]
        out.append(s)
    s += 1
    return torch.stack(out)


def read_behind_the_append(x):
    out = [x[0]]
    y = x[0]
    for t in range(1, len(x)):
        out.append(x[t] * 2)
        y = out[-1] + y
    return torch.stack(out), y


def whole_start(x):
    out = [1]
    for t in range(len(x)):
        out.append(x[t].item())
    return torch.tensor(out)


def truth_to_start_with(x):
    out = [True]
    for t in range(len(x)):
        out.append(x[t].item() > 0.5)
    return torch.tensor(out)


def start_is_bound_anew(x):
    s = x[0]
    out = [s]
    s = s + 1
    n = len(x)
    for t in range(1, n):
        out.append(x[t] * 2)
    return torch.stack(out), s


def used_behind_its_block(x):
    out = [x[0]]
    y = x
    if len(x) > 1:
        out = [x[1]]
        for t in range(1, len(x)):
            out.append(x[t] * 2)
        y = torch.stack(out)
    return y, len(out)


@pytest.mark.parametrize("size", [1, 2, 30])
@pytest.mark.parametrize(
    "loop",
    [start_is_written_in_the_loop, last_item_changes_in_place, one_object_again_and_again,
     last_object_changed_behind, read_behind_the_append, whole_start, truth_to_start_with,
     start_is_bound_anew, used_behind_its_block],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_a_list_with_a_start_is_the_loops(loop, size) -> None:
    assert_agrees(loop, torch.rand(size))
    assert_agrees(loop, torch.rand(size, dtype=torch.float64))


@pytest.mark.parametrize("loop", [whole_start, truth_to_start_with], ids=lambda f: f.__name__)
def test_no_iteration_leaves_the_dtype_of_the_start(loop) -> None:
    assert_agrees(loop, torch.rand(0))
    assert_agrees(loop, torch.arange(0))


def moved_along(x):
    for i, v in enumerate(x.tolist()):
        if i + 1 < len(x):
            x[i + 1] = v + 1
    return x


def rows_written_meanwhile(edges):
    for u, v in edges.tolist():
        edges[v, 0] = u
    return edges


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.int64])
def test_a_list_keeps_what_the_tensor_held(dtype) -> None:
    assert_agrees(moved_along, torch.arange(6).to(dtype))
    assert_agrees(rows_written_meanwhile, torch.tensor([[1, 2], [0, 1], [2, 0]]))


def test_rows_of_another_length_raise_as_they_do() -> None:
    def along(edges, x):
        out = torch.zeros(len(x))
        for u, v in edges.tolist():
            out[u] += x[v]
        return out

    x = torch.rand(4)
    for edges in ([[0, 1], [2, 3]], [[0, 1, 2]], [[0], [1]], [[0, 9]], [[-1, 2]]):
        assert_agrees(along, torch.tensor(edges), x)
    assert_agrees(along, torch.zeros(0, 2, dtype=torch.int64), x)
    assert_agrees(along, torch.zeros(0, 3, dtype=torch.int64), x)


def among_numbers(x):
    return [v in (1, 2.5, math.nan) for v in x.tolist()]


def among_a_set(x):
    count = 0
    for i in range(len(x)):
        if x[i].item() in {0, 2.5}:
            count += 1
    return count


def tensor_among_a_set(x):
    count = 0
    for i in range(len(x)):
        if x[i] in {0, 2.5}:
            count += 1
    return count


def among_itself(x):
    count = 0
    for i in range(len(x)):
        v = x[i].item()
        if v in (v, 1):
            count += 1
    return count


def among_the_given(values):
    count = torch.zeros(len(values))
    for i in range(len(values)):
        count[i] = values[i] in values
    return count


def among_elements(x, kept):
    mask = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        mask[i] = x[i] not in kept
    return mask


def test_a_value_is_found_where_python_finds_it() -> None:
    special = torch.tensor([0.0, -0.0, 2.5, 1.0, math.nan, math.inf])
    for loop in (among_numbers, among_a_set, tensor_among_a_set, among_itself):
        assert_agrees(loop, special)
        assert_agrees(loop, torch.arange(4))
    assert_agrees(among_the_given, [1.0, math.nan, 2.0])
    for kept in (special[2:4], special, special[:0], torch.tensor(2.5), torch.arange(3)):
        assert_agrees(among_elements, special, kept)


def mixed_items(p, q):
    out = []
    for i in range(len(p)):
        out.append(torch.tensor([p[i], q[i], 2, True]))
    return torch.stack(out)


@pytest.mark.parametrize("first", [torch.float64, torch.float16, torch.int32, torch.uint8])
@pytest.mark.parametrize("second", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_a_tensor_of_items_has_the_dtype_that_holds_them(first, second) -> None:
    assert_agrees(mixed_items, torch.arange(5).to(first), torch.ones(5).to(second))


def sums_of_rows(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = sum(x[i])
    return out


def test_pythons_sum_of_a_row_is_the_rows() -> None:
    for x in (torch.rand(5, 3), torch.rand(5, 0), torch.rand(0, 3), torch.rand(5, 3).half(),
              torch.arange(6).view(2, 3), torch.rand(5, 3, requires_grad=True)):  # fmt: skip
        assert_agrees(sums_of_rows, x)


def counted_reads(x, y):
    parts = []
    for i in range(len(x)):
        parts.append(y[i].item())
    return len(parts)


def counted_rows(x, y):
    parts = []
    for i in range(len(x)):
        for j in range(i, 4):
            parts.append(torch.tanh(y[i][j]).item())
    return len(parts)


def test_what_is_only_counted_raises_as_it_does() -> None:
    x = torch.rand(3)
    for y in (torch.rand(2), torch.rand(3), torch.rand(5)):
        assert_agrees(counted_reads, x, y)
    for y in (torch.rand(3, 1), torch.rand(3, 4), torch.rand(1, 4)):
        assert_agrees(counted_rows, x, y)
