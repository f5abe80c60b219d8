"""What a reproduction spells is what the arguments were."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from deloop.verification.aliases import find_alias_differences
from deloop.verification.compare import find_differences
from deloop.verification.spell import spell_call, spell_import


def some_function(x: Any) -> Any:
    return x


def run(lines: tuple[str, ...], expressions: tuple[str, ...]) -> tuple[Any, ...]:
    namespace: dict[str, Any] = {}
    exec("\n".join(lines), namespace)
    return tuple(eval(expression, namespace) for expression in expressions)


def check_round_trip(*args: Any) -> None:
    call = spell_call(torch.add, args, {}, [f"a{i}" for i in range(len(args))])
    again = run(call.lines, call.args)
    assert find_differences(args, again) == ()
    assert find_alias_differences([("x", args)], [("x", again)]) == ()


nan, inf = float("nan"), float("inf")
VALUES = {
    "floats": torch.tensor([[0.1, nan], [inf, -0.0]]),
    "double": torch.tensor([0.1, -inf], dtype=torch.float64),
    "half": torch.tensor([0.5, 65504.0], dtype=torch.float16),
    "bytes": torch.tensor([0, 255], dtype=torch.uint8),
    "bools": torch.tensor([True, False]),
    "complex": torch.tensor([complex(1, -0.0), complex(nan, 2)]),
    "one number": torch.tensor(3.0),
    "empty": torch.zeros(0, 3),
    "empty of integers": torch.zeros(2, 0, dtype=torch.int64),
    "transposed": torch.arange(6.0).reshape(2, 3).t(),
    "expanded": torch.arange(3.0)[:1].expand(3),
    "part": torch.arange(9.0)[2:7:2],
    "leaf": torch.ones(2).requires_grad_(),
    "strided leaf": torch.arange(4.0)[::2].requires_grad_(),
    "inner": torch.ones(2).requires_grad_().clone(),
    "parameter": torch.nn.Parameter(torch.ones(2)),
    "frozen parameter": torch.nn.Parameter(torch.ones(2), requires_grad=False),
}


@pytest.mark.parametrize("name", VALUES)
def test_tensor_comes_back_as_it_was(name: str) -> None:
    check_round_trip(VALUES[name])


def test_gradients_come_back() -> None:
    for name in ("leaf", "strided leaf", "inner", "parameter", "frozen parameter"):
        call = spell_call(torch.neg, (VALUES[name],), {}, ["x"])
        (again,) = run(call.lines, call.args)
        assert again.requires_grad == VALUES[name].requires_grad
        assert again.is_leaf == VALUES[name].is_leaf
        assert type(again) is type(VALUES[name])


def test_numbers_containers_and_constants_come_back() -> None:
    check_round_trip(1, -0.0, nan, "a", None, True, [1, (2,), ()], {"k": [inf]}, torch.float16)


def test_same_tensor_and_shared_memory_come_back_shared() -> None:
    base = torch.arange(6.0)
    check_round_trip(base[:4], base[1:5], base)
    check_round_trip(base, [base, base])


def test_library_functions_are_spelled_by_name() -> None:
    call = spell_call(torch.add, (torch.sin,), {}, ["f"])
    assert run(call.lines, call.args) == (torch.sin,)


def test_objects_and_large_tensors_are_described() -> None:
    call = spell_call(torch.add, (object(), torch.ones(1000)), {}, ["thing", "x"])
    text = "\n".join(call.lines)
    assert "thing = ...  # object" in text
    assert "too many to spell" in text


def test_names_are_identifiers_and_do_not_repeat() -> None:
    x, y = torch.ones(1), torch.zeros(1)
    call = spell_call(torch.add, (x, y), {"torch": torch.ones(2)}, ["rows[0]", "rows_0"])
    assert call.args == ("rows_0", "rows_0_2")
    assert call.kwargs == {"torch": "torch_2"}


def test_functions_are_imported_or_their_place_is_said() -> None:
    def inner() -> None: ...

    assert spell_import(check_round_trip) == f"from {__name__} import check_round_trip"
    assert "test_spell.py" in spell_import(inner)
