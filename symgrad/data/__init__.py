"""Two small data sets, as NumPy arrays; graphs, walks and tables. `SOURCES.md` says where from."""

from symgrad.data.frames import as_table
from symgrad.data.graphs import corrupted, mean_adjacency, normalized_adjacency
from symgrad.data.pairs import numbered, skip_grams, walks
from symgrad.data.sets import iris, karate
from symgrad.data.tables import Table, one_hot, read_csv, read_table, standardized

__all__ = [
    "Table",
    "as_table",
    "corrupted",
    "iris",
    "karate",
    "mean_adjacency",
    "normalized_adjacency",
    "numbered",
    "one_hot",
    "read_csv",
    "read_table",
    "skip_grams",
    "standardized",
    "walks",
]
