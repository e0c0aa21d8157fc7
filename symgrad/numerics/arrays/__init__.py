"""Nodes as a list of array operations."""
