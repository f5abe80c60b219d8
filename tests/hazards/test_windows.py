"""Windows, blocks and margins: what is beside a tensor, what overlaps, and whose memory it is."""

# mypy: allow-untyped-defs, allow-untyped-calls, no-check-untyped-defs

from __future__ import annotations

import pytest
import torch

from .side_by_side import BITWISE, assert_agrees, assert_serves, assert_vectorized, normal

INF, NAN = float("inf"), float("nan")


def blurred(x, w):
    n, r = len(x), len(w) // 2
    out = torch.zeros(n)
    for i in range(n):
        for k in range(len(w)):
            if 0 <= i + k - r < n:
                out[i] += x[i + k - r] * w[k]
    return out


@pytest.mark.parametrize("bad", [INF, -INF, NAN])
def test_an_infinite_weight_beside_the_tensor_counts_as_nothing(bad: float) -> None:
    w = torch.tensor([bad, 1.0, 2.0])
    assert_agrees(blurred, normal(5), w)


@pytest.mark.parametrize("bad", [INF, NAN])
def test_what_is_no_number_in_the_tensor_stays_where_it_is(bad: float) -> None:
    x = torch.tensor([1.0, bad, 3.0, 4.0, 5.0])
    assert_vectorized(blurred, x, normal(3))


@pytest.mark.parametrize("n", [0, 1, 2, 3])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_a_kernel_may_be_longer_than_its_signal(n: int, k: int) -> None:
    assert_agrees(blurred, normal(n), normal(k))


def test_a_padded_kernel_has_the_gradients_of_the_loop() -> None:
    x, w = normal(6).requires_grad_(), normal(3).requires_grad_()
    assert_vectorized(blurred, x, w, second=True)


def test_a_padded_convolution_serves_kernels_of_all_lengths() -> None:
    assert_serves(blurred, (normal(6), normal(3)), (normal(6), normal(4)), (normal(2), normal(5)))


def blurred_in_place(x, w):
    for i in range(len(x)):
        s = 0.0
        for k in range(3):
            if 0 <= i + k - 1 < len(x):
                s += x[i + k - 1] * w[k]
        x[i] = s
    return x


def test_windows_of_what_the_loop_writes_are_not_padded() -> None:
    assert_agrees(blurred_in_place, normal(5), normal(3))


def pooled_by_max(x, k, s):
    h, w = (x.shape[0] - k) // s + 1, (x.shape[1] - k) // s + 1
    out = torch.zeros(h, w)
    for i in range(h):
        for j in range(w):
            out[i, j] = x[i * s : i * s + k, j * s : j * s + k].max()
    return out


def test_equal_elements_of_a_pool_share_its_gradient() -> None:
    x = torch.zeros(4, 4, requires_grad=True)
    report = assert_vectorized(pooled_by_max, x, 2, 2)
    assert "max_pool2d" not in report.source


def test_a_pool_without_gradients_sees_nan() -> None:
    x = normal(5, 6)
    x[2, 3] = NAN
    report = assert_vectorized(pooled_by_max, x, 2, 1)
    assert "max_pool2d" in report.source


def test_a_pool_of_integers_stays_one_of_integers() -> None:
    def pooled(x, k):
        out = torch.zeros(x.shape[0] // k, x.shape[1] // k, dtype=torch.int64)
        for i in range(x.shape[0] // k):
            for j in range(x.shape[1] // k):
                out[i, j] = x[i * k : (i + 1) * k, j * k : (j + 1) * k].max()
        return out

    assert_vectorized(pooled, torch.arange(24).reshape(4, 6) % 7, 2)


def flat_store(out, x):
    h, w = x.shape
    for i in range(h):
        for j in range(w):
            out[i * w + j] = x[i, j]
    return out


@pytest.mark.parametrize("size", [12, 15])
def test_a_flat_store_fills_all_or_a_part_in_place(size: int) -> None:
    assert_vectorized(flat_store, normal(size), normal(3, 4))


def test_a_flat_store_beyond_the_target_raises() -> None:
    assert_agrees(flat_store, normal(11), normal(3, 4))


def test_a_flat_store_into_every_other_element_of_a_tensor() -> None:
    assert_vectorized(flat_store, normal(24)[::2], normal(3, 4))


def rows_of_blocks(x, k):
    out = torch.zeros(len(x) // k, k)
    for i in range(len(x) // k):
        out[i] = x[i * k : (i + 1) * k].reshape(1, k).flatten()
    return out


def test_patches_are_memory_of_their_own() -> None:
    def patches(x, k):
        found = []
        for i in range(x.shape[1] - k + 1):
            found.append(x[:, i : i + k].reshape(-1))
        return torch.stack(found)

    for k in (1, 2, 4):
        assert_vectorized(patches, normal(1, 4), k, exactness=BITWISE)
    assert_vectorized(rows_of_blocks, normal(6), 2)


def flattened_then_overwritten(x):
    out = torch.zeros(x.shape[0] - 1, 2 * x.shape[1])
    for i in range(x.shape[0] - 1):
        both = x[i : i + 2].reshape(-1)
        x[i] = 0.0
        out[i] = both
    return out


def test_a_window_that_is_flattened_may_be_written_through() -> None:
    assert_agrees(flattened_then_overwritten, normal(4, 3))


def flattened_then_added_to(x):
    out = torch.zeros(x.shape[0] - 1, 2 * x.shape[1])
    for i in range(x.shape[0] - 1):
        both = x[i : i + 2].reshape(-1)
        both += 1
        out[i] = both
    return out


def test_what_is_added_to_a_flattened_window_may_go_through_it() -> None:
    assert_agrees(flattened_then_added_to, normal(4, 3))


def least_of_what_is_there(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[max(0, i - 2) : i + 1].min()
    return out


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_a_margin_of_integers_holds_no_number_that_is_too_large(dtype: torch.dtype) -> None:
    assert_vectorized(least_of_what_is_there, torch.tensor([5, 3, 8, 8, 9, 2]).to(dtype))


def overlapping(out, frames, hop):
    for i in range(frames.shape[0]):
        out[i * hop : i * hop + frames.shape[1]] += frames[i]
    return out


@pytest.mark.parametrize("hop", [1, 2, 3, 4])
def test_frames_that_overlap_are_added_in_order(hop: int) -> None:
    assert_vectorized(overlapping, normal(20), normal(5, 3), hop)


def test_frames_of_other_dtypes_are_added_as_the_loop_adds_them() -> None:
    assert_agrees(overlapping, normal(20), normal(5, 3).double(), 2)
    assert_agrees(overlapping, torch.zeros(20, dtype=torch.int64), torch.ones(5, 3).long(), 2)
    assert_agrees(overlapping, torch.zeros(20, dtype=torch.int64), normal(5, 3), 2)


def test_the_last_frame_beyond_the_end_raises() -> None:
    assert_agrees(overlapping, normal(9), normal(5, 3), 2)


def test_frames_have_the_gradients_of_the_loop() -> None:
    frames = normal(5, 4).requires_grad_()
    assert_agrees(lambda f: overlapping(torch.zeros(12), f, 2), frames)

    def added(frames, hop):
        out = torch.zeros(12)
        for i in range(frames.shape[0]):
            out[i * hop : i * hop + 4] += frames[i] ** 2
        return out

    assert_vectorized(added, frames, 2, second=True)


def cut_mean(x, r):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[max(0, i - r) : i + r + 1].mean()
    return out


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("r", [0, 1, 4])
def test_windows_cut_at_both_ends_count_what_is_there(n: int, r: int) -> None:
    assert_agrees(cut_mean, normal(n), r)


def test_windows_cut_at_the_ends_serve_all_widths() -> None:
    assert_serves(cut_mean, *((normal(6), r) for r in (2, 0, 7, 1)))


def test_a_window_without_elements_raises_or_is_no_number_as_in_the_loop() -> None:
    def before(x, w):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[max(0, i - w) : i].sum()
        return out

    def greatest_before(x, w):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[max(0, i - w) : i].max()
        return out

    assert_agrees(before, normal(5), 2)
    assert_agrees(greatest_before, normal(5), 2)


def test_a_bound_below_zero_counts_from_the_end() -> None:
    def late(x, w):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[max(0, i - w - 2) : i - 1].sum()
        return out

    assert_agrees(late, normal(6), 2)


def every_second(x, start):
    out = torch.zeros(start, len(x) // start)
    for i in range(start):
        out[i] = x[i::start]
    return out


@pytest.mark.parametrize("n", [0, 4, 6, 7])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_slices_with_a_step_are_of_one_length_or_raise(n: int, step: int) -> None:
    assert_agrees(every_second, normal(n), step)


def stored_by_step(out, x):
    for i in range(2):
        out[i::2] = x[i]
    return out


def test_stores_by_a_step_stay_in_place() -> None:
    assert_vectorized(stored_by_step, normal(6), normal(2, 3))
    assert_agrees(stored_by_step, normal(7), normal(2, 3))


def test_each_element_repeated_is_new_memory() -> None:
    def repeated(x, s):
        out = torch.zeros(s * len(x))
        for i in range(s * len(x)):
            out[i] = x[i // s]
        return out

    for s in (1, 2, 3):
        assert_vectorized(repeated, normal(4), s)


def test_a_repeat_cut_short_is_looked_up() -> None:
    def cut(x, n):
        out = torch.zeros(n)
        for i in range(n):
            out[i] = x[i // 2]
        return out

    for n in (0, 1, 5, 7, 8):
        assert_agrees(cut, normal(4), n)
    assert_agrees(cut, normal(4), 9)


def test_a_median_with_a_gradient_keeps_its_share() -> None:
    def medians(x, k):
        out = torch.zeros(x.shape[0] - k + 1, x.shape[1] - k + 1)
        for i in range(x.shape[0] - k + 1):
            for j in range(x.shape[1] - k + 1):
                out[i, j] = x[i : i + k, j : j + k].median()
        return out

    assert_vectorized(medians, normal(4, 5), 2)
    assert_agrees(medians, torch.ones(4, 5, requires_grad=True), 2)


def test_a_divisor_that_may_be_zero_still_raises() -> None:
    def counted(x, s):
        n = (len(x) - 2) // s + 1
        out = torch.zeros(n)
        for i in range(n):
            out[i] = x[i * s : i * s + 2].sum()
        return out

    assert_vectorized(counted, normal(7), 2)
    assert_agrees(counted, normal(7), 0)
