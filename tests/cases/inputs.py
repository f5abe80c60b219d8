"""Argument makers: fresh tensors of ordinary, degenerate and awkward sizes.

The first tuple of each is the ordinary one, for which the rewritten source is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

Arguments = tuple[Any, ...]
InputMaker = Callable[[], list[Arguments]]

VECTOR_SHAPES = ((7,), (2,), (1,), (0,), (3,))
MATRIX_SHAPES = ((5, 7), (3, 3), (1, 1), (1, 4), (4, 1), (0, 3), (3, 0))
CUBE_SHAPES = ((2, 3, 4), (1, 1, 1), (3, 1, 2), (0, 2, 2), (2, 0, 3))
HYPERCUBE_SHAPES = ((2, 3, 2, 4), (1, 1, 1, 1), (2, 1, 3, 1), (2, 0, 3, 1))
ANY_SHAPES = ((3, 4, 2), (5, 7), (6,), (1, 1), (0, 3), ())


def random_tensor(
    shape: Sequence[int], seed: int, dtype: torch.dtype = torch.float32, grad: bool = False
) -> torch.Tensor:
    """Values of both signs about 0; small integers for integer dtypes."""
    generator = torch.Generator().manual_seed(seed)
    if dtype.is_floating_point:
        values = torch.randn(tuple(shape), generator=generator, dtype=torch.float64).to(dtype)
        return values.requires_grad_(grad)
    return torch.randint(-9, 10, tuple(shape), generator=generator).to(dtype)


def tensors(
    shapes: Sequence[Sequence[int]],
    count: int = 1,
    *others: Any,
    dtypes: Sequence[torch.dtype] = (torch.float32,),
    grad: bool = True,
) -> InputMaker:
    """`count` tensors of each shape, then `others`; at the end once more with gradients."""

    def make() -> list[Arguments]:
        made: list[Arguments] = []
        for number, shape in enumerate(shapes):
            for dtype in dtypes:
                own = tuple(random_tensor(shape, 10 * number + k, dtype) for k in range(count))
                made.append((*own, *others))
        if grad:
            own = tuple(random_tensor(shapes[0], 90 + k, grad=True) for k in range(count))
            made.append((*own, *others))
        return made

    return make


def vectors(count: int = 1, *others: Any, **options: Any) -> InputMaker:
    """1-d tensors of equal length."""
    return tensors(VECTOR_SHAPES, count, *others, **options)


def matrices(count: int = 1, *others: Any, **options: Any) -> InputMaker:
    """2-d tensors of equal shape."""
    return tensors(MATRIX_SHAPES, count, *others, **options)


def cubes(count: int = 1, *others: Any, **options: Any) -> InputMaker:
    """3-d tensors of equal shape."""
    return tensors(CUBE_SHAPES, count, *others, **options)


def hypercubes(count: int = 1, *others: Any, **options: Any) -> InputMaker:
    """4-d tensors of equal shape."""
    return tensors(HYPERCUBE_SHAPES, count, *others, **options)


def of_any_rank(count: int = 1, *others: Any, **options: Any) -> InputMaker:
    """Tensors of rank 0 to 3, the article's rank first."""
    return tensors(ANY_SHAPES, count, *others, **options)


def positive(maker: InputMaker) -> InputMaker:
    """The same arguments with the tensors' values made positive (for `log`, `sqrt`)."""

    def make() -> list[Arguments]:
        def above_zero(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            return (value.detach().abs() + 0.5).requires_grad_(value.requires_grad)

        return [tuple(above_zero(value) for value in arguments) for arguments in maker()]

    return make


def matrix_with_row_and_column() -> list[Arguments]:
    """A matrix, a vector for its columns' axis, a vector for its rows' axis."""
    made: list[Arguments] = []
    for number, (n, m) in enumerate(MATRIX_SHAPES):
        parts = ((n, m), (m,), (n,))
        made.append(tuple(random_tensor(shape, 30 * number + k) for k, shape in enumerate(parts)))
    shapes = ((5, 7), (7,), (5,))
    made.append(tuple(random_tensor(s, 77 + k, grad=True) for k, s in enumerate(shapes)))
    return made


def matrix_with_row() -> list[Arguments]:
    """A matrix and a vector for its columns' axis."""
    return [arguments[:2] for arguments in matrix_with_row_and_column()]


def matrix_with_column() -> list[Arguments]:
    """A matrix and a vector for its rows' axis."""
    return [(arguments[0], arguments[2]) for arguments in matrix_with_row_and_column()]


def two_vectors_of_own_length() -> list[Arguments]:
    """Two vectors, one for each axis of an outer result."""
    return [(arguments[2], arguments[1]) for arguments in matrix_with_row_and_column()]
