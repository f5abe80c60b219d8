"""What the three long runs (`make fuzz`, `make mutants`, `make robust`) left, and its page."""
