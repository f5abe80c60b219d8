"""Names that hold something else by the time the loop runs (hazards 13 and 17).

The compiler spells values through the user's names; each of these once made it spell a wrong one.
"""

from __future__ import annotations

import types

import pytest
import torch

from tests.hazards.side_by_side import assert_agrees


def old_number(x, lr):
    old = lr
    lr = lr * 2
    out = torch.zeros(6)
    for i in range(6):
        out[i] = x[i] * lr - old
    return out


def swapped_numbers(x, lr):
    low, high = lr, lr + 1
    low, high = high, low
    out = torch.zeros(6)
    for i in range(6):
        out[i] = x[i] * low - high
    return out


def length_of_what_was(x, lr):
    n = len(x)
    x = x[1:]
    out = torch.zeros(n - 1)
    for i in range(n - 1):
        out[i] = x[i] * 2
    return out


def parameter_becomes_its_own_part(x, lr):
    x = x[1:]
    for i in range(x.shape[0]):
        x[i] = x[i] * 3
    return x


def swapped_tensors(x, lr):
    y = torch.ones(6)
    x, y = y, x
    for i in range(6):
        x[i] = y[i] * 2
    return x, y


def alias_of_what_was(x, lr):
    z = x
    x = torch.ones(6)
    for i in range(6):
        z[i] = z[i] + x[i]
    return z


def flat_view_of_what_was(x, lr):
    flat = x.view(-1)
    x = x + 1
    for i in range(6):
        flat[i] = flat[i] * 2
    return x, flat


def local_alias(x, lr):
    out = torch.zeros(6)
    for i in range(6):
        out[i] = x[i]
    other = out
    out = torch.ones(6)
    for i in range(6):
        other[i] += out[i] * 2
    return out, other


def set_by_an_inner_function(x, lr):
    n = 3
    m = n

    def more():
        nonlocal n
        n = n + 1

    more()
    out = torch.zeros(6)
    for i in range(n):
        out[i] = x[i] * m + n
    return out


def element_taken_before(x, lr):
    first = x[0]
    for i in range(6):
        x[i] = x[i] - first
    return x


def element_taken_before_and_more(x, lr):
    first = x[0]
    total = x.sum()
    for i in range(6):
        x[i] = x[i] - first + total
    return x, first


def ident(x):
    return x


def alias_by_a_helper(x, lr):
    y = ident(x)
    for i in range(5):
        y[i + 1] = x[i] * 2
    return x, y


def alias_by_a_choice(x, lr):
    y = x if lr > 0 else x + 1
    for i in range(5):
        y[i + 1] = x[i] * 2
    return x, y


def alias_by_a_plus_sign(x, lr):
    y = +x
    for i in range(5):
        y[i + 1] = x[i] * 2
    return x, y


def alias_by_a_conversion(x, lr):
    y = x.float()
    for i in range(5):
        y[i + 1] = x[i] * 2
    return x, y


def alias_by_to(x, lr):
    y = x.to(torch.float32)
    for i in range(5):
        y[i + 1] = x[i] * 2
    return x, y


def two_names_for_a_new_tensor(x, lr):
    out = other = torch.zeros(6)
    for i in range(5):
        other[i + 1] = out[i] + x[i]
    return out


def memory_set_anew(x, lr):
    y = torch.arange(6.0)
    x.set_(y)
    for i in range(5):
        x[i + 1] = y[i] * 2
    return x, y


def deleted_and_made_again(x, lr):
    part = x.view(2, 3)[0]
    del x
    x = torch.zeros(3)
    for i in range(3):
        part[i] = x[i] + 1
    return part


FUNCTIONS = (
    old_number, swapped_numbers, length_of_what_was, parameter_becomes_its_own_part,
    swapped_tensors, alias_of_what_was, flat_view_of_what_was, local_alias,
    set_by_an_inner_function, element_taken_before, element_taken_before_and_more,
    alias_by_a_helper, alias_by_a_choice, alias_by_a_plus_sign, alias_by_a_conversion,
    alias_by_to, two_names_for_a_new_tensor, memory_set_anew, deleted_and_made_again,
)  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_name_means_what_it_means_at_the_loop(function) -> None:
    assert_agrees(function, torch.randn(6), 0.5)


def attribute_set_before_the_loop(model, x):
    weight = model.weight
    model.weight = torch.zeros(6)
    for i in range(6):
        model.weight[i] = weight[i] * x[i]
    return model.weight


def attribute_made_an_alias(model, x):
    model.weight = model.other
    for i in range(5):
        model.weight[i + 1] = model.other[i] * 2
    return model.weight


def number_attribute_set(model, x):
    scale = model.scale
    model.scale = 10
    out = torch.zeros(6)
    for i in range(6):
        out[i] = x[i] * scale + model.scale
    return out


@pytest.mark.parametrize(
    "function",
    (attribute_set_before_the_loop, attribute_made_an_alias, number_attribute_set),
    ids=lambda f: f.__name__,
)
def test_attribute_means_what_it_means_at_the_loop(function) -> None:
    model = types.SimpleNamespace(weight=torch.randn(6), other=torch.randn(6), scale=2)
    assert_agrees(function, model, torch.randn(6))


def items_reversed(pair, x):
    first, second = pair
    pair.reverse()
    for i in range(6):
        pair[0][i] = second[i] + first[i]
    return pair


def test_list_changed_before_the_loop() -> None:
    assert_agrees(items_reversed, [torch.randn(6), torch.randn(6)], torch.randn(6))
