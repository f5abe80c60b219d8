"""Loops as people write them, each with the tensor program that an expert would have written."""
