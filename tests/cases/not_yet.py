"""Cases of issue 3 that do not come out as an expert would write them yet.

Each is tried all the same: whatever the engine makes of it does what the loop does, and a loop
that stays has its reason (`test_not_yet.py`). A name leaves this list with the ability that it
waits for.
"""

from __future__ import annotations

NOT_YET = frozenset(
    {
        "arg_reductions.two_greatest",
        "contractions.kronecker_product",
        "control_flow.array_shared_by_three_loops",
        "control_flow.loop_over_a_list_of_tensors",
        "control_flow.primes_sieved",
        "control_flow.scan_then_reduction",
        "control_flow.while_from_both_ends",
        "distribution.boxes_suppressed",
        "distribution.causal_scores",
        "distribution.cholesky",
        "distribution.floyd_warshall",
        "distribution.forward_substitution",
        "distribution.gram_schmidt",
        "distribution.input_projection_leaves_the_loop",
        "distribution.knapsack",
        "distribution.node_split",
        "distribution.rows_reversed_in_place",
        "distribution.symmetric_from_the_upper_half",
        "distribution.viterbi",
        "recurrences.discounted_return_of_an_episode",
        "recurrences.elements_two_apart",
        "recurrences.gated_states",
        "recurrences.moving_average_as_numbers",
        "recurrences.polynomial_by_horner",
        "recurrences.returns_inserted_in_front",
        "recurrences.state_space_model",
        "reductions.greatest_row_sum",
        "reductions.total_into_the_first_element",
        "reductions.weighted_rows",
        "scans.integral_image",
        "scans.largest_drawdown",
        "scans.last_valid_repeated",
        "scans.running_greatest_of_neighbours",
        "scans.running_log_sum_of_exponentials",
        "scans.running_total_of_a_copy",
        "scans.running_total_of_neighbours",
        "scans.steps_since_event",
        "searches.first_above_running_total",
        "searches.length_of_each_sequence",
        "searches.value_of_the_first",
        "stencils.border_zero",
        "stencils.convolve_full",
        "stencils.dilated_and_causal",
    }
)
