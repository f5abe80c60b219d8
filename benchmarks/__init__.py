"""The speed of what deloop does: ``python -m benchmarks``."""
