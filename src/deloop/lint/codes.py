"""The linter's codes: one line each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """A code with its name and what it finds, in one sentence."""

    code: str
    name: str
    summary: str


CODES = (
    Code("VEC201", "element_store_loop", "A loop writes a tensor element by element or by rows."),
    Code("VEC202", "accumulation_loop", "A loop adds up, counts or compares elements one by one."),
    Code("VEC203", "row_list_loop", "A loop collects items in a list that becomes a tensor."),
    Code("VEC204", "element_search_loop", "A loop looks at elements one by one until one fits."),
    Code("VEC205", "index_update_loop", "A loop updates elements at indices read from a tensor."),
    Code("VEC301", "item_in_loop", "A loop waits for the device once an element, by `.item()`, `if`"
         " or `float()`."),
    Code("VEC302", "growing_cat", "A tensor grows by `torch.cat` in a loop, copied at each step."),
    Code("VEC303", "kept_element_loop", "A loop touches a tensor once an element, and has to."),
    Code("VEC401", "swapped_views", "Two parts of a tensor are swapped through views: both become"
         " one."),
    Code("VEC402", "unflattened_index", "One flat index is unflattened, which has no dimension."),
    Code("VEC403", "cut_store", "Floating-point numbers are stored into an integer tensor."),
    Code("VEC404", "scalar_list_tensor", "A tensor is made of a list of tensors, one by one."),
    Code("VEC405", "appended_accumulator", "A list gets one and the same tensor each time, and it"
         " changes in place."),
)  # fmt: skip
BY_CODE = {code.code: code for code in CODES}

WITH_FORM = {
    "store": "VEC201", "sum": "VEC202", "list": "VEC203", "items": "VEC203", "search": "VEC204",
    "scatter": "VEC205", "grow": "VEC203",
}  # fmt: skip
"""The code of a loop that has a tensor form, by how its results leave it."""
