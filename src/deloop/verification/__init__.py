"""Layer 4: two callables run side by side, and whatever differs between them.

`run_side_by_side` runs them, `find_differences` compares values, `generate_arguments` makes
arguments that are likely to tell them apart. Nothing here knows of loops, rewrites or the compiler.
"""
