"""Results that are, or overlap, what the loop's are or overlap: nothing more and nothing less."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from deloop.verification.aliases import find_alias_differences
from deloop.verification.compare import DifferenceKind

Made = list[tuple[str, object]]


def with_result(make: Callable[[torch.Tensor], object]) -> Made:
    x = torch.arange(12.0).reshape(3, 4)
    return [("argument x", x), ("result", make(x))]


SHARED = torch.arange(3.0)

WAYS: dict[str, Callable[[torch.Tensor], object]] = {
    "fresh": lambda x: x.clone(),
    "same": lambda x: x,
    "view": lambda x: x.t(),
}


@pytest.mark.parametrize("loop", WAYS)
@pytest.mark.parametrize("rewrite", WAYS)
def test_fresh_same_and_view_are_three_answers(loop: str, rewrite: str) -> None:
    found = find_alias_differences(with_result(WAYS[loop]), with_result(WAYS[rewrite]))
    expected = [] if loop == rewrite else [DifferenceKind.ALIAS]
    assert [difference.kind for difference in found] == expected


def test_sentence_names_both_paths() -> None:
    (found,) = find_alias_differences(with_result(torch.clone), with_result(lambda x: x[0]))
    assert str(found) == (
        "result: shares memory with no other in the loop, "
        "shares memory with argument x in the rewrite"
    )


def test_rows_of_one_storage_that_do_not_overlap_are_as_good_as_fresh_ones() -> None:
    fresh = with_result(lambda x: [row.clone() for row in x])
    rows = with_result(lambda x: list((x * 1).unbind()))
    columns = with_result(lambda x: list((x * 1).t()[:3]))
    assert find_alias_differences(fresh, rows) == ()
    assert find_alias_differences(fresh, columns) == ()


def test_one_row_appended_many_times_is_not_many_rows() -> None:
    many = with_result(lambda x: [x[0].clone() for _ in range(3)])
    one = with_result(lambda x: [x[0].clone()] * 3)
    paths = [difference.path for difference in find_alias_differences(many, one)]
    assert paths == ["result[1]", "result[2]"]


def test_overlap_of_elements_of_two_sizes_is_seen() -> None:
    apart = with_result(lambda x: [x.clone(), x.clone().view(torch.int16)])

    def overlap(x: torch.Tensor) -> object:
        made = x.clone()
        return [made, made.view(torch.int16)[0, 2:4]]

    found = find_alias_differences(apart, with_result(overlap))
    assert [difference.path for difference in found] == ["result[1]"]


def test_empty_view_cannot_be_told_from_an_empty_tensor() -> None:
    view, fresh = with_result(lambda x: x[:0]), with_result(lambda x: torch.zeros(0, 4))
    assert find_alias_differences(view, fresh) == ()


def test_list_returned_is_the_argument_or_a_copy_of_it() -> None:
    given: list[float] = [1.0]
    same: Made = [("argument x", given), ("result", given)]
    copied: Made = [("argument x", given), ("result", list(given))]
    assert find_alias_differences(same, same) == ()
    assert len(find_alias_differences(same, copied)) == 1
    assert len(find_alias_differences(copied, same)) == 1


def test_expanded_result_overlaps_what_it_was_expanded_from() -> None:
    found = find_alias_differences(
        with_result(lambda x: x[:1].expand(5, 4)), with_result(lambda x: x[:1].repeat(5, 1))
    )
    assert [difference.kind for difference in found] == [DifferenceKind.ALIAS]
