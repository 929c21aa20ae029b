"""People's own arrays, from an .npz file or a folder of .npy files."""

import math
import zipfile
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfmlp import files
from tfmlp.data.dataset import Provenance
from tfmlp.data.raw import RawDataset
from tfmlp.data.rowfile import RowFile
from tfmlp.errors import DataError

# The names under which training and test arrays are looked for: (features, labels).
_TRAIN = (
    ("x_train", "y_train"),
    ("train_images", "train_labels"),
    ("train_features", "train_labels"),
)
_TEST = (("x_test", "y_test"), ("test_images", "test_labels"), ("test_features", "test_labels"))
_WHOLE = (("x", "y"), ("X", "y"), ("features", "labels"), ("images", "labels"))


def read_arrays(file: str) -> RawDataset:
    """Reads an .npz file that holds x_train, y_train, x_test, y_test, or x and y alone (from which
    test rows are then held out).

    Raises:
      DataError: when it is not such a file.
    """
    path = files.user_path(file)
    try:
        files.require_regular(path)
        if not zipfile.is_zipfile(path):
            raise DataError(
                f"{path}: expected an .npz file, as numpy.savez writes it; received something else."
            )
        with np.load(path, allow_pickle=False) as archive:
            names = set(archive.files)
            train = next((pair for pair in _TRAIN + _WHOLE if names >= set(pair)), None)
            if train is None:
                raise DataError(
                    f"{path}: expected arrays named x_train, y_train, x_test, y_test, or x, y;"
                    f" received {', '.join(sorted(names)) or 'none'}."
                )
            test = next((pair for pair in _TEST if names >= set(pair)), None)
            chosen = list(filter(None, (train, test)))
            sizes = [_check_member(archive.zip, name) for pair in chosen for name in pair]
            files.require_memory(path, sum(sizes))
            pairs = [(archive[features], archive[labels]) for features, labels in chosen]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except DataError:
        raise
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except Exception as error:  # zipfile's and NumPy's readers raise whatever they stumbled over
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{path} is not a whole .npz file of plain arrays ({reason}).") from None
    for array in (array for pair in pairs for array in pair):
        if not isinstance(array, np.ndarray):
            raise DataError(
                f"{path}: expected NumPy arrays; received something else under their names."
            )
        if array.dtype.kind not in "fiub":
            raise DataError(f"{path}: arrays must hold numbers; received the type {array.dtype}.")
    digests = {path.name: files.sha256_of(path)}
    return RawDataset(
        pairs[0], pairs[1] if test else None, Provenance(f"arrays:{file}", "NumPy file", digests)
    )


def _check_member(archive: zipfile.ZipFile, name: str) -> int:
    """Holds an array's header against the bytes that the archive has of it, before memory is taken
    for them; returns their number.

    Raises:
      ValueError: when they differ, or the values are no plain ones.
    """
    info = archive.getinfo(f"{name}.npy")
    with archive.open(info) as file:
        _check_header(file, name, info.file_size)
    # deflate packs at most about a thousandfold.
    if info.file_size > 1100 * info.compress_size + 4096:
        raise ValueError(
            f"{name} claims {info.file_size:,} bytes in {info.compress_size:,} compressed ones"
        )
    return info.file_size


def _check_header(file: BinaryIO, name: str, length: int) -> None:
    version = np.lib.format.read_magic(file)
    reader = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if reader is None:
        raise ValueError(
            f"{name} is of version {'.'.join(map(str, version))} of the format, whose arrays are"
            " not plain"
        )
    shape, _, dtype = reader(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects")
    expected = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or file.tell() + expected != length:
        raise ValueError(
            f"the header of {name} promises {'x'.join(map(str, shape)) or 'one'} of {dtype},"
            f" {expected:,} bytes; there are {length - file.tell():,}"
        )


def read_folder(folder: str, features_in: str) -> RawDataset:
    """Reads a folder with x_train.npy, y_train.npy, x_test.npy, y_test.npy, or x.npy and y.npy
    alone.

    Args:
      folder: Its path.
      features_in: "memory", "disk" (uint8 or float32 in C order; rows are read when they are
        needed), or "auto": from disk above a quarter of this machine's memory.

    Raises:
      DataError: when it is not such a folder.
    """
    path = files.user_path(folder)
    names = {file.stem for file in path.glob("*.npy")}
    train = next((pair for pair in _TRAIN + _WHOLE if names >= set(pair)), None)
    if train is None:
        raise DataError(
            f"{path}: expected x_train.npy, y_train.npy, x_test.npy, y_test.npy, or x.npy, y.npy;"
            f" received {', '.join(sorted(names)) or 'no .npy file'}."
        )
    pairs = [train, *(pair for pair in _TEST if names >= set(pair))][:2]
    size = sum((path / f"{features}.npy").stat().st_size for features, _ in pairs)
    on_disk = features_in == "disk" or (features_in == "auto" and size > files.machine_memory() / 4)
    arrays = []
    for features, labels in pairs:
        features_file = path / f"{features}.npy"
        arrays.append(
            (
                RowFile(features_file) if on_disk else _read_array(features_file),
                _read_array(path / f"{labels}.npy"),
            )
        )
    digests = {
        f"{name}.npy": files.sha256_of(path / f"{name}.npy") for pair in pairs for name in pair
    }
    return RawDataset(
        arrays[0],
        arrays[1] if len(arrays) > 1 else None,
        Provenance(f"arrays:{folder}", "folder of NumPy files", digests),
    )


def _read_array(path: Path) -> np.ndarray:
    try:
        files.require_regular(path)
        files.require_memory(path, path.stat().st_size)
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                file.seek(0)
                _check_header(file, path.stem, path.stat().st_size)
        array = np.load(path, allow_pickle=False)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}.") from None
    except MemoryError:
        raise DataError(f"{path} needs more memory than there is.") from None
    except DataError:
        raise
    except (
        Exception
    ) as error:  # NumPy parses the header as Python, and raises whatever that stumbled over
        raise DataError(
            f"{path} is not a whole .npy file of plain numbers ({' '.join(str(error).split())})."
        ) from None
    if not isinstance(array, np.ndarray):
        raise DataError(
            f"{path}: expected one array; received an archive: name it .npz and use"
            " arrays:FILE.npz."
        )
    return array
