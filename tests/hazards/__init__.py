"""The ways in which a vectorized loop can quietly differ, each with loops that would show it."""
