"""Inputs: files and folders that a person names, as what a net takes.

for path in list_files(["scans", "table.csv"]):
    for piece in read_inputs(path, schema, make_fitting):
        piece.first, piece.features                 # None and one example, or 0, 8192, ... and many
"""

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfmlp.data.arrays import read_features
from tfmlp.data.checks import require_inputs
from tfmlp.data.fitting import Fitting
from tfmlp.data.idx import read_idx
from tfmlp.data.npy import read_npy
from tfmlp.data.rowfile import Array
from tfmlp.data.rows import read_rows
from tfmlp.data.schema import Schema
from tfmlp.errors import DataError

_TABLES = (".csv", ".tsv", ".txt")
_SEVERAL = (*_TABLES, ".npy", ".npz", ".mat", ".idx", ".gz")
_AT_A_TIME = 4096  # examples of an array


class Piece(NamedTuple):
    """Some examples of a file.

    Attributes:
      first: The number of the first of them in the file, from 0; None where it holds one example.
      features: As the net takes them, [n, ...].
    """

    first: int | None
    features: Array


def list_files(path: Path, on_error: Callable[[DataError], None]) -> list[Path]:
    """Returns the files that a path stands for: itself, or the images in a folder and the folders
    below it, sorted by their paths; hidden ones are left out.

    Args:
      path: The path.
      on_error: Called with what is wrong with a folder below it, which is then passed over.

    Raises:
      DataError: when it is not there, or is a folder without images.
    """
    try:
        if not path.is_dir():
            path.stat()
            return [path]
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path}: {getattr(error, 'strerror', error)}.") from None
    from tfmlp.data.pictures import SUFFIXES

    found: list[Path] = []
    unread: list[str] = []

    def tell(error: OSError) -> None:
        unread.append(str(error.filename))
        on_error(DataError(f"cannot read {error.filename}: {error.strerror}."))

    for folder, folders, names in os.walk(path, onerror=tell):
        folders[:] = [name for name in folders if not name.startswith(".")]
        shown = [Path(folder, name) for name in names if not name.startswith(".")]
        found += [file for file in shown if file.suffix.lower() in SUFFIXES]
    if not found and not unread:
        raise DataError(f"{path}: expected images in this folder; there are none.")
    return sorted(found)


def has_several(path: Path) -> bool:
    """Returns whether a file, by its name, is one that holds several examples."""
    return path.suffix.lower() in _SEVERAL or "ubyte" in path.name


def read_inputs(path: Path, schema: Schema, make_fitting: Callable[[], Fitting]) -> Iterator[Piece]:
    """Yields the examples of a file, a piece at a time.

    Args:
      path: A table (.csv, .tsv, .txt), arrays (.npy, .npz, IDX, .mat in SVHN's layout), or an image
        in any format that Pillow reads. Which it is follows from its suffix; IDX is told by its
        first bytes.
      schema: What the net takes.
      make_fitting: Returns what makes inputs of pictures; called where there are any.

    Raises:
      DataError: when it cannot be read, or is not what the net takes; it names the file.
    """
    suffix = path.suffix.lower()
    if suffix in _TABLES:
        first = 0
        for features in read_rows(path, schema):
            require_inputs(features, schema, str(path), first)
            yield Piece(first, features)
            first += len(features)
        return
    array = _read_array(path, suffix)
    if array is None:
        from tfmlp.data.pictures import read_picture

        picture = read_picture(path)
        yield Piece(None, _fitted(make_fitting, picture, path)[np.newaxis])
        return
    yield from _pieces(array, path, schema, make_fitting)


def _read_array(path: Path, suffix: str) -> Array | None:
    """Returns the array that a file holds; None where it is none of arrays."""
    if suffix == ".npy":
        return read_npy(path)
    if suffix == ".npz":
        return read_features(path)
    if suffix == ".mat":
        from tfmlp.data.svhn import read_mat_images

        return read_mat_images(path)
    return read_idx(path)[0] if _is_idx(path, suffix) else None


def _is_idx(path: Path, suffix: str) -> bool:
    if "ubyte" in path.name or suffix in (".idx", ".gz"):
        return True
    if not path.is_file():
        return False
    try:
        with open(path, "rb") as file:
            head = file.read(4)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}.") from None
    is_idx = len(head) == 4 and head[:2] == b"\0\0" and 0x08 <= head[2] <= 0x0E
    return is_idx and 1 <= head[3] <= 4 and suffix not in (".ico", ".tga")  # that begin alike


def _pieces(
    array: Array, path: Path, schema: Schema, make_fitting: Callable[[], Fitting]
) -> Iterator[Piece]:
    """Yields an array's examples; images of another size are fitted, one after the other."""
    shape = schema.feature_shape
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: expected numbers; received the type {array.dtype}.")
    forms: list[tuple[int, ...]] = [shape, (math.prod(shape),)]
    if len(shape) == 3 and shape[2] == 1:
        forms.append(shape[:2])
    is_other = array.shape not in forms and array.shape[1:] not in forms
    is_color = array.ndim == 3 and array.shape[2] == 3  # one picture: no image is 3 pixels wide
    is_single = is_color if is_other else array.shape in forms
    examples = array[np.newaxis] if is_single else array
    if is_other:
        is_image = examples.ndim == 3 or (examples.ndim == 4 and examples.shape[3] in (1, 3))
        if array.dtype != np.uint8 or not is_image or len(shape) != 3:
            expected = ", ".join(map(str, ["n", *shape]))
            or_images = ""
            if len(shape) == 3:
                or_images = ", or uint8 images [n, height, width] or [n, height, width, 3]"
            raise DataError(
                f"{path}: expected examples as the model was trained on, [{expected}]{or_images};"
                f" received {array.dtype} {list(array.shape)}."
            )
    if 0 in examples.shape:
        raise DataError(f"{path}: expected at least one example; received {list(array.shape)}.")
    for start in range(0, len(examples), _AT_A_TIME):
        part = examples[start : start + _AT_A_TIME]
        if is_other:
            part = np.stack(
                [_fitted(make_fitting, one, path, start + n) for n, one in enumerate(part)]
            )
        yield Piece(
            None if is_single else start, _checked(part, path, schema, start).reshape(-1, *shape)
        )


def _fitted(
    make_fitting: Callable[[], Fitting], picture: Array, path: Path, number: int | None = None
) -> Array:
    try:
        if picture.ndim == 3 and picture.shape[2] == 1:
            picture = picture[..., 0]
        return make_fitting().fit(picture)
    except DataError as error:
        where = path if number is None else f"{path}, image {number}"
        raise DataError(f"{where}: {error}") from None


def _checked(examples: Array, path: Path, schema: Schema, start: int) -> Array:
    """Returns examples as uint8 or float32."""
    if examples.dtype == np.uint8:
        return examples
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is found next
        values = examples.astype(np.float32)
    require_inputs(values, schema, str(path), start)
    return values
