"""Every dtype and device: results keep the loop's, and are made where the data lives."""

from __future__ import annotations

import pytest
import torch

from .side_by_side import assert_agrees, assert_vectorized, integers, normal

DTYPES = (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16,
    torch.bfloat16, torch.float32, torch.float64, torch.complex64, torch.complex128,
)
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).split(".")[1])


def tensor_of(dtype: torch.dtype, *shape: int, seed: int = 0) -> torch.Tensor:
    if dtype.is_complex:
        return torch.complex(normal(*shape, seed=seed), normal(*shape, seed=seed + 1)).to(dtype)
    if dtype.is_floating_point:
        return normal(*shape, seed=seed, dtype=dtype)
    if dtype == torch.bool:
        return integers(*shape, seed=seed) > 0
    return integers(*shape, seed=seed, dtype=dtype)


def slow_addition(tensor1, tensor2):
    result = torch.zeros_like(tensor1)
    for i in range(tensor1.shape[0]):
        for j in range(tensor1.shape[1]):
            result[i, j] = tensor1[i, j] + tensor2[i, j]
    return result


def slow_conditional(tensor, threshold):
    result = torch.zeros_like(tensor)
    for i in range(tensor.shape[0]):
        for j in range(tensor.shape[1]):
            if tensor[i, j] > threshold:
                result[i, j] = tensor[i, j] * 2
            else:
                result[i, j] = tensor[i, j] / 2
    return result


def slow_function_application(tensor, func):
    result = torch.zeros_like(tensor)
    for i in range(tensor.numel()):
        idx = torch.unravel_index(torch.tensor(i), tensor.shape)
        result[idx] = func(tensor[idx])
    return result


def double(x):
    return x * 2.0 + 1.0


def into_default_dtype(x):
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


def into_full(x):
    out = torch.full((len(x),), 0)
    for i in range(len(x)):
        out[i] = x[i] * 2
    return out


def into_ones_of_a_dtype(x):
    out = torch.ones(len(x), dtype=torch.float64, device=x.device)
    for i in range(len(x)):
        out[i] = x[i] * 2 + out[i]
    return out


def into_new_tensors(x):
    out = x.new_zeros(len(x), dtype=torch.float64)
    other = x.new_empty((len(x),))
    for i in range(len(x)):
        out[i] = x[i] + 1
        other[i] = x[i]
    return out, other


def comparison(x, y):
    out = torch.zeros(len(x), dtype=torch.bool, device=x.device)
    for i in range(len(x)):
        out[i] = x[i] >= y[i]
    return out


def equality(x, y):
    out = torch.zeros(len(x), dtype=torch.bool)
    for i in range(len(x)):
        out[i] = x[i] == y[i]
    return out


def bitwise(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = (x[i] & y[i]) | (x[i] ^ y[i])
    return out


def chosen_number(x):
    out = torch.zeros(len(x), dtype=torch.int64)
    for i in range(len(x)):
        if x[i]:
            out[i] = 1
        else:
            out[i] = -1
    return out


def arithmetic(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * y[i] - x[i] * 3 + 1
    return out


def mixed_precision(x, y):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * y[i] + x[i] / 3
    return out


def iterator_times_element(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = x[i] * i + i / 2
    return out


def iterator_stored(x):
    out = torch.zeros_like(x)
    for i in range(len(x)):
        out[i] = i
    return out


@dtypes
def test_addition_of_every_dtype(dtype) -> None:
    for shape in ((3, 4), (1, 1), (0, 2)):
        assert_agrees(slow_addition, tensor_of(dtype, *shape), tensor_of(dtype, *shape, seed=2))
    assert_vectorized(slow_addition, tensor_of(dtype, 3, 4), tensor_of(dtype, 3, 4, seed=2))


@dtypes
def test_condition_of_every_dtype(dtype) -> None:
    assert_agrees(slow_conditional, tensor_of(dtype, 3, 4), 1)
    assert_agrees(slow_conditional, tensor_of(dtype, 3, 4), 0.5)


@dtypes
def test_function_application_of_every_dtype(dtype) -> None:
    assert_agrees(slow_function_application, tensor_of(dtype, 3, 4), double)
    assert_agrees(slow_function_application, tensor_of(dtype, 3, 4), double, inline=True)
    assert_agrees(slow_function_application, tensor_of(dtype, 3, 4), torch.sqrt)


@dtypes
def test_results_made_in_every_way(dtype) -> None:
    for loop in (into_default_dtype, into_full, into_ones_of_a_dtype, into_new_tensors):
        assert_agrees(loop, tensor_of(dtype, 5))
        assert_agrees(loop, tensor_of(dtype, 0))


@dtypes
def test_comparisons_of_every_dtype(dtype) -> None:
    x, y = tensor_of(dtype, 6), tensor_of(dtype, 6, seed=2)
    assert_agrees(comparison, x, y)
    assert_agrees(equality, x, y)
    assert_agrees(equality, x, x)
    assert_agrees(chosen_number, x)


@dtypes
def test_arithmetic_of_every_dtype(dtype) -> None:
    x, y = tensor_of(dtype, 6), tensor_of(dtype, 6, seed=2)
    assert_agrees(arithmetic, x, y)
    assert_agrees(mixed_precision, x, y)
    assert_agrees(bitwise, x, y)


@dtypes
def test_iterator_as_a_value_of_every_dtype(dtype) -> None:
    assert_agrees(iterator_times_element, tensor_of(dtype, 6))
    assert_agrees(iterator_stored, tensor_of(dtype, 6))
    # More iterations than an int8 or a float16's mantissa can count.
    assert_agrees(iterator_stored, tensor_of(dtype, 300))


def test_iterator_beyond_what_half_precision_can_count() -> None:
    assert_agrees(iterator_times_element, tensor_of(torch.float16, 2100))
    assert_agrees(iterator_times_element, tensor_of(torch.bfloat16, 300))


@dtypes
@pytest.mark.parametrize("other", DTYPES, ids=lambda dtype: str(dtype).split(".")[1])
def test_two_dtypes_meet(dtype, other) -> None:
    assert_agrees(mixed_precision, tensor_of(dtype, 5), tensor_of(other, 5, seed=2))


def test_default_dtype_at_the_call_counts() -> None:
    import deloop

    rewrite = deloop.vectorize(into_default_dtype)
    x = normal(3)
    assert rewrite(x).dtype == torch.float32
    torch.set_default_dtype(torch.float64)
    try:
        assert rewrite(x).dtype == into_default_dtype(x).dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert rewrite(x).dtype == torch.float32


def test_low_precision_gradients() -> None:
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        x, y = (tensor_of(dtype, 5, seed=k).requires_grad_() for k in (0, 1))
        assert_agrees(arithmetic, x, y, second=True)


def test_mixed_dtypes_have_gradients_of_their_own_dtype() -> None:
    x = tensor_of(torch.float64, 5).requires_grad_()
    y = tensor_of(torch.float32, 5, seed=1).requires_grad_()
    assert_vectorized(arithmetic, x, y, second=True)
    assert_vectorized(arithmetic, y, x, second=True)


def test_meta_device_runs_as_the_loop() -> None:
    def loop(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out

    import deloop

    result = deloop.vectorize(loop)(torch.empty(4, device="meta"))
    assert result.device.type == "meta"
    assert result.shape == (4,)


def squares(n, device):
    out = torch.zeros(n, device=device)
    for i in range(n):
        out[i] = i * i
    return out


def squares_of_another_name(n, device):
    out = torch.zeros(n, device=device)
    device = 3
    for i in range(n):
        out[i] = i * device
    return out


@pytest.mark.parametrize("loop", [squares, squares_of_another_name])
@pytest.mark.parametrize("device", ["meta", torch.device("meta"), "cpu"])
def test_device_is_told_by_what_is_left_of_the_loop(loop, device) -> None:
    import deloop

    vectorized = deloop.vectorize(loop)
    result = vectorized(4, device)
    assert vectorized.explain(4, device).status == "vectorized"
    assert result.device.type == torch.device(device).type
    assert (result.shape, result.dtype) == ((4,), torch.float32)


def test_subclasses_of_tensor_run_as_the_loop() -> None:
    class Tagged(torch.Tensor):
        pass

    import deloop

    def loop(x):
        out = torch.zeros_like(x)
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out

    x = normal(4).as_subclass(Tagged)
    assert type(deloop.vectorize(loop)(x)) is type(loop(x))
    parameter = torch.nn.Parameter(normal(4))
    assert type(deloop.vectorize(loop)(parameter)) is type(loop(parameter))


def test_sparse_tensor_does_what_the_loop_does() -> None:
    def loop(x):
        out = torch.zeros(x.shape[0])
        for i in range(x.shape[0]):
            out[i] = x[i] * 2
        return out

    assert_agrees(loop, normal(4).to_sparse())


def test_lists_and_arrays_do_what_the_loop_does() -> None:
    import numpy as np

    def loop(x):
        out = torch.zeros(len(x))
        for i in range(len(x)):
            out[i] = x[i] * 2
        return out

    assert_agrees(loop, [1.0, 2.0, 3.0])
    assert_agrees(loop, (1, 2))
    assert_agrees(loop, np.arange(4.0))
    assert_agrees(loop, [])
