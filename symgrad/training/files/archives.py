"""Files of a training: arrays and what is said of them, in an npz file without pickle.

A tree of mappings, lists, texts, numbers and arrays becomes one member of JSON, in which an array
is {"$array": its member's name}, and a member for each array; a sparse matrix is the arrays that it
is stored in, with {"$sparse": "csr" or "csc"} and its shape. The members are not compressed, and
each has a check sum.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symgrad.data.sparse import is_sparse, parts_of, sparse_of
from symgrad.errors import DataError, OptionError
from symgrad.files import replace_file
from symgrad.training.data.arrays import Array

SCHEMA = 2
ABOUT = "symgrad.json"
REFERENCE, SPARSE = "$array", "$sparse"  # no name of a variable has this sign
KINDS = "fiub"  # of arrays: numbers and truth values


def save_archive(path: str | os.PathLike[str], kind: str, tree: Mapping[str, Any]) -> None:
    """Write a tree to a file that says what kind it is of.

    Raises: DataError where it cannot be written; a file that was there before stays as it was.
    """
    path, content = file_name(kind, path), packed(kind, tree)
    try:
        replace_file(Path(path), content)
    except (OSError, ValueError) as error:  # a name may have a zero byte
        told = f"cannot be written: {getattr(error, 'strerror', None) or error}"
        raise DataError(told, filename=path) from None


def packed(kind: str, tree: Mapping[str, Any]) -> bytes:
    """What a file with the tree has in it."""
    arrays: dict[str, Array] = {}
    described = _described(tree, arrays, "")
    about = {"kind": kind, "schema": SCHEMA, "tree": described}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(ABOUT, json.dumps(about, indent=1))
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, array, allow_pickle=False)
            archive.writestr(f"{name}.npy", member.getvalue())
    return content.getvalue()


def load_archive(path: str | os.PathLike[str], kind: str) -> dict[str, Any]:
    """The tree in a file of that kind. Nothing in the file is run.

    Raises: DataError where it cannot be read, is damaged, of another kind or a later version.
    """
    path = file_name(kind, path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, kind, os.path.getsize(path))
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
    except DataError as error:
        told = error.message
    except Exception as error:  # what is damaged ends in many ways: zip's, NumPy's, Python's own
        reason = str(error).partition("\n")[0] or type(error).__name__
        told = f"this is no {kind} of symgrad, or it is damaged: {reason}"
    raise DataError(told, filename=path)


def file_name(kind: str, path: object) -> str:
    """The name of a file. Raises: OptionError where it is none."""
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise OptionError(f"{kind} is {path!r}; the name of a file is wanted")
    return str(os.fspath(path))


def _read(archive: zipfile.ZipFile, kind: str, size: int) -> dict[str, Any]:
    members = {info.filename: info for info in archive.infolist()}
    if len(members) != len(archive.infolist()) or sum(m.file_size for m in members.values()) > size:
        raise DataError(f"this is no {kind} of symgrad: its members are no plain ones")
    if ABOUT not in members:
        raise DataError(f"this is no {kind} of symgrad: {ABOUT} is not in it")
    about = json.loads(archive.read(ABOUT))
    if about["kind"] != kind:
        raise DataError(f"this is a {about['kind']} of symgrad; a {kind} is wanted")
    if about["schema"] not in range(1, SCHEMA + 1):  # the first one has no sparse matrices
        raise DataError(
            f"this {kind} is of schema {about['schema']}, which another version of symgrad wrote; "
            f"this one reads schemas up to {SCHEMA}"
        )

    def array(name: str) -> Array:
        with io.BytesIO(archive.read(f"{name}.npy")) as member:
            loaded: Array = np.lib.format.read_array(member, allow_pickle=False)
        if loaded.dtype.kind not in KINDS:
            raise DataError(f"this {kind} is damaged: {name} has no numbers")
        return loaded

    tree: dict[str, Any] = _restored(about["tree"], array)
    return tree


def _described(value: Any, arrays: dict[str, Array], place: str) -> Any:
    """The value for JSON; arrays go into `arrays`, by their own names or, where two have the same,
    by the places that they have in the tree."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in KINDS:
            raise TypeError(f"{place}: an array of {value.dtype}, which is no number")
        own = place.rpartition("/")[2]
        name = place if own in arrays else own
        arrays[name] = value
        return {REFERENCE: name}
    if is_sparse(value):
        kept = {SPARSE: value.format, "shape": [*value.shape]}
        return kept | _described(parts_of(value), arrays, place)
    if isinstance(value, Mapping):
        return {str(k): _described(v, arrays, f"{place}/{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_described(v, arrays, f"{place}[{k}]") for k, v in enumerate(value, start=1)]
    return value.item() if isinstance(value, np.generic) else value


def _restored(value: Any, array: Callable[[str], Array]) -> Any:
    if isinstance(value, list):
        return [_restored(v, array) for v in value]
    if not isinstance(value, dict):
        return value
    if REFERENCE in value:
        return array(value[REFERENCE])
    found = {k: _restored(v, array) for k, v in value.items()}
    return sparse_of(found[SPARSE], found["shape"], found) if SPARSE in found else found
