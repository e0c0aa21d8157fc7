"""Two small data sets, as NumPy arrays, and graphs and tables; `SOURCES.md` says where from."""

from symgrad.data.columns import batch_arrays
from symgrad.data.graphs import normalized_adjacency, walks
from symgrad.data.sets import iris, karate
from symgrad.data.tables import Table, one_hot, read_table, standardized

__all__ = [
    "Table",
    "batch_arrays",
    "iris",
    "karate",
    "normalized_adjacency",
    "one_hot",
    "read_table",
    "standardized",
    "walks",
]
