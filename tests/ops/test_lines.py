"""The table's signs and words are read as its module says."""

from __future__ import annotations

import pytest

from deloop.ops.kinds import Accepts, DTypeRule, Gradient, Parameter
from deloop.ops.lines import line, read_signature, read_spellings


def test_signs_say_what_a_parameter_takes() -> None:
    signature = "input other| alpha#? approximate$ * ~weight inplace!?"
    assert read_signature(signature) == (
        Parameter("input", Accepts.TENSOR),
        Parameter("other", Accepts.EITHER),
        Parameter("alpha", Accepts.NUMBER, required=False, promotes=False),
        Parameter("approximate", Accepts.CONSTANT, promotes=False),
        Parameter("weight", Accepts.TENSOR, keyword_only=True, promotes=False),
        Parameter("inplace", Accepts.FALSE, required=False, keyword_only=True, promotes=False),
    )


def test_an_empty_signature_has_no_parameters() -> None:
    assert read_signature("") == ()


def test_words_stand_for_every_name_and_dotted_ones_for_themselves() -> None:
    functions, in_place = read_spellings("trunc fix", "torch Tensor_ special.cut")
    assert functions == ("torch.trunc", "torch.fix", "torch.special.cut")
    assert in_place == ("torch.Tensor.trunc_", "torch.Tensor.fix_")


def test_an_unknown_namespace_is_an_error() -> None:
    with pytest.raises(KeyError):
        read_spellings("sin", "numpy")


def test_a_line_takes_its_canonical_name_from_the_first_one() -> None:
    made = line(
        "trunc fix",
        "input",
        DTypeRule.PROMOTE,
        Gradient.NONE,
        "torch",
        refuses="bool complex",
        exact=True,
    )
    assert made.operator.name == "trunc"
    assert made.operator.refuses == {"bool", "complex"}
    assert made.operator.exact
    assert made.spellings == ("torch.trunc", "torch.fix")
