"""A user's own arrays, from an .npz file or a folder of .npy files."""

import zipfile
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tfmlp import files
from tfmlp.data.npy import check_header, read_npy
from tfmlp.data.raw import Pair, RawDataset
from tfmlp.data.rowfile import Array, RowFile
from tfmlp.data.split import Provenance
from tfmlp.errors import DataError

# The names under which training and test arrays are looked for: (features, labels).
_TRAIN = (
    ("x_train", "y_train"),
    ("train_images", "train_labels"),
    ("train_features", "train_labels"),
)
_TEST = (("x_test", "y_test"), ("test_images", "test_labels"), ("test_features", "test_labels"))
_WHOLE = (("x", "y"), ("X", "y"), ("features", "labels"), ("images", "labels"))


def _chosen(names: Set[str]) -> list[tuple[str, str]]:
    """Returns the names of the training pair and, where it is there, of the test pair; nothing
    where there is no training pair.
    """
    train = [pair for pair in _TRAIN + _WHOLE if names >= set(pair)][:1]
    test = [pair for pair in _TEST if names >= set(pair)][:1]
    return train + test if train else []


def read_arrays(file: str) -> RawDataset:
    """Reads an .npz file that holds x_train, y_train, x_test, y_test, or x and y alone (from which
    test examples are then held out).

    Raises:
      DataError: when it is not such a file.
    """
    path = files.user_path(file)
    with _told(path):
        pairs = _read_archive(path)
    digests = {path.name: files.sha256_of(path)}
    return _as_dataset(pairs, Provenance(f"arrays:{file}", "NumPy file", digests))


def read_features(path: Path) -> Array:
    """Reads the features of an .npz file: the array that is alone in it, or the one named x, X,
    features or images, or else x_test, test_images or test_features.

    Raises:
      DataError: when there is no such array of numbers.
    """
    with _told(path), _opened(path) as archive:
        known = [features for features, _ in _WHOLE + _TEST if features in archive.files]
        known = known or (archive.files if len(archive.files) == 1 else [])
        if not known:
            raise DataError(
                f"{path}: expected one array, or one named x, X, features, images, x_test,"
                f" test_images or test_features; received {', '.join(archive.files) or 'none'}."
            )
        files.require_memory(path, _check_member(archive.zip, known[0]))
        return _checked(archive[known[0]], path)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turns what reading an archive raises into an error that names it."""
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except Exception as error:  # zipfile's and NumPy's readers raise whatever they stumbled over
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a whole .npz file of plain arrays ({reason}).") from None


def _opened(path: Path) -> Any:
    files.require_regular(path)
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"{path}: expected an .npz file, as numpy.savez writes it; received something else."
        )
    return np.load(path, allow_pickle=False)


def _read_archive(path: Path) -> list[Pair]:
    with _opened(path) as archive:
        chosen = _chosen(set(archive.files))
        if not chosen:
            raise DataError(
                f"{path}: expected arrays named x_train, y_train, x_test, y_test, or x, y;"
                f" received {', '.join(sorted(archive.files)) or 'none'}."
            )
        sizes = [_check_member(archive.zip, name) for pair in chosen for name in pair]
        files.require_memory(path, sum(sizes))
        return [
            (_checked(archive[features], path), _checked(archive[labels], path))
            for features, labels in chosen
        ]


def _check_member(archive: zipfile.ZipFile, name: str) -> int:
    """Holds an array's header against the bytes that the archive has of it, before memory is taken
    for them; returns their number.

    Raises:
      ValueError: when they differ, or the values are not plain ones.
    """
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as file:
        check_header(file, name, info.file_size)
    # deflate packs at most about a thousandfold.
    if info.file_size > 1100 * info.compress_size + 4096:
        raise ValueError(
            f"{name} claims {info.file_size:,} bytes in {info.compress_size:,} compressed ones"
        )
    return info.file_size


def _checked(array: object, path: Path) -> Array:
    if not isinstance(array, np.ndarray):
        raise DataError(
            f"{path}: expected NumPy arrays; received something else under their names."
        )
    if array.dtype.kind not in "fiub":
        raise DataError(f"{path}: arrays must hold numbers; received the type {array.dtype}.")
    return array


def read_folder(folder: str, features_in: str) -> RawDataset:
    """Reads a folder with x_train.npy, y_train.npy, x_test.npy, y_test.npy, or x.npy and y.npy
    alone.

    Args:
      folder: Its path.
      features_in: "memory", "disk" (uint8 or float32 in C order; examples are read when they are
        needed), or "auto": from disk above a quarter of this machine's memory.

    Raises:
      DataError: when it is not such a folder.
    """
    path = files.user_path(folder)
    names = {file.stem for file in path.glob("*.npy")}
    chosen = _chosen(names)
    if not chosen:
        raise DataError(
            f"{path}: expected x_train.npy, y_train.npy, x_test.npy, y_test.npy, or x.npy, y.npy;"
            f" received {', '.join(sorted(names)) or 'no .npy file'}."
        )
    size = sum((path / f"{features}.npy").stat().st_size for features, _ in chosen)
    too_large = size > files.machine_memory() / 4
    on_disk = features_in == "disk" or (features_in == "auto" and too_large)
    read_features = RowFile if on_disk else read_npy
    pairs: list[Pair] = [
        (read_features(path / f"{features}.npy"), read_npy(path / f"{labels}.npy"))
        for features, labels in chosen
    ]
    read = [f"{name}.npy" for pair in chosen for name in pair]
    digests = {name: files.sha256_of(path / name) for name in read}
    return _as_dataset(pairs, Provenance(f"arrays:{folder}", "folder of NumPy files", digests))


def _as_dataset(pairs: list[Pair], provenance: Provenance) -> RawDataset:
    return RawDataset(pairs[0], pairs[1] if len(pairs) > 1 else None, provenance)
