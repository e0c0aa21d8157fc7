"""A share of the rows of each chunk, drawn where the chunks lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symgrad.errors import DataError
from symgrad.training.chunks.sources import Reading, dask
from symgrad.training.data.arrays import Array, Data
from symgrad.training.data.division import VALIDATION, drawn_rows
from symgrad.training.steps.weights import sums_of


def divided_chunks(data: Data, share: float, seed: int, reading: Reading) -> tuple[Data, Data]:
    """The data to train on and those that are held out: of each chunk its share, drawn at random.

    Raises: DataError where one of them has no examples.
    """
    ends = np.round(share * np.cumsum([0, *data.sizes])).astype(int)
    held = np.diff(ends).tolist()
    if not 0 < sum(held) < data.total:
        told = f"of {data.total} examples leaves none on one side"
        raise DataError(f"validation={share} {told}")
    pairs = zip(data.sizes, held, strict=True)
    draws = [(size, out, (seed, VALIDATION, k)) for k, (size, out) in enumerate(pairs)]
    return (
        _chosen(data, reading, draws, [size - out for size, out, _ in draws], 0),
        _chosen(data, reading, draws, held, 1),
    )


def _chosen(
    data: Data,
    reading: Reading,
    draws: Sequence[tuple[int, int, tuple[int, ...]]],
    sizes: Sequence[int],
    side: int,
) -> Data:
    """The chunks with the rows on one side only, those without any left out."""
    delayed = dask().delayed
    of_chunk, of_array, read = delayed(_rows), delayed(_rows_of), delayed(reading)
    kept = [k for k, size in enumerate(sizes) if size]
    chunks = tuple(of_chunk(read, data.chunks[k], draws[k], side) for k in kept)
    left = replace(data, chunks=chunks, sizes=tuple(sizes[k] for k in kept))
    if data.weights is None:
        return left
    parts = tuple(of_array(data.weight_parts[k], draws[k], side) for k in kept)
    return replace(left, weight_parts=parts, weights=sums_of(parts, left.sizes, data.weights.dtype))


def _rows(reading: Reading, chunk: Any, draw: tuple[Any, ...], side: int) -> Mapping[str, Any]:
    data = reading(chunk)
    found = 0 if data is None else data.count
    if data is None or found != draw[0]:
        raise DataError(f"data: chunk {draw[2][-1]} had {draw[0]} examples, now it has {found}")
    return data.rows(drawn_rows(*draw)[side]).examples


def _rows_of(array: Array, draw: tuple[Any, ...], side: int) -> Array:
    return np.asarray(array)[drawn_rows(*draw)[side]]
