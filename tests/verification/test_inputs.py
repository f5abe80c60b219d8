"""Generated arguments are reproducible, varied, and of the example's kind."""

from __future__ import annotations

import torch

from deloop.verification.aliases import find_alias_differences
from deloop.verification.compare import find_differences
from deloop.verification.inputs import (
    CHOICES,
    LARGEST_SIZE,
    LabelledArguments,
    Variation,
    find_tensors,
    generate_arguments,
    lay_out,
    list_single_variations,
    make_arguments,
)
from deloop.verification.run import run_side_by_side

EXAMPLE = (torch.ones(10, 20), torch.ones(20, 10), 10, 0.5, torch.sin)


def make(variation: Variation, *example: object) -> tuple[object, ...]:
    return make_arguments(example, {}, variation, seed=3)[0]


def test_same_seed_gives_the_same_arguments() -> None:
    one = list(generate_arguments(EXAMPLE, seed=5, count=40))
    other = list(generate_arguments(EXAMPLE, seed=5, count=40))
    assert len(one) == 40
    for first, second in zip(one, other, strict=True):
        assert first.label == second.label
        assert find_differences(first.args, second.args) == ()
        pairs = [[("x", made.args)] for made in (first, second)]
        assert find_alias_differences(pairs[0], pairs[1]) == ()


def test_other_seed_gives_other_arguments() -> None:
    one, other = (next(iter(generate_arguments(EXAMPLE, seed=seed))) for seed in (1, 2))
    assert find_differences(one.args, other.args) != ()


def test_every_word_of_every_aspect_is_tried_alone() -> None:
    made = list_single_variations()
    for aspect, words in CHOICES.items():
        assert {getattr(variation, aspect) for variation in made} == set(words)
    assert len(made) == 1 + sum(len(words) - 1 for words in CHOICES.values())


def test_labels_say_what_is_particular() -> None:
    labels = [made.label for made in generate_arguments(EXAMPLE, count=4)]
    assert labels[0] == "like the example (seed 0, #0)"
    assert labels[1] == "sizes: ones (seed 0, #1)"


def test_equal_sizes_stay_equal_and_numbers_that_are_sizes_follow() -> None:
    first, second, number, factor, function = make(Variation(sizes="odd"), *EXAMPLE)
    assert first.shape == (number, first.shape[1])  # type: ignore[attr-defined]
    assert second.shape == (first.shape[1], number)  # type: ignore[attr-defined]
    assert number != first.shape[1]  # type: ignore[attr-defined]
    assert (factor, function) == (0.5, torch.sin)


def test_square_example_becomes_non_square_by_dimension() -> None:
    first, second = make(Variation(sizes="by dimension"), torch.ones(4, 4), torch.ones(4, 4))
    assert first.shape == second.shape  # type: ignore[attr-defined]
    assert first.shape[0] != first.shape[1]  # type: ignore[attr-defined]


def test_sizes_are_small_whatever_the_example() -> None:
    for made in generate_arguments((torch.ones(1000, 300, 2),), count=80):
        assert max(made.args[0].shape) <= LARGEST_SIZE


def test_other_tensors_become_larger_or_smaller_than_the_first() -> None:
    for scheme, step in (("larger", 1), ("smaller", -1)):
        first, second = make(Variation(sizes=scheme), torch.ones(3), torch.ones(3))
        assert second.shape[0] == first.shape[0] + step  # type: ignore[attr-defined]


def test_special_values_hold_nan_infinities_both_zeros_and_denormals() -> None:
    (values,) = make(Variation(values="special"), torch.ones(7, 7))
    assert isinstance(values, torch.Tensor)
    zeros = values[values == 0].signbit()
    assert values.isnan().any() and values.isposinf().any() and values.isneginf().any()
    assert zeros.any() and not zeros.all()
    assert ((values != 0) & (values.abs() < torch.finfo(torch.float32).smallest_normal)).any()


def test_extreme_integers_reach_both_limits() -> None:
    for dtype in (torch.int64, torch.int32, torch.int8, torch.uint8):
        (values,) = make(Variation(values="extreme"), torch.ones(7, 7, dtype=dtype))
        assert isinstance(values, torch.Tensor)
        assert values.min() == torch.iinfo(dtype).min
        assert values.max() == torch.iinfo(dtype).max


def test_indices_stay_indices() -> None:
    table, index = torch.ones(50, 3), torch.tensor([0, 49, 7])
    for made in generate_arguments((table, index), count=1):
        assert made.args[1].max() < made.args[0].shape[0]
        assert made.args[1].min() >= 0


def test_layouts_have_the_strides_they_are_named_for() -> None:
    values = torch.arange(12.0).reshape(3, 4)
    assert lay_out(values, "transposed").stride() == (1, 3)
    assert lay_out(values, "sliced").stride() == (18, 2)
    assert lay_out(values, "expanded").stride() == (0, 1)
    assert lay_out(values, "offset").storage_offset() == 3
    for layout in ("transposed", "sliced", "offset"):
        assert torch.equal(lay_out(values, layout), values)


def test_aliases_are_one_object_or_overlap_or_only_share_a_storage() -> None:
    example = (torch.ones(4), torch.ones(4), torch.ones(2))
    first, second, third = make(Variation(aliases="same tensor"), *example)
    assert first is second is not third
    first, second, _ = make(Variation(aliases="overlapping"), *example)
    assert isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor)
    assert second.data_ptr() == first.data_ptr() + 4
    first, second, _ = make(Variation(aliases="shared storage"), *example)
    assert isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor)
    assert second.data_ptr() == first.data_ptr() + 16


def test_gradients_are_asked_of_leaves_or_not() -> None:
    example = (torch.ones(2), torch.ones(2, dtype=torch.int64), torch.ones(2))

    def flags(scheme: str) -> list[tuple[bool, bool]]:
        made = make(Variation(gradients=scheme), *example)
        return [(tensor.requires_grad, tensor.is_leaf) for tensor in find_tensors(made)]

    plain, leaf, inner = (False, True), (True, True), (True, False)
    assert flags("as given") == [plain, plain, plain]
    assert flags("leaf") == [leaf, plain, leaf]
    assert flags("non-leaf") == [inner, plain, inner]
    assert flags("first leaf") == [leaf, plain, plain]
    assert flags("last leaf") == [plain, plain, leaf]


def test_same_tensor_that_requires_grad_is_still_one_object() -> None:
    first, second = make(
        Variation(aliases="same tensor", gradients="non-leaf"), torch.ones(2), torch.ones(2)
    )
    assert first is second


def test_tensors_inside_containers_and_keywords_are_varied() -> None:
    (made,) = generate_arguments(([torch.ones(3)],), count=1, kwargs={"w": {"k": torch.ones(3)}})
    assert isinstance(made, LabelledArguments)
    assert find_differences(made.args[0][0], torch.ones(3)) != ()
    assert find_differences(made.kwargs["w"]["k"], torch.ones(3)) != ()


def test_numbers_are_varied_only_when_asked() -> None:
    kept = {made.args[1] for made in generate_arguments((torch.ones(3), 0.25), count=30)}
    drawn = {
        str(made.args[1])
        for made in generate_arguments((torch.ones(3), 0.25), count=30, vary_numbers=True)
    }
    assert kept == {0.25}
    assert len(drawn) > 5


def test_generated_arguments_refute_rewrites_that_ordinary_ones_do_not() -> None:
    def scale(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        out = torch.zeros_like(x)
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                out[i, j] = x[i, j] * y[i, j]
        return out

    def refuted_by(rewrite: object) -> set[str]:
        return {
            str(made.variation)
            for made in generate_arguments((torch.ones(3, 3), torch.ones(3, 3)), count=45)
            if not run_side_by_side(scale, rewrite, made.args).agrees  # type: ignore[arg-type]
        }

    assert "sizes: larger" in refuted_by(lambda x, y: x * y)
    promoted = refuted_by(lambda x, y: x * y[: x.shape[0], : x.shape[1]])
    assert "dtypes: last float64" in promoted
    assert "like the example" not in promoted
