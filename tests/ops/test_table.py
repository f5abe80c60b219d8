"""Names find the operators that torch calls by them, and every elementwise one is there."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from deloop.ops.kinds import Accepts, Kind
from deloop.ops.lines import Line
from deloop.ops.making import CALLS_ON_ITEMS
from deloop.ops.table import (
    LINES,
    find_binary,
    find_function,
    find_in_place_function,
    find_in_place_method,
    find_method,
    find_operator,
    find_unary,
)
from tests.ops.calls import (
    operator_named,
    resolve,
)

SPELLED = [line for line in LINES if line not in CALLS_ON_ITEMS]


@pytest.mark.parametrize("line", SPELLED, ids=lambda line: str(line.operator))
def test_every_spelling_exists_in_torch(line: Line) -> None:
    assert line.spellings or line.in_place
    for spelling in (*line.spellings, *line.in_place):
        assert callable(resolve(spelling)) or spelling.endswith(("real", "imag")), spelling


def test_no_two_operators_share_a_name_or_a_spelling() -> None:
    names = [line.operator.name for line in LINES]
    spelled = [s for line in LINES for s in (*line.spellings, *line.in_place)]
    assert len(names) == len(set(names))
    assert len(spelled) == len(set(spelled))


def test_spellings_of_one_operator_find_the_same_object() -> None:
    sigmoid = find_function("torch.sigmoid")
    assert sigmoid is not None
    assert sigmoid is find_function("torch.special.expit")
    assert sigmoid is find_function("torch.nn.functional.sigmoid")
    assert sigmoid is find_method("sigmoid")
    assert sigmoid is find_in_place_method("sigmoid_")
    assert sigmoid is find_in_place_function("torch.sigmoid_")
    assert find_function("torch.relu") is find_function("torch.nn.functional.relu")
    assert find_function("builtins.abs") is find_method("absolute")


def test_canonical_names_find_their_operator() -> None:
    for line in LINES:
        assert find_operator(line.operator.name) is line.operator
    with pytest.raises(KeyError):
        find_operator("absolute")


def test_unknown_names_find_nothing() -> None:
    assert find_function("torch.softmax_of_my_own") is None
    assert find_function("sin") is None
    assert find_method("sin_") is None
    assert find_in_place_method("sin") is None
    assert find_binary("MatMult") is None
    assert find_unary("Await") is None


@pytest.mark.parametrize(
    "name",
    [
        "torch.softmax",
        "torch.nn.functional.softmax",
        "torch.nn.functional.normalize",
        "torch.nn.functional.glu",
        "torch.nn.functional.prelu",
        "torch.cumsum",
        "torch.sum",
        "torch.sort",
        "torch.logsumexp",
    ],
)
def test_functions_that_look_at_neighbours_are_not_elementwise(name: str) -> None:
    found = find_function(name)
    assert callable(resolve(name))
    assert found is None or not found.kind.is_elementwise


@pytest.mark.parametrize(
    "name", ["torch.bernoulli", "torch.nn.functional.dropout", "torch.nn.functional.rrelu"]
)
def test_random_functions_are_impure(name: str) -> None:
    found = find_function(name)
    assert found is not None
    assert found.kind is Kind.RANDOM
    assert not found.is_pure


PYTHON_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mult": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
    "FloorDiv": lambda a, b: a // b,
    "Mod": lambda a, b: a % b,
    "Pow": lambda a, b: a**b,
    "BitAnd": lambda a, b: a & b,
    "BitOr": lambda a, b: a | b,
    "BitXor": lambda a, b: a ^ b,
    "LShift": lambda a, b: a << b,
    "RShift": lambda a, b: a >> b,
    "Eq": lambda a, b: a == b,
    "NotEq": lambda a, b: a != b,
    "Lt": lambda a, b: a < b,
    "LtE": lambda a, b: a <= b,
    "Gt": lambda a, b: a > b,
    "GtE": lambda a, b: a >= b,
}


@pytest.mark.parametrize("name", PYTHON_OPERATORS)
def test_python_operator_computes_what_its_torch_function_computes(name: str) -> None:
    operator = find_binary(name)
    assert operator is not None
    function = resolve("torch." + operator.name)
    for a, b in (([-7, 5, 0, 9], [2, -3, 4, 9]), ([1, 5, 2, 9], [2, 3, 4, 1])):
        x, y = torch.tensor(a), torch.tensor(b)
        assert torch.equal(PYTHON_OPERATORS[name](x, y), function(x, y))
        assert torch.equal(PYTHON_OPERATORS[name](x, 2), function(x, 2))
        expected = function(torch.full_like(y, 3), y)
        assert torch.equal(PYTHON_OPERATORS[name](3, y), expected)


def test_python_unary_operators_compute_what_their_torch_functions_compute() -> None:
    x = torch.tensor([3, -2, 0])
    for name, result in (("USub", -x), ("UAdd", +x), ("Invert", ~x)):
        operator = find_unary(name)
        assert operator is not None
        assert torch.equal(resolve("torch." + operator.name)(x), result)
    negation = find_unary("Not")
    assert negation is not None
    assert [not v for v in x] == resolve("torch." + negation.name)(x).tolist()


NOT_OPERATORS = {
    "alias_copy", "detach_copy", "asarray", "as_tensor", "from_dlpack", "tensor", "msort",
    "dequantize", "to_dense", "block_diag", "t_copy", "squeeze_copy", "sym_sum",
    "new", "new_tensor", "module_load", "expand_as", "reshape_as", "view_as", "poisson",
    "complex", "polar", "kl_div", "binary_cross_entropy_with_logits", "hinge_embedding_loss",
    "chalf", "rrelu", "fill", "slice_inverse",
}  # fmt: skip
"""Not functions of elements, or of no dtype that the compiler reads, or losses (with a reduction
by default)."""


def is_by_element(function: Any, arity: int) -> bool:
    """Whether a call on a matrix gives, element for element, what calls on its elements give."""
    operands = [torch.tensor([[0.3, 0.5], [0.1, 0.9]]) + 0.05 * i for i in range(arity)]
    try:
        torch.manual_seed(0)
        whole = function(*operands)
        if not isinstance(whole, Tensor) or whole.shape != operands[0].shape:
            return False
        if torch.equal(whole, torch.full_like(whole, whole.flatten()[0].item())):
            return False
        for i, j in itertools.product(range(2), repeat=2):
            single = function(*(o[i, j].clone() for o in operands))
            torch.testing.assert_close(single, whole[i, j], equal_nan=True)
    except Exception:
        return False
    return True


def candidates() -> Iterator[str]:
    skipped = (
        "set_",
        "seed",
        "compile",
        "load",
        "save",
        "_",
        "from_file",
        "cuda",
        "xpu",
        "import_",
    )
    for space in ("torch", "torch.special", "torch.nn.functional", "torch.Tensor"):
        for name in dir(resolve(space) if space != "torch" else torch):
            if name.startswith(skipped) or name.endswith("_") or name in NOT_OPERATORS:
                continue
            found = getattr(resolve(space) if space != "torch" else torch, name, None)
            if callable(found) and not isinstance(found, type):
                yield f"{space}.{name}"


def test_every_elementwise_function_of_torch_is_in_the_table() -> None:
    missing = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in candidates():
            for arity in (1, 2):
                if find_function(name) is None and is_by_element(resolve(name), arity):
                    missing.append(name)
    assert missing == ["torch.special.round"], missing  # refuses integers, as torch.round does not


def test_the_table_is_read_without_torch() -> None:
    code = "import sys, deloop.ops.table; sys.exit('torch' in sys.modules)"
    path = os.pathsep.join(filter(None, sys.path))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], check=False, env=environment)
    assert done.returncode == 0


def test_tensor_only_and_number_only_are_positions() -> None:
    assert operator_named("torch.maximum").tensor_only == (0, 1)
    assert operator_named("torch.sin").tensor_only == (0,)
    assert operator_named("torch.add").tensor_only == ()
    assert operator_named("torch.nn.functional.leaky_relu").number_only == (1,)
    parameter = operator_named("torch.nn.functional.relu").parameter("inplace")
    assert parameter is not None
    assert parameter.accepts is Accepts.FALSE
