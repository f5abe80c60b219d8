"""What the code before a loop leaves in its names: views, versions, defaults, tested lists."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import math

import pytest
import torch

from tests.hazards.side_by_side import assert_agrees, assert_vectorized


def written_through_a_view(x):
    y = x.unsqueeze(0)
    for i in range(x.shape[0]):
        y[0, i, 0] = x[i, 1] * 2
    return x


def read_through_a_view(x):
    y = x.reshape(-1, 1)
    for i in range(x.shape[0]):
        x[i, 0] = y[i, 0] + 1
    return x, y


def changed_in_front(x):
    y = x.unsqueeze(0)
    x[0, 0] = 100.0
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = y[0, i, 0]
    return out


def added_to_in_place(x):
    y = x.view(-1)
    y += 1
    y = y * 2
    out = torch.zeros(len(y))
    for i in range(len(y)):
        out[i] = y[i] + x[0, 0]
    return out, x


def stretched_over_rows(x):
    y = x.mean(1, keepdim=True) + x[0]
    out = torch.zeros(y.shape)
    for i in range(y.shape[0]):
        for j in range(y.shape[1]):
            out[i, j] = y[i, j] * 2
    return out


@pytest.mark.parametrize(
    "loop",
    [written_through_a_view, read_through_a_view, changed_in_front, added_to_in_place,
     stretched_over_rows],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_a_view_made_in_front_is_the_same_memory(loop) -> None:
    assert_agrees(loop, torch.rand(4, 5))


def bound_twice(x):
    x = x.t()
    first = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        first[i] = x[i].sum()
    x = x.t()
    second = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        second[i] = x[i].sum()
    return first, second


def old_one_kept(x):
    old = x
    x = x.t()
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i].sum() + old[0, i]
    return out


def bound_on_one_path(x):
    if x.dim() == 1:
        x = x.unsqueeze(0)
    out = torch.zeros(x.shape[0])
    for i in range(x.shape[0]):
        out[i] = x[i].sum()
    return out, x


@pytest.mark.parametrize(
    "loop", [bound_twice, old_one_kept, bound_on_one_path], ids=lambda f: f.__name__
)
def test_versions_of_a_name_are_told_apart(loop) -> None:
    assert_agrees(loop, torch.rand(4, 5, requires_grad=True), status="vectorized")


@pytest.mark.parametrize("shape", [(5,), (2, 5), (0, 5)])
def test_a_test_that_one_call_decides_is_asked_again_at_the_next(shape) -> None:
    assert_agrees(bound_on_one_path, torch.rand(4, 5))
    assert_agrees(bound_on_one_path, torch.rand(shape))


def asked_but_not_left(x):
    rows = []
    for row in x:
        if row[0] > 0.5:
            rows.append(row)
    if len(rows) == 0:
        x = x * 1
    return torch.stack(rows)


def asked_and_left(x):
    rows = []
    for row in x:
        if row[0] > 0.5:
            rows.append(row * 2)
    if not rows:
        return None
    return torch.stack(rows)


def as_long_as_its_rows(x):
    rows = []
    for row in x:
        rows.append(row)
    if len(rows) > 4:
        return torch.stack(rows, dim=1)
    return x


@pytest.mark.parametrize(
    "loop", [asked_but_not_left, asked_and_left, as_long_as_its_rows], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("factor", [0.0, 1.0], ids=["none", "some"])
def test_a_list_of_nothing_raises_where_the_loop_does(loop, factor) -> None:
    x = torch.linspace(0, 1, 20).view(4, 5) * factor
    assert_agrees(loop, x)


def grown_under_a_condition(x):
    res = torch.empty(0, 5)
    for i in range(x.shape[0]):
        if x[i, 0] > 0.3:
            res = torch.cat([res, x[i].unsqueeze(0)], dim=0)
    return res


def grown_of_another_dtype(x):
    res = torch.tensor([])
    for i in range(x.shape[0]):
        res = torch.cat([res, x[i].sum().double().unsqueeze(0)])
    return res


def grown_that_does_not_fit(x):
    res = torch.empty(0, 6)
    for i in range(x.shape[0]):
        res = torch.cat([res, x[i].unsqueeze(0)])
    return res


@pytest.mark.parametrize(
    "loop", [grown_under_a_condition, grown_of_another_dtype, grown_that_does_not_fit],
    ids=lambda f: f.__name__,
)  # fmt: skip
@pytest.mark.parametrize("rows", [0, 1, 4])
def test_a_tensor_that_grows_has_the_loops_shape_and_dtype(loop, rows) -> None:
    assert_agrees(loop, torch.linspace(0, 1, 5 * rows).view(rows, 5))


def row_on_one_path(x):
    res = torch.zeros(1, 5)
    for i in range(x.shape[0]):
        if x[i, 0] > 0.3:
            res = x[i]
    return res


def test_paths_that_leave_rows_of_two_shapes() -> None:
    assert_agrees(row_on_one_path, torch.rand(4, 5))


def fewer_than_none(x):
    out = torch.zeros(len(x) - 1)
    for i in range(len(x) - 1):
        out[i] = x[i + 1] - x[i]
    return out


@pytest.mark.parametrize("size", [0, 1, 4])
def test_a_size_below_zero_raises(size) -> None:
    assert_agrees(fewer_than_none, torch.rand(size))


def greatest(x):
    return max(v for v in x if v > -1)


@pytest.mark.parametrize(
    "values", [[1.0, 3.0, 3.0], [float("nan"), 1.0], [1.0, float("nan"), 2.0], [-5.0], []]
)
@pytest.mark.parametrize("grad", [False, True])
def test_the_greatest_of_a_generator_is_the_loops_element(values, grad) -> None:
    assert_agrees(greatest, torch.tensor(values, requires_grad=grad))


def drawn_count(labels):
    n = torch.randint(3, 6, (1,)).item()
    out = torch.zeros(n)
    for label in labels:
        out[label] += 1
    return out.sum()


def test_a_guard_draws_no_random_numbers() -> None:
    assert_agrees(drawn_count, torch.tensor([0, 2, 1, 2]))


def along_pairs(pairs, x):
    out = torch.zeros_like(x)
    for s, d in pairs:
        out[d] += x[s]
    return out


@pytest.mark.parametrize(
    "pairs",
    [[(0, 1)] * 40, [(0, -1)] * 40, [(0, 7)] * 40, [], [(0, 1), (2.0, 1)], [(0, 1), (1, 2, 3)],
     [(2**70, 1)] * 40],
)  # fmt: skip
def test_pairs_index_as_the_loop_does(pairs) -> None:
    assert_agrees(along_pairs, pairs, torch.rand(3, 2))


def test_greatest_element_that_python_finds_is_the_element_itself() -> None:
    def divided(x):
        top = max(x)
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] / top
        return out

    def divided_in_place(x):
        top = max(x)
        for i in range(len(x)):
            x[i] = x[i] / top
        return x

    assert_vectorized(divided, torch.rand(5))
    assert_agrees(divided_in_place, torch.rand(5))


def root_of_what_it_lowers(x):
    y = x.abs()
    out = torch.zeros(len(x))
    for i in range(len(x)):
        y[i] = y[i] - 0.5
        out[i] = math.sqrt(y[i])
    return out, y


def root_of_what_it_lowered(x):
    y = x * 2
    out = torch.zeros(len(x))
    for i in range(1, len(x)):
        out[i] = math.sqrt(y[i - 1])
        y[i] = -1.0
    return out, y


def at_places_that_it_moves(x):
    y = x.long() - 1
    out = torch.zeros(len(x))
    for i in range(len(x)):
        y[i] = y[i] * 3
        out[i] = x[y[i]]
    return out


@pytest.mark.parametrize("low", [0.1, 2.1], ids=["raises", "returns"])
@pytest.mark.parametrize(
    "loop",
    [root_of_what_it_lowers, root_of_what_it_lowered, at_places_that_it_moves],
    ids=lambda f: f.__name__,
)
def test_a_guard_asks_nothing_of_a_tensor_that_the_loop_changes_first(loop, low) -> None:
    assert_agrees(loop, torch.tensor([low, low + 0.1, low + 0.2]))
