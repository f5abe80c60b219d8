"""How the tests call an operator of the table: operands of any dtype and rank, real torch."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from deloop.dtype import DTYPES, NUMBER_DTYPES, Rank
from deloop.ops.kinds import Accepts, Operator, Parameter
from deloop.ops.lines import Line
from deloop.ops.table import LINES, find_function

NUMBERS: dict[str, Any] = {"bool": True, "int64": 2, "float64": 1.5, "complex128": 1.5 + 1j}
REQUIRED: dict[str, Any] = {"threshold": 1, "value": 1, "n": 1, "dtype": torch.float32}
"""What stands for the parameters that are required and take no element."""

Operand = tuple[str, Rank]
TENSORS: list[Operand] = [(d, r) for d in DTYPES for r in (Rank.SCALAR, Rank.TENSOR)]
ALL: list[Operand] = TENSORS + [(d, Rank.NUMBER) for d in NUMBER_DTYPES]

ELEMENTWISE: list[Line] = [line for line in LINES if line.operator.kind.is_elementwise]


def resolve(qualified: str) -> Callable[..., Any]:
    """The object that a qualified name stands for: ``"torch.special.expit"``."""
    found: Any = torch
    for part in qualified.split(".")[1:]:
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def operand(dtype: str, rank: Rank) -> Any:
    """A value of that dtype and rank whose elements divide nothing by zero."""
    if rank is Rank.NUMBER:
        return NUMBERS[dtype]
    values = torch.tensor([1, 2, 1]).to(getattr(torch, dtype))
    return values if rank is Rank.TENSOR else values[0].clone()


def call(
    function: Callable[..., Any], operator: Operator, given: Sequence[Parameter], values: Any
) -> Any:
    """The function on `values` for the parameters `given`; constants for others required."""
    by_name = dict(zip((p.name for p in given), values, strict=True))
    positional, keywords = [], {}
    for parameter in operator.parameters:
        if parameter.required:
            positional.append(by_name.get(parameter.name, REQUIRED.get(parameter.name)))
        elif parameter.name in by_name:
            keywords[parameter.name] = by_name[parameter.name]
    return function(*positional, **keywords)


def operand_parameters(operator: Operator) -> list[Parameter]:
    """The parameters that take elements, in order."""
    return [p for p in operator.parameters if p.accepts.is_operand]


def choices(
    operator: Operator, given: Sequence[Parameter], method: bool
) -> Iterator[list[Operand]]:
    """Every combination of operands for one or two parameters, 1,500 random ones for three."""
    pools = [ALL if p.accepts is Accepts.EITHER else TENSORS for p in given]
    if method:
        pools[0] = TENSORS
    generator = random.Random(20)
    drawn = ([generator.choice(pool) for pool in pools] for _ in range(1500))
    for chosen in drawn if len(given) > 2 else map(list, itertools.product(*pools)):
        for position in operator.masks:
            chosen[position] = ("bool", chosen[position][1])
        if operator.name == "where" or any(rank is not Rank.NUMBER for _, rank in chosen):
            yield chosen


def operator_named(qualified: str) -> Operator:
    found = find_function(qualified)
    assert found is not None
    return found


def fitting(operator: Operator, values: Sequence[Tensor]) -> list[Tensor]:
    """The same values where the operator takes them: masks are bool, shifts and degrees small."""
    chosen = list(values)
    for position in operator.masks:
        chosen[position] = chosen[position] > 0
    if chosen[-1].dtype is torch.bool:
        return chosen
    if "shift" in operator.name:
        chosen[1] = chosen[1].abs() % 8
    if "polynomial" in operator.name:
        chosen[1] = torch.nan_to_num(chosen[1], 0.0, 0.0, 0.0).abs() % 8
    return chosen


def sample(dtype: torch.dtype, count: int, seed: int) -> Tensor:
    """Random values over six orders of magnitude, or small positive integers."""
    generator = torch.Generator().manual_seed(seed)
    if not dtype.is_floating_point:
        return torch.randint(
            1, 2 if dtype is torch.bool else 100, (count,), generator=generator
        ).to(dtype)
    size = 10 ** (torch.rand(count, generator=generator, dtype=torch.float64) * 6 - 3)
    return (torch.randn(count, generator=generator, dtype=torch.float64) * size).to(dtype)


def skip_unsupported(function: Any, operator: Operator, values: Sequence[Tensor]) -> bool:
    try:
        call(function, operator, operand_parameters(operator), values)
    except (RuntimeError, NotImplementedError, TypeError):
        return True
    return False


by_line = pytest.mark.parametrize("line", ELEMENTWISE, ids=lambda line: str(line.operator))
with_spelling = pytest.mark.parametrize(
    "line", [line for line in ELEMENTWISE if line.spellings], ids=lambda line: str(line.operator)
)
