"""A list of array operations as source text."""
