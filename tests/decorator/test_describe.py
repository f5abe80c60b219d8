"""What is seen of real arguments."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
import torch

from deloop.decorator.describe import Constants, Description, OutOfScope
from deloop.ir import types as ir
from deloop.ir.affine import Affine

SCALE = 3.0


def function(x: Any, y: Any) -> Any:
    return x


def describe(**arguments: object) -> Description:
    description = Description(Constants(), function)  # type: ignore[arg-type]
    description.describe_arguments(arguments)
    return description


def tensor_of(description: Description, name: str) -> ir.Tensor:
    value = description.values[name]
    assert isinstance(value, ir.Tensor)
    return value


def test_tensor_has_symbolic_sizes_and_hints() -> None:
    seen = describe(x=torch.zeros(3, 4, dtype=torch.int16))
    found = tensor_of(seen, "x")
    assert found.type.dtype == "int16"
    assert [str(size) for size in found.type.shape] == ["x.shape[0]", "x.shape[1]"]
    assert seen.hints == {"x.shape[0]": 3, "x.shape[1]": 4}


def test_grad_and_leafness_are_seen() -> None:
    leaf = torch.ones(2, requires_grad=True)
    seen = describe(x=leaf, y=leaf * 2)
    assert (tensor_of(seen, "x").type.requires_grad, tensor_of(seen, "x").type.leaf) == (True, True)
    assert (tensor_of(seen, "y").type.requires_grad, tensor_of(seen, "y").type.leaf) == (
        True,
        False,
    )


def test_same_tensor_object_has_the_first_ones_name() -> None:
    x = torch.ones(2)
    seen = describe(x=x, y=x)
    assert tensor_of(seen, "y").name == "x"
    assert "y is x" in seen.tests


def test_views_of_one_tensor_share_a_storage() -> None:
    x = torch.ones(4)
    seen = describe(x=x[:3], y=x[1:])
    assert tensor_of(seen, "y").storage == tensor_of(seen, "x").storage
    assert tensor_of(seen, "y").name == "y"
    assert tensor_of(describe(x=x, y=x.clone()), "y").storage == "y"


def test_numbers_are_symbols_and_typed_scalars() -> None:
    seen = describe(x=5, y=2.5)
    assert seen.values == {
        "x": ir.Integer(Affine.symbol("x")),
        "y": ir.Scalar("float64", "y"),
    }
    assert seen.hints == {"x": 5}
    assert describe(x=True).values["x"] == ir.Scalar("bool", "x")


def test_none_strings_dtypes_and_devices_are_literals() -> None:
    assert describe(x=None).values["x"] == ir.Literal(None)
    assert describe(x="trunc").values["x"] == ir.Literal("trunc")
    assert describe(x=torch.float32).values["x"] == ir.Literal("torch.float32")
    assert describe(x=torch.device("cpu")).values["x"] == ir.Literal("device:cpu")


def test_lists_are_described_item_by_item() -> None:
    seen = describe(x=[torch.ones(2), 3])
    value = seen.values["x"]
    assert isinstance(value, ir.Sequence)
    assert value.is_list
    assert seen.hints == {"x[0].shape[0]": 2, "x[1]": 3}
    assert "_deloop_len(x) == 2" in seen.tests


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (torch.sin, "torch.sin"),
        (torch.nn.functional.gelu, "torch.nn.functional.gelu"),
        (math.sin, "math.sin"),
        (abs, "builtins.abs"),
    ],
)
def test_library_functions_have_their_canonical_name(value: object, name: str) -> None:
    found = describe(x=value).values["x"]
    assert isinstance(found, ir.Function)
    assert found.qualified == name


def test_functions_come_with_their_source() -> None:
    found = describe(x=function, y=lambda v: v * SCALE)
    for value in found.values.values():
        assert isinstance(value, ir.Function)
        assert value.qualified is None
        assert value.source is not None


def test_two_lambdas_in_one_statement_are_told_apart() -> None:
    first, second = (lambda v: v * 2), (lambda v: v + 2)
    for value, text in ((first, "v * 2"), (second, "v + 2")):
        found: Any = describe(x=value).values["x"]
        assert ast.unparse(found.source.node.body) == text


def test_lambdas_that_cannot_be_told_apart_are_not_read() -> None:
    scale = 2.0
    first, second = (lambda v: v * scale), (lambda v: v + scale)
    for value in (first, second):
        found: Any = describe(x=value).values["x"]
        assert found.source is None


def test_globals_of_other_functions_are_values_and_tested() -> None:
    seen = describe(x=lambda v: v * SCALE)
    found: Any = seen.values["x"]
    assert found.source.resolve("SCALE") == ir.Literal(3.0)
    assert any("'SCALE'" in test for test in seen.tests)


def test_attributes_are_read_without_running_code() -> None:
    class Holder:
        """One attribute that can be read, one that runs code."""

        def __init__(self) -> None:
            self.weight = torch.ones(3)

        @property
        def computed(self) -> torch.Tensor:
            raise AssertionError("a property was run")

    found = describe(x=Holder()).values["x"]
    assert isinstance(found, ir.Object)
    weight = found.attribute("weight")
    assert isinstance(weight, ir.Tensor)
    assert weight.name == "x.weight"
    assert isinstance(found.attribute("computed"), ir.Opaque)
    assert isinstance(found.attribute("missing"), ir.Opaque)


def test_module_parameters_are_attributes() -> None:
    found = describe(x=torch.nn.Linear(2, 3)).values["x"]
    assert isinstance(found, ir.Object)
    weight = found.attribute("weight")
    assert isinstance(weight, ir.Tensor)
    assert weight.type.requires_grad


class Subclass(torch.Tensor):
    """A tensor with operators of its own."""


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (torch.ones(2).as_subclass(Subclass), "Subclass"),
        (torch.ones(2).to_sparse(), "sparse"),
        (torch.ones(2, device="meta"), "meta"),
        (torch.ones(2, dtype=torch.float8_e5m2), "float8"),
    ],
    ids=["subclass", "sparse", "meta", "float8"],
)
def test_other_kinds_of_tensors_are_out_of_scope(value: torch.Tensor, word: str) -> None:
    with pytest.raises(OutOfScope, match=word):
        describe(x=value)
